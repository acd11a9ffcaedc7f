"""The dtype of matrix products; parameters, norms, softmax and loss stay in fp32."""

from typing import Any

import jax
import jax.numpy as jnp


def compute_dtype(name: str) -> Any:
    """The dtype of `auto`, `float32` or `bfloat16`: auto is bfloat16 on an accelerator, float32 on a CPU."""
    if name == "auto":
        name = "float32" if jax.default_backend() == "cpu" else "bfloat16"
    return jnp.dtype(name)
