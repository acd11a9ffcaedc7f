"""Shares of answers by language, as tables show them: in the same four kinds for every script."""

from collections.abc import Mapping
from typing import Any, NamedTuple

# Kinds of results.json, for languages that letters tell apart from English, by what they count as.
BY_LETTERS = {"target": "target", "english": "latin", "other": "mixed", "unknown": "neutral"}


class AnswerShares(NamedTuple):
    """Hold percentages of answers in the language, in English, in something else, and of answers that say nothing.

    english: None for questions in English.
    by_letters: whether letters tell the languages apart. Then Latin letters count as English, two scripts as other,
        and no letter as unknown.
    """

    target: float
    english: float | None
    other: float
    unknown: float
    by_letters: bool


def answer_shares(entry: Mapping[str, Any]) -> AnswerShares | None:
    """Read the shares of an entry of results.json. None where it has none, or has them of no question.

    >>> shares = {"target": 90.0, "latin": 6.0, "mixed": 4.0, "neutral": 0.0, "items": 50}
    >>> answer_shares({"answer_language": shares})
    AnswerShares(target=90.0, english=6.0, other=4.0, unknown=0.0, by_letters=True)
    """
    shares = entry.get("answer_language")
    if not shares or "target" not in shares:
        return None
    by_letters = "latin" in shares
    kinds = BY_LETTERS if by_letters else dict.fromkeys(BY_LETTERS)
    target, english, other, unknown = (shares.get(kind or name) for name, kind in kinds.items())
    return AnswerShares(target, english, other or 0.0, unknown or 0.0, by_letters)
