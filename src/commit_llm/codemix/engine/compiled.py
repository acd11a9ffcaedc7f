"""Run the kernel block by block: Arrow columns or single texts in, mixed ones out."""

import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from commit_llm.codemix.engine.canonical import equivalence
from commit_llm.codemix.engine.kernel.deciding import Settings
from commit_llm.codemix.engine.kernel.eights import SLACK
from commit_llm.codemix.engine.kernel.mix_clean import mix_clean
from commit_llm.codemix.engine.kernel.mix_original import mix_original
from commit_llm.codemix.engine.kernel.scan import Words
from commit_llm.codemix.engine.kernel.triggers import KINDS, find_triggers
from commit_llm.codemix.engine.kernel.units import COLUMNS, LENGTHS, Units
from commit_llm.codemix.engine.original import skip_table
from commit_llm.codemix.engine.tables import Table, threshold
from commit_llm.codemix.finding.characters import character_classes
from commit_llm.codemix.finding.protection import protected_spans
from commit_llm.codemix.outcome import Counts
from commit_llm.codemix.randomness import UNMIXED, fold_all, hash64, text64
from commit_llm.codemix.settings import OUTPUT, MixingSettings
from commit_llm.errors import UserError

BLOCK_ROWS, BLOCK_BYTES = 4096, 8 << 20
GROWTH = 3  # the room for a field's output, as a multiple of its input; memory that is not written to costs nothing


class Block(NamedTuple):
    """Hold texts of consecutive examples: text t is data[starts[t]:ends[t]], example-major. mixed: a flag a field."""

    data: np.ndarray
    starts: np.ndarray
    ends: np.ndarray
    fields: tuple[str, ...]
    mixed: np.ndarray


class Part(NamedTuple):
    """Hold mixed texts of consecutive examples: a field's bytes, and its offsets (examples + 1) from 0."""

    data: list[np.ndarray]
    offsets: list[np.ndarray]
    counts: np.ndarray


@dataclass(frozen=True)
class Compiled:
    """Hold the compiled engine of one mixer.

    table, sentences: of words and phrases, and of sentences.
    languages: codes of those that the texts are in, as far as known.
    """

    table: Table
    sentences: Table
    settings: MixingSettings
    languages: frozenset[str] = frozenset()
    scratch: threading.local = field(default_factory=threading.local, compare=False)

    def mix_columns(
        self,
        columns: Mapping[str, pa.ChunkedArray],
        rows: np.ndarray,
        epoch: int,
        mixed_fields: Collection[str],
        ratio: float,
    ) -> tuple[dict[str, pa.ChunkedArray], np.ndarray]:
        """Mix columns of equal length, of type string or large_string; nulls stay. Counts are (examples, numbers).

        rows: the row of each example in the whole data, integers.
        """
        fields = tuple(columns)
        mixed = np.array([name in mixed_fields for name in fields])
        chunks: dict[str, list[pa.Array]] = {name: [] for name in fields}
        counts = [np.zeros((0, len(Counts._fields)), np.int64)]
        row = 0
        for arrays in _blocks(columns):
            block = Block(*_laid_out(arrays), fields, mixed)
            finished = 0
            for part in self._parts(block, rows[row : row + len(arrays[0])], epoch, ratio):
                for name, array, data, offsets in zip(fields, arrays, part.data, part.offsets, strict=True):
                    chunks[name].append(_array(array[finished : finished + len(offsets) - 1], data, offsets))
                counts.append(part.counts)
                finished += len(part.counts)
            row += finished
        return {name: pa.chunked_array(chunks[name], columns[name].type) for name in fields}, np.concatenate(counts)

    def mix_texts(
        self, texts: Mapping[str, str], row: int, epoch: int, mixed_fields: Collection[str], ratio: float
    ) -> tuple[dict[str, str], Counts]:
        """Mix one example."""
        if not texts:
            return {}, Counts()
        encoded = [text.encode("utf-8", "surrogatepass") for text in texts.values()]
        ends = np.cumsum([len(part) for part in encoded])
        data = np.frombuffer(b"".join(encoded), np.uint8)
        mixed = np.array([name in mixed_fields for name in texts])
        block = Block(data, np.concatenate([[0], ends[:-1]]), ends, tuple(texts), mixed)
        part = next(self._parts(block, np.arange(row, row + 1), epoch, ratio))
        decoded = (column.tobytes().decode("utf-8", "surrogatepass") for column in part.data)
        return dict(zip(texts, decoded, strict=True)), Counts(*part.counts[0].tolist())

    def _parts(self, block: Block, rows: np.ndarray, epoch: int, ratio: float) -> Iterator[Part]:
        """Run the kernel over a block, in as many parts as the room for output asks for."""
        fields = len(block.fields)
        examples = len(block.starts) // fields
        sizes = (block.ends - block.starts).reshape(examples, fields)
        places = fold_all(hash64(self.settings.seed, epoch), rows)
        keys = np.array([text64(name) for name in block.fields], np.uint64)
        block.data.setflags(write=False)  # Arrow's is read-only, and Numba would compile again for another kind
        mixing, original = self.settings, self.settings.style == "original"
        chances = (np.uint64(threshold(chance)) for chance in (ratio, mixing.sentence_ratio, mixing.unmixed_share))
        settings = Settings._make([mixing.by_type, mixing.all_capitals, *chances, np.uint64(UNMIXED)])
        words, breaks, units = self._room(int(sizes.sum(axis=1).max()), fields)
        if not original:
            spans, first_spans = _spans(block)
            marks, first_words = self._room_for_marks(), np.zeros(fields + 1, np.int64)
            annotated = np.array([mixing.annotates(name) for name in block.fields])
            output = self._output(block)
        offsets = np.zeros((fields, examples + 1), np.int64)
        counts = np.zeros((examples, len(Counts._fields)), np.int64)
        growth, first = GROWTH, 0
        while first < examples:
            room = sizes[first:].sum(axis=0) * growth + 64
            borders = np.concatenate([[0], np.cumsum(room)])
            region = np.stack([borders[:-1], borders[:-1], borders[1:] - SLACK], axis=1)
            out = np.empty(borders[-1], np.uint8)
            offsets[:, first] = region[:, 0]
            where = (block.data, block.starts, block.ends)
            which = (keys, places, first, examples, settings)
            into = (out, region, offsets, counts)
            if original:
                finished = mix_original(skip_table(), self.table, *where, block.mixed, *which, words, *into)
            else:
                finished = mix_clean(
                    character_classes(self.languages), equivalence(), (self.table, self.sentences), *where,
                    spans, first_spans, block.mixed, annotated, output, *which, marks, words, breaks,
                    units, first_words, *into,
                )  # fmt: skip
            if not finished:
                growth *= 2
                continue
            yield Part(
                [out[start:end] for start, end, _ in region.tolist()],
                [offsets[n, first : first + finished + 1] - region[n, 0] for n in range(fields)],
                counts[first : first + finished],
            )
            first += finished

    def _output(self, block: Block) -> int:
        """Give the number of the field whose text is to be found in others; -1 where there is none."""
        if not self.settings.by_type or OUTPUT not in block.fields or block.mixed.sum() < 2:
            return -1
        number = block.fields.index(OUTPUT)
        return number if block.mixed[number] else -1

    def _room(self, size: int, fields: int) -> tuple[Words, np.ndarray | None, Units | None]:
        """Give room for words, and where there are any for borders of sentences and for units, in so many bytes.

        A thread keeps its own.
        """
        local = self.scratch
        before = getattr(local, "room", (-1, -1))
        if before[0] < size or before[1] < fields:
            size, fields = local.room = max(size, before[0]), max(fields, before[1])
            count = size // 2 + fields + 2
            kinds = (np.int64, np.int64, np.uint64, np.int64, np.bool_, np.int64)
            local.words = Words(*(np.empty(count, kind) for kind in kinds))
            has_sentences = bool(self.sentences.slots.any())
            has_units = has_sentences or bool(self.table.longest.any()) or self.settings.surface == "annotate"
            local.breaks = np.empty(size + fields, np.int64) if has_sentences else None
            local.units = self._units(size, fields, count) if has_units else None
        return local.words, local.breaks, local.units

    def _units(self, size: int, fields: int, count: int) -> Units:
        """Make room for the units of an example. count: the most words."""
        buffer = np.empty(size + SLACK, np.uint8)
        written = buffer.view()
        written.setflags(write=False)
        return Units(
            candidates=np.zeros(count, np.uint8),
            phrases=np.empty((count, LENGTHS), np.int64),
            sentences=np.empty((count, COLUMNS), np.int64),
            first_sentences=np.zeros(fields + 1, np.int64),
            buffer=buffer,
            written=written,
            kept=np.zeros(len(self.sentences.longest), np.uint8),
            no_pairs=np.empty((0, 2), np.int64),
        )

    def _room_for_marks(self) -> np.ndarray:
        """Give a zero for every entry; a thread keeps its own."""
        if not hasattr(self.scratch, "marks"):
            self.scratch.marks = np.zeros(len(self.table.longest), np.uint8)
        return self.scratch.marks


def _blocks(columns: Mapping[str, pa.ChunkedArray]) -> Iterator[list[pa.Array]]:
    """Cut columns into blocks of rows, each column of a block in one piece."""
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"columns of different lengths: {lengths}")
    rows, start = max(lengths.values(), default=0), 0
    size = max(1, sum(column.nbytes for column in columns.values()))
    step = max(1, min(BLOCK_ROWS, int(BLOCK_BYTES * rows / size)))
    while start < rows:
        yield [_one_piece(name, column.slice(start, step), start) for name, column in columns.items()]
        start += step


def _one_piece(name: str, column: pa.ChunkedArray, start: int) -> pa.Array:
    array = column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks)
    try:
        array.validate(full=True)  # the kernel reads UTF-8 without looking for faults
    except pa.ArrowInvalid as error:
        raise UserError(f"column {name!r}, rows {start + 1} to {start + len(array)}: no valid text ({error})") from None
    return array


def _laid_out(arrays: Sequence[pa.Array]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give data, starts and ends of the columns' texts, example-major. A single column is not copied."""
    datas, starts, ends, base = [], [], [], 0
    for array in arrays:
        _, offset_buffer, data_buffer = array.buffers()
        kind = np.int64 if pa.types.is_large_string(array.type) else np.int32
        offsets = np.frombuffer(offset_buffer, kind)[array.offset : array.offset + len(array) + 1].astype(np.int64)
        data = np.frombuffer(data_buffer, np.uint8) if data_buffer else np.zeros(0, np.uint8)
        if len(arrays) > 1:
            data = data[offsets[0] : offsets[-1]]
            offsets = offsets - offsets[0] + base
        start, end = offsets[:-1], offsets[1:].copy()
        if array.null_count:
            null = array.is_null().to_numpy(zero_copy_only=False)
            end[null] = start[null]
        datas.append(data)
        starts.append(start)
        ends.append(end)
        base += len(data)
    data = datas[0] if len(datas) == 1 else np.concatenate(datas)
    return data, np.stack(starts, axis=1).ravel(), np.stack(ends, axis=1).ravel()


def _array(like: pa.Array, data: np.ndarray, offsets: np.ndarray) -> pa.Array:
    """Make an Arrow array of the type and with the nulls of another one."""
    large = pa.types.is_large_string(like.type)
    if not large and offsets[-1] > np.iinfo(np.int32).max:
        raise UserError("a column grows over 2 GiB when it is mixed; store it as large_string")
    kind = pa.LargeStringArray if large else pa.StringArray
    buffer = pa.py_buffer(offsets.astype(np.int64 if large else np.int32))
    valid = None
    if like.null_count:
        valid = pa.py_buffer(np.packbits(like.is_valid().to_numpy(zero_copy_only=False), bitorder="little"))
    return kind.from_buffers(len(like), buffer, pa.py_buffer(data), valid, like.null_count)


def _spans(block: Block) -> tuple[np.ndarray, np.ndarray]:
    """Give protected bytes (spans, 2) of all texts, and where each text's begin (texts + 1)."""
    spans: list[tuple[int, int]] = []
    numbers = np.zeros(len(block.starts) + 1, np.int64)
    texts, places = find_triggers(KINDS, block.data, block.starts, block.ends)
    if not len(texts):
        return np.zeros((0, 2), np.int64), numbers
    firsts = np.flatnonzero(np.diff(texts, prepend=-1)).tolist()
    for first, last in pairwise([*firsts, len(texts)]):
        text = int(texts[first])
        start = int(block.starts[text])
        raw = block.data[start : block.ends[text]].tobytes()
        of_text = byte_spans(raw, (places[first:last] - start).tolist())
        spans += [(start + one, start + two) for one, two in of_text]
        numbers[text + 1] = len(of_text)
    return np.array(spans, np.int64).reshape(-1, 2), np.cumsum(numbers)


def byte_spans(raw: bytes, triggers: Sequence[int]) -> list[tuple[int, int]]:
    """Find `protected_spans` of a text in UTF-8: triggers and spans are in bytes."""
    text = raw.decode("utf-8", "surrogatepass")
    if len(text) == len(raw):
        return protected_spans(text, triggers)
    places = list(accumulate(map(_length, [raw[one:two] for one, two in pairwise([0, *triggers])])))
    spans = protected_spans(text, places)
    borders = [0, *(border for span in spans for border in span)]
    sizes = [len(text[one:two].encode("utf-8", "surrogatepass")) for one, two in pairwise(borders)]
    ends = list(accumulate(sizes))
    return list(zip(ends[::2], ends[1::2], strict=True))


def _length(raw: bytes) -> int:
    return len(raw.decode("utf-8", "surrogatepass"))
