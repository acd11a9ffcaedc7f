"""Mixing whole data files: chosen columns of every record, the same bytes for any number of workers."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import Any

from commit_llm.codemix import CodeMixer, Counts
from commit_llm.data.examples import columns
from commit_llm.data.records import Record, text_of

CHUNK = 1024

# A chunk: the index of its first row in the data, and its records.
Chunk = tuple[int, Sequence[Record]]


def mix_records(
    records: Sequence[Record],
    fields: Sequence[str] | None,
    mixer: CodeMixer,
    workers: int = 1,
    report: Callable[[int], None] = lambda done: None,
) -> tuple[list[dict[str, Any]], Counts]:
    """Mix the fields of every record, as training does in its first epoch; all other columns are kept.

    Without fields, those that `columns` finds in each record.

    report is called with the number of records done. Raises UserError for a field that is missing or
    holds no text, naming the row.
    """
    mix = partial(mix_chunk, mixer=mixer, fields=tuple(dict.fromkeys(fields)) if fields else None)
    mixed: list[dict[str, Any]] = []
    totals = Counts()
    for part, counts in _map(mix, _chunks(records), workers):
        mixed += part
        totals = totals.plus(counts)
        report(len(mixed))
    return mixed, totals


def mix_chunk(chunk: Chunk, *, mixer: CodeMixer, fields: tuple[str, ...] | None) -> tuple[list[dict[str, Any]], Counts]:
    """The records of a chunk with their fields mixed, and the counts."""
    mixed, counts = [], Counts()
    for row, record in enumerate(chunk[1], chunk[0]):
        texts = {field: text_of(record, field, row) for field in fields or columns(record, row)}
        done = mixer.mix_example(texts, row=row)
        mixed.append({**record, **done.texts})
        counts = counts.plus(done.counts)
    return mixed, counts


def _chunks(records: Sequence[Record]) -> Iterator[Chunk]:
    for start in range(0, len(records), CHUNK):
        yield start, records[start : start + CHUNK]


def _map(function: Callable[[Chunk], Any], chunks: Iterator[Chunk], workers: int) -> Iterator[Any]:
    if workers == 1:
        yield from map(function, chunks)
        return
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        yield from pool.map(function, chunks)
