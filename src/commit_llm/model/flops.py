"""The floating-point operations of training, counted from the model's sizes."""

import math

from commit_llm.model.config import ModelConfig
from commit_llm.model.parameters import declare


def training_flops_a_token(config: ModelConfig, seq_len: int) -> float:
    """Floating-point operations that training on one token takes, a multiplication and an addition being two.

    A matrix of n numbers takes 2n forward and twice that backward, so 6n: all those of the layers, and the head;
    looking up an embedding takes none. Scores and their product with the values take 12 L H D T, and half of that
    where a query sees only the keys before it: 6 L H D T (L layers, H query heads of size D, T tokens a row). What is
    computed a second time to save memory does not count (Chowdhery et al., "PaLM", 2022, appendix B).

    >>> sizes = dict(hidden_size=4096, intermediate_size=11008, num_hidden_layers=32, num_attention_heads=32)
    >>> llama_7b = ModelConfig(vocab_size=32000, num_key_value_heads=32, head_dim=128, **sizes)
    >>> print(f"{training_flops_a_token(llama_7b, 512) / 1e9:.2f} GFLOP")
    40.05 GFLOP
    """
    attention = config.num_hidden_layers * config.num_attention_heads * config.head_dim * seq_len
    head = config.vocab_size * config.hidden_size
    kernels = sum(math.prod(parameter.shape) for parameter in declare(config)["layers"].values() if not parameter.ones)
    return 6.0 * (kernels + head + attention)
