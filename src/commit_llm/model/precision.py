"""The dtype of matrix products; parameters, norms, softmax and loss stay in fp32."""

from typing import Any

import jax
import jax.numpy as jnp

from commit_llm.model.parameters import Parameters


def compute_dtype(name: str, platform: str | None = None) -> Any:
    """The dtype of `auto`, `float32` or `bfloat16`: auto is bfloat16 on an accelerator, float32 on a CPU.

    platform is that of the devices (by default of jax's own): cpu, gpu or tpu.
    """
    if name == "auto":
        name = "float32" if (platform or jax.default_backend()) == "cpu" else "bfloat16"
    return jnp.dtype(name)


def cast_matrices(params: Parameters, dtype: Any) -> Parameters:
    """The parameters with their matrices in the dtype of the products; norms stay fp32.

    For inference: products cast their matrices anyway, and would do so for every token.
    """

    def cast(path: tuple[Any, ...], array: jax.Array) -> jax.Array:
        return array if path[-1].key.endswith("norm") else array.astype(dtype)

    return jax.tree_util.tree_map_with_path(cast, params)
