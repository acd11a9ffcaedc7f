"""A model folder's grown_vocabulary.json: read, absent, and malformed in every way."""

import json

import pytest

from commit_llm.convert.grown_vocabulary import GrownVocabulary, read_grown_vocabulary
from commit_llm.errors import UserError


def write(folder, text):
    (folder / "grown_vocabulary.json").write_text(text, encoding="utf-8")


def test_how_a_vocabulary_has_grown(tmp_path):
    assert read_grown_vocabulary(tmp_path, 100) is None
    write(tmp_path, json.dumps({"commit_llm": "1", "first_id": 90, "pieces": 10, "initialise": "both"}))
    assert read_grown_vocabulary(tmp_path, 100) == GrownVocabulary(first_id=90, pieces=10)
    write(tmp_path, json.dumps({"first_id": 90, "pieces": 0}))
    assert read_grown_vocabulary(tmp_path, 100) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[1, 2]", "malformed: holds no JSON object"),
        ('["<s>", "</s>"]', "malformed: holds no JSON object"),
        ('{"first_id": 90,', "malformed JSON: "),
        ("{}", "malformed: first_id is null; it must be a whole number, 0 or more"),
        ('{"first_id": "90", "pieces": 10}', "malformed: first_id is '90'; it must be"),
        ('{"first_id": 90, "pieces": 2.5}', "malformed: pieces is 2.5; it must be"),
        ('{"first_id": true, "pieces": 1}', "malformed: first_id is true; it must be"),
        ('{"first_id": 90, "pieces": -1}', "malformed: pieces is -1; it must be"),
        ('{"first_id": 90, "pieces": 11}', "malformed: pieces is 11 from first_id 90 on, and the model has 100 rows"),
        ('{"first_id": "\\u001b[31m", "pieces": 1}', "malformed: first_id is "),
    ],
)
def test_a_malformed_one_is_one_line_that_names_the_file(tmp_path, text, message):
    write(tmp_path, text)
    with pytest.raises(UserError) as error:
        read_grown_vocabulary(tmp_path, 100)
    assert str(error.value).startswith(f"{tmp_path / 'grown_vocabulary.json'}: {message}")
    assert str(error.value).isprintable()
