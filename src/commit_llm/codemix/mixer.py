"""The mixer: swap dictionary words of a text for their translations."""

from dataclasses import dataclass
from typing import NamedTuple

from commit_llm.codemix.dictionary import BilingualDictionary
from commit_llm.codemix.randomness import Draws, occurrence_draws
from commit_llm.codemix.words import core
from commit_llm.errors import UserError


class Mixed(NamedTuple):
    """A mixed text and its counts.

    words: non-empty cores. hits: of them in the dictionary. replaced: of those, the ones a translation
    was drawn for. changed: of those, the ones whose translation is another word (MUSE has many
    identity pairs).
    """

    text: str
    words: int
    hits: int
    replaced: int
    changed: int


@dataclass(frozen=True)
class CodeMixer:
    """Style `original`: pieces between single spaces, exact case, whole words only.

    ratio, in [0, 1], is the probability that a word that could be replaced (one the dictionary has)
    is replaced (paper, section 3; shared/reference/BEHAVIOUR.md, "Code-mixing").

    >>> mixer = CodeMixer(BilingualDictionary.from_pairs([("dog", "σκύλος")]), ratio=1.0)
    >>> mixer.mix("The (dog)  barks, don't hotdog", occurrence_draws(0, 0, 0, "text")).text
    "The (σκύλος)  barks, don't hotdog"
    """

    dictionary: BilingualDictionary
    ratio: float

    def __post_init__(self) -> None:
        if not 0.0 <= self.ratio <= 1.0:
            raise UserError(f"--ratio {self.ratio}: the probability of a replacement is between 0 and 1")

    def mix(self, text: str, draws: Draws) -> Mixed:
        """Mix one text. Everything outside the replaced words stays as it is."""
        translations = self.dictionary.translations
        words = hits = replaced = changed = 0
        pieces = text.split(" ")
        for position, piece in enumerate(pieces):
            start, end = core(piece)
            if start == end:
                continue
            words += 1
            found = translations.get(piece[start:end])
            if found is None:
                continue
            hits += 1
            if draws.replace(position, self.ratio):
                replaced += 1
                translation = draws.choose(position, found)
                changed += translation != piece[start:end]
                pieces[position] = piece[:start] + translation + piece[end:]
        return Mixed(" ".join(pieces), words, hits, replaced, changed)

    def mix_field(self, text: str, *, seed: int, epoch: int, row: int, field: str) -> Mixed:
        """Mix a text with the draws of its place: the same bytes for any number of workers."""
        return self.mix(text, occurrence_draws(seed, epoch, row, field))
