"""Say how the layers of a decoder may differ: how far back each one looks, and how it tells positions apart."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from commit_llm.errors import UserError
from commit_llm.model.field_values import require_fields, require_value

RopeType = Literal["default", "linear", "llama3", "yarn"]


@dataclass(frozen=True)
class Rope:
    """Describe a rotary embedding, with the names that `rope_parameters` of transformers has.

    rope_theta: the base of the frequencies.
    rope_type: how frequencies are slowed down for texts longer than those of pre-training; "default" is not at all.
    factor: how many times slower.
    original_max_position_embeddings: the length in tokens of pre-training, of llama3 and yarn.
    low_freq_factor, high_freq_factor: of llama3: a wave that turns fewer times than the first in that length is slowed
        down, one that turns more often than the second is not.
    beta_fast, beta_slow: of yarn: likewise, the second for the slow waves and the first for the fast ones.
    truncate: of yarn: whether the bounds between those are whole dimensions.
    attention_factor: of yarn: what cos and sin are multiplied by.
    """

    rope_theta: float = 10000.0
    rope_type: RopeType = "default"
    factor: float = 1.0
    original_max_position_embeddings: int | None = None
    low_freq_factor: float = 1.0
    high_freq_factor: float = 4.0
    beta_fast: float = 32.0
    beta_slow: float = 1.0
    truncate: bool = True
    attention_factor: float = 1.0

    def __post_init__(self) -> None:
        require_fields(self)
        if self.rope_type == "llama3" and self.low_freq_factor >= self.high_freq_factor:
            raise UserError(
                f"low_freq_factor is {self.low_freq_factor}; it must be below high_freq_factor, {self.high_freq_factor}"
            )
        if self.rope_type == "yarn" and self.rope_theta <= 1:
            raise UserError(f"rope_theta is {self.rope_theta}; for yarn it must be a number above 1")
        if self.rope_type in ("llama3", "yarn") and self.original_max_position_embeddings is None:
            raise UserError(f"rope_type {self.rope_type} needs original_max_position_embeddings")

    def frequencies(self, head_dim: int) -> np.ndarray:
        """Give the angle in radians by which each pair of a head turns from a position to the next: (D/2,), fp32.

        Computed with numpy, because XLA's power differs from it in the last digits.
        """
        plain = 1.0 / self.rope_theta ** (np.arange(0, head_dim, 2, dtype=np.float32) / head_dim)
        if self.rope_type == "default":
            return plain
        slowed = plain / np.float32(self.factor)
        if self.rope_type == "linear":  # Chen et al., "Position Interpolation", 2023
            return slowed
        kept = self._kept_llama3(plain) if self.rope_type == "llama3" else self._kept_yarn(head_dim)
        return (slowed * (1 - kept) + plain * kept).astype(np.float32)

    def _kept_llama3(self, plain: np.ndarray) -> np.ndarray:
        """Give which share of each frequency stays, between few and many turns (Llama 3.1's model card and code)."""
        assert self.original_max_position_embeddings is not None
        turns = self.original_max_position_embeddings * plain / np.float32(2 * math.pi)
        return ((turns - self.low_freq_factor) / (self.high_freq_factor - self.low_freq_factor)).clip(0, 1)

    def _kept_yarn(self, head_dim: int) -> np.ndarray:
        """Give which share of each frequency stays (Peng et al., "YaRN", 2023, section 3.2)."""
        assert self.original_max_position_embeddings is not None
        waves = self.original_max_position_embeddings / (2 * math.pi)

        def dimension_of(turns: float) -> float:
            return head_dim * math.log(waves / turns) / (2 * math.log(self.rope_theta))

        first, last = dimension_of(self.beta_fast), dimension_of(self.beta_slow)
        if self.truncate:
            first, last = math.floor(first), math.ceil(last)
        first, last = max(first, 0), min(last, head_dim - 1)
        width = last - first or 0.001  # as transformers, where both bounds are one
        return 1 - ((np.arange(head_dim // 2, dtype=np.float32) - first) / width).clip(0, 1)


@dataclass(frozen=True)
class LayerKind:
    """Describe one kind of layer.

    window: how many tokens a query sees, its own and those before it; None: all before it.
    rope: None: the layer does not tell positions apart.
    """

    window: int | None = None
    rope: Rope | None = Rope()

    def __post_init__(self) -> None:
        require_value("sliding_window", self.window, int | None)
