"""Low-rank adapters beside frozen kernels (Hu et al., "LoRA", 2021): declared, drawn, joined with the base, merged.

A kernel W of (in, out) has two small ones beside it, A of (in, rank) and B of (rank, out), stacked over the layers.
The layer computes x W + alpha / rank * x A B; what a layer holds says so (`block.project`).
"""

import math
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp

from commit_llm.errors import UserError
from commit_llm.model.block import LORA_A, LORA_B
from commit_llm.model.config import ModelConfig
from commit_llm.model.head import head_name
from commit_llm.model.parameters import Parameter, Parameters, declare, training_flops_a_token

FROZEN_DTYPE = jnp.bfloat16


@dataclass(frozen=True)
class Adapter:
    """Say what is trained of a model whose other parameters are frozen.

    rank: r, columns of A and rows of B.
    alpha: what the product of A and B is multiplied by, over the rank.
    targets: kernels of the layers that have an A and a B, by our names.
    saved: parameters that are trained whole, in fp32: of "embedding" and "head".
    """

    rank: int
    alpha: float
    targets: tuple[str, ...]
    saved: tuple[str, ...] = ()

    @property
    def scale(self) -> float:
        return self.alpha / self.rank


def declare_adapter(config: ModelConfig, adapter: Adapter) -> dict[str, Any]:
    """Declare what an adapter trains, as `declare` does for a model.

    Raises UserError where the rank is above a dimension of a kernel, or a tied model is to train its head.
    """
    declared, layers = declare(config), {}
    smallest = min(adapter.targets, key=lambda name: min(declared["layers"][name].shape[1:]))
    if adapter.rank > (most := min(shape := declared["layers"][smallest].shape[1:])):
        raise UserError(
            f"--lora-r {adapter.rank}: above a dimension of the model's {smallest} kernel, {shape[0]} x {shape[1]}; "
            f"give at most {most}"
        )
    for name in adapter.targets:
        count, in_size, out_size = declared["layers"][name].shape
        _, in_axis, out_axis = declared["layers"][name].axes
        layers[name + LORA_A] = Parameter((count, in_size, adapter.rank), ("layers", in_axis, "rank"))
        layers[name + LORA_B] = Parameter((count, adapter.rank, out_size), ("layers", "rank", out_axis), 0.0)
    if "head" in adapter.saved and config.tie_word_embeddings:
        raise UserError(
            "--modules-to-save lm_head: this model's head is its embedding; name embed_tokens, which trains both"
        )
    return {"layers": layers} | {name: declared[name] for name in adapter.saved}


def init_adapter(config: ModelConfig, adapter: Adapter, base: Parameters, key: jax.Array) -> Parameters:
    """Draw a fresh adapter: A is uniform within 1 / sqrt(in), as peft draws it, B is 0; saved ones are the base's."""
    declared = declare_adapter(config, adapter)
    drawn: dict[str, Any] = {"layers": {}}
    for number, (name, parameter) in enumerate(declared["layers"].items()):
        if parameter.begins is not None:
            drawn["layers"][name] = jnp.full(parameter.shape, parameter.begins, jnp.float32)
            continue
        bound = 1.0 / math.sqrt(parameter.shape[1])
        drawn["layers"][name] = jax.random.uniform(
            jax.random.fold_in(key, number), parameter.shape, jnp.float32, -bound, bound
        )
    return drawn | {name: base[name].astype(jnp.float32) for name in adapter.saved}


def frozen_part(base: Parameters, adapter: Adapter) -> Parameters:
    """Give the parameters of a base that an adapter leaves frozen."""
    return {name: value for name, value in base.items() if name not in adapter.saved}


def joined(frozen: Parameters, trained: Parameters, adapter: Adapter) -> Parameters:
    """Give the parameters of the adapted model, with A and B beside their kernels; the scale is in A."""
    layers = {
        name: value * adapter.scale if name.endswith(LORA_A) else value for name, value in trained["layers"].items()
    }
    return frozen | trained | {"layers": frozen["layers"] | layers}


def merged(base: Parameters, trained: Parameters, adapter: Adapter) -> Parameters:
    """Give fp32 parameters of the same model without an adapter: W + alpha / rank * A B.

    base: fp32 parameters of the whole model.
    """
    layers = dict(base["layers"])
    for name in adapter.targets:
        a, b = trained["layers"][name + LORA_A], trained["layers"][name + LORA_B]
        product = jnp.matmul(a * adapter.scale, b, precision="highest")
        layers[name] = base["layers"][name] + product
    return base | {name: trained[name] for name in adapter.saved} | {"layers": layers}


def adapted_flops_a_token(config: ModelConfig, seq_len: int, adapter: Adapter) -> float:
    """Count the floating-point operations of training an adapter on one token, as `training_flops_a_token` does.

    A frozen matrix of n numbers takes 4n and not 6n: it has no gradient of its own.

    >>> sizes = dict(hidden_size=4096, intermediate_size=11008, num_hidden_layers=32, num_attention_heads=32)
    >>> llama_7b = ModelConfig(vocab_size=32000, num_key_value_heads=32, head_dim=128, **sizes)
    >>> kernels = ("query", "key", "value", "output", "gate", "up", "down")
    >>> print(f"{adapted_flops_a_token(llama_7b, 512, Adapter(16, 32.0, kernels)) / 1e9:.2f} GFLOP")
    27.07 GFLOP
    """
    layers = declare(config)["layers"].values()
    frozen = sum(math.prod(parameter.shape) for parameter in layers if parameter.is_matrix)
    if head_name(config) not in adapter.saved:
        frozen += config.vocab_size * config.hidden_size
    adapters = sum(math.prod(parameter.shape) for parameter in declare_adapter(config, adapter)["layers"].values())
    return training_flops_a_token(config, seq_len) - 2.0 * frozen + 6.0 * adapters
