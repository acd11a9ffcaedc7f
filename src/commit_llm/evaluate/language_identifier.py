"""The language of a text in Latin letters, by py3langid: its wheel holds the model, as numbers and without pickle."""

from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from commit_llm.codemix.dictionaries.scripts import scripts
from commit_llm.evaluate.tasks import XQUAD_LANGUAGES

PACKAGE = "py3langid"
# docs/evaluation.md has what these two numbers cost and gain.
FEWEST_WORDS = 4
LEAST_PROBABILITY = 0.5


@cache
def identifier() -> str | None:
    """Give the identifier's name and version, which decide what it says; None where it cannot be used.

    Before 0.4 its model is a pickle. That is not read.
    """
    try:
        release = version(PACKAGE)
    except PackageNotFoundError:
        return None
    first, second = (int("0" + number) for number in f"{release}.0".split(".")[:2])
    return f"{PACKAGE} {release}" if (first, second) >= (0, 4) else None


def identify(text: str) -> str | None:
    """Give the language of a text, one of XQuAD's twelve; None where that is not known.

    It is not known of a text of fewer than four words, and where no language has half of the probability. A number is
    no word. Raises ImportError where `identifier` gives None.
    """
    if sum(bool(scripts(word)) for word in text.split()) < FEWEST_WORDS:
        return None
    language, probability = _model().classify(text)
    return language if probability >= LEAST_PROBABILITY else None


@cache
def _model() -> Any:
    """Load the model, which takes a second and 100 MB."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    model = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    model.set_languages(XQUAD_LANGUAGES)
    return model
