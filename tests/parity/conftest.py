"""Give parity tests their models, each made once, and programs that are compiled fast, because they run once."""

from functools import cache

import jax
import pytest

# They hold no tests, and need torch where they are imported.
collect_ignore = ["reading.py", "tiny_models.py"]


@pytest.fixture(scope="session")
def tiny_models(tmp_path_factory):
    """Give a function from a variant's name to its tiny model."""
    import torch

    from tests.parity.tiny_models import tiny_model

    threads, setting = torch.get_num_threads(), "jax_disable_most_optimizations"
    before = jax.config.read(setting)
    torch.set_num_threads(1)  # of models so small
    jax.config.update(setting, True)
    yield cache(lambda case: tiny_model(case, tmp_path_factory.mktemp("variant")))
    torch.set_num_threads(threads)
    jax.config.update(setting, before)
