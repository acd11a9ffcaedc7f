"""The language of an answer, as far as its letters show it."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Literal, get_args

from commit_llm.codemix.dictionaries.scripts import LATIN, script_of, scripts

AnswerLanguage = Literal["target", "latin", "mixed", "neutral"]


def has_script_of_its_own(language: str) -> bool:
    """Tell whether letters distinguish answers in this language from English ones."""
    return script_of(language) != LATIN


def answer_language(text: str, language: str) -> AnswerLanguage:
    """Classify an answer by its letters.

    target: all are of the language's script.
    latin: all are Latin.
    neutral: it has no letter, as a year has none.
    mixed: all else.

    >>> [answer_language(text, "el") for text in ("Αθήνα", "Athens", "η Athens", "1982")]
    ['target', 'latin', 'mixed', 'neutral']
    """
    in_text = scripts(text)
    if not in_text:
        return "neutral"
    if in_text == {script_of(language)}:
        return "target"
    return "latin" if in_text == {LATIN} else "mixed"


def language_shares(answers: Sequence[str], references: Sequence[Sequence[str]], language: str) -> dict[str, Any]:
    """Give the percentage of answers in each language, and the number of questions counted (items).

    Only questions count that have a reference in the language's script. A question whose answer is a year or a Latin
    name says nothing about the language.
    """
    counted = [
        answer_language(answer, language)
        for answer, gold in zip(answers, references, strict=True)
        if any(answer_language(text, language) == "target" for text in gold)
    ]
    counts = Counter(counted)
    shares = {kind: round(100 * counts[kind] / len(counted), 2) for kind in get_args(AnswerLanguage)} if counted else {}
    return {**shares, "items": len(counted)}
