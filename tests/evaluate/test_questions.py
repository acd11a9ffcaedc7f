"""Questions from the official files and from the hub."""

import fnmatch
import json
import time

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from commit_llm.errors import UserError
from commit_llm.evaluate.question_files import from_records, read_squad
from commit_llm.evaluate.questions import load_questions
from commit_llm.evaluate.tasks import find_task


def squad(*questions, context="Η Άννα, Anna, अन्ना."):
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


def test_a_file_of_another_language(tmp_path):
    write(tmp_path / "xquad.el.json", squad(question(), context="Anna lives in Athens."))
    with pytest.raises(UserError, match=r"xquad\.el\.json: no context has a Greek letter; is it the file of another"):
        load_questions(find_task("xquad_instruct_el"), str(tmp_path))


def test_mlqa_files_as_the_archive_unpacks(tmp_path):
    (tmp_path / "dev").mkdir()
    write(tmp_path / "dev" / "dev-context-hi-question-hi.json", squad(question("dev")))
    write(tmp_path / "test-context-hi-question-hi.json", squad(question("test")))
    assert load_questions(find_task("ogx_mlqa_hival"), str(tmp_path))[0].id == "dev"
    assert load_questions(find_task("ogx_mlqa_enhi"), str(tmp_path))[0].id == "test"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (squad(question(), question()), "question id 'q1' occurs there twice"),
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


def rows(*ids, **changes):
    context = {"context": "Anna lives in Athens."}
    return [{"id": id, "question": "Where?", "answers": {"text": ["Athens"]}, **context, **changes} for id in ids]


@pytest.mark.parametrize(
    ("name", "repository", "file"),
    [
        ("ogx_xquad_el", "google/xquad", "xquad.el/validation-00000-of-00001.parquet"),
        ("ogx_mlqa_enhi", "facebook/mlqa", "mlqa.hi.hi/test/0000.parquet"),
        ("ogx_mlqa_hival", "facebook/mlqa", "mlqa.hi.hi/mlqa-validation.parquet"),
    ],
)
def test_questions_from_the_hub(tmp_path, monkeypatch, name, repository, file):
    """With the hub's download replaced by a folder that is laid out as it would be."""
    asked = {}

    def snapshot_download(repo_id, repo_type, revision, allow_patterns):
        asked.update(repository=repo_id, matches=fnmatch.fnmatch(file, allow_patterns))
        return str(tmp_path)

    (tmp_path / file).parent.mkdir(parents=True)
    other = [{**row, "context": "Another."} for row in rows("c")]
    pq.write_table(pa.Table.from_pylist(rows("a", "b") + other), tmp_path / file)
    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot_download)
    questions = load_questions(find_task(name), None)
    assert asked == {"repository": repository, "matches": True}
    assert [(item.id, item.context_id, item.references) for item in questions] == [
        ("a", "0", ("Athens",)),
        ("b", "0", ("Athens",)),
        ("c", "1", ("Athens",)),
    ]
    assert len(load_questions(find_task(name), None, 2)) == 2


def test_without_the_hub_a_file_is_asked_for_at_once(monkeypatch, tmp_path):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    started = time.monotonic()
    with pytest.raises(
        UserError, match=r"google/xquad was not .*: the hub cannot be reached.*; or put xquad\.el\.json"
    ):
        load_questions(find_task("ogx_xquad_el"), None)
    assert time.monotonic() - started < 30


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (rows("a", "a"), "'a' occurs there twice"),
        (rows("a", answers=None), "task: record 1: answers null are no texts"),
        ([], "holds no question"),
    ],
)
def test_hub_rows_of_another_shape(content, message):
    with pytest.raises(UserError, match=message):
        from_records(content, "task")
