"""Figures and rows of tasks that rank, by hand."""

from pathlib import Path

import pytest

from commit_llm.evaluate.candidates import RankedQuestion
from commit_llm.evaluate.contamination import Contamination
from commit_llm.evaluate.question_files import Question
from commit_llm.evaluate.rank_results import Ranking, rank_figures, rank_rows
from commit_llm.evaluate.results import identity
from commit_llm.evaluate.selection import Selection
from commit_llm.evaluate.tasks import find_task
from commit_llm.runs.entries import ENTRY, ENTRY_MAY, RANK_METRICS, require_entries

TASK = find_task("xquad_rank_es")


def ranking(candidates, right, with_context, without_context, truncated=False, context_id=None):
    question = Question("q", context_id or "/".join(candidates), "Uno y dos.", "¿Cuál?", (candidates[right],))
    item = RankedQuestion(question, tuple(candidates), right)
    return Ranking(item, with_context, without_context, truncated)


RANKINGS = [
    ranking(["uno", "cuatro"], 1, [-4.0, -6.0], [-3.0, -9.0]),  # by character -1.33 and -1; -1 and -1.5
    ranking(["uno", "dos", "tres", "seis"], 0, [-3.0, -3.0, -8.0, -8.0], [-1.5, -3.0, -8.0, -8.0], True),  # a tie
]


def test_scores_are_by_character_and_a_tie_is_not_first():
    assert [one.scores for one in RANKINGS] == [[-4 / 3, -1.0], [-1.0, -1.0, -2.0, -2.0]]
    assert RANKINGS[0].scores_without_context == [-1.0, -1.5]
    rows = rank_rows(TASK, RANKINGS)
    assert [(row["first"], row["first_without_context"]) for row in rows] == [(100.0, 0.0), (0.0, 100.0)]


def test_figures():
    assert rank_figures(RANKINGS) == {
        "first": 50.0, "first_stderr": 50.0, "first_without_context": 50.0, "first_without_context_stderr": 50.0,
        "chance": 37.5, "candidates": 3.0, "log_likelihood": -1.0, "log_likelihood_without_context": -1.0,
    }  # fmt: skip


def test_questions_of_a_context_are_matched_with_their_answers():
    """Of the second prompt alone no answer is known."""
    pair = [
        ranking(["uno", "dos"], 0, [-2.0, -1.0], [-3.0, -1.0], context_id="0-0"),
        ranking(["uno", "dos"], 1, [-9.0, -7.0], [-3.0, -1.0], context_id="0-0"),
    ]
    figures = rank_figures([*pair, RANKINGS[0]])
    assert (figures["matched"], figures["matched_without_context"]) == (83.33, 16.67)  # the third counts as chance
    # 83.33 - 100, twice in one context, and 83.33 - 50 in the other: two contexts differ, not three questions.
    assert figures["matched_stderr"] == figures["matched_without_context_stderr"] == 22.22
    assert rank_figures(pair)["matched_stderr"] is None
    rows = rank_rows(TASK, [*pair, RANKINGS[0]])
    assert [(row["matched"], row["matched_without_context"]) for row in rows] == [(100, 0), (100, 0), (50, 50)]


def test_an_entry_is_what_readers_of_results_json_ask_for():
    asked = identity(TASK, 2, Selection(None, 1), "0", {"decoding": "rank-by-characters"}, Contamination(1, 0))
    entry = rank_figures(RANKINGS) | asked | {"left_out": 0, "truncated": 1}
    require_entries(Path("results.json"), {"fingerprint": "0", "training": None}, {TASK.name: entry})
    assert {*ENTRY, *ENTRY_MAY, *RANK_METRICS} - set(entry) == {
        "matched", "matched_without_context",  # where a context has two questions
        "empty", "cut", "in_context", "exact_match_english_only", "answer_language", "language_identifier",
        "template_sha256",
    }  # fmt: skip
    assert "|decoding:rank-by-characters|per-context:1|limit:none|" in entry["signature"]


def test_rows():
    rows = rank_rows(TASK, RANKINGS)
    assert list(rows[0]) == [
        "id", "task", "context_id", "question", "prediction", "references", "candidates", "right", "first",
        "first_without_context", "truncated", "prompt_sha256",
    ]  # fmt: skip
    assert [row["prediction"] for row in rows] == ["cuatro", "uno"]
    assert [row["truncated"] for row in rows] == [False, True]
    assert rows[0]["candidates"] == [
        {"text": "uno", "score": -4 / 3, "score_without_context": -1.0},
        {"text": "cuatro", "score": -1.0, "score_without_context": -1.5},
    ]


@pytest.mark.parametrize(("candidates", "characters"), [(["Ωμέγα", "ἀ"], [5, 1]), (["a b", "😀"], [3, 1])])
def test_a_character_is_a_code_point(candidates, characters):
    one = ranking(candidates, 0, [-30.0, -30.0], [-30.0, -30.0])
    assert one.scores == [-30.0 / number for number in characters]
