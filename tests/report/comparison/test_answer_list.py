"""The answers within the page: written ones, and ranks of given ones."""

import base64
import gzip
import json
import shutil

import pytest

from commit_llm.files.records import read_records
from commit_llm.report.comparison.answer_list import packed_answers
from commit_llm.runs.evaluation import PREDICTIONS, write_lines
from tests.report.comparison.evaluations import compare


def tasks_of(comparison):
    held = json.loads(gzip.decompress(base64.b64decode(packed_answers(comparison, {}))))
    return {task["task"]: task for task in held["tasks"]}


@pytest.fixture(scope="module")
def tasks(ranked):
    return tasks_of(ranked)


def test_ranks_and_written_answers_stand_in_one_page(tasks):
    assert {name: task["ranked"] for name, task in tasks.items()} == {
        "ogx_xquad_el": False, "ogx_xquad_th": False, "xquad_rank_el": True, "xquad_rank_en": True,
    }  # fmt: skip
    written = [answer for asked in tasks["ogx_xquad_el"]["questions"] for answer in asked[4]]
    assert {len(answer) for answer in written} == {4}


def test_an_answer_that_is_ranked_says_where_the_right_one_is(tasks, ranked):
    rows = ranked.systems[0].runs[0].rows["xquad_rank_en"]
    for id, _, _, references, (answer, _) in tasks["xquad_rank_en"]["questions"]:
        text, first, height, english, words = answer
        assert (text == references[0]) == (first == 100) == words.startswith("right answer 1 of 3, ")
        assert height == (100 if first else 0)
        assert not english
        row = rows[id]
        right = row["candidates"][row["right"]]["score_without_context"]
        before = sum(candidate["score_without_context"] > right for candidate in row["candidates"])
        assert words.endswith(f", without the context {before + 1}")


def test_ranks_without_texts_say_whether_the_right_one_is_first(ranks, tmp_path):
    """As a study keeps them."""
    for folder in ranks:
        shutil.copytree(folder, tmp_path / folder.name)
        rows = [
            {name: value for name, value in row.items() if name in ("id", "task", "context_id") or type(value) is float}
            for row in read_records(folder / PREDICTIONS)
        ]
        write_lines(tmp_path / folder.name / PREDICTIONS, rows)
    tasks = tasks_of(compare(*(tmp_path / folder.name for folder in ranks)))
    answers = [answer for asked in tasks["xquad_rank_en"]["questions"] for answer in asked[4]]
    assert {tuple(answer) for answer in answers} == {
        ("(not kept)", 100, 100, 0, "right answer first"), ("(not kept)", 0, 0, 0, "right answer not first"),
    }  # fmt: skip
