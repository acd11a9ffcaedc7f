"""What stands literally in its context."""

import pytest

from commit_llm.evaluate.literal import stands_in
from commit_llm.evaluate.questions import load_questions
from commit_llm.evaluate.tasks import find_task

TEXT = "La ciudad de Nueva  York (en 1982) tenía\n7.000.000 de habitantes: «Nueva York»."


@pytest.mark.parametrize(
    ("answer", "language", "stands"),
    [
        (" nueva york.", "es", True),
        ("“Nueva York (en 1982)”", "es", True),
        ("tenía 7.000.000", "es", True),
        ("teni\u0301a", "es", True),
        ("ni\u0301a", "es", False),
        ("tení", "es", False),
        ("198", "es", False),
        ("982", "es", False),
        ("982", "th", True),
        ("York es Nueva", "es", False),
        ("habitantes «Nueva", "es", False),
        ("«».", "es", False),
        ("", "es", False),
        (" ", "th", False),
    ],
)
def test_stands_in(answer, language, stands):
    assert stands_in(TEXT, answer, language) is stands


@pytest.mark.parametrize(("text", "answer", "stands"), [
    ("cafe\u0301 solo", "café", True), ("Στο ΤΈΛΟΣ", "τέλος", True), ("हिन्दी", "हिन्द", False),
    ("aaaa aaa", "aaa", True),
])  # fmt: skip
def test_spellings(text, answer, stands):
    assert stands_in(text, answer, "el") is stands


@pytest.mark.parametrize("language", ["en", "el", "hi", "th"])
def test_references_stand_in_their_contexts(shared, language):
    """Where they are cut out of a word they do not: `(2,70` of `(2,700,000`."""
    items = load_questions(find_task(f"xquad_instruct_{language}"), str(shared.data("xquad")))[::10]
    stand = [stands_in(item.context, item.references[0], language) for item in items]
    assert sum(stand) / len(stand) > 0.98
