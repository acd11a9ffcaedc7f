"""Give parity tests their models, each made once, and programs that are compiled fast, because they run once."""

from typing import Any

import jax
import pytest

# They hold no tests, and need torch where they are imported.
collect_ignore = ["reading.py", "tiny_models.py"]


MODELS: dict[str, Any] = {}  # by variant, each made once


@pytest.fixture(scope="module")
def tiny_models(tmp_path_factory):
    """Give a function from a variant's name to its tiny model.

    Programs are compiled fast, and torch has one thread, for the tests of one module: those of others must not notice.
    """
    import torch

    from tests.parity.tiny_models import tiny_model

    def model_of(case: str) -> Any:
        if case not in MODELS:
            MODELS[case] = tiny_model(case, tmp_path_factory.mktemp("variant"))
        return MODELS[case]

    threads, setting = torch.get_num_threads(), "jax_disable_most_optimizations"
    before = jax.config.read(setting)
    torch.set_num_threads(1)  # of models so small
    jax.config.update(setting, True)
    yield model_of
    torch.set_num_threads(threads)
    jax.config.update(setting, before)
