"""Greedy answers to prompts: batches of like length, each cut at its first newline or end of text."""

import hashlib
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import jax
import numpy as np

from commit_llm.data.tokenizer import Tokenizer
from commit_llm.errors import UserError
from commit_llm.evaluate.placement import Placement
from commit_llm.model.config import ModelConfig
from commit_llm.model.generation import generate
from commit_llm.model.parameters import Parameters, cast_matrices
from commit_llm.parallel.mesh_sizes import EVERY_DEVICE

MAX_NEW_TOKENS = 256
MAX_LENGTH = 2048  # of prompt and answer
BUCKET = 256  # prompts are padded to a multiple of it: at most seven shapes to compile
STOP = "\n"


@dataclass(frozen=True)
class Answerer:
    """A model that answers: parameters where they are used, matrices in dtype, that of the products."""

    config: ModelConfig
    params: Parameters
    tokenizer: Tokenizer
    dtype: Any
    fingerprint: str
    placement: Placement = field(default=Placement(None))

    @classmethod
    def of(
        cls, config: ModelConfig, params: Parameters, tokenizer: Tokenizer, dtype: Any, mesh: str = EVERY_DEVICE
    ) -> "Answerer":
        """From fp32 parameters on the host, of which it keeps the fingerprint; over a mesh of all devices."""
        placement = Placement.of(mesh)
        placed = placement.parameters(config, cast_matrices(params, dtype))
        return cls(config, placed, tokenizer, dtype, fingerprint(params), placement)


class Answer(NamedTuple):
    """text, cut before the first newline or end of text and not stripped; whether the prompt was shortened."""

    text: str
    truncated: bool


class Batch(NamedTuple):
    """Prompts answered together: which ones, and the shape (rows, width) they are padded to."""

    prompts: list[int]
    rows: int
    width: int


def answer(
    model: Answerer,
    prompts: Sequence[str],
    batch_size: int,
    *,
    bos: bool = False,
    known: Collection[int] = (),
    stops: Sequence[str] = (STOP,),
    max_new_tokens: int = MAX_NEW_TOKENS,
    max_length: int = MAX_LENGTH,
) -> Iterator[dict[int, Answer]]:
    """Answer the prompts, batch by batch: each gives the answers of some prompts, by their place.

    A prompt keeps its last max_length - max_new_tokens tokens, 1,792 (fewer where the model's positions
    end earlier), and is answered (docs/behaviour.md, "Evaluation"). A bos counts as one of them. A batch
    whose prompts are all known already is left out; the others are what they would be without.
    """
    require_answerable(model.config, batch_size, max_new_tokens)
    longest = min(max_length, model.config.max_position_embeddings) - max_new_tokens
    encoded = [encode_prompt(model.tokenizer, prompt, bos, longest) for prompt in prompts]
    is_stop = stop_tokens(model.tokenizer, model.config.vocab_size, stops)
    lengths = [len(ids) for ids, _ in encoded]
    for batch in plan_batches(lengths, batch_size, longest, max_new_tokens, model.placement.rows_for):
        if all(place in known for place in batch.prompts):
            continue
        ids = [encoded[place][0] for place in batch.prompts]
        out = generate_rows(model, ids, batch, is_stop, max_new_tokens)
        texts = [model.tokenizer.decode([token for token in row if token >= 0]) for row in out]
        yield {
            place: Answer(cut(text, stops), encoded[place][1]) for place, text in zip(batch.prompts, texts, strict=True)
        }


def generate_rows(
    model: Answerer, prompts: Sequence[list[int]], batch: Batch, is_stop: np.ndarray, max_new_tokens: int
) -> np.ndarray:
    """New tokens, (prompts, max_new_tokens), -1 after the end; the batch's last rows repeat the last prompt."""
    rows = [*prompts, *[prompts[-1]] * (batch.rows - len(prompts))]
    padded = np.stack([np.pad(row, (batch.width - len(row), 0)) for row in rows]).astype(np.int32)
    lengths = np.asarray([len(row) for row in rows], np.int32)
    where = model.placement
    on_one_cpu = jax.default_backend() == "cpu" and where.mesh is None
    placed = (*where.rows(padded, lengths), where.everywhere(is_stop))
    out = generate(model.config, model.params, *placed, max_new_tokens, model.dtype, on_one_cpu)
    return where.fetched(out)[: len(prompts)]


def plan_batches(
    lengths: Sequence[int],
    batch_size: int,
    longest: int,
    max_new_tokens: int,
    rows_for: Callable[[int], int] = lambda wanted: wanted,
) -> list[Batch]:
    """Prompts in batches, short ones first; each as wide as its longest, up to a multiple of 256.

    A batch holds no more tokens, padding and answers included, than batch_size prompts of the greatest
    length (of 2,048 tokens, where a model takes longer ones): shorter prompts go more at a time. Batches
    of one width have one number of rows, so that each width is compiled once. rows_for gives the number of
    rows, at least those wanted, that the devices can share out.

    >>> [(b.prompts, b.rows, b.width) for b in plan_batches([300, 5, 700, 8, 9], 1, 768, 256)]
    [([1, 3], 2, 256), ([4], 2, 256), ([0], 1, 512), ([2], 1, 768)]
    """
    budget = batch_size * min(longest + max_new_tokens, MAX_LENGTH)

    def width(place: int) -> int:
        return min(longest, -(-max(lengths[place], 1) // BUCKET) * BUCKET)

    def most_rows(place: int) -> int:
        return rows_for(max(1, budget // (width(place) + max_new_tokens)))

    order = sorted(range(len(lengths)), key=lambda place: lengths[place])
    groups = []
    start = 0
    while start < len(order):
        end = start + 1
        while end < len(order) and end - start < most_rows(order[end]):
            end += 1
        groups.append(order[start:end])
        start = end
    rows = {width(group[-1]): 0 for group in groups}
    for group in groups:
        rows[width(group[-1])] = max(rows[width(group[-1])], rows_for(len(group)))
    return [Batch(group, rows[width(group[-1])], width(group[-1])) for group in groups]


def encode_prompt(tokenizer: Tokenizer, prompt: str, bos: bool, longest: int) -> tuple[list[int], bool]:
    """The last `longest` ids of a prompt, the bos before it among them, and whether any were left out."""
    head = [tokenizer.bos_id] if bos and tokenizer.bos_id is not None else []
    ids = tokenizer.encode(prompt)
    room = longest - len(head)
    return head + ids[-room:], len(ids) > room


def require_answerable(config: ModelConfig, batch_size: int, max_new_tokens: int = MAX_NEW_TOKENS) -> None:
    """Raise UserError where a model has no room for an answer, or a batch no row."""
    if config.max_position_embeddings <= max_new_tokens + 1:
        raise UserError(
            f"the model has {config.max_position_embeddings} positions, too few for {max_new_tokens} new tokens"
        )
    if batch_size < 1:
        raise UserError(f"a batch of {batch_size} questions: must be at least 1")


def stop_tokens(tokenizer: Tokenizer, vocab_size: int, stops: Sequence[str] = (STOP,)) -> np.ndarray:
    """For every entry of the model's vocabulary, whether an answer ends with it: eos, or a stop in its text."""
    ends = np.zeros(vocab_size, bool)
    for token in range(tokenizer.vocab_size):
        text = tokenizer.decode([token])
        ends[token] = any(stop and stop in text for stop in stops)
    ends[tokenizer.eos_id] = True
    return ends


def cut(text: str, stops: Sequence[str]) -> str:
    """The text before the first of the stops; not stripped.

    >>> cut(" Athens\\nQuestion", ["\\n"])
    ' Athens'
    """
    return text[: min((text.find(stop) for stop in stops if stop and stop in text), default=len(text))]


def fingerprint(params: Parameters) -> str:
    """SHA-256 over every parameter, in the order of their names."""
    digest = hashlib.sha256()
    for path, array in jax.tree_util.tree_leaves_with_path(params):
        host = np.asarray(array)
        digest.update(f"{jax.tree_util.keystr(path)}{host.dtype.name}{host.shape}".encode())
        digest.update(np.ascontiguousarray(host).view(np.uint8).data)
    return digest.hexdigest()
