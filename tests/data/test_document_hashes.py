"""Hashes of documents: which texts are the same, which texts of a record count, how they are written."""

import hashlib
import logging
import unicodedata

import numpy as np
import pytest

from commit_llm.data.document_hashes import document_hash, from_json, hash_documents, hash_texts, merge, to_json
from commit_llm.data.forms.instruction import InstructionForm
from commit_llm.data.forms.plain_text import PlainTextForm


def test_the_hash_is_the_first_eight_bytes():
    assert document_hash(" Anna\tLIVES\n") == int(hashlib.sha256(b"anna lives").hexdigest()[:16], 16)


@pytest.mark.parametrize(
    "other",
    [
        "Η ΪΔΙΑ Αΰπνη Ελένη μένει στην Αθήνα",
        unicodedata.normalize("NFD", "Η Ϊδια αΰπνη Ελένη μένει στην Αθήνα"),
        unicodedata.normalize("NFD", "Η Ϊδια αΰπνη Ελένη μένει στην Αθήνα").upper(),
        "\ufeffΗ Ϊδια αΰπνη Ελένη\r\n\u00a0μένει στην  Αθήνα ",
    ],
)
def test_other_forms_of_the_same_text(other):
    assert document_hash(other) == document_hash("Η Ϊδια αΰπνη Ελένη μένει στην Αθήνα")


@pytest.mark.parametrize("other", ["Anna lives in Athens!", "Annalives in Athens", "Anna lives in", ""])
def test_other_texts(other):
    assert document_hash(other) != document_hash("Anna lives in Athens")


def test_half_a_character_is_hashed_too():
    assert document_hash("\ud800") != document_hash("\ud801")


def hashes(*texts):
    return sorted(map(document_hash, texts))


def test_the_input_of_instruction_examples():
    records = [
        {"instruction": "a", "input": "one", "output": "b"},
        {"instruction": "a", "input": " ONE ", "output": "b"},
        {"instruction": "a", "input": " \n", "output": "b"},
        {"instruction": "a", "input": None, "output": "b"},
        {"instruction": "a", "output": "b"},
        {"instruction": "a", "input": "two", "output": "b"},
    ]
    both = hash_documents(InstructionForm(), records, range(6))
    assert both.dtype == np.uint64
    assert both.tolist() == hashes("one", "two")
    assert hash_documents(InstructionForm(), records, np.array([5, 3])).tolist() == hashes("two")
    assert hash_documents(InstructionForm(), records, range(0)).tolist() == []


def test_the_texts_of_plain_text():
    records = [{"title": "t", "text": "one", "note": 3}, {"title": "", "text": "two", "note": "n"}]
    assert hash_documents(PlainTextForm(), records, range(2)).tolist() == hashes("one", "two")
    form = PlainTextForm("[title],<|eos|>,text")
    assert hash_documents(form, records, range(2)).tolist() == hashes("t", "one", "two")
    assert hash_documents(PlainTextForm("text+note"), records, range(2)).tolist() == hashes("one", "two", "n", "two\nn")


def test_a_hub_data_set(tmp_path):
    import datasets

    records = datasets.Dataset.from_list([{"text": f"text {number}"} for number in range(50)])
    assert hash_documents(PlainTextForm(), records, [3, 40]).tolist() == hashes("text 3", "text 40")


def test_many_records_are_told(monkeypatch, caplog):
    monkeypatch.setattr("commit_llm.data.document_hashes.WORTH_A_LINE", 1)
    with caplog.at_level(logging.INFO, "commit_llm"):
        hash_documents(PlainTextForm(), [{"text": "a"}], range(1))
        assert not caplog.messages
        hash_documents(PlainTextForm(), [{"text": "a"}] * 2, range(2))
    assert caplog.messages == ["hashing the texts of 2 records, once for this run"]


def test_written_and_read_again():
    known = merge(hash_texts(["a", "b", "c"]), hash_texts(["b", "d", ""]))
    assert known.tolist() == hashes("a", "b", "c", "d")
    held = to_json(known)
    assert held["number"] == 4
    assert f"{document_hash('a'):016x}" in held["sha256_64"]
    read = from_json(held)
    assert (read.dtype, read.tolist()) == (np.uint64, known.tolist())
    assert from_json(to_json(hash_texts([]))).tolist() == []


@pytest.mark.parametrize(
    ("held", "message"),
    [
        (3, "no sha256_64"),
        ({"number": 0}, "no sha256_64"),
        ({"number": 0, "sha256_64": ["00"]}, "no sha256_64"),
        ({"number": 1, "sha256_64": "0" * 15}, "not 16 hexadecimal digits"),
        ({"number": 1, "sha256_64": "00 00 00 00 00 0"}, "not 16 hexadecimal digits"),
        ({"number": 1, "sha256_64": "0" * 15 + "G"}, "not 16 hexadecimal digits"),
        ({"number": 1, "sha256_64": "0" * 15 + "٣"}, "not 16 hexadecimal digits"),
        ({"number": 2, "sha256_64": "0" * 16}, "number is 2, and there are 1"),
        ({"sha256_64": "0" * 16}, "number is null"),
        ({"number": 2, "sha256_64": "0" * 32}, "not in order"),
        ({"number": 2, "sha256_64": "f" * 16 + "0" * 16}, "not in order"),
    ],
)
def test_malformed_hashes(held, message):
    with pytest.raises(ValueError, match=message):
        from_json(held)
