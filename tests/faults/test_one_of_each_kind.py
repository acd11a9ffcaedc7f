"""One fault of each kind, at a stage that takes little: for CI. All stages: `test_drawn.py`."""

import numpy as np
import pytest

SEED = 20261129
ONE_OF_EACH = {
    "kill": "mix", "stop": "train", "fill": "mix", "truncate": "eval", "flip": "export", "remove": "mix",
    "link": "fetch", "twice": "fetch",
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("kind", ONE_OF_EACH)
def test_the_state_before_or_the_one_after_and_then_the_same_results(suite, tmp_path, kind):
    (tmp_path / "work").mkdir()
    outcome = suite.disturb(ONE_OF_EACH[kind], kind, np.random.default_rng((SEED, len(kind))), tmp_path / "work")
    assert outcome.state in ("before", "after", "as found")
