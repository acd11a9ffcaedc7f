"""JSON of files and lines: what cannot be read is one line that names the place, wherever it is read from."""

import json

import pytest

from commit_llm.convert.weight_files import open_weights
from commit_llm.data import fetch_dictionary
from commit_llm.errors import UserError
from commit_llm.evaluate.harness.responses import Responses
from commit_llm.evaluate.journal import Journal
from commit_llm.evaluate.question_files import read_squad
from commit_llm.files.json_text import an_object, parse_json, read_json, read_json_object
from commit_llm.files.provenance import describe
from commit_llm.files.records import read_records
from commit_llm.files.unfinished import Parts
from commit_llm.model.families.config_json import read_config
from commit_llm.recipes import load_recipe
from commit_llm.runs.evaluation import read_evaluation
from commit_llm.runs.history import BEFORE, read_history
from commit_llm.runs.logs import read_log
from commit_llm.runs.run import read_provenance

# Each once made Python raise something else than a JSONDecodeError; the last is not a text at all.
UNREADABLE = {
    "digits": b'{"a": ' + b"8" * 4301 + b"}",
    "depth": b'{"a": ' + b"[" * 100_000,
    "half": b'{"a": "\\udc00"}',
    "bytes": b'{"a": "\xe9"}',
}


def test_json_of_a_line():
    assert parse_json('{"a": "\\ud83d\\ude00"}', "a", 1) == {"a": "😀"}
    assert parse_json('"\\ude00"', "a", 1, half_characters=True) == "\ude00"
    with pytest.raises(UserError, match=r"a:1: holds '\\ude00', half of a character"):
        parse_json('"\\ude00"', "a", 1)
    with pytest.raises(UserError, match=r"a:1: malformed JSON: .* near '\[1,'"):
        parse_json("[1,", "a", 1)
    with pytest.raises(UserError, match=r"a:1: holds \[1\], not an object of named fields"):
        an_object([1], "a:1")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[1,\n"İ",\n"\\uDC00"]', r"^a:3: holds '\\udc00', half of a character"),
        ("[1,\n2,\n" + "3" * 5000 + "]", "^a:3: holds a whole number of over 4,300 digits; write it as a text"),
        ("[" + "3" * 5000 + "]\n", "^a: holds a whole number"),
        ("[1,\n2,\nx]", "^a:3: malformed JSON: Expecting value near "),
        ("[1,\n2", "^a:2: malformed JSON"),
        ("[\n" * 100_000, "^a: malformed JSON: nested too deeply"),
    ],
)
def test_a_whole_file_names_its_line(text, message):
    with pytest.raises(UserError, match=message):
        parse_json(text, "a")


def test_the_longest_whole_number_and_a_byte_order_mark_are_read(tmp_path):
    (tmp_path / "a.json").write_bytes(b'\xef\xbb\xbf{"a": ' + b"8" * 4300 + b"}")
    assert read_json(tmp_path / "a.json") == {"a": int("8" * 4300)}
    (tmp_path / "a.json").write_text("[1]")
    with pytest.raises(UserError, match=r"a\.json: malformed: holds no JSON object"):
        read_json_object(tmp_path / "a.json")


@pytest.mark.parametrize("content", UNREADABLE.values(), ids=UNREADABLE)
@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("a.json", read_records),
        ("a.jsonl", read_records),
        ("xquad.el.json", read_squad),
        ("config.json", lambda path: read_config(path.parent)),
        ("results.json", lambda path: read_evaluation(path.parent)),
        ("provenance.json", lambda path: read_provenance(path.parent)),
        ("provenance.json", lambda path: read_history(path, BEFORE)),
        ("model.safetensors.index.json", lambda path: open_weights(path.parent, []).__enter__()),
    ],
)
def test_files_that_cannot_be_read(tmp_path, name, read, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError) as error:
        read(tmp_path / name)
    message = str(error.value)
    assert name in message
    assert message.isprintable()
    assert len(message) < 400


@pytest.mark.parametrize("content", UNREADABLE.values(), ids=UNREADABLE)
def test_what_only_notes_something_is_passed_over(tmp_path, content):
    """A line of a log, of finished parts, of answers, a sidecar: what cannot be read says nothing, and stops nobody."""
    (tmp_path / "unfinished").mkdir()
    lines = ("metrics.jsonl", "done.jsonl", "responses.jsonl", "unfinished/answers.jsonl")
    for name in (*lines, "d.txt.provenance.json", "d.txt.validator"):
        (tmp_path / name).write_bytes(content + b"\n")
    (tmp_path / "d.txt").write_text("dog\tσκύλος\n")
    assert read_log(tmp_path / "metrics.jsonl") == {}
    assert Parts(tmp_path).done == {}
    assert Journal(tmp_path).replies == {}
    assert Responses(tmp_path / "responses.jsonl").by_request == {}
    assert describe(tmp_path / "d.txt", "0")["licence"] is None
    with pytest.raises(UserError, match="without a record of its origin"):
        fetch_dictionary._recorded(tmp_path / "d.txt")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("steps: " + "9" * 5000, "not readable YAML"),
        ("steps: 2026-99-99", "not readable YAML"),
        ("[" * 5000, "not readable YAML"),
        ("learning_rate: 1" + "0" * 400, "learning_rate is a whole number of over 18 digits"),
        ("steps: 0x" + "f" * 5000, "steps is a whole number of over 18 digits"),
    ],
)
def test_numbers_of_a_recipe_file(tmp_path, text, message):
    (tmp_path / "config.yaml").write_text(text)
    with pytest.raises(UserError, match=rf"config\.yaml: {message}"):
        load_recipe(tmp_path / "config.yaml")


def test_a_ratio_that_no_float_holds(tmp_path):
    stage = {"ratio": 10**400, "recipe": "commit"}
    content = {"commit_llm": "0", BEFORE: [stage], "documents": None}
    (tmp_path / "provenance.json").write_text(json.dumps(content))
    with pytest.raises(UserError, match=r"provenance\.json: malformed"):
        read_history(tmp_path / "provenance.json", BEFORE)
