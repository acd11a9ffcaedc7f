"""Mix in style `original`, in plain Python: cut at spaces, exact case, whole words only, a draw per occurrence."""

from collections.abc import Mapping, Sequence

from commit_llm.codemix.finding.original_words import core
from commit_llm.codemix.outcome import Outcome, Word
from commit_llm.codemix.randomness import Draws


def explain_original(text: str, translations: Mapping[str, Sequence[str]], ratio: float, draws: Draws) -> list[Word]:
    """Say what becomes of every word of a text (docs/behaviour.md, "Code-mixing").

    >>> from commit_llm.codemix.randomness import occurrence_draws
    >>> draws = occurrence_draws(0, 0, 0, "text")
    >>> words = explain_original("The (dog)  barks", {"dog": ["σκύλος"]}, 1.0, draws)
    >>> [(word.start, word.end, word.outcome.name, word.translation) for word in words]
    [(0, 3, 'NOT_IN_DICTIONARY', None), (5, 8, 'REPLACED', 'σκύλος'), (11, 16, 'NOT_IN_DICTIONARY', None)]
    """
    words = []
    offset = 0
    for position, piece in enumerate(text.split(" ")):
        start, end = core(piece)
        if start < end:
            targets = translations.get(piece[start:end])
            outcome, translation = Outcome.NOT_IN_DICTIONARY, None
            if targets is not None:
                outcome = Outcome.NOT_DRAWN
                if draws.replace(position, ratio):
                    outcome, translation = Outcome.REPLACED, draws.choose(position, targets)
            words.append(Word(offset + start, offset + end, outcome, translation))
        offset += len(piece) + 1
    return words
