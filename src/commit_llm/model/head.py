"""Compute logits of the last hidden states: final norm, head, and what a model does with its logits.

Shapes: B rows, T tokens, E hidden size, V vocabulary.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from commit_llm.model.attention import soft_cap
from commit_llm.model.block import norm
from commit_llm.model.config import ModelConfig
from commit_llm.model.parameters import Parameters


class LogitRule(NamedTuple):
    """Say what becomes of the product of a hidden state and the head.

    divisor: of the product.
    softcap: c in c * tanh(logit / c), after that; None: logits are as they are.
    """

    divisor: float = 1.0
    softcap: float | None = None

    def logits(self, products: Float[Array, "... V"]) -> Float[Array, "... V"]:
        """Give the logits of products in fp32."""
        logits = products if self.divisor == 1.0 else products / self.divisor
        return logits if self.softcap is None else soft_cap(logits, self.softcap)

    def slopes(self, logits: Float[Array, "... V"]) -> Float[Array, "... V"] | float:
        """Give the derivative of each logit by its product."""
        uncapped = 1.0 / self.divisor
        return uncapped if self.softcap is None else uncapped * (1.0 - (logits / self.softcap) ** 2)


PLAIN_LOGITS = LogitRule()


def logit_rule(config: ModelConfig) -> LogitRule:
    """Say what a model does with its logits."""
    return LogitRule(config.logits_scaling, config.final_logit_softcapping)


def final_norm(config: ModelConfig, params: Parameters, hidden_BTE: Array) -> Float[Array, "B T E"]:
    """Normalise the hidden states of the last layer for the head."""
    return norm(config, params, "final_norm", hidden_BTE)


def head_matrix(config: ModelConfig, params: Parameters) -> Float[Array, "E V"]:
    """Give the matrix of the head: its own parameter, or the transposed embedding where the two are tied."""
    head = head_parameter(config, params)
    return head.T if config.tie_word_embeddings else head


def head_parameter(config: ModelConfig, params: Parameters) -> Float[Array, "E V"] | Float[Array, "V E"]:
    """Give the parameter that the head's matrix is made of: the embedding, V E, where the two are tied."""
    return params[head_name(config)]


def head_name(config: ModelConfig) -> str:
    """Name the parameter that the head's matrix is made of."""
    return "embedding" if config.tie_word_embeddings else "head"


def unembed(config: ModelConfig, params: Parameters, hidden_BTE: Array) -> Float[Array, "B T V"]:
    """Compute fp32 logits of the hidden states of the last layer, before the final norm."""
    normed = final_norm(config, params, hidden_BTE)
    head = head_matrix(config, params).astype(normed.dtype)
    flat = jnp.matmul(normed.reshape(-1, normed.shape[-1]), head, preferred_element_type=jnp.float32)
    return logit_rule(config).logits(flat).reshape(*normed.shape[:-1], -1)
