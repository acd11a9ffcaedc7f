"""Convert the original's parameters (EasyLM names, interleaved rotary order) to those of our decoder."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from commit_llm.convert.parameter_names import parameter_names
from commit_llm.errors import UserError, shown
from commit_llm.model.config import ModelConfig
from commit_llm.model.families.config_json import read_config_file, tell_passed_over
from commit_llm.model.parameters import Parameters, declare

# The sizes of LLaMA 1: hidden, feed-forward, layers, heads, RMSNorm epsilon (Touvron et al., 2023, Table 2).
LLAMA_1 = {
    "7b": (4096, 11008, 32, 32, 1e-6),
    "13b": (5120, 13824, 40, 40, 1e-6),
    "30b": (6656, 17920, 60, 52, 1e-6),
    "65b": (8192, 22016, 80, 64, 1e-5),
}


def named_config(name: str) -> ModelConfig:
    """Give the configuration of a LLaMA-1 size such as "7b", or of a `config.json` file; raise UserError for others."""
    if name not in LLAMA_1:
        if not name.endswith(".json"):
            raise UserError(f"--config {name}: give a config.json or one of {', '.join(LLAMA_1)}")
        config = read_config_file(Path(name))
        if config.model_type != "llama":
            raise UserError(
                f"--config {name}: is a {config.model_type}; checkpoints of EasyLM are LLaMA: name the "
                "config.json of one"
            )
        tell_passed_over(Path(name))
        return config
    hidden, mlp, layers, heads, epsilon = LLAMA_1[name]
    return ModelConfig(32000, hidden, mlp, layers, heads, heads, hidden // heads, rms_norm_eps=epsilon)


def half_split(kernel: np.ndarray, head_dim: int) -> np.ndarray:
    """Reorder the output columns (in, heads * D) of a query or key kernel from interleaved to half-split.

    Column 2i of a head becomes i, column 2i + 1 becomes i + D/2.
    """
    by_head = kernel.reshape(kernel.shape[0], -1, head_dim // 2, 2)
    return by_head.swapaxes(2, 3).reshape(kernel.shape)


def from_easylm(arrays: Mapping[str, np.ndarray], config: ModelConfig, source: str = "checkpoint") -> Parameters:
    """Convert arrays under EasyLM's names (without the `params/` prefix) to our parameters; the dtype stays.

    Raise UserError naming an array that is missing, extra or misshapen.

    source: where the arrays come from, for messages.
    """
    names = parameter_names(config)
    if more := [name.path[-1] for name in names if name.easylm is None]:
        raise UserError(f"{source}: EasyLM's LLaMA has no {more[0]}, but --config asks for it; is --config right?")
    declared = declare(config)
    params: dict[str, Any] = {"layers": {}}
    used: set[str] = set()

    def array(key: str, shape: tuple[int, ...], rotary: bool) -> np.ndarray:
        if key not in arrays:
            raise UserError(f"{source}: parameter {key!r} is missing; is --config right?")
        if arrays[key].shape != shape:
            raise UserError(
                f"{source}: parameter {key!r} has shape {arrays[key].shape}, the configuration says {shape}; is "
                "--config right?"
            )
        used.add(key)
        return half_split(arrays[key], config.head_dim) if rotary else arrays[key]

    for name in names:
        assert name.easylm is not None
        if name.per_layer:
            shape = declared["layers"][name.path[1]].shape[1:]
            keys = [name.easylm.format(layer) for layer in range(config.num_hidden_layers)]
            params["layers"][name.path[1]] = np.stack([array(key, shape, name.rotary) for key in keys])
        else:
            params[name.path[0]] = array(name.easylm, declared[name.path[0]].shape, name.rotary)
    if extra := sorted(set(arrays) - used):
        raise UserError(
            f"{source}: parameter {shown(extra[0])} belongs to no LLaMA of this configuration; is --config right?"
        )
    return params
