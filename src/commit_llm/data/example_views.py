"""Examples of a run's first epoch looked at again: what became of their words, and how their tokens decode."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from commit_llm.codemix.engine.clean import replace
from commit_llm.codemix.engine.pieces import mixed_pieces
from commit_llm.codemix.outcome import Outcome, Word
from commit_llm.data.decoding import Part, Told, decode_parts
from commit_llm.data.examples import MixTexts
from commit_llm.data.loader import DataSettings, ExampleMaker, training_examples

# By field the text and what becomes of its words; None for the words of a field that is not mixed.
Row = Mapping[str, tuple[str, Sequence[Word] | None]]

# Signs that no text should hold (Unicode's noncharacters) around a replaced word, its original in front of it.
ORIGINAL, WRITTEN, END = "\ufdd0", "\ufdd1", "\ufdd2"


class Sample(NamedTuple):
    """An example in its parts. row: of the data set, from 0. Of so many replaced words some may not be placed."""

    row: int
    parts: list[Part]
    replaced: int
    placed: int


class Looked(NamedTuple):
    """The first examples of epoch 0 in the order of training, those left out that are longer than a row.

    samples: some of them decoded. rows: the words of all that were looked at. left_out: how many were passed over.
    complete: whether there are no more.
    """

    samples: list[Sample]
    rows: list[Row]
    left_out: int
    complete: bool


def look(make: ExampleMaker, decoded: int, examples: int = 500, characters: int = 400_000) -> Looked:
    """Look at so many examples, or at so many characters of them, whichever are fewer; decode the first.

    The default takes two seconds. Raises UserError for a record without the fields that the recipe needs.
    """
    looked = Looked([], [], 0, True)
    order = training_examples(make)
    for row in map(order.row, range(order.num_records)):
        few = len(looked.rows) < examples and characters > 0
        if not few and len(looked.samples) >= decoded:
            return looked._replace(complete=False)
        words = _words(make, row)
        example = make.encoded(row, _giving(_mixed(make, words)))
        if example is None or len(example.tokens) < 2:
            continue
        if not _is_cut(make.settings) and len(example.tokens) - 1 > make.settings.seq_len:
            looked = looked._replace(left_out=looked.left_out + 1)
            continue
        if few:
            looked.rows.append(words)
            characters -= sum(len(text) for text, _ in words.values())
        if len(looked.samples) < decoded:
            replaced = sum(word.outcome is Outcome.REPLACED for _, found in words.values() for word in found or ())
            parts, placed = decode_parts(example, make.tokenizer, _told(make, row, words))
            looked.samples.append(Sample(row, parts, replaced, placed))
    return looked


def _is_cut(settings: DataSettings) -> bool:
    """Whether an example that is longer than a row is cut, rather than left out (data/packing.py)."""
    return settings.behaviour == "original" or settings.form == "text" or settings.split_long


def _giving(texts: Mapping[str, str]) -> MixTexts:
    return lambda _: texts


def _words(make: ExampleMaker, row: int) -> Row:
    """The texts of a row as mixing sees them, and what becomes of their words in epoch 0."""
    seen: dict[str, tuple[str, Sequence[Word] | None]] = {}

    def see(texts: Mapping[str, str]) -> Mapping[str, str]:
        words: Mapping[str, Sequence[Word]] = {}
        if make.mixer is not None:
            words = make.mixer.explain(texts, row=row, mixed_fields=make.mixed_fields(texts))
        seen.update({name: (text, words.get(name)) for name, text in texts.items()})
        return texts

    make.texts(row, see)
    return seen


def _mixed(make: ExampleMaker, words: Row) -> dict[str, str]:
    unspaced = make.mixer is not None and make.mixer.unspaced
    return {name: replace(text, list(found or ()), unspaced) for name, (text, found) in words.items()}


def _told(make: ExampleMaker, row: int, words: Row) -> list[Told]:
    """The mixed texts that are encoded, with their replaced words; none where a text holds our signs itself."""
    if make.mixer is None or any(sign in text for text, _ in words.values() for sign in (ORIGINAL, WRITTEN, END)):
        return []
    unspaced = make.mixer.unspaced
    signed = {
        name: "".join(_signed(text, part, word) for part, word in mixed_pieces(text, found or (), unspaced))
        for name, (text, found) in words.items()
    }
    return [list(_unsigned(text)) for text in make.texts(row, _giving(signed))]


def _signed(text: str, part: str, word: Word | None) -> str:
    if word is None or word.translation is None:
        return part
    return f"{ORIGINAL}{text[word.start : word.end]}{WRITTEN}{part}{END}"


def _unsigned(text: str) -> Iterator[tuple[str, str | None]]:
    """A text cut into what is between signs, with its original, and what is not."""
    for part in text.split(END):
        plain, sign, replaced = part.partition(ORIGINAL)
        yield plain, None
        if sign:
            original, _, written = replaced.partition(WRITTEN)
            yield written, original
