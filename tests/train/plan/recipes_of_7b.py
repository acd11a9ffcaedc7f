"""LLaMA-7B, a tiny model, and recipes that are planned for them."""

import dataclasses

from commit_llm.model.config import ModelConfig
from commit_llm.recipes import find_recipe
from commit_llm.train.plan.changes import Conditions

LLAMA_7B = ModelConfig(
    vocab_size=32000, hidden_size=4096, intermediate_size=11008, num_hidden_layers=32, num_attention_heads=32,
    num_key_value_heads=32, head_dim=128,
)  # fmt: skip
TINY = dataclasses.replace(
    LLAMA_7B, hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=4,
    num_key_value_heads=4, head_dim=16,
)  # fmt: skip
COMMIT_2024 = find_recipe("commit-2024")
SPREAD = dataclasses.replace(COMMIT_2024, mesh="1,-1,1")
OF_7B = Conditions(LLAMA_7B, "bfloat16")
