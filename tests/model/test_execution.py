"""The dtype of matrix products on each platform."""

import jax.numpy as jnp
import pytest

from commit_llm.model.execution import compute_dtype


@pytest.mark.parametrize(
    ("name", "platform", "dtype"),
    [
        ("auto", "cpu", jnp.float32),
        ("auto", "gpu", jnp.bfloat16),
        ("auto", "tpu", jnp.bfloat16),
        ("bfloat16", "cpu", jnp.bfloat16),
        ("float32", "tpu", jnp.float32),
    ],
)
def test_auto_is_bfloat16_on_an_accelerator_alone(name, platform, dtype):
    assert compute_dtype(name, platform) == dtype
