"""Exported tokenizers in transformers: the ids of a text are those that the model was trained on, bos included."""

import json

import pytest

from commit_llm.data.tokenizer import load_tokenizer
from commit_llm.data.tokenizer_bos import change_bos
from commit_llm.data.tokenizer_files import copy_tokenizer
from tests.data.test_tokenizer_hugging_face import BYTES
from tests.data.tokenizer_folders import PIECES, template, write_bytes_tokenizer, write_pieces

transformers = pytest.importorskip("transformers", reason="transformers is not installed (extra parity)")

pytestmark = [pytest.mark.parity, pytest.mark.filterwarnings("default")]

TEXT = "the quick brown fox <|open|> jumps"
SETTINGS = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}


def export(source, out, choice):
    """Do what an export does to the files of a tokenizer. Gives the tokenizer with which the model was trained."""
    tokenizer = load_tokenizer(source).with_bos(choice)
    out.mkdir()
    (out / "config.json").write_text(json.dumps({"model_type": "llama"}))
    copy_tokenizer(tokenizer, out)
    change_bos(out, tokenizer)
    return tokenizer


@pytest.mark.parametrize("choice", ["auto", "always", "never"])
@pytest.mark.parametrize("post_processor", [None, BYTES, template()], ids=["none", "bytes", "bos"])
@pytest.mark.parametrize("kind", ["PreTrainedTokenizerFast", "LlamaTokenizerFast"])
def test_a_tokenizer_json(tmp_path, choice, post_processor, kind):
    write_bytes_tokenizer(tmp_path / "model", post_processor, SETTINGS | {"tokenizer_class": kind})
    tokenizer = export(tmp_path / "model", tmp_path / "out", choice)
    theirs = transformers.AutoTokenizer.from_pretrained(tmp_path / "out")
    assert theirs(TEXT).input_ids == [*tokenizer.bos, *tokenizer.encode(TEXT)]
    pair = [*tokenizer.bos, *tokenizer.encode("a"), *tokenizer.bos, *tokenizer.encode("b")]
    assert theirs("a", "b").input_ids == pair
    assert theirs.eos_token_id == tokenizer.eos_id


@pytest.mark.parametrize("choice", ["auto", "always", "never"])
@pytest.mark.parametrize("adds", [None, True, False])
def test_a_sentencepiece_model(tmp_path, choice, adds):
    settings = SETTINGS | {"tokenizer_class": "LlamaTokenizer", "legacy": False}
    settings |= {} if adds is None else {"add_bos_token": adds}
    write_pieces(tmp_path / "model", settings)
    tokenizer = export(tmp_path / "model", tmp_path / "out", choice)
    theirs = transformers.AutoTokenizer.from_pretrained(tmp_path / "out")
    text = "the quick brown fox jumps"
    assert theirs(text).input_ids == [*tokenizer.bos, *tokenizer.encode(text)]


def test_a_sentencepiece_model_with_added_tokens(tmp_path):
    """Transformers numbers added tokens anew where an id is free before them, so that none is here."""
    added = {"<|open|>": True, "<|close|>": True, "<call>": False}
    decoder = {
        str(PIECES + n): {"content": name, "special": special} for n, (name, special) in enumerate(added.items())
    }
    settings = SETTINGS | {"eos_token": "<|close|>", "added_tokens_decoder": decoder}
    write_pieces(tmp_path / "model", settings | {"tokenizer_class": "LlamaTokenizer", "legacy": True})
    tokenizer = export(tmp_path / "model", tmp_path / "out", "auto")
    theirs = transformers.AutoTokenizer.from_pretrained(tmp_path / "out")
    assert (theirs.bos_token_id, theirs.eos_token_id) == (tokenizer.bos_id, tokenizer.eos_id)
    for text in ("the dog", "the dog<call>the fox<call><call>"):
        assert theirs(text).input_ids == [*tokenizer.bos, *tokenizer.encode(text)], text
