"""Give parity tests their models, each made once."""

from typing import Any

import pytest

# They hold no tests, and need torch where they are imported.
collect_ignore = ["reading.py", "tiny_models.py"]


MODELS: dict[str, Any] = {}  # by variant, each made once


@pytest.fixture(scope="module")
def tiny_models(tmp_path_factory):
    """Give a function from a variant's name to its tiny model.

    Programs are compiled fast (tests/tiers.py). torch has one thread, for the tests of one module: those of others must
    not notice.
    """
    import torch

    from tests.parity.tiny_models import tiny_model

    def model_of(case: str) -> Any:
        if case not in MODELS:
            MODELS[case] = tiny_model(case, tmp_path_factory.mktemp("variant"))
        return MODELS[case]

    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # of models so small
    yield model_of
    torch.set_num_threads(threads)
