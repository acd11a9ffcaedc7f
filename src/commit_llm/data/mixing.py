"""Mixing whole data files: chosen columns of every record, the same bytes for any number of workers."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import Any, NamedTuple

from commit_llm.codemix import CodeMixer
from commit_llm.data.examples import columns
from commit_llm.data.records import Record, text_of

CHUNK = 1024

# A chunk: the index of its first row in the data, and its records.
Chunk = tuple[int, Sequence[Record]]


class Counts(NamedTuple):
    """Sums over all texts of the counts of codemix.Mixed."""

    words: int
    hits: int
    replaced: int
    changed: int


def mix_records(
    records: Sequence[Record],
    fields: Sequence[str] | None,
    mixer: CodeMixer,
    seed: int,
    workers: int = 1,
    report: Callable[[int], None] = lambda done: None,
) -> tuple[list[dict[str, Any]], Counts]:
    """Mix the fields of every record, as training does in its first epoch; all other columns are kept.

    Without fields, those that `columns` finds in each record.

    report is called with the number of records done. Raises UserError for a field that is missing or
    holds no text, naming the row.
    """
    mix = partial(mix_chunk, mixer=mixer, fields=tuple(dict.fromkeys(fields)) if fields else None, seed=seed)
    mixed: list[dict[str, Any]] = []
    totals = [0, 0, 0, 0]
    for part, counts in _map(mix, _chunks(records), workers):
        mixed += part
        totals = [total + count for total, count in zip(totals, counts, strict=True)]
        report(len(mixed))
    return mixed, Counts(*totals)


def mix_chunk(
    chunk: Chunk, *, mixer: CodeMixer, fields: tuple[str, ...] | None, seed: int
) -> tuple[list[dict[str, Any]], Counts]:
    """The records of a chunk with their fields mixed, and the counts."""
    mixed, counts = [], [0, 0, 0, 0]
    for row, record in enumerate(chunk[1], chunk[0]):
        changed = dict(record)
        for field in fields or columns(record, row):
            changed[field], *found = mixer.mix_field(
                text_of(record, field, row), seed=seed, epoch=0, row=row, field=field
            )
            counts = [total + count for total, count in zip(counts, found, strict=True)]
        mixed.append(changed)
    return mixed, Counts(*counts)


def _chunks(records: Sequence[Record]) -> Iterator[Chunk]:
    for start in range(0, len(records), CHUNK):
        yield start, records[start : start + CHUNK]


def _map(function: Callable[[Chunk], Any], chunks: Iterator[Chunk], workers: int) -> Iterator[Any]:
    if workers == 1:
        yield from map(function, chunks)
        return
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        yield from pool.map(function, chunks)
