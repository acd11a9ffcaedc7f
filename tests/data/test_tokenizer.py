"""Tokenizers from both kinds of file, and what is said of files that are none."""

import dataclasses
import json

import pytest

from commit_llm.data.tokenizer import load_tokenizer
from commit_llm.errors import UserError
from tests.data.tokenizer_folders import PIECES, byte_tokenizer, template, write_bytes_tokenizer, write_pieces

TEXTS = ["anna lives in athens", "άννα  μένει\n\nστην αθήνα", "<s> </s>", "", " x"]


@pytest.mark.parametrize("text", TEXTS)
def test_hugging_face_tokenizer_is_lossless(lossless, text):
    tokenizer = load_tokenizer(lossless)
    assert tokenizer.decode(tokenizer.encode(text)) == text
    assert (tokenizer.bos_id, tokenizer.eos_id) == (1, 2)


def test_sentencepiece(llama):
    assert (llama.vocab_size, llama.bos_id, llama.eos_id) == (32000, 1, 2)
    assert llama.specials == {"<unk>": 0, "<s>": 1, "</s>": 2}
    assert llama.decode([1, *llama.encode("Γειά σου"), 2]) == "Γειά σου"


def test_special_names_come_from_the_settings_beside(example, tmp_path):
    (tmp_path / "tokenizer.json").write_bytes((example / "model" / "tokenizer.json").read_bytes())
    settings = {"bos_token": None, "eos_token": {"content": "<unk>"}}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(settings))
    tokenizer = load_tokenizer(tmp_path)
    assert (tokenizer.bos_id, tokenizer.eos_id) == (None, 0)
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"eos_token": "<end>"}))
    with pytest.raises(UserError, match="end-of-text token is unknown"):
        load_tokenizer(tmp_path)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("tokenizer.model", "not a sentencepiece model"),
        ("tokenizer.json", r"not a tokenizer\.json"),
        ("tokenizer.txt", "a tokenizer is a sentencepiece"),
    ],
)
def test_files_that_are_no_tokenizer(tmp_path, name, message):
    (tmp_path / name).write_text("{}")
    with pytest.raises(UserError, match=message):
        load_tokenizer(tmp_path / name)
    with pytest.raises(UserError, match="no such tokenizer file"):
        load_tokenizer(tmp_path / "none.model")


def test_a_folder_without_a_tokenizer(tmp_path):
    with pytest.raises(UserError, match=r"holds neither tokenizer\.model nor tokenizer\.json"):
        load_tokenizer(tmp_path)


def test_truncation_and_padding_that_a_file_carries_are_not_applied(example, tmp_path):
    from tokenizers import Tokenizer

    library = Tokenizer.from_file(str(example / "model" / "tokenizer.json"))
    library.enable_truncation(4)
    library.enable_padding(length=4)
    library.save(str(tmp_path / "tokenizer.json"))
    text = "anna lives in athens and works as a teacher"
    expected = load_tokenizer(example / "model").encode(text)
    tokenizer = load_tokenizer(tmp_path)
    assert tokenizer.encode(text) == expected
    assert len(tokenizer.encode("a")) == 1


def test_ids_of_a_padded_vocabulary_decode_to_nothing(llama, example):
    for tokenizer in (llama, load_tokenizer(example / "model")):
        ids = tokenizer.encode("anna")
        assert tokenizer.decode([*ids, tokenizer.vocab_size, 10**6, -1]) == tokenizer.decode(ids)


def test_settings_that_are_no_object(example, tmp_path):
    (tmp_path / "tokenizer.json").write_bytes((example / "model" / "tokenizer.json").read_bytes())
    (tmp_path / "tokenizer_config.json").write_text("[]")
    with pytest.raises(UserError, match="holds no JSON object"):
        load_tokenizer(tmp_path)


def test_a_bos_always_or_never(llama, caplog):
    assert llama.bos == llama.with_bos("auto").bos == llama.with_bos("never").with_bos("always").bos == (1,)
    assert llama.with_bos("never").bos == ()
    assert [llama.with_bos(choice).resolved_bos for choice in ("always", "never")] == ["always", "never"]
    without = dataclasses.replace(llama, bos_id=None, bos=())
    assert not caplog.messages
    assert without.with_bos("always").bos == ()
    assert caplog.messages == [f"{llama.path}: has no bos token, so it adds none to a text"]


def test_another_bos_or_eos_is_another_fingerprint(llama):
    changes = [{}, {"bos": ()}, {"eos_id": 3}, {"bos_id": None}, {"specials": {}}, {"kind": "tokenizers"}]
    assert len({dataclasses.replace(llama, **change).fingerprint() for change in changes}) == len(changes)
    assert llama.fingerprint() == load_tokenizer(llama.path).fingerprint()


def test_of_two_files_the_json_comes_first_but_for_the_original(tmp_path):
    write_bytes_tokenizer(tmp_path, template())
    model = write_pieces(tmp_path)
    assert [load_tokenizer(tmp_path, sentencepiece_first=first).kind for first in (False, True)] == [
        "tokenizers",
        "sentencepiece",
    ]
    assert load_tokenizer(model).kind == "sentencepiece"
    assert load_tokenizer(tmp_path / "tokenizer.json", sentencepiece_first=True).kind == "tokenizers"
    model.unlink()
    assert load_tokenizer(tmp_path, sentencepiece_first=True).kind == "tokenizers"


def as_added(folder):
    (folder / "added_tokens.json").write_text(json.dumps({"<pad>": PIECES}))


def as_decoder(folder):
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    added = {"2": {"content": "</s>", "special": True}, str(PIECES): {"content": "<pad>"}}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings | {"added_tokens_decoder": added}))


def in_json(folder):
    library = byte_tokenizer()
    library.add_tokens([f"<extra {number}>" for number in range(PIECES)])
    library.save(str(folder / "tokenizer.json"))


@pytest.mark.parametrize("add", [as_added, as_decoder, in_json])
def test_a_sentencepiece_model_that_lacks_the_folder_s_added_tokens_is_not_the_original_s(tmp_path, add):
    write_bytes_tokenizer(tmp_path, template())
    write_pieces(tmp_path)
    add(tmp_path)
    assert load_tokenizer(tmp_path, sentencepiece_first=True).kind == "tokenizers"
    (tmp_path / "tokenizer.json").unlink()
    assert load_tokenizer(tmp_path, sentencepiece_first=True).kind == "sentencepiece"


def test_a_tokenizer_model_of_another_library_beside_a_json(tmp_path):
    """Llama 3 has a tiktoken file under this name."""
    write_bytes_tokenizer(tmp_path, template())
    (tmp_path / "tokenizer.model").write_bytes(b"IQ== 0\nIg== 1\n")
    for first in (False, True):
        assert load_tokenizer(tmp_path, sentencepiece_first=first).encode("a") == [67]
    with pytest.raises(UserError, match="not a sentencepiece model"):
        load_tokenizer(tmp_path / "tokenizer.model")


def test_the_size_is_the_highest_id_and_one_more(tmp_path):
    path = write_bytes_tokenizer(tmp_path)
    content = json.loads(path.read_text())
    content["model"]["vocab"] = {name: i if i < 100 else i + 50 for name, i in content["model"]["vocab"].items()}
    path.write_text(json.dumps(content))
    tokenizer = load_tokenizer(tmp_path)
    assert tokenizer.vocab_size == 3 + 256 + 50
    assert tokenizer.decode([*tokenizer.encode("η γη"), 120, 10**6]) == "η γη"
    tokenizer.require_room(309)
    with pytest.raises(UserError, match=r"has 309 entries, the model's vocabulary only 308"):
        tokenizer.require_room(308)


def test_an_end_that_the_json_does_not_call_special_is_left_out_of_a_text_all_the_same(tmp_path):
    from tokenizers import AddedToken

    library = byte_tokenizer(("<unk>", "<s>"))
    library.add_tokens([AddedToken("<end>", special=False)])
    library.save(str(tmp_path / "tokenizer.json"))
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"eos_token": "<end>"}))
    tokenizer = load_tokenizer(tmp_path)
    assert tokenizer.decode([*tokenizer.encode("a"), tokenizer.eos_id]) == "a"
    assert tokenizer.eos_id not in tokenizer.encode("a<end>")
    assert tokenizer.encode_with_specials("a<end>")[-1] == tokenizer.eos_id
