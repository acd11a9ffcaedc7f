"""In which language an answer is, told by its script."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Literal, get_args

from commit_llm.codemix.dictionaries.scripts import LATIN, script_of, scripts

AnswerLanguage = Literal["target", "latin", "mixed", "neutral"]


def has_script_of_its_own(language: str) -> bool:
    """Whether answers in the language can be told from English ones by their letters."""
    return script_of(language) != LATIN


def answer_language(text: str, language: str) -> AnswerLanguage:
    """target: all letters are of the language's script; latin: all are Latin; neutral: there is no letter,
    as in a year; mixed: all else.

    >>> [answer_language(text, "el") for text in ("Αθήνα", "Athens", "η Athens", "1982")]
    ['target', 'latin', 'mixed', 'neutral']
    """
    found = scripts(text)
    if not found:
        return "neutral"
    if found == {script_of(language)}:
        return "target"
    return "latin" if found == {LATIN} else "mixed"


def language_shares(answers: Sequence[str], references: Sequence[Sequence[str]], language: str) -> dict[str, Any]:
    """Percent of answers in each language, of the questions that have a reference in the language's script.

    A question whose answer is a year or a Latin name says nothing about the language and is left out;
    items is how many are left.
    """
    counted = [
        answer_language(answer, language)
        for answer, gold in zip(answers, references, strict=True)
        if any(answer_language(text, language) == "target" for text in gold)
    ]
    counts = Counter(counted)
    shares = {kind: round(100 * counts[kind] / len(counted), 2) for kind in get_args(AnswerLanguage)} if counted else {}
    return {**shares, "items": len(counted)}
