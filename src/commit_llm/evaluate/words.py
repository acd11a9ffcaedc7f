"""F1 over words in languages that are written without spaces, by ICU's word boundaries (extra `seg`)."""

from collections.abc import Sequence

from commit_llm.errors import UserError
from commit_llm.evaluate.scores import is_punctuation, token_f1

UNSPACED = ("ja", "th", "zh")


def icu_version() -> str | None:
    """ICU's version; None where the extra `seg` is not installed."""
    try:
        from icu4py import icu_version as version
    except ImportError:
        return None
    return version


def words(text: str, language: str) -> list[str]:
    """Words of a text, lower case, by ICU's dictionary of the language; no spaces, no punctuation.

    Raises UserError where the extra `seg` is not installed.
    """
    try:
        from icu4py.breakers import WordBreaker
    except ImportError:
        raise UserError("words of unspaced scripts need ICU; install it with `pip install 'commit-llm[seg]'`") from None
    pieces = WordBreaker(text.lower(), language)
    return [piece for piece in pieces if not all(c.isspace() or is_punctuation(c) for c in piece)]


def words_f1(prediction: str, references: Sequence[str], language: str) -> float:
    """The best F1 over the references, in [0, 1], of bags of ICU words."""
    predicted = words(prediction, language)
    return max(token_f1(predicted, words(reference, language)) for reference in references)
