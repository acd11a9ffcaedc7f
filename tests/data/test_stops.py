"""What ends a text: every place that may say it, and what is no id."""

import dataclasses
import json

import pytest

from commit_llm.data.stops import read_stops, special_ids, write_generation_config
from commit_llm.errors import UserError


@pytest.mark.parametrize(
    ("config", "generation", "stops"),
    [
        ({}, None, (2,)),
        ({"eos_token_id": 2}, {"eos_token_id": 2}, (2,)),
        ({"eos_token_id": 0}, None, (2, 0)),
        ({"eos_token_id": [9, 2, 5]}, {"eos_token_id": 7}, (2, 5, 7, 9)),
        ({"eos_token_id": None}, {"eos_token_id": None}, (2,)),
        ({"eos_token_id": []}, {"eos_token_id": [1, 1]}, (2, 1)),
        ({"eos_token_id": [100, -1], "vocab_size": 100}, {"eos_token_id": 99}, (2, 99)),
    ],
)
def test_the_stops_are_a_union(tokenizer, tmp_path, config, generation, stops):
    (tmp_path / "config.json").write_text(json.dumps(config))
    if generation is not None:
        (tmp_path / "generation_config.json").write_text(json.dumps(generation))
    assert read_stops(tmp_path, tokenizer) == stops


def test_a_folder_that_says_nothing_and_a_tokenizer_of_its_own(tokenizer, tmp_path):
    assert read_stops(tmp_path, dataclasses.replace(tokenizer, eos_id=77)) == (77,)


@pytest.mark.parametrize("file", ["config.json", "generation_config.json"])
@pytest.mark.parametrize("value", ["</s>", True, 2.0, [2, "7"], {"id": 2}])
def test_what_is_no_id_is_refused(tokenizer, tmp_path, file, value):
    (tmp_path / file).write_text(json.dumps({"eos_token_id": value}))
    with pytest.raises(UserError, match=rf"{file}: eos_token_id is .*; it must be an id, a list of ids, or null"):
        read_stops(tmp_path, tokenizer)


def test_a_file_that_is_no_json(tokenizer, tmp_path):
    (tmp_path / "generation_config.json").write_text("{")
    with pytest.raises(UserError, match=r"generation_config\.json: malformed JSON"):
        read_stops(tmp_path, tokenizer)
    (tmp_path / "generation_config.json").write_text("[]")
    with pytest.raises(UserError, match=r"generation_config\.json: malformed: holds no JSON object"):
        read_stops(tmp_path, tokenizer)


def test_one_stop_is_written_as_an_id_and_several_as_a_list(tokenizer):
    assert special_ids(tokenizer, (2,)) == {"bos_token_id": 1, "eos_token_id": 2}
    assert special_ids(tokenizer, (2, 0)) == {"bos_token_id": 1, "eos_token_id": [2, 0]}


OWN = '{\r\n  "do_sample": true, "temperature": 6e-1,\r\n  "eos_token_id": %s,\r\n  "pad_token_id": 0\r\n}\r\n'


@pytest.mark.parametrize(
    ("named", "stops", "written"),
    [
        ("2", (2,), "2"),
        ("[ 7, 2, 999999 ]", (2, 7), "[ 7, 2, 999999 ]"),
        ("7", (2,), "2"),
        ("null", (2, 7), "[\r\n    2,\r\n    7\r\n  ]"),
    ],
)
def test_a_folder_s_own_generation_config_stays_but_for_missing_stops(tokenizer, tmp_path, named, stops, written):
    (tmp_path / "generation_config.json").write_bytes((OWN % named).encode())
    copy = tmp_path / "copy"
    copy.mkdir()
    write_generation_config(tmp_path, copy, tokenizer, stops)
    assert (copy / "generation_config.json").read_bytes() == (OWN % written).encode()


def test_a_folder_without_a_generation_config_gets_a_greedy_one(tokenizer, tmp_path):
    copy = tmp_path / "copy"
    copy.mkdir()
    write_generation_config(tmp_path, copy, tokenizer, (2, 7))
    expected = {"do_sample": False, "bos_token_id": 1, "eos_token_id": [2, 7]}
    assert json.loads((copy / "generation_config.json").read_text()) == expected
