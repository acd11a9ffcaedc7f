"""Question files: what is read, and what is refused with the place of the fault."""

import json

import pytest

from commit_llm.errors import UserError
from commit_llm.evaluate.questions import load_questions, read_squad
from commit_llm.evaluate.tasks import find_task


def squad(*questions, context="Anna lives in Athens."):
    return {"data": [{"paragraphs": [{"context": context, "qas": list(questions)}]}]}


def question(id="q1", answers=("Athens",)):
    return {"id": id, "question": "Where?", "answers": [{"text": text, "answer_start": 0} for text in answers]}


def write(path, content):
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def test_texts_stay_as_they_are(tmp_path):
    path = write(tmp_path / "xquad.el.json", squad(question(), context="\ufeffA  b\n"))
    (item,) = read_squad(path)
    assert item == ("q1", "0-0", "\ufeffA  b\n", "Where?", ("Athens",))


def test_limit_takes_the_first(example):
    task = find_task("ogx_xquad_el")
    every = load_questions(task, str(example))
    assert load_questions(task, str(example), 3) == every[:3]
    with pytest.raises(UserError, match="--limit 0"):
        load_questions(task, str(example), 0)


def test_mlqa_files_as_the_archive_unpacks(tmp_path):
    (tmp_path / "dev").mkdir()
    write(tmp_path / "dev" / "dev-context-hi-question-hi.json", squad(question("dev")))
    write(tmp_path / "test-context-hi-question-hi.json", squad(question("test")))
    assert load_questions(find_task("ogx_mlqa_hival"), str(tmp_path))[0].id == "dev"
    assert load_questions(find_task("ogx_mlqa_enhi"), str(tmp_path))[0].id == "test"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (squad(question(), question()), "question id 'q1' stands there twice"),
        (squad(question(answers=())), "'q1' has no answer"),
        (squad(), "holds no question"),
        ({"data": [{"paragraphs": [{"qas": [question()]}]}]}, "not in SQuAD layout"),
        (squad(question(id=5)), "not in SQuAD layout"),
        ([1], "not in SQuAD layout"),
    ],
)
def test_files_of_another_shape(tmp_path, content, message):
    with pytest.raises(UserError, match=message) as error:
        read_squad(write(tmp_path / "xquad.el.json", content))
    assert "\n" not in str(error.value)


def test_broken_and_missing_files(tmp_path):
    (tmp_path / "xquad.el.json").write_text('{"data":\n [')
    task = find_task("ogx_xquad_el")
    with pytest.raises(UserError, match=r"xquad\.el\.json:2: malformed JSON"):
        load_questions(task, str(tmp_path))
    (tmp_path / "xquad.el.json").write_bytes(b"\xff")
    with pytest.raises(UserError, match="not UTF-8 at byte 0"):
        load_questions(task, str(tmp_path))
    with pytest.raises(UserError, match=r"no xquad\.hi\.json in"):
        load_questions(find_task("ogx_xquad_hi"), str(tmp_path))
    with pytest.raises(UserError, match="say where the data is with --data-dir"):
        load_questions(task, None)


def test_unknown_task_offers_the_nearest():
    with pytest.raises(UserError, match="no task 'ogx_squad_el'; near it are ogx_xquad_el"):
        find_task("ogx_squad_el")
