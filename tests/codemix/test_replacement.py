"""How replaced words, phrases and sentences are called."""

import pytest

from commit_llm.codemix.outcome import Annotation, Outcome, Unit, Word
from commit_llm.codemix.replacement import Replacement


@pytest.mark.parametrize(
    ("unit", "annotation", "label", "one"),
    [
        (Unit.WORD, None, "replaced", "1 word replaced"),
        (Unit.WORD, Annotation.COMMA, "annotated", "1 word annotated"),
        (Unit.PHRASE, None, "phrases replaced", "1 phrase replaced"),
        (Unit.SENTENCE, Annotation.BRACKETS, "sentences annotated", "1 sentence annotated"),
    ],
)
def test_names(unit, annotation, label, one):
    way = Replacement.of(Word(0, 1, Outcome.REPLACED, "x", unit, annotation=annotation))
    assert (way.label, way.counted(1)) == (label, one)


def test_a_word_that_stays_is_not_mixed():
    assert Replacement.of(Word(0, 1, Outcome.NOT_DRAWN)) is None
