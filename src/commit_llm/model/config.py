"""Describe a decoder: its sizes, what its layers hold, and how they differ."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from commit_llm.errors import UserError
from commit_llm.model.field_values import require_fields
from commit_llm.model.layer_kinds import LayerKind, Rope

Activation = Literal["silu", "gelu_pytorch_tanh"]
HeadNorm = Literal["none", "head", "whole"]
NormPlace = Literal["before", "after", "around"]
ATTENTION_BIASES = ("query", "key", "value", "output")
MLP_BIASES = ("gate", "up", "down")


@dataclass(frozen=True)
class ModelConfig:
    """Describe a decoder, where they can with the names and units of the configurations of transformers.

    The defaults are those of plain LLaMA. model/families reads a config.json into this.

    model_type: the family that a config.json names. Nothing here depends on it.
    kinds: the kinds of layers there are.
    pattern: the number of each layer's kind; empty: all layers are of the first.
    hidden_act: of the feed-forward part.
    biases: kernels whose product has a bias added: of ATTENTION_BIASES and MLP_BIASES.
    qk_norm: whether queries and keys are normed before they are turned: each head by itself, or all heads at once.
    norms: where a layer norms: before its attention and feed-forward, after them, or both.
    norm_offset: what is added to the stored scale of every norm.
    attention_multiplier: of the scores; None: head_dim ** -0.5.
    attn_logit_softcapping: c in c * tanh(score / c); None: scores are as they are.
    final_logit_softcapping: likewise, of the logits.
    embedding_multiplier, residual_multiplier: of embeddings, and of what a layer adds to its input.
    logits_scaling: what logits are divided by.
    """

    vocab_size: int
    hidden_size: int
    intermediate_size: int
    num_hidden_layers: int
    num_attention_heads: int
    num_key_value_heads: int
    head_dim: int
    max_position_embeddings: int = 2048
    rms_norm_eps: float = 1e-6
    tie_word_embeddings: bool = False
    kinds: tuple[LayerKind, ...] = (LayerKind(),)
    pattern: tuple[int, ...] = ()
    hidden_act: Activation = "silu"
    biases: tuple[str, ...] = ()
    qk_norm: HeadNorm = "none"
    norms: NormPlace = "before"
    norm_offset: Literal[0, 1] = 0
    attention_multiplier: float | None = None
    attn_logit_softcapping: float | None = None
    final_logit_softcapping: float | None = None
    embedding_multiplier: float = 1.0
    residual_multiplier: float = 1.0
    logits_scaling: float = 1.0
    model_type: str = "llama"

    def __post_init__(self) -> None:
        require_fields(self)
        if self.num_attention_heads % self.num_key_value_heads:
            raise UserError(
                f"num_attention_heads {self.num_attention_heads} is not a multiple of "
                f"num_key_value_heads {self.num_key_value_heads}"
            )
        if self.head_dim % 2:
            raise UserError(f"head_dim {self.head_dim} is odd; rotary embedding turns pairs")
        if self.pattern and len(self.pattern) != self.num_hidden_layers:
            raise UserError(f"{len(self.pattern)} layers have a kind; num_hidden_layers is {self.num_hidden_layers}")

    @property
    def layer_kinds(self) -> tuple[LayerKind, ...]:
        """Give the kind of every layer."""
        return tuple(self.kinds[number] for number in self.pattern or (0,) * self.num_hidden_layers)

    @classmethod
    def from_plain(cls, values: Mapping[str, Any]) -> "ModelConfig":
        """Make a configuration from what `dataclasses.asdict` and JSON made of one."""
        kinds = tuple(LayerKind(kind["window"], kind["rope"] and Rope(**kind["rope"])) for kind in values["kinds"])
        values = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
        return cls(**{**values, "kinds": kinds})
