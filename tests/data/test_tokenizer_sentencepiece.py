"""A sentencepiece model with the tokens that the files beside it add and name."""

import json

import pytest

from commit_llm.data.tokenizer import load_tokenizer
from commit_llm.errors import UserError
from tests.data.tokenizer_folders import PIECES, template, write_bytes_tokenizer, write_pieces

OPEN, CLOSE, CALL = PIECES, PIECES + 1, PIECES + 4
DECODER = {
    "1": {"content": "<s>", "special": True},
    str(OPEN): {"content": "<|open|>", "special": True},
    str(CLOSE): {"content": "<|close|>", "special": True},
    str(CALL): {"content": "<call>", "special": False},
}
SETTINGS = {"bos_token": "<s>", "eos_token": "<|close|>", "added_tokens_decoder": DECODER}


@pytest.fixture
def chat(tmp_path):
    return load_tokenizer(write_pieces(tmp_path, SETTINGS))


def test_added_tokens_and_another_end(chat):
    assert (chat.bos_id, chat.eos_id, chat.bos, chat.vocab_size) == (1, CLOSE, (1,), CALL + 1)
    assert chat.specials == {"<unk>": 0, "<s>": 1, "</s>": 2, "<|open|>": OPEN, "<|close|>": CLOSE}


def test_an_added_token_of_a_text_is_found_in_it_and_read_from_it(chat, tmp_path):
    bare = load_tokenizer(write_pieces(tmp_path / "bare"))
    for text in ("the dog<call>the fox", "<call> the <call><call> dog  ", "<cal", "<call>", ""):
        assert chat.decode(chat.encode(text)) == text
    assert chat.encode("the dog<call>the fox") == [*bare.encode("the dog"), CALL, *bare.encode("the fox")]
    assert chat.encode("the dog") == bare.encode("the dog")


def test_special_literals_stay_text_but_for_the_original(chat, tmp_path):
    text = "the<|open|>dog <call> </s>"
    ids = chat.encode(text)
    assert ids.count(CALL) == 1
    assert not {OPEN, CLOSE, 1, 2} & set(ids)
    assert chat.decode(ids) == text
    ids = chat.encode_with_specials(text)
    assert [i for i in ids if i in (OPEN, CALL, 2)] == [OPEN, CALL, 2]
    assert chat.decode(ids) == "the dog <call>"
    assert chat.decode([1, OPEN, CLOSE, CALL + 5, PIECES + 2, -1]) == ""


@pytest.mark.parametrize(
    ("flags", "text", "parts"),
    [
        ({}, "the dog <x> dog", ["the dog ", " dog"]),
        ({"lstrip": True}, "the dog <x> dog", ["the dog", " dog"]),
        ({"rstrip": True}, "the dog <x> dog", ["the dog ", "dog"]),
        ({"lstrip": True, "rstrip": True}, " <x> <x>", []),
        ({"single_word": True}, "the<x> <x>dog", ["the<x> <x>dog"]),
        ({"single_word": True}, "the <x>.", ["the ", "."]),
    ],
)
def test_how_an_added_token_takes_its_surroundings(tmp_path, flags, text, parts):
    decoder = {str(OPEN): {"content": "<x>", "special": False, **flags}}
    tokenizer = load_tokenizer(write_pieces(tmp_path, {"added_tokens_decoder": decoder}))
    bare = load_tokenizer(write_pieces(tmp_path / "bare"))
    assert [i for i in tokenizer.encode(text) if i != OPEN] == [i for part in parts for i in bare.encode(part)]


def test_of_two_added_tokens_at_one_place_the_longer_counts(tmp_path):
    added = {"<x>": OPEN, "<x><y>": CLOSE}
    assert load_tokenizer(write_pieces(tmp_path, added=added)).encode("<x><x><y>") == [OPEN, CLOSE]


@pytest.mark.parametrize(
    ("settings", "specials"),
    [
        ({"eos_token": "<|close|>"}, None),
        ({"eos_token": {"content": "<|close|>", "lstrip": False}}, None),
        (None, {"eos_token": "<|close|>"}),
        ({"eos_token": "<|close|>"}, {"eos_token": "</s>"}),
    ],
)
def test_added_tokens_json_and_where_the_end_is_named(tmp_path, settings, specials):
    file = write_pieces(tmp_path, settings, {"<|open|>": OPEN, "<|close|>": CLOSE}, specials)
    tokenizer = load_tokenizer(file)
    assert tokenizer.eos_id == CLOSE
    assert "<|close|>" in tokenizer.specials
    assert "<|open|>" not in tokenizer.specials
    assert OPEN in tokenizer.encode("<|open|>")


def test_an_additional_special_token_is_special(tmp_path):
    specials = {"additional_special_tokens": ["<|open|>", {"content": "<|close|>"}]}
    tokenizer = load_tokenizer(write_pieces(tmp_path, None, {"<|open|>": OPEN, "<|close|>": CLOSE}, specials))
    assert {"<|open|>", "<|close|>"} < set(tokenizer.specials)


@pytest.mark.parametrize(
    ("settings", "bos_id", "bos"),
    [
        (None, 1, (1,)),
        ({}, 1, (1,)),
        ({"add_bos_token": True}, 1, (1,)),
        ({"add_bos_token": False}, 1, ()),
        ({"bos_token": None}, None, ()),
        ({"bos_token": "", "eos_token": ""}, 1, (1,)),
        ({"bos_token": {"content": ""}}, 1, (1,)),
        ({"bos_token": "<|open|>", "added_tokens_decoder": DECODER}, OPEN, (OPEN,)),
    ],
)
def test_the_bos_of_a_bare_model(tmp_path, settings, bos_id, bos):
    tokenizer = load_tokenizer(write_pieces(tmp_path, settings))
    assert (tokenizer.bos_id, tokenizer.bos) == (bos_id, bos)


@pytest.mark.parametrize("puts", [True, False])
def test_where_a_json_stands_beside_the_model_its_post_processor_decides(tmp_path, puts):
    settings = {"bos_token": "<s>", "eos_token": "</s>", "add_bos_token": not puts}
    write_bytes_tokenizer(tmp_path, template() if puts else None, settings)
    assert load_tokenizer(write_pieces(tmp_path)).bos == ((1,) if puts else ())


def test_an_end_that_no_file_knows(tmp_path):
    with pytest.raises(UserError, match=r"tokenizer\.model: its end-of-text token '<end>' is unknown"):
        load_tokenizer(write_pieces(tmp_path, {"eos_token": "<end>"}))


def test_the_model_says_what_its_own_ids_mean(tmp_path):
    """A file that names another token there cannot change it."""
    decoder = {str(PIECES): {"content": "<x>"}, "100": {"content": "<y>", "special": True}}
    tokenizer = load_tokenizer(write_pieces(tmp_path, {"added_tokens_decoder": decoder}))
    bare = load_tokenizer(write_pieces(tmp_path / "bare"))
    assert "<y>" not in tokenizer.specials
    assert tokenizer.decode([100]) == bare.decode([100]) != ""


def test_other_added_tokens_are_another_fingerprint(tmp_path):
    first = load_tokenizer(write_pieces(tmp_path, added={"<x>": OPEN})).fingerprint()
    (tmp_path / "added_tokens.json").write_text(json.dumps({"<y>": OPEN}))
    assert load_tokenizer(tmp_path).fingerprint() != first
