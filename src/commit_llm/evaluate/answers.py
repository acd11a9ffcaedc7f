"""Greedy answers to prompts. An answer ends before its first newline, or where the model ends the text."""

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import jax
import numpy as np

from commit_llm.data.tokenizer import Tokenizer
from commit_llm.errors import UserError
from commit_llm.evaluate.placement import Placement
from commit_llm.evaluate.prompt_batches import MAX_LENGTH, PromptBatch, plan_batches
from commit_llm.model.config import ModelConfig
from commit_llm.model.generation import generate
from commit_llm.model.parameters import Parameters, cast_matrices
from commit_llm.parallel.mesh_sizes import EVERY_DEVICE

MAX_NEW_TOKENS = 256
STOP = "\n"


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


class Answer(NamedTuple):
    """Hold an answer.

    text: up to the first newline or the end of text. Spaces at its ends stay.
    truncated: whether the prompt was shortened.
    """

    text: str
    truncated: bool


def answer(
    model: Answerer,
    prompts: Sequence[str],
    batch_size: int,
    *,
    bos: bool = False,
    answered: Collection[int] = (),
    stops: Sequence[str] = (STOP,),
    max_new_tokens: int = MAX_NEW_TOKENS,
    max_length: int = MAX_LENGTH,
) -> Iterator[dict[int, Answer]]:
    """Answer the prompts, batch by batch. Each item has the answers of one batch, by the place of the prompt.

    A long prompt keeps its last max_length - max_new_tokens tokens, 1,792 (fewer where the model has fewer
    positions), and is answered (docs/behaviour.md, "Evaluation"). A bos counts as one of these tokens.

    answered: places of prompts that have an answer already. A batch of such prompts alone is left out. The other
    batches stay as they are, so that every answer is the same, with and without.
    """
    require_answerable(model.config, batch_size, max_new_tokens)
    longest = min(max_length, model.config.max_position_embeddings) - max_new_tokens
    encoded = [encode_prompt(model.tokenizer, prompt, bos, longest) for prompt in prompts]
    is_stop = stop_tokens(model.tokenizer, model.stops, model.config.vocab_size, stops)
    lengths = [len(ids) for ids, _ in encoded]
    for batch in plan_batches(lengths, batch_size, longest, max_new_tokens, model.placement.rows_for):
        if all(place in answered for place in batch.prompts):
            continue
        ids = [encoded[place][0] for place in batch.prompts]
        out = generate_rows(model, ids, batch, is_stop, max_new_tokens)
        texts = [model.tokenizer.decode([token for token in row if token >= 0]) for row in out]
        yield {
            place: Answer(cut(text, stops), encoded[place][1]) for place, text in zip(batch.prompts, texts, strict=True)
        }


def generate_rows(
    model: Answerer, prompts: Sequence[list[int]], batch: PromptBatch, is_stop: np.ndarray, max_new_tokens: int
) -> np.ndarray:
    """Generate new tokens: (prompts, max_new_tokens), -1 after the end.

    A batch has rows to spare where the devices need them. They repeat the last prompt and are cut off again.
    """
    rows = [*prompts, *[prompts[-1]] * (batch.rows - len(prompts))]
    padded = np.stack([np.pad(row, (batch.width - len(row), 0)) for row in rows]).astype(np.int32)
    lengths = np.asarray([len(row) for row in rows], np.int32)
    placement = model.placement
    on_one_cpu = jax.default_backend() == "cpu" and placement.mesh is None
    placed = (*placement.rows(padded, lengths), placement.everywhere(is_stop))
    out = generate(model.config, model.params, *placed, max_new_tokens, model.dtype, on_one_cpu)
    return placement.fetched(out)[: len(prompts)]


def encode_prompt(tokenizer: Tokenizer, prompt: str, bos: bool, longest: int) -> tuple[list[int], bool]:
    """Encode a prompt. Give its last `longest` ids, the bos among them, and whether some were left out."""
    head = [tokenizer.bos_id] if bos and tokenizer.bos_id is not None else []
    ids = tokenizer.encode(prompt)
    room = longest - len(head)
    return head + ids[-room:], len(ids) > room


def require_answerable(config: ModelConfig, batch_size: int, max_new_tokens: int = MAX_NEW_TOKENS) -> None:
    """Raise UserError where a model has no room for an answer, or a batch has no row."""
    if config.max_position_embeddings <= max_new_tokens + 1:
        raise UserError(
            f"the model has {config.max_position_embeddings} positions, too few for {max_new_tokens} new tokens"
        )
    if batch_size < 1:
        raise UserError(f"a batch of {batch_size} questions: must be at least 1")


def stop_tokens(
    tokenizer: Tokenizer, ends_text: Sequence[int], vocab_size: int, stops: Sequence[str] = (STOP,)
) -> np.ndarray:
    """Tell, for each token of the model's vocabulary, whether it ends an answer.

    ends_text: the ids that end a text.
    stops: texts; a token with one in it ends an answer too.
    """
    ends = np.zeros(vocab_size, bool)
    for token in range(tokenizer.vocab_size):
        text = tokenizer.decode([token])
        ends[token] = any(stop and stop in text for stop in stops)
    ends[list(ends_text)] = True
    return ends


def cut(text: str, stops: Sequence[str]) -> str:
    """Give the text before the first of the stops. Spaces at its ends stay.

    >>> cut(" Athens\\nQuestion", ["\\n"])
    ' Athens'
    """
    return text[: min((text.find(stop) for stop in stops if stop and stop in text), default=len(text))]


def fingerprint(params: Parameters) -> str:
    """Hash all parameters, in the order of their names, with SHA-256."""
    digest = hashlib.sha256()
    for path, array in jax.tree_util.tree_leaves_with_path(params):
        host = np.asarray(array)
        digest.update(f"{jax.tree_util.keystr(path)}{host.dtype.name}{host.shape}".encode())
        digest.update(np.ascontiguousarray(host).view(np.uint8).data)
    return digest.hexdigest()
