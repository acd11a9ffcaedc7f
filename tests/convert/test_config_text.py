"""A config.json that goes on: every character but for dtype, size of the vocabulary and the tied head."""

import dataclasses
import json

import pytest

from commit_llm.convert.config_text import changed_config
from commit_llm.model.families.config_json import config_from_settings, read_config_file
from tests.model.families.test_config_json import SIZES

NAMES = {"model_type": "llama", "architectures": ["LlamaForCausalLM"]}
NAMED = NAMES | SIZES

# Its own order, spaces, ends of lines, number formats, and keys that nothing reads.
TEXT = (
    '{ "quirk" : [1,\r\n 2.50],\r\n\t"torch_dtype": "float16",\r\n  "pad_token_id": 7, '
    f"{json.dumps(NAMED)[1:-1]},\r\n"
    '  "rms_norm_eps": 1e-05, "tie_word_embeddings" : true, "é": "\\u00e9"\r\n}'
)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "config.json"
    path.write_bytes(TEXT.encode())
    return path


def test_what_has_not_changed_stays_to_the_character(file):
    assert changed_config(file, read_config_file(file), "float16") == TEXT


def test_only_what_has_changed_changes(file):
    config = dataclasses.replace(read_config_file(file), vocab_size=128, tie_word_embeddings=False)
    expected = (
        TEXT.replace('"float16"', '"bfloat16"')
        .replace('"vocab_size": 100', '"vocab_size": 128')
        .replace('"tie_word_embeddings" : true', '"tie_word_embeddings" : false')
    )
    assert changed_config(file, config, "bfloat16") == expected


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"dtype": "float32"}, {"dtype": "bfloat16"}),
        ({"torch_dtype": "float32"}, {"torch_dtype": "bfloat16"}),
        ({"torch_dtype": None}, {"torch_dtype": "bfloat16"}),
        ({"torch_dtype": "bfloat16", "dtype": "float16"}, {"torch_dtype": "bfloat16", "dtype": "bfloat16"}),
        ({}, {"torch_dtype": "bfloat16"}),
    ],
)
def test_a_dtype_is_changed_where_it_stands(tmp_path, before, after):
    file = tmp_path / "config.json"
    file.write_text(json.dumps(before | NAMED))
    changed = json.loads(changed_config(file, config_from_settings(SIZES), "bfloat16"))
    assert changed == before | NAMED | after


def test_a_tied_head_that_nothing_says_is_false(tmp_path):
    file = tmp_path / "config.json"
    file.write_text(json.dumps(NAMED | {"dtype": "float32"}))
    config = config_from_settings(SIZES)
    assert changed_config(file, config, "float32") == json.dumps(NAMED | {"dtype": "float32"})
    tied = dataclasses.replace(config, tie_word_embeddings=True)
    assert json.loads(changed_config(file, tied, "float32"))["tie_word_embeddings"] is True


def test_a_file_of_sizes_alone_gets_the_names_that_loaders_need(tmp_path):
    file = tmp_path / "config.json"
    file.write_text(json.dumps(SIZES | {"dtype": "float32", "architectures": None}))
    changed = json.loads(changed_config(file, config_from_settings(SIZES), "float32"))
    assert changed == SIZES | {"dtype": "float32"} | NAMES
