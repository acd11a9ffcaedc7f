"""A user's own questions: the files they may be in, the task they are, what is refused."""

import gzip
import json
from pathlib import Path

import pytest

from commit_llm.data.chat.prompt_file import PromptFile
from commit_llm.data.chat.template import find_chat_template
from commit_llm.errors import UserError
from commit_llm.evaluate.own_questions import own_name, own_task, own_task_without_model
from commit_llm.evaluate.questions import english_references, load_questions
from commit_llm.evaluate.results import prompts_hash, score_answers, summary
from commit_llm.evaluate.tasks import find_task
from tests.evaluate.chat_models import chat_tokenizer

CONTEXT = "Η Άννα μένει στην Αθήνα."
RECORD = {"id": "a", "context": CONTEXT, "question": "Πού;", "answers": ["Αθήνα", "στην Αθήνα"]}
OWN = "Text: {{ input }}\nQuestion: {{ instruction }}\nAnswer:"


def written(path, *records):
    path.write_text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "answers",
    [["Αθήνα"], "Αθήνα", {"text": ["Αθήνα"], "answer_start": [18]}, [{"text": "Αθήνα", "answer_start": 18}]],
)
def test_records_with_answers_as_people_write_them(tmp_path, answers):
    file = written(tmp_path / "own.jsonl", RECORD, {**RECORD, "id": 7, "answers": answers})
    questions = load_questions(own_task(file, "el", None), None)
    assert [question.id for question in questions] == ["a", "7"]
    assert questions[1].references == ("Αθήνα",)
    assert [question.context_id for question in questions] == ["0", "0"]


def test_a_record_without_an_id_has_its_number(tmp_path):
    without = {name: value for name, value in RECORD.items() if name != "id"}
    file = written(tmp_path / "own.jsonl", without, {**without, "context": "Ο Νίκος."})
    questions = load_questions(own_task(file, "el", None), None, None, 1)
    assert [(question.id, question.context_id) for question in questions] == [("1", "0"), ("2", "1")]


@pytest.mark.parametrize("layout", ["squad", "list"])
def test_a_json_file_is_in_squad_s_layout_or_a_list(tmp_path, example, layout):
    squad = example / "xquad.el.json"
    file = tmp_path / "own.json"
    expected = load_questions(find_task("xquad_instruct_el"), str(example))
    content = [
        {"id": one.id, "context": one.context, "question": one.question, "answers": one.references} for one in expected
    ]
    file.write_text(squad.read_text("utf-8") if layout == "squad" else json.dumps(content), encoding="utf-8")
    questions = load_questions(own_task(file, "el", None), None)
    assert [one._replace(context_id="") for one in questions] == [one._replace(context_id="") for one in expected]


def test_they_are_asked_as_xquad_is(example):
    """With each prompt that a model may be tuned with: the same questions give the same prompts."""
    file = example / "xquad.el.json"
    for own, theirs in (
        (own_task(file, "el", None), find_task("xquad_instruct_el")),
        (own_task_without_model(file, "el", "chat"), find_task("xquad_chat_el")),
    ):
        questions = load_questions(own, None)
        assert prompts_hash(own, questions) == prompts_hash(theirs, load_questions(theirs, str(example)))
        assert (own.name, own.suite, own.version, own.labels) == ("questions_el", "questions", 1.0, theirs.labels)
        assert own.as_tuned
        assert english_references(own, questions, str(example)) is None


def test_a_prompt_file(tmp_path):
    (tmp_path / "own.jinja").write_text(OWN, encoding="utf-8")
    file = written(tmp_path / "own.jsonl", RECORD)
    task = own_task_without_model(file, "el", str(tmp_path / "own.jinja"))
    assert task.prompt(CONTEXT, "Πού;") == f"Text: {CONTEXT}\nQuestion: Πού;\nAnswer:"
    assert task.labels == "file"
    assert task.as_tuned


def test_a_chat_template_makes_it_a_chat_task(tmp_path):
    tokenizer = chat_tokenizer(tmp_path)
    task = own_task(tmp_path / "own.jsonl", "el", find_chat_template(tokenizer, (2,)))
    assert (task.chat, task.labels) == (True, "chat")


def test_scores_and_signature(tmp_path):
    file = written(tmp_path / "own.jsonl", RECORD, {**RECORD, "id": "b", "answers": ["Άννα"]})
    task = own_task(file, "el", None)
    questions = load_questions(task, None)
    entry = summary(score_answers(task, questions, ["στην Αθήνα.", "Νίκος"], None), {"decoding": "given"}, None)
    assert (entry["exact_match"], entry["items"], entry["language"]) == (50.0, 2, "el")
    assert entry["signature"].startswith("task:questions_el|task-version:1.0|labels:alpaca|normaliser:squad-1.1|")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"context": None}, r"own\.jsonl: record 2: null is not a text; a question is a record of id, context"),
        ({"context": " "}, "question 'b': its context is empty; write one, or leave the question out"),
        ({"question": ""}, "question 'b': its question is empty"),
        ({"answers": ["x", ""]}, "question 'b': its answer is empty"),
        ({"answers": "{'text': ['Αθήνα'], 'answer_start': [18]}"}, "a list that was written as a text; save the quest"),
        ({"answers": '["Αθήνα", "στην"]'}, "a list that was written as a text"),
        ({"answers": 7}, "record 2: answers 7 are no texts"),
        ({"answers": {"start": 1}}, "record 2: no 'text'"),
        ({"answers": []}, "question 'b' has no answer to compare with"),
        ({"id": "a"}, "question id 'a' occurs there twice"),
        ({"id": None}, "record 2: null is not a text"),
        ({"question": ["x"]}, "record 2: "),
    ],
)
def test_records_of_another_shape(tmp_path, change, message):
    file = written(tmp_path / "own.jsonl", RECORD, {**RECORD, "id": "b", **change})
    with pytest.raises(UserError, match=message):
        load_questions(own_task(file, "el", None), None)


def test_answers_with_brackets_are_no_lists(tmp_path):
    file = written(tmp_path / "own.jsonl", {**RECORD, "answers": ["[Αθήνα]", "{1, 2}", "[1] 'Αθήνα'"]})
    assert load_questions(own_task(file, "el", None), None)[0].references == ("[Αθήνα]", "{1, 2}", "[1] 'Αθήνα'")


def test_a_list_with_the_name_of_squad_s_key_is_a_list(tmp_path):
    file = tmp_path / "own.json"
    file.write_text(json.dumps([{**RECORD, "answers": ["paragraphs"]}]), encoding="utf-8")
    assert load_questions(own_task(file, "el", None), None)[0].references == ("paragraphs",)


@pytest.mark.parametrize(
    ("name", "written_as"),
    [
        ("squad.json.gz", gzip.compress),
        ("squad.json", lambda text: text.decode().encode("utf-16")),
        ("squad.JSON", lambda text: b"\xef\xbb\xbf" + text),
    ],
)
def test_squad_s_layout_packed_or_in_another_encoding(tmp_path, example, name, written_as):
    (tmp_path / name).write_bytes(written_as((example / "xquad.el.json").read_bytes()))
    expected = load_questions(find_task("xquad_instruct_el"), str(example))
    assert load_questions(own_task(tmp_path / name, "el", None), None) == expected


def test_squad_s_layout_in_an_encoding_that_nothing_tells(tmp_path):
    (tmp_path / "own.json").write_bytes('{"data": "Αθήνα"}'.encode("iso8859-7"))
    with pytest.raises(UserError, match="not UTF-8 at byte 10; convert it: iconv -f YOUR-ENCODING"):
        load_questions(own_task(tmp_path / "own.json", "el", None), None)


@pytest.mark.parametrize(
    ("language", "code", "context"),
    [
        ("el-GR", "el", CONTEXT),
        ("zh-Hant", "zh", "安娜住在雅典。"),
        ("pt-BR", "pt", "A Ana mora em Atenas."),
        ("sr", "sr", "Ana živi u Atini."),
        ("sr", "sr", "Ана живи у Атини."),
        ("ja", "ja", "東京"),
    ],
)
def test_a_language_with_a_region_and_one_of_several_scripts(tmp_path, language, code, context):
    file = written(tmp_path / "own.jsonl", {**RECORD, "context": context})
    task = own_task(file, language, None)
    assert (task.name, task.language) == (f"questions_{language}", code)
    assert len(load_questions(task, None)) == 1


def test_a_missing_column_is_named(tmp_path):
    file = written(tmp_path / "own.jsonl", {"id": "a", "question": "?"})
    with pytest.raises(UserError, match=r"record 1: no 'context'; a question is a record of id, context, question and"):
        load_questions(own_task(file, "el", None), None)


def test_texts_of_another_script(tmp_path):
    file = written(tmp_path / "own.jsonl", {**RECORD, "context": "Anna lives in Athens."})
    with pytest.raises(UserError, match="no context has a Greek letter; is it the file of another language"):
        load_questions(own_task(file, "el", None), None)


@pytest.mark.parametrize(
    ("language", "message"),
    [
        (None, "--questions own.jsonl: in which language"),
        ("Greek", "--language 'Greek': not a code of a language"),
        ("../el", "not a code of a language"),
    ],
)
def test_a_language_that_is_none(language, message):
    with pytest.raises(UserError, match=message):
        own_name(Path("own.jsonl"), language)


def test_a_prompt_without_a_place_for_the_context():
    with pytest.raises(UserError, match=r"own\.jinja: it has no \{\{ input \}\}; a question's context stands in"):
        own_task(Path("own.jsonl"), "el", PromptFile("{{ instruction }}:", "own.jinja"))


def test_a_missing_file(tmp_path):
    with pytest.raises(UserError, match=r"none\.json: no such data file"):
        load_questions(own_task(tmp_path / "none.json", "el", None), None)


def test_a_byte_order_mark_and_other_formats(tmp_path, example):
    """A mark at the head is not a part of the text, in SQuAD's layout and in records, which may be packed too."""
    squad = (example / "xquad.el.json").read_bytes()
    (tmp_path / "squad.JSON").write_bytes(b"\xef\xbb\xbf" + squad)
    expected = load_questions(find_task("xquad_instruct_el"), str(example))
    assert load_questions(own_task(tmp_path / "squad.JSON", "el", None), None) == expected
    line = json.dumps(RECORD, ensure_ascii=False)
    for name, content in {
        "a.jsonl": f"\ufeff{line}\n".encode(),
        "b.jsonl": line.encode("utf-16"),
        "c.jsonl.gz": gzip.compress(line.encode()),
        "d.csv": f"id,context,question,answers\na,{CONTEXT},Πού;,Αθήνα\n".encode("utf-8-sig"),
    }.items():
        (tmp_path / name).write_bytes(content)
        (question,) = load_questions(own_task(tmp_path / name, "el", None), None)
        assert (question.id, question.context, question.references[0]) == ("a", CONTEXT, "Αθήνα")
