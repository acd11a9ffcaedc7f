"""Make tiny random models of transformers, of which nothing is neutral, and read them as ours."""

from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import torch
import transformers

from commit_llm.convert.huggingface import read_weights
from commit_llm.model.config import ModelConfig
from commit_llm.model.families.config_json import read_config
from commit_llm.model.parameters import Parameters
from tests.parity.families import CASES


class Tiny(NamedTuple):
    """Hold a model twice: as transformers computes it, and as ours, both read from one folder."""

    folder: Path
    theirs: Any
    config: ModelConfig
    params: Parameters


def perturbed(model: Any, seed: int = 0) -> Any:
    """Draw the weights of a model of transformers, so that norms and biases are far from neutral and logits from flat.

    A neutral one would hide what is left out: a norm of ones, a bias of zeros.
    """
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            noise = torch.randn(parameter.shape, generator=generator)
            if parameter.dim() > 1:
                parameter.copy_(noise * (0.3 if "embed_tokens" in name else 1.5 * parameter.shape[1] ** -0.5))
            else:
                parameter.add_(noise * 0.3)
    return model.eval()


def save_tiny(settings: dict[str, Any], folder: Path, dtype: Any = torch.float32) -> Any:
    """Save a tiny model of this config.json as transformers does, and give it."""
    config = transformers.AutoConfig.for_model(**settings)
    model = transformers.AutoModelForCausalLM.from_config(config, attn_implementation="eager", dtype=torch.float32)
    perturbed(model).to(dtype).save_pretrained(folder)
    return model


def tiny_model(case: str, folder: Path) -> Tiny:
    """Make the tiny model of a variant."""
    theirs = save_tiny(CASES[case], folder)
    config = read_config(folder)
    params, dtype = read_weights(folder, config)
    assert dtype == "float32"
    return Tiny(folder, theirs, config, jax.tree.map(jnp.asarray, params))


def load_theirs(folder: Path, dtype: Any = torch.float32) -> Any:
    """Load a model folder with transformers."""
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, attn_implementation="eager")
    return model.eval()


def their_logits(theirs: Any, tokens: np.ndarray) -> np.ndarray:
    """Compute logits (B, T, V) without a cache, which would take packed rows and windows otherwise."""
    with torch.no_grad():
        return theirs(torch.as_tensor(tokens, dtype=torch.long), use_cache=False).logits.float().numpy()
