"""Grow a tokenizer: from words to pieces, and the proof that protected texts keep their ids."""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from commit_llm.data.tokenizer import Tokenizer
from commit_llm.data.tokenizer_hugging_face import added_ids
from commit_llm.data.tokenizer_settings import read_added_tokens
from commit_llm.vocabulary.growable import Growable
from commit_llm.vocabulary.growable_json import open_json
from commit_llm.vocabulary.growable_sentencepiece import open_sentencepiece
from commit_llm.vocabulary.piece_learner import PieceLearner, missing_characters

MOST_WORDS = 2_000_000  # that are counted at a time; of more, those seen once are forgotten
LATIN_SHARE = 0.2  # of a text's letters: below it, Latin letters are names and English in a language of another script
LATIN = re.compile("[A-Za-z]")


@dataclass(frozen=True)
class Growth:
    """Say what a tokenizer gained.

    pieces: as its file writes them; their ids are one after the other.
    first_id: of the first one.
    dropped: pieces that were next at their time, and are protected.
    """

    pieces: list[str]
    first_id: int
    dropped: set[str]


def open_growable(tokenizer: Tokenizer) -> Growable:
    """Open a tokenizer to grow it. Raises UserError where it cannot grow."""
    others = {token.content: number for number, token in read_added_tokens(tokenizer.path).items()}
    if tokenizer.kind == "sentencepiece":
        return open_sentencepiece(tokenizer.path, others)
    return open_json(tokenizer.path, others | added_ids(tokenizer.path))


def count_words(growable: Growable, texts: Iterable[str]) -> Counter[str]:
    """Count the runs of letters of texts, of which pieces are learnt."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(growable.words(text))
        if len(counts) > MOST_WORDS:
            counts = Counter({word: count for word, count in counts.items() if count > 1})
    return counts


def pieces_within(growable: Growable, words: Iterable[str]) -> set[str]:
    """Give the texts of pieces that would change the ids of runs of letters: of two of its pieces, and the whole run.

    A run has no other neighbours than these for as long as none of them is learnt. Some tokenizers look a whole word
    up, whatever its merges.
    """
    texts = set()
    for word in words:
        pieces = growable.pieces_of(word)
        texts |= {one + other for one, other in pairwise(pieces)}
        texts.add(growable.spelt(word))
    return texts


def tokens_a_word(growable: Growable, words: Mapping[str, int]) -> float:
    """Give the mean number of tokens of runs of letters, which are given with how often each occurs."""
    return sum(count * len(growable.ids_of(word)) for word, count in words.items()) / sum(words.values())


def without_english(words: Mapping[str, int]) -> dict[str, int]:
    """Leave out what has Latin letters, where the text's language is written in others."""
    letters = {word: len(word) * count for word, count in words.items()}
    latin = {word for word in words if LATIN.search(word)}
    if sum(letters[word] for word in latin) >= LATIN_SHARE * sum(letters.values()):
        return dict(words)
    return {word: count for word, count in words.items() if word not in latin}


def grow(
    growable: Growable,
    words: Mapping[str, int],
    protected: Collection[str],
    size: int,
    report: Callable[[int], None] = lambda number: None,
) -> Growth:
    """Learn at most so many pieces.

    words: runs of letters, with how often each occurs.
    protected: texts of pieces that may not be learnt: see `pieces_within`.
    """
    characters: Counter[str] = Counter()
    for word, count in words.items():
        characters.update(dict.fromkeys(growable.spelt(word), count))
    missing = missing_characters(characters, {*growable.ids, *growable.others})[:size]
    known = {*growable.ids, *missing}
    parts: Counter[tuple[str, ...]] = Counter()
    for word, count in words.items():
        for part in _parts(growable.pieces_of(word), known):
            parts[part] += count
    learnt = PieceLearner(parts, known.union(growable.others), protected).learn(size - len(missing), report)
    return Growth(missing + learnt.pieces, growable.next_id, learnt.dropped)


def _parts(pieces: list[str], known: set[str]) -> Iterator[tuple[str, ...]]:
    """Cut a word at the pieces that are not known, and give what has two pieces or more."""
    part: list[str] = []
    for piece in pieces:
        if piece in known:
            part.append(piece)
            continue
        if len(part) > 1:
            yield tuple(part)
        part = []
    if len(part) > 1:
        yield tuple(part)
