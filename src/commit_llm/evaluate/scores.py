"""Exact match and F1 of one answer, as SQuAD v1.1 and MLQA define them, in [0, 1].

SQuAD v1.1: Rajpurkar et al., 2016. MLQA: Lewis et al., 2020. Both take the best score over all references.
Where both sides are empty after normalising, exact match is 1 and F1 is 0.
"""

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

from commit_llm.errors import UserError
from commit_llm.evaluate.tasks import Task

ENGLISH_ARTICLES = re.compile(r"\b(a|an|the)\b")
# Articles that MLQA removes, by the language of the answer; None removes none.
MLQA_ARTICLES: dict[str, re.Pattern[str] | None] = {
    "en": ENGLISH_ARTICLES,
    "es": re.compile(r"\b(un|una|unos|unas|el|la|los|las)\b"),
    "de": re.compile(r"\b(ein|eine|einen|einem|eines|einer|der|die|das|den|dem|des)\b"),
    "vi": re.compile(r"\b(của|là|cái|chiếc|những)\b"),
    "ar": re.compile("ال^|ال"),
    "hi": None,
    "zh": None,
}
CHINESE_CHARACTER = re.compile("([\u4e00-\u9fa5])")

Normalise = Callable[[str], str]


class Score(NamedTuple):
    """Hold exact match and F1 of one answer, each in [0, 1]."""

    exact_match: float
    f1: float


def normalise_squad(text: str) -> str:
    """Lower the case, remove ASCII punctuation and English articles, leave single spaces.

    >>> normalise_squad("The  Denver-Broncos.")
    'denverbroncos'
    """
    text = "".join(character for character in text.lower() if character not in string.punctuation)
    return " ".join(ENGLISH_ARTICLES.sub(" ", text).split())


def normalise_mlqa(text: str, language: str) -> str:
    """Lower the case, remove all punctuation and the language's articles, set Chinese characters apart.

    Raises UserError for a language that MLQA does not have (el and th among them).

    >>> normalise_mlqa("«Der Hund»", "de")
    'hund'
    """
    if language not in MLQA_ARTICLES:
        raise UserError(f"MLQA defines no score for language {language!r}; it has {', '.join(MLQA_ARTICLES)}")
    text = "".join(character for character in text.lower() if not is_punctuation(character))
    articles = MLQA_ARTICLES[language]
    text = articles.sub(" ", text) if articles else text
    if language == "zh":
        text = CHINESE_CHARACTER.sub(r" \1 ", text)
    return " ".join(text.split())


def score(prediction: str, references: Sequence[str], normalise: Normalise) -> Score:
    """Give the best exact match and the best F1 over the references."""
    predicted = normalise(prediction)
    gold = [normalise(reference) for reference in references]
    return Score(
        max(float(predicted == text) for text in gold), max(token_f1(predicted.split(), text.split()) for text in gold)
    )


def normaliser(task: Task) -> tuple[str, Normalise]:
    """Give the function that a task normalises with, after its name for the signature."""
    if task.dataset != "mlqa":  # a user's own questions are scored as XQuAD's are
        return "squad-1.1", normalise_squad
    return f"mlqa-{task.language}", lambda text: normalise_mlqa(text, task.language)


def token_f1(predicted: Sequence[str], gold: Sequence[str]) -> float:
    """Give F1 of two bags of tokens; 0 where they share none."""
    common = sum((Counter(predicted) & Counter(gold)).values())
    if not common:
        return 0.0
    precision, recall = common / len(predicted), common / len(gold)
    return 2 * precision * recall / (precision + recall)


def is_punctuation(character: str) -> bool:
    """Tell whether MLQA removes a character: ASCII punctuation and symbols, and Unicode's punctuation (P*)."""
    return character in string.punctuation or unicodedata.category(character).startswith("P")


UNSPACED = ("ja", "th", "zh")


def icu_version() -> str | None:
    """Give ICU's version; None where the extra `seg` is not installed."""
    try:
        from icu4py import icu_version as version
    except ImportError:
        return None
    return version


def words(text: str, language: str) -> list[str]:
    """Cut a text into words, in lower case, by ICU's dictionary of the language. Leave out spaces and punctuation.

    Raises UserError where the extra `seg` is not installed.
    """
    try:
        from icu4py.breakers import WordBreaker
    except ImportError:
        raise UserError("words of unspaced scripts need ICU; install it with `pip install 'commit-llm[seg]'`") from None
    pieces = WordBreaker(text.lower(), language)
    return [piece for piece in pieces if not all(c.isspace() or is_punctuation(c) for c in piece)]


def words_f1(prediction: str, references: Sequence[str], language: str) -> float:
    """Give the best F1 over the references, in [0, 1], of bags of ICU words."""
    predicted = words(prediction, language)
    return max(token_f1(predicted, words(reference, language)) for reference in references)
