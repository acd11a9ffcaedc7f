"""The settings beside a tokenizer: what is refused as malformed, with file and value."""

import re

import pytest

from commit_llm.data.tokenizer import load_tokenizer
from commit_llm.errors import UserError
from tests.data.tokenizer_folders import write_pieces


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"settings": {"eos_token": 3}}, "tokenizer_config.json: eos_token is 3; it must be the name of a token"),
        ({"settings": {"bos_token": ["<s>"]}}, 'tokenizer_config.json: bos_token is ["<s>"]'),
        ({"settings": {"add_bos_token": "no"}}, "tokenizer_config.json: add_bos_token is 'no'; it must be true or"),
        ({"settings": {"added_tokens_decoder": [1]}}, "tokenizer_config.json: added_tokens_decoder is [1]"),
        ({"settings": {"added_tokens_decoder": {"a": {"content": "x"}}}}, "'a' is not the id of a token"),
        (
            {"settings": {"added_tokens_decoder": {"7": "x"}}},
            "added_tokens_decoder '7': is 'x'; it must have a content",
        ),
        ({"settings": {"added_tokens_decoder": {"7": {"content": None}}}}, "it must have a content, which is a text"),
        ({"added": {"<x>": "7"}}, "added_tokens.json: '<x>': '7' is not the id of a token"),
        ({"added": {"<x>": -7}}, "added_tokens.json: '<x>': -7 is not the id of a token"),
        ({"added": ["<x>"]}, "added_tokens.json: malformed: holds no JSON object"),
        ({"specials": "<x>"}, "special_tokens_map.json: malformed: holds no JSON object"),
    ],
)
def test_malformed_settings(tmp_path, files, message):
    file = write_pieces(tmp_path, **files)
    with pytest.raises(UserError, match=re.escape(message)):
        load_tokenizer(file)
