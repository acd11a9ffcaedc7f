"""The original's parameters (EasyLM names, interleaved rotary order) to ours."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from commit_llm.convert.names import NAMES
from commit_llm.model.config import ModelConfig
from commit_llm.model.parameters import Parameters


def half_split(kernel: np.ndarray, head_dim: int) -> np.ndarray:
    """Reorder the output columns (in, heads * D) of a query or key kernel from interleaved to half-split.

    Column 2i of a head becomes i, column 2i + 1 becomes i + D/2.
    """
    by_head = kernel.reshape(kernel.shape[0], -1, head_dim // 2, 2)
    return by_head.swapaxes(2, 3).reshape(kernel.shape)


def from_easylm(arrays: Mapping[str, np.ndarray], config: ModelConfig) -> Parameters:
    """Our parameters from arrays named as EasyLM names them (without the `params/` prefix), dtype kept."""
    params: dict[str, Any] = {"layers": {}}
    for name in NAMES:
        if name.ours == ("head",) and config.tie_word_embeddings:
            continue

        def array(key: str, rotary: bool = name.rotary) -> np.ndarray:
            return half_split(arrays[key], config.head_dim) if rotary else arrays[key]

        if name.per_layer:
            layers = [array(name.easylm.format(layer)) for layer in range(config.num_hidden_layers)]
            params["layers"][name.ours[1]] = np.stack(layers)
        else:
            params[name.ours[0]] = array(name.easylm)
    return params
