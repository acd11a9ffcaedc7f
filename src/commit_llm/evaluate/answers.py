"""Greedy answers to prompts: batches of like length, each cut at its first newline or end of text."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from commit_llm.data.tokenizer import Tokenizer
from commit_llm.errors import UserError
from commit_llm.model.config import ModelConfig
from commit_llm.model.generation import generate
from commit_llm.model.parameters import Parameters

MAX_NEW_TOKENS = 256
MAX_PROMPT_TOKENS = 2048 - MAX_NEW_TOKENS
BUCKET = 256  # prompts are padded to a multiple of it: at most seven shapes to compile
STOP = "\n"


@dataclass(frozen=True)
class Answerer:
    """A model that answers. params are fp32 (or the dtype they are kept in); dtype is that of the products."""

    config: ModelConfig
    params: Parameters
    tokenizer: Tokenizer
    dtype: Any


class Answer(NamedTuple):
    """text, cut before the first newline or end of text and not stripped; whether the prompt was shortened."""

    text: str
    truncated: bool


def answer(
    model: Answerer,
    prompts: Sequence[str],
    batch_size: int,
    report: Callable[[int], None] = lambda done: None,
    max_new_tokens: int = MAX_NEW_TOKENS,
) -> list[Answer]:
    """Answer every prompt, in the order given; report is called with the number answered so far.

    A prompt keeps its last 1,792 tokens (fewer where the model's positions end earlier) and is
    answered; it gets no bos (BEHAVIOUR.md, "Evaluation").
    """
    require_answerable(model.config, batch_size, max_new_tokens)
    longest = min(MAX_PROMPT_TOKENS, model.config.max_position_embeddings - max_new_tokens)
    encoded = [model.tokenizer.encode(prompt) for prompt in prompts]
    is_stop = stop_tokens(model.tokenizer, model.config)
    params = jax.tree.map(jnp.asarray, model.params)
    order = sorted(range(len(prompts)), key=lambda i: len(encoded[i]))
    answers: dict[int, Answer] = {}
    for start in range(0, len(order), batch_size):
        chosen = order[start : start + batch_size]
        rows = [encoded[i][-longest:] for i in chosen]
        # A short last batch repeats its last row, so that its shape is compiled already.
        rows += [rows[-1]] * (batch_size - len(rows))
        width = min(longest, -(-max(map(len, rows)) // BUCKET) * BUCKET)
        padded = np.stack([np.pad(row, (width - len(row), 0)) for row in rows]).astype(np.int32)
        lengths = np.asarray([len(row) for row in rows], np.int32)
        out = np.asarray(generate(model.config, params, padded, lengths, is_stop, max_new_tokens, model.dtype))
        for i, ids in zip(chosen, out, strict=False):
            text = model.tokenizer.decode([token for token in ids if token not in (-1, model.tokenizer.eos_id)])
            answers[i] = Answer(text.split(STOP, 1)[0], len(encoded[i]) > longest)
        report(len(answers))
    return [answers[i] for i in range(len(prompts))]


def require_answerable(config: ModelConfig, batch_size: int, max_new_tokens: int = MAX_NEW_TOKENS) -> None:
    """Raise UserError where a model has no room for an answer, or a batch no row."""
    if config.max_position_embeddings <= max_new_tokens:
        raise UserError(
            f"the model has {config.max_position_embeddings} positions, too few for {max_new_tokens} new tokens"
        )
    if batch_size < 1:
        raise UserError(f"a batch of {batch_size} questions: must be at least 1")


def stop_tokens(tokenizer: Tokenizer, config: ModelConfig) -> np.ndarray:
    """For every entry of the model's vocabulary, whether an answer ends with it: eos, or a newline in its text."""
    stops = np.zeros(config.vocab_size, bool)
    for token in range(tokenizer.vocab_size):
        stops[token] = STOP in tokenizer.decode([token])
    stops[tokenizer.eos_id] = True
    return stops
