"""Answers to encoded prompts, batch by batch."""

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import jax
import numpy as np

from commit_llm.data.chat.template import ChatTemplate
from commit_llm.data.tokenizer import Tokenizer
from commit_llm.errors import UserError
from commit_llm.evaluate.answer_text import Answer
from commit_llm.evaluate.chat_prompts import template_for
from commit_llm.evaluate.encoded_prompts import EncodedPrompt
from commit_llm.evaluate.endings import Ending
from commit_llm.evaluate.placement import Placement
from commit_llm.evaluate.prompt_batches import MAX_NEW_TOKENS, PromptBatch, plan_batches
from commit_llm.evaluate.tasks import Task
from commit_llm.evaluate.token_choice import GREEDY, TokenChoice
from commit_llm.model.config import ModelConfig
from commit_llm.model.generation import Endings, generate
from commit_llm.model.parameters import Parameters, cast_matrices
from commit_llm.model.sampling import Sampling
from commit_llm.parallel.mesh_sizes import EVERY_DEVICE
from commit_llm.parallel.slow_compilation import say_compiled, without_alarm

FEWEST_POSITIONS = 2  # that a prompt is left


@dataclass(frozen=True)
class Answerer:
    """Hold a model that can answer.

    params: placed on the devices, its matrices in dtype.
    stops: the ids that end a text.
    dtype: that of the matrix products.
    fingerprint: SHA-256 of the parameters as they were read.
    """

    config: ModelConfig
    params: Parameters
    tokenizer: Tokenizer
    stops: tuple[int, ...]
    dtype: Any
    fingerprint: str
    placement: Placement = field(default=Placement(None))

    @classmethod
    def of(
        cls,
        config: ModelConfig,
        params: Parameters,
        tokenizer: Tokenizer,
        stops: tuple[int, ...],
        dtype: Any,
        mesh: str = EVERY_DEVICE,
    ) -> "Answerer":
        """Place fp32 parameters, which are on the host, over a mesh of all devices, and keep their fingerprint."""
        placement = Placement.of(mesh)
        placed = placement.parameters(config, cast_matrices(params, dtype))
        return cls(config, placed, tokenizer, stops, dtype, fingerprint(params), placement)

    def template_for(self, task: Task) -> ChatTemplate | None:
        """Give the chat template that a task is asked through; None where it is no chat task. Raises UserError."""
        return template_for([task], self.tokenizer, self.stops)


def answer(
    model: Answerer,
    prompts: Sequence[EncodedPrompt],
    batch_size: int,
    *,
    ending: Ending,
    longest: int,
    answered: Collection[int] = (),
    max_new_tokens: int = MAX_NEW_TOKENS,
    choice: TokenChoice = GREEDY,
) -> Iterator[dict[int, Answer]]:
    """Answer the prompts, batch by batch. Each item has the answers of one batch, by the place of the prompt.

    choice: how tokens are chosen.
    longest: tokens that a prompt may have.
    answered: places of prompts that have an answer already. A batch of such prompts alone is left out. The other
        batches stay as they are, so that every answer is the same, with and without.
    """
    endings = ending.of_tokens(model.tokenizer, model.config.vocab_size)
    lengths = [len(prompt.ids) for prompt in prompts]
    planned = plan_batches(lengths, batch_size, longest, max_new_tokens, model.placement.rows_for)
    batches = [batch for batch in planned if not all(place in answered for place in batch.prompts)]
    if batches:
        widths = ", ".join(f"{width:,}" for width in sorted({batch.width for batch in batches}))
        say_compiled(f"the answering of prompts of up to {widths} tokens, each length when needed")
    for batch in batches:
        ids = [prompts[place].ids for place in batch.prompts]
        out = generate_rows(model, ids, batch, endings, max_new_tokens, choice)
        answers = {}
        for place, row in zip(batch.prompts, out, strict=True):
            text, reason = ending.answer(model.tokenizer, [int(token) for token in row if token >= 0])
            answers[place] = Answer(text, prompts[place].truncated, reason)
        yield answers


def generate_rows(
    model: Answerer,
    prompts: Sequence[list[int]],
    batch: PromptBatch,
    endings: Endings,
    max_new_tokens: int,
    choice: TokenChoice = GREEDY,
) -> np.ndarray:
    """Generate new tokens: (prompts, max_new_tokens), -1 after the end.

    A batch has rows to spare where the devices need them. They repeat the last prompt and are cut off again.
    """
    *placed, sampling = placed_rows(model, prompts, batch.rows, batch.width, endings, choice)
    on_one_cpu = jax.default_backend() == "cpu" and model.placement.mesh is None
    with without_alarm():
        out = generate(model.config, model.params, *placed, max_new_tokens, model.dtype, on_one_cpu, sampling)
    return model.placement.fetched(out)[: len(prompts)]


def placed_rows(
    model: Answerer, prompts: Sequence[list[int]], rows: int, width: int, endings: Endings, choice: TokenChoice
) -> tuple[Any, Any, Endings, Sampling | None]:
    """Give what the loop takes, on the devices: padded rows, their lengths, what ends an answer, how it is drawn.

    rows, width: the shape that prompts are padded to; the last one is repeated.
    """
    repeated = [*prompts, *[prompts[-1]] * (rows - len(prompts))]
    padded = np.stack([np.pad(row, (width - len(row), 0)) for row in repeated]).astype(np.int32)
    lengths = np.asarray([len(row) for row in repeated], np.int32)
    placement, sampling = model.placement, choice.sampling(repeated)
    if sampling is not None:
        keys, temperature, top_p = sampling
        (keys,) = placement.rows(np.asarray(keys))
        top_p = None if top_p is None else placement.everywhere(top_p)
        sampling = Sampling(keys, placement.everywhere(temperature), top_p)
    return *placement.rows(padded, lengths), Endings(*map(placement.everywhere, endings)), sampling


def require_answerable(
    config: ModelConfig,
    batch_size: int,
    max_length: int | None = None,
    max_new_tokens: int = MAX_NEW_TOKENS,
    name: str = "the model",
) -> None:
    """Raise UserError where a model has no room for an answer, a --max-length does not fit, or a batch has no row.

    name: of the model, for messages.
    """
    positions, fewest = config.max_position_embeddings, max_new_tokens + FEWEST_POSITIONS
    if positions < fewest:
        raise UserError(
            f"{name}: has {positions:,} positions (max_position_embeddings), too few for {max_new_tokens} new tokens; "
            f"take a model with {fewest:,} or more"
        )
    if max_length is not None and max_length > positions:
        raise UserError(f"--max-length {max_length}: the model has {positions:,} positions; take at most that many")
    if max_length is not None and max_length < fewest:
        raise UserError(
            f"--max-length {max_length}: too few tokens for a prompt and {max_new_tokens} new ones; give {fewest:,} or "
            "more"
        )
    if batch_size < 1:
        raise UserError(f"--batch-size {batch_size}: must be at least 1")


def fingerprint(params: Parameters) -> str:
    """Hash all parameters, in the order of their names, with SHA-256."""
    digest = hashlib.sha256()
    for path, array in jax.tree_util.tree_leaves_with_path(params):
        host = np.asarray(array)
        digest.update(f"{jax.tree_util.keystr(path)}{host.dtype.name}{host.shape}".encode())
        digest.update(np.ascontiguousarray(host).view(np.uint8).data)
    return digest.hexdigest()
