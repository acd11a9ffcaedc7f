"""An example as its tokens decode, for people to read: which of it is trained, and which words were replaced.

tokens     <s>  ▁Below … :  |  ▁Αθήνα  </s>
trained     0     0    … 0  |    1      1
parts      <s> "Below … :"  |  " Αθήνα" </s>      replaced: Αθήνα, which was Athens
"""

from collections.abc import Iterator, Sequence
from itertools import accumulate, groupby
from typing import NamedTuple

from commit_llm.data.examples import Example
from commit_llm.data.tokenizer import Tokenizer

# What a text holds in turn: its own characters, or (written, original) where a word was replaced.
Told = Sequence[tuple[str, str | None]]

SURROUNDINGS = (16, 6, 2)  # characters on each side by which a word is found again in a text that is not the same


class Piece(NamedTuple):
    """Some of a part's text. special: the name of a special token. original: the word that it stands in place of."""

    text: str
    special: bool = False
    original: str | None = None


class Part(NamedTuple):
    """Tokens one after another that are all trained as targets, or of which none is."""

    trained: bool
    tokens: int
    pieces: tuple[Piece, ...]


class Decoded(NamedTuple):
    """An example's parts in order. placed: replaced words that have their original, each once, if it is cut in two."""

    parts: list[Part]
    placed: int


class _Stretch(NamedTuple):
    """Tokens that decode to one text, or one special token."""

    trained: bool
    tokens: int
    text: str
    special: bool = False


class _Mark(NamedTuple):
    """Where a replaced word stands in the decoded text, special tokens left out."""

    start: int
    end: int
    original: str


def decode_parts(example: Example, tokenizer: Tokenizer, told: Sequence[Told] = ()) -> Decoded:
    """An example's tokens decoded, in the parts that its loss mask cuts it into; joined, all of what it holds.

    A character of several tokens that the mask cuts through stands where its last token does. told: the texts that
    were encoded, with their replaced words; those that are found again in what was decoded have their original. A
    tokenizer may have changed a text: a word whose place then cannot be told is left as it is.
    """
    stretches = list(_stretches(example, tokenizer))
    text = "".join(stretch.text for stretch in stretches if not stretch.special)
    marks = list(_placed(told, text, list(tokenizer.specials)))
    parts, start = [], 0
    for trained, same in groupby(stretches, lambda stretch: stretch.trained):
        pieces: list[Piece] = []
        tokens = 0
        for stretch in same:
            tokens += stretch.tokens
            if stretch.special:
                pieces.append(Piece(stretch.text, special=True))
            else:
                pieces += _cut(stretch.text, start, marks)
                start += len(stretch.text)
        parts.append(Part(trained, tokens, tuple(pieces)))
    return Decoded(parts, len(marks))


def _stretches(example: Example, tokenizer: Tokenizer) -> Iterator[_Stretch]:
    names = _special_names(tokenizer)
    tokens, trained = example.tokens.tolist(), (example.loss_mask > 0).tolist()
    for special, run in groupby(range(len(tokens)), lambda place: tokens[place] in names):
        places = list(run)
        if special:
            yield from (_Stretch(trained[place], 1, names[tokens[place]], special=True) for place in places)
            continue
        lengths = [(flag, len(list(same))) for flag, same in groupby(places, lambda place: trained[place])]
        texts = _texts(tokenizer, [tokens[place] for place in places], [length for _, length in lengths])
        yield from (_Stretch(flag, length, text) for (flag, length), text in zip(lengths, texts, strict=True))


def _special_names(tokenizer: Tokenizer) -> dict[int, str]:
    """What special tokens are called, by id."""
    names = {tokenizer.eos_id: "</s>"} | ({} if tokenizer.bos_id is None else {tokenizer.bos_id: "<s>"})
    return names | {number: name for name, number in tokenizer.specials.items()}


def _texts(tokenizer: Tokenizer, ids: list[int], lengths: Sequence[int]) -> Iterator[str]:
    """The text of tokens, cut after so many of them, and so many more."""
    whole, done = tokenizer.decode(ids), 0
    for end in accumulate(lengths):
        # Of a character that is cut through, the decoded beginning is not the whole's: it goes to the next.
        here = len(whole) if end == len(ids) else max(done, _alike(tokenizer.decode(ids[:end]), whole))
        yield whole[done:here]
        done = here


def _alike(one: str, other: str) -> int:
    """How many characters two texts have in common from the first."""
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _placed(told: Sequence[Told], text: str, literals: Sequence[str]) -> Iterator[_Mark]:
    """Where the replaced words of what was told stand in a text that was decoded. White space is not looked at."""
    places = [place for place, character in enumerate(text) if not character.isspace()]
    found = "".join(text[place] for place in places)
    expected, words = _solid(told, ())
    if expected != found:
        without, others = _solid(told, literals)  # the original makes tokens of them
        if without == found:
            expected, words = without, others
    for start, end, original in words:
        here = start if expected == found else _found_again(expected, start, end, found)
        if here is not None:
            yield _Mark(places[here], places[here + end - start - 1] + 1, original)


def _solid(told: Sequence[Told], literals: Sequence[str]) -> tuple[str, list[tuple[int, int, str]]]:
    """What was told without white space and literals; start, end and original of each replaced word in it."""
    text, words = "", []
    for written, original in (piece for each in told for piece in each):
        for literal in literals if original is None else ():
            written = written.replace(literal, "")
        solid = "".join(written.split())
        if original is not None and solid:
            words.append((len(text), len(text) + len(solid), original))
        text += solid
    return text, words


def _found_again(expected: str, start: int, end: int, found: str) -> int | None:
    """Where a word of a text stands in another: there, with its surroundings, it is once, as in its own."""
    for width in SURROUNDINGS:
        left = max(0, start - width)
        here = expected[left : end + width]
        if _once(here, expected) and _once(here, found):
            return found.index(here) + start - left
    return None


def _once(part: str, text: str) -> bool:
    """Whether a text holds a part exactly once, overlapping ones counted too, which str.count leaves out."""
    return -1 < text.find(part) == text.rfind(part)


def _cut(text: str, start: int, marks: Sequence[_Mark]) -> Iterator[Piece]:
    """A text that begins at start, cut at the marks."""
    done = 0
    for mark in marks:
        first, last = max(mark.start - start, done), min(mark.end - start, len(text))
        if first >= last:
            continue
        if first > done:
            yield Piece(text[done:first])
        yield Piece(text[first:last], original=mark.original)
        done = last
    if done < len(text):
        yield Piece(text[done:])
