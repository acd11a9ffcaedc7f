"""Make the greedy answers to prompts of random tokens that the benchmark of answering times, by one contender."""

from collections.abc import Callable

import numpy as np
from clock import ON_CPU, TORCH_DEVICE
from models import their_model

from commit_llm.model.config import ModelConfig
from commit_llm.model.parameters import training_flops_a_token


def answers_of(contender: str, config: ModelConfig, prompts: np.ndarray, new_tokens: int) -> Callable[[], int]:
    """Make a function that answers all prompts at once, without a stop, and gives the number of new tokens."""
    if contender == "ours":
        return our_answers(config, prompts, new_tokens)
    return their_answers(config, prompts, new_tokens, compiled=contender == "compiled")


def our_answers(config: ModelConfig, prompts: np.ndarray, new_tokens: int) -> Callable[[], int]:
    """Make the function for our decoder, as `commit-llm eval` calls it."""
    import jax
    import jax.numpy as jnp

    from commit_llm.model.execution import compute_dtype
    from commit_llm.model.generation import Endings, generate
    from commit_llm.model.parameters import cast_matrices, init_parameters

    dtype = compute_dtype("auto")
    params = jax.jit(lambda key: cast_matrices(init_parameters(config, key), dtype))(jax.random.key(0))
    rows, width = prompts.shape
    lengths, never = jnp.full(rows, width, jnp.int32), np.zeros(config.vocab_size, bool)
    endings = Endings(never, never, ~never)
    on_device = jnp.asarray(prompts)

    def run() -> int:
        out = generate(config, params, on_device, lengths, endings, new_tokens, dtype, ON_CPU)
        return int((np.asarray(out) >= 0).sum())

    return run


def their_answers(config: ModelConfig, prompts: np.ndarray, new_tokens: int, *, compiled: bool) -> Callable[[], int]:
    """Make the function for `generate` of transformers; compiled takes a cache of fixed size and torch.compile."""
    import torch
    from transformers import CompileConfig

    model = their_model(config, torch.float32 if ON_CPU else torch.bfloat16, TORCH_DEVICE).eval()
    model.generation_config.eos_token_id = None
    ids = torch.tensor(prompts, device=TORCH_DEVICE).long()
    options = {}
    if compiled:
        settings = CompileConfig()
        settings._compile_all_devices = ON_CPU  # transformers compiles for GPUs only, unless told so
        options = {"cache_implementation": "static", "compile_config": settings}

    def run() -> int:
        with torch.inference_mode():
            out = model.generate(
                input_ids=ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=new_tokens,
                pad_token_id=0, **options,
            )  # fmt: skip
        return int(out[:, ids.shape[1] :].cpu().numel())

    return run


def answering_flops(config: ModelConfig, rows: int, width: int, new_tokens: int) -> float:
    """Count the floating-point operations: a third of those of training; only a prompt's last token needs the head."""
    total = width + new_tokens
    head = 2.0 * config.vocab_size * config.hidden_size * (width - 1)
    return rows * (total * training_flops_a_token(config, total) / 3 - head)
