"""An example as its tokens decode, for people to read: what is trained, and which words were replaced.

tokens     <s>  ▁Below … :  |  ▁Αθήνα  </s>
trained     0     0    … 0  |    1      1
parts      <s> "Below … :"  |  " Αθήνα" </s>      replaced: Αθήνα, which was Athens
"""

from collections.abc import Iterator, Sequence
from itertools import accumulate, groupby
from typing import NamedTuple

from commit_llm.codemix.replacement import Replacement
from commit_llm.data.examples import Example
from commit_llm.data.tokenizer import Tokenizer

SURROUNDINGS = (16, 6, 2)  # characters on each side by which a word is found again in a text that is not the same


class Stretch(NamedTuple):
    """Hold some of a text that was encoded.

    original: where it is the translation of a word, phrase or sentence, what it stands in for, or behind.
    way: which of these it is.
    """

    text: str
    original: str | None = None
    way: Replacement = Replacement()


class Piece(NamedTuple):
    """Hold some of a part's text.

    special: whether it is the name of a special token.
    original, way: of a translation, as in `Stretch`.
    """

    text: str
    special: bool = False
    original: str | None = None
    way: Replacement = Replacement()


class MaskedPart(NamedTuple):
    """Hold tokens one after another that are all trained as targets, or of which none is."""

    trained: bool
    tokens: int
    pieces: tuple[Piece, ...]


class Decoded(NamedTuple):
    """Hold an example's parts in order.

    placed: how many replaced words are marked with their original. One that is cut in two counts once.
    """

    parts: list[MaskedPart]
    placed: int


class _Run(NamedTuple):
    """Hold tokens that decode to one text, or one special token."""

    trained: bool
    tokens: int
    text: str
    special: bool = False


class _Mark(NamedTuple):
    """Say where a translation stands in the decoded text, special tokens left out."""

    start: int
    end: int
    stretch: Stretch


def decode_parts(example: Example, tokenizer: Tokenizer, written: Sequence[Sequence[Stretch]] = ()) -> Decoded:
    """Decode an example's tokens, in the parts that its loss mask cuts it into; joined, they are all that it holds.

    A character of several tokens that the mask cuts through stands where its last token does. written: the texts that
    were encoded, with their replaced words. A word that is found again in the decoded text is marked with its original.
    A tokenizer may have changed a text: a word whose place is then uncertain stays unmarked.
    """
    runs = list(_runs(example, tokenizer))
    text = "".join(run.text for run in runs if not run.special)
    marks = list(_marks(written, text, list(tokenizer.specials)))
    parts, start = [], 0
    for trained, same in groupby(runs, lambda run: run.trained):
        pieces: list[Piece] = []
        tokens = 0
        for run in same:
            tokens += run.tokens
            if run.special:
                pieces.append(Piece(run.text, special=True))
            else:
                pieces += _cut(run.text, start, marks)
                start += len(run.text)
        parts.append(MaskedPart(trained, tokens, tuple(pieces)))
    return Decoded(parts, len(marks))


def _runs(example: Example, tokenizer: Tokenizer) -> Iterator[_Run]:
    names = _special_names(tokenizer)
    tokens, trained = example.tokens.tolist(), (example.loss_mask > 0).tolist()
    for special, same in groupby(range(len(tokens)), lambda place: tokens[place] in names):
        places = list(same)
        if special:
            yield from (_Run(trained[place], 1, names[tokens[place]], special=True) for place in places)
            continue
        lengths = [(flag, len(list(equal))) for flag, equal in groupby(places, lambda place: trained[place])]
        texts = _texts(tokenizer, [tokens[place] for place in places], [length for _, length in lengths])
        yield from (_Run(flag, length, text) for (flag, length), text in zip(lengths, texts, strict=True))


def _special_names(tokenizer: Tokenizer) -> dict[int, str]:
    """Name the special tokens, by id."""
    names = {tokenizer.eos_id: "</s>"} | ({} if tokenizer.bos_id is None else {tokenizer.bos_id: "<s>"})
    return names | {number: name for name, number in tokenizer.specials.items()}


def _texts(tokenizer: Tokenizer, ids: list[int], lengths: Sequence[int]) -> Iterator[str]:
    """Decode tokens, and cut their text after so many of them, and so many more."""
    whole, start = tokenizer.decode(ids), 0
    for number in accumulate(lengths):
        # Of a character that is cut through, the decoded beginning is not the whole's: it goes to the next.
        common = len(whole) if number == len(ids) else _common_length(tokenizer.decode(ids[:number]), whole)
        end = max(start, common)
        yield whole[start:end]
        start = end


def _common_length(first: str, second: str) -> int:
    """Count the characters that two texts have in common from the first."""
    pairs = enumerate(zip(first, second, strict=False))
    return next((number for number, (a, b) in pairs if a != b), min(len(first), len(second)))


def _marks(written: Sequence[Sequence[Stretch]], decoded: str, literals: Sequence[str]) -> Iterator[_Mark]:
    """Find the translations of what was written in the decoded text. White space is not looked at."""
    places = [place for place, character in enumerate(decoded) if not character.isspace()]
    solid = "".join(decoded[place] for place in places)
    expected, words = _without_space(written, ())
    if expected != solid:
        without, remaining = _without_space(written, literals)  # the original makes tokens of them
        if without == solid:
            expected, words = without, remaining
    for start, end, stretch in words:
        place = start if expected == solid else _find_again(expected, start, end, solid)
        if place is not None:
            yield _Mark(places[place], places[place + end - start - 1] + 1, stretch)


def _without_space(
    written: Sequence[Sequence[Stretch]], literals: Sequence[str]
) -> tuple[str, list[tuple[int, int, Stretch]]]:
    """Give what was written without white space and literals; start, end and stretch of each translation in it."""
    whole, words = "", []
    for stretch in (stretch for stretches in written for stretch in stretches):
        text = stretch.text
        for literal in literals if stretch.original is None else ():
            text = text.replace(literal, "")
        solid = "".join(text.split())
        if stretch.original is not None and solid:
            words.append((len(whole), len(whole) + len(solid), stretch))
        whole += solid
    return whole, words


def _find_again(expected: str, start: int, end: int, solid: str) -> int | None:
    """Find where a word of a text stands in another: where it is, with its surroundings, exactly once in both."""
    for width in SURROUNDINGS:
        left = max(0, start - width)
        surroundings = expected[left : end + width]
        if _is_once(surroundings, expected) and _is_once(surroundings, solid):
            return solid.index(surroundings) + start - left
    return None


def _is_once(part: str, text: str) -> bool:
    """Say whether a text holds a part exactly once, overlapping ones counted too, which str.count leaves out."""
    return -1 < text.find(part) == text.rfind(part)


def _cut(text: str, start: int, marks: Sequence[_Mark]) -> Iterator[Piece]:
    """Cut a text that begins at `start` of the whole at the marks."""
    end = 0
    for mark in marks:
        first, last = max(mark.start - start, end), min(mark.end - start, len(text))
        if first >= last:
            continue
        if first > end:
            yield Piece(text[end:first])
        yield Piece(text[first:last], original=mark.stretch.original, way=mark.stretch.way)
        end = last
    if end < len(text):
        yield Piece(text[end:])
