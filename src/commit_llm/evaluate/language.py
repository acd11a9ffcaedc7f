"""The language of an answer: by its letters, where the language has its own; else by the identifier."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Literal, get_args

from commit_llm.codemix.dictionaries.scripts import LATIN, script_of, scripts
from commit_llm.evaluate.language_identifier import identifier, identify

AnswerLanguage = Literal["target", "latin", "mixed", "neutral"]
IdentifiedLanguage = Literal["target", "english", "other", "unknown"]


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


def identified_language(text: str, language: str) -> IdentifiedLanguage:
    """Classify an answer to a question in a language that is written in Latin letters.

    target: the language's own. For questions in English that is English.
    english: English.
    other: another one of XQuAD's languages.
    unknown: too short, or not sure.
    """
    identified = identify(text)
    if identified is None:
        return "unknown"
    return "target" if identified == language else "english" if identified == "en" else "other"


def languages_of(answers: Sequence[str], language: str) -> list[AnswerLanguage] | list[IdentifiedLanguage] | None:
    """Classify every answer to questions in a language. None where the identifier is needed and is not installed."""
    if has_script_of_its_own(language):
        return [answer_language(answer, language) for answer in answers]
    return [identified_language(answer, language) for answer in answers] if identifier() else None


def language_shares(
    languages: Sequence[AnswerLanguage] | Sequence[IdentifiedLanguage],
    references: Sequence[Sequence[str]],
    language: str,
) -> dict[str, Any]:
    """Give the percentage of answers in each language, and the number of questions counted (items).

    Where the language has a script of its own, only questions count that have a reference in it. A question whose
    answer is a year or a Latin name says nothing about the language.
    """
    kinds: Sequence[str] = [kind for kind in get_args(IdentifiedLanguage) if (kind, language) != ("english", "en")]
    counted: list[str] = list(languages)
    if has_script_of_its_own(language):
        kinds = get_args(AnswerLanguage)
        counted = [
            kind
            for kind, gold in zip(languages, references, strict=True)
            if any(answer_language(text, language) == "target" for text in gold)
        ]
    counts = Counter(counted)
    shares = {kind: round(100 * counts[kind] / len(counted), 2) for kind in kinds} if counted else {}
    return {**shares, "items": len(counted)}
