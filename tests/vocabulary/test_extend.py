"""A grown model folder, of every kind of tokenizer: ids of old, fewer tokens, rows of old and new."""

import json
from itertools import accumulate
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from commit_llm.convert.weight_files import EMBEDDING, HEAD
from commit_llm.data.tokenizer import load_tokenizer
from commit_llm.data.tokenizer_settings import read_added_tokens
from commit_llm.errors import UserError
from commit_llm.train.model_source import open_model
from commit_llm.vocabulary.extend import learn, open_growing, write_extended
from commit_llm.vocabulary.growth import count_words, open_growable, without_english
from tests.vocabulary.growing_models import ENGLISH, GREEK, KINDS, sentencepiece, write_growing_model

ALPHABET = "αβγδεζηθικλμνξοπρσςτυφχψωάέήίόύώ"


def opened(folder):
    source = open_model(str(folder))
    return open_growing(source.folder, source.config, source.tokenizer, source.stops)


def extended(folder, out, size=40, texts=GREEK, protect=ENGLISH, initialise="pieces", pairs=()):
    model = opened(folder)
    words = without_english(count_words(model.growable, texts))
    growth, grown = learn(model, words, lambda: iter(protect), size)
    return growth, grown, write_extended(model, out, growth, grown, initialise, pairs, {"base": "small"})


@pytest.mark.parametrize("kind", KINDS)
def test_old_ids_stay_and_new_ones_follow_the_highest(tmp_path, kind):
    write_growing_model(tmp_path / "old", kind)
    growth, _, _ = extended(tmp_path / "old", tmp_path / "new")
    old, new = load_tokenizer(tmp_path / "old"), load_tokenizer(tmp_path / "new")
    assert growth.first_id == old.vocab_size
    assert new.vocab_size == old.vocab_size + 40
    assert (new.bos, new.bos_id, new.eos_id, new.specials) == (old.bos, old.bos_id, old.eos_id, old.specials)
    for text in [*ENGLISH, "".join(ENGLISH), "<s> 12 \n\n x_y </s>", "naïve 日本"]:
        assert new.encode(text) == old.encode(text)
        assert new.decode(new.encode(text)) == old.decode(old.encode(text))
    for text in GREEK:
        assert len(new.encode(text)) < 0.75 * len(old.encode(text))
        assert new.decode(new.encode(text)) == text
    used = {number for text in GREEK for number in new.encode(text) if number >= old.vocab_size}
    assert len(used) > 25  # others are parts of these


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("padding", [0, 30, 64])
@pytest.mark.parametrize("kind", ["bytes", "sentencepiece"])
def test_rows(tmp_path, kind, padding, tied):
    write_growing_model(tmp_path / "old", kind, tied, padding)
    growth, grown, result = extended(tmp_path / "old", tmp_path / "new")
    before, after = (load_file(tmp_path / name / "model.safetensors") for name in ("old", "new"))
    first, end = growth.first_id, growth.first_id + 40
    assert result.rows == max(first + padding, end)
    assert json.loads((tmp_path / "new/config.json").read_text())["vocab_size"] == result.rows
    assert before.keys() == after.keys()
    assert (HEAD in after) is not tied
    old = open_growable(load_tokenizer(tmp_path / "old"))
    for name, tensor in before.items():
        if name not in (EMBEDDING, HEAD):
            assert after[name].tobytes() == tensor.tobytes()
            continue
        assert after[name].shape == (result.rows, tensor.shape[1])
        assert after[name][:first].tobytes() == tensor[:first].tobytes()
        assert after[name][end:].tobytes() == tensor[end:].tobytes()
        for number, piece in enumerate(growth.pieces, first):
            mean = tensor[old.ids_of_piece(piece)].astype(np.float32).mean(0)
            np.testing.assert_allclose(after[name][number].astype(np.float32), mean, rtol=2**-8, atol=1e-6)
    assert grown.next_id == end


def test_the_model_opens_and_says_how_it_grew(tmp_path):
    write_growing_model(tmp_path / "old", "bytes")
    (tmp_path / "old/chat_template.jinja").write_text("{{ messages }}")
    (tmp_path / "old/provenance.json").write_text('{"commit_llm": "0.1.0", "x": 1}')
    growth, _, _ = extended(tmp_path / "old", tmp_path / "new")
    source = open_model(str(tmp_path / "new"))
    assert source.config.vocab_size == source.tokenizer.vocab_size
    assert source.stops == opened(tmp_path / "old").stops
    assert (tmp_path / "new/chat_template.jinja").read_text() == "{{ messages }}"
    assert (tmp_path / "new/provenance.json").read_text() == '{"commit_llm": "0.1.0", "x": 1}'
    said = json.loads((tmp_path / "new/grown_vocabulary.json").read_text())
    assert (said["first_id"], said["pieces"], said["base"]) == (growth.first_id, 40, "small")


def test_other_forms_of_the_tokenizer_are_left_out(tmp_path):
    write_growing_model(tmp_path / "old", "bytes")
    sentencepiece(tmp_path / "old")
    for name in ("vocab.json", "merges.txt"):
        (tmp_path / "old" / name).write_text("{}")
    _, _, result = extended(tmp_path / "old", tmp_path / "new")
    assert result.left_out == ["merges.txt", "tokenizer.model", "vocab.json"]
    assert not [name for name in result.left_out if (tmp_path / "new" / name).exists()]


def test_added_tokens_behind_a_sentencepiece_model_keep_their_ids(tmp_path):
    write_growing_model(tmp_path / "old", "sentencepiece", padding=8)
    (tmp_path / "old/added_tokens.json").write_text(json.dumps({"<|im_start|>": 331, "<pad>": 334}))
    growth, _, result = extended(tmp_path / "old", tmp_path / "new")
    assert (growth.first_id, result.rows) == (335, 375)
    old, new = load_tokenizer(tmp_path / "old"), load_tokenizer(tmp_path / "new")
    assert {token.content for token in read_added_tokens(new.path).values()} >= {"<|im_start|>", "<pad>"}
    for text in ["<|im_start|>the cat<pad>", ENGLISH[0] + "<pad>"]:
        assert new.encode(text) == old.encode(text)
        assert new.decode(new.encode(text)) == old.decode(old.encode(text))
    assert len(new.encode(GREEK[0])) < len(old.encode(GREEK[0]))


@pytest.mark.parametrize("kind", ["spaces", "sentencepiece"])
def test_an_added_token_is_no_new_piece(tmp_path, kind):
    """A letter, and the end of a word: both would be learnt, and take the token's id from it."""
    write_growing_model(tmp_path / "old", kind, padding=4)
    size = load_tokenizer(tmp_path / "old").vocab_size
    added = {"θ": size, "ησί": size + 1}
    if kind == "sentencepiece":
        (tmp_path / "old/added_tokens.json").write_text(json.dumps(added))
    else:
        file = tmp_path / "old/tokenizer.json"
        content = json.loads(file.read_text())
        flags = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized", "special"), False)
        content["added_tokens"] += [{"id": number, "content": text, **flags} for text, number in added.items()]
        file.write_text(json.dumps(content))
    growth, _, _ = extended(tmp_path / "old", tmp_path / "new", texts=["θη θη ησί ησί ησί ρησί ρησί"], size=7)
    assert growth.first_id == size + 2
    assert not {"θ", "ησί"} & {*growth.pieces}
    old, new = load_tokenizer(tmp_path / "old"), load_tokenizer(tmp_path / "new")
    for text in added:
        assert new.encode(text) == old.encode(text)
        assert added[text] in new.encode(text)


def ends(pieces):
    """Where each of a word's pieces ends."""
    return {*accumulate(map(len, pieces))}


@pytest.mark.parametrize("kind", KINDS)
def test_new_pieces_join_old_ones_and_part_none(tmp_path, kind):
    write_growing_model(tmp_path / "old", kind)
    model = opened(tmp_path / "old")
    words = count_words(model.growable, SPANISH)
    _, grown = learn(model, words, lambda: iter(["xyz"]), 12)
    assert any(len(grown.pieces_of(word)) < len(model.growable.pieces_of(word)) for word in words)
    for word in [*words, " other", " this", " bread"]:
        assert ends(grown.pieces_of(word)) <= ends(model.growable.pieces_of(word))


def test_merges_as_texts_stay_texts(tmp_path):
    """As older files have them."""
    write_growing_model(tmp_path / "old", "bytes")
    extended(tmp_path / "old", tmp_path / "pairs")
    file = tmp_path / "old/tokenizer.json"
    content = json.loads(file.read_text())
    content["model"]["merges"] = [" ".join(pair) for pair in content["model"]["merges"]]
    file.write_text(json.dumps(content))
    extended(tmp_path / "old", tmp_path / "texts")
    merges = [
        json.loads((tmp_path / f"{name}/tokenizer.json").read_text())["model"]["merges"] for name in ("pairs", "texts")
    ]
    assert [" ".join(pair) for pair in merges[0]] == merges[1]


SPANISH = ["La casa está cerca de la estación y la canción está en la estación."] * 3


@pytest.mark.parametrize("kind", KINDS)
def test_no_piece_changes_protected_text(tmp_path, kind):
    write_growing_model(tmp_path / "old", kind)
    model = opened(tmp_path / "old")
    words = without_english(count_words(model.growable, SPANISH))
    assert " estación" in words
    english = ["the case is closed near a station on the estate; la la"]
    free, _ = learn(model, words, lambda: iter(["xyz"]), 12)
    growth, grown = learn(model, words, lambda: iter(english), 12)
    assert growth.dropped
    assert set(free.pieces) & growth.dropped
    assert grown.encode(english[0]) == model.growable.encode(english[0])
    assert len(grown.encode(SPANISH[0])) < len(model.growable.encode(SPANISH[0]))


def test_a_word_that_is_looked_up_whole_is_protected_too(tmp_path):
    """As Llama 3's tokenizer does."""
    write_growing_model(tmp_path / "old", "bytes")
    file = tmp_path / "old/tokenizer.json"
    content = json.loads(file.read_text())
    content["model"]["ignore_merges"] = True
    file.write_text(json.dumps(content))
    model = opened(tmp_path / "old")
    words = count_words(model.growable, SPANISH)
    english = ["a casa"]
    growth, grown = learn(model, words, lambda: iter(english), 20)
    assert grown.encode("a casa") == model.growable.encode("a casa")
    assert grown.encode(SPANISH[0]) != model.growable.encode(SPANISH[0])
    assert growth.pieces


def test_what_the_rule_for_neighbours_does_not_see_is_protected_in_another_round(tmp_path, monkeypatch):
    write_growing_model(tmp_path / "old", "bytes")
    monkeypatch.setattr("commit_llm.vocabulary.extend.pieces_within", lambda growable, words: set())
    model = opened(tmp_path / "old")
    words = count_words(model.growable, SPANISH)
    english = ["la casa está cerca", "una estación"]
    growth, grown = learn(model, words, lambda: iter(english), 12)
    assert growth.dropped
    assert len(growth.pieces) == 12
    assert [grown.encode(text) for text in english] == [model.growable.encode(text) for text in english]


def test_words_in_latin_letters_are_not_learnt_of_a_text_in_another_script():
    assert without_english({" γάτα": 9, " NASA": 1, " Oστ": 1}) == {" γάτα": 9}
    assert without_english({" gato": 9, " γάτα": 1}) == {" gato": 9, " γάτα": 1}


def test_too_many_pieces_are_refused_with_their_number(tmp_path):
    write_growing_model(tmp_path / "old", "bytes")
    with pytest.raises(UserError, match=r"--size 5000: there are only \d+ new pieces that occur twice"):
        extended(tmp_path / "old", tmp_path / "new", size=5000)
    with pytest.raises(UserError, match="there is no new piece to learn"):
        extended(tmp_path / "old", tmp_path / "new", texts=["12 34"])
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"type": "WordLevel"}, "a tokenizer of the type WordLevel cannot grow"),
        ({"end_of_word_suffix": "</w>"}, "a tokenizer with a end_of_word_suffix"),
        ({"normalizer": {"type": "Sequence", "normalizers": [{"type": "ByteLevel"}]}}, "whose normalizer makes bytes"),
    ],
)
def test_a_tokenizer_json_that_cannot_grow(tmp_path, change, message):
    write_growing_model(tmp_path / "old", "bytes")
    file = tmp_path / "old/tokenizer.json"
    content = json.loads(file.read_text())
    if "normalizer" in change:
        content |= change
    else:
        content["model"] |= change
    if "type" in change:
        content["model"] = {"type": "WordLevel", "vocab": content["model"]["vocab"], "unk_token": "a"}
    file.write_text(json.dumps(content))
    with pytest.raises(UserError, match=message):
        opened(tmp_path / "old")


def test_a_sentencepiece_model_that_cannot_grow(tmp_path):
    write_growing_model(tmp_path / "old", "sentencepiece")
    sentencepiece(tmp_path / "old", "unigram")
    with pytest.raises(UserError, match="a sentencepiece model of the type unigram cannot grow"):
        opened(tmp_path / "old")


def test_damaged_or_quantised_weights_leave_nothing(tmp_path):
    write_growing_model(tmp_path / "old", "bytes")
    file = tmp_path / "old/model.safetensors"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    with pytest.raises(UserError, match="is damaged"):
        extended(tmp_path / "old", tmp_path / "new")
    assert [path.name for path in Path(tmp_path).iterdir()] == ["old"]
