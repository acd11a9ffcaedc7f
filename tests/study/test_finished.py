"""Results without texts: what stays of an evaluation, and what is refused of those that are handed in."""

import json
from pathlib import Path

import pytest

from commit_llm.errors import UserError
from commit_llm.files.records import read_records
from commit_llm.study.finished import is_finished, read_made, require_results, take_in, write_finished

NOW = {"arm": "alpaca", "model": {"w": "1"}, "dtype": "auto", "equal": None, "stages": [], "tasks": {}}
ROW = {
    "id": "7", "task": "xquad_instruct_el", "context_id": "0-1", "question": "who?", "prediction": "Anna",
    "references": ["Άννα"], "exact_match": 0.0, "f1": 12.5, "truncated": False, "finish_reason": "stop",
}  # fmt: skip


@pytest.fixture
def evaluation(tmp_path):
    folder = tmp_path / "eval"
    folder.mkdir()
    (folder / "results.json").write_text('{"schema": 4}')
    (folder / "predictions.jsonl").write_text(json.dumps(ROW) + "\n")
    return folder


def test_no_text_stays(tmp_path, evaluation):
    write_finished(evaluation, tmp_path / "a" / "b", NOW, {"version": "1"})
    rows = list(read_records(tmp_path / "a" / "b" / "predictions.jsonl"))
    assert rows == [
        {
            "id": "7",
            "task": "xquad_instruct_el",
            "context_id": "0-1",
            "exact_match": 0.0,
            "f1": 12.5,
            "truncated": False,
        }
    ]
    assert is_finished(tmp_path / "a" / "b", NOW)
    assert read_made(tmp_path / "a" / "b") == {"version": "1"}
    assert not is_finished(tmp_path / "a", NOW)


def test_what_is_handed_in(tmp_path, evaluation):
    write_finished(evaluation, tmp_path / "there", NOW, {})
    assert take_in(tmp_path / "there", tmp_path / "out" / "here", NOW)
    assert not take_in(tmp_path / "none", tmp_path / "out" / "other", NOW)
    assert {path.name for path in (tmp_path / "out" / "here").iterdir()} == {
        "trial.json", "results.json", "predictions.jsonl",
    }  # fmt: skip


def test_what_is_handed_in_of_something_else(tmp_path, evaluation):
    write_finished(evaluation, tmp_path / "there", NOW, {})
    with pytest.raises(UserError, match=r"there/trial\.json: these results are of another model \(and 1 more\)"):
        take_in(tmp_path / "there", tmp_path / "here", NOW | {"model": {"w": "2"}, "stages": [1]})
    assert not (tmp_path / "here").exists()


def test_what_is_handed_in_without_a_part(tmp_path, evaluation):
    write_finished(evaluation, tmp_path / "there", NOW, {})
    (tmp_path / "there" / "results.json").unlink()
    with pytest.raises(UserError, match=r"there: has no results\.json; hand in the whole folder"):
        take_in(tmp_path / "there", tmp_path / "here", NOW)
    assert not (tmp_path / "here").exists()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"made_of": 3}', "\x00"])
def test_a_description_that_is_none(tmp_path, text):
    (tmp_path / "trial.json").write_text(text)
    with pytest.raises(UserError, match=r"trial\.json: .*; take the folder away"):
        is_finished(tmp_path, NOW)


def test_results_without_a_description_are_refused_before_the_trial_is_done_again(tmp_path, evaluation):
    write_finished(evaluation, tmp_path / "there", NOW, {})
    (tmp_path / "there" / "trial.json").unlink()
    with pytest.raises(UserError, match=r"there: has no trial\.json; take the folder away"):
        is_finished(tmp_path / "there", NOW)


@pytest.mark.parametrize("name", ["results.json", "predictions.jsonl"])
def test_any_changed_byte_of_the_results_is_noticed(tmp_path, evaluation, name):
    write_finished(evaluation, tmp_path / "there", NOW, {})
    path = tmp_path / "there" / name
    content = path.read_bytes()
    for place in range(len(content)):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        with pytest.raises(UserError, match=rf"{name}: is not as it was written; take the folder away"):
            is_finished(tmp_path / "there", NOW)
    path.write_bytes(content)
    assert is_finished(tmp_path / "there", NOW)


@pytest.mark.parametrize("sums", [None, 3, []])
def test_results_without_checksums_could_be_any(tmp_path, evaluation, sums):
    write_finished(evaluation, tmp_path / "there", NOW, {})
    path = tmp_path / "there" / "trial.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"checksums": sums}))
    with pytest.raises(UserError, match=r"trial\.json: has no checksums, which say what the results were; take the"):
        is_finished(tmp_path / "there", NOW)


def test_an_empty_folder_may_still_get_results(tmp_path):
    require_results(tmp_path, [Path("a")])
    (tmp_path / "b").mkdir()
    with pytest.raises(UserError, match="has no trial of this study"):
        require_results(tmp_path, [Path("a")])
    (tmp_path / "a").mkdir()
    require_results(tmp_path, [Path("a")])
