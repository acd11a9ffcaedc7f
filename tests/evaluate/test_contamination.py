"""Contexts among the documents that a model was trained on, and the warning."""

import logging

import pytest

from commit_llm.data.document_hashes import hash_texts
from commit_llm.evaluate.contamination import contamination
from commit_llm.evaluate.question_files import Question
from commit_llm.evaluate.tasks import find_task

TASK = find_task("ogx_xquad_de")
ITEMS = [
    Question(str(number), place, context, "Wo?", ("dort",))
    for number, (place, context) in enumerate(
        [
            ("0-0", "Anna wohnt in Athen."),
            ("0-0", "Anna wohnt in Athen."),
            ("0-1", "Eleni auch."),
            ("1-0", "Eleni  auch."),
        ]
    )
] + [Question("4", "1-1", "Maria nicht.", "Wer?", ("Maria",))]


@pytest.mark.parametrize(
    ("texts", "count"),
    [([], 0), (["Eleni"], 0), (["eleni auch."], 1), (["ANNA WOHNT\nin Athen.", "Eleni auch.", "Maria nicht."], 3)],
)
def test_different_contexts_are_counted(caplog, texts, count):
    with caplog.at_level(logging.WARNING, "commit_llm"):
        found = contamination(TASK, ITEMS, hash_texts(texts))
    assert found == (3, count)
    assert [
        f"ogx_xquad_de: the model was trained on {count} of its 3 contexts" in told for told in caplog.messages
    ] == ([True] if count else [])


def test_of_unknown_texts_nothing_is_said(caplog):
    assert contamination(TASK, ITEMS, None) == (3, None)
    assert not caplog.messages
