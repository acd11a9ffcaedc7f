"""Examples of records: mixed anew each epoch, in the fields that are asked for."""

import pytest

from commit_llm.codemix import BilingualDictionary, CodeMixer, Counts
from commit_llm.data.example_maker import ExampleMaker
from commit_llm.data.forms.instruction import InstructionForm
from commit_llm.errors import UserError

RECORD = {"instruction": "Say hi to dog", "input": "", "output": "hi dog"}


def test_each_epoch_is_mixed_anew_and_the_same_again(tokenizer):
    words = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
    mixer = CodeMixer(BilingualDictionary.from_pairs([(word, word[::-1]) for word in words]), ratio=0.5)
    make = ExampleMaker(InstructionForm(), [{"instruction": " ".join(words), "output": "one"}], tokenizer, mixer)
    assert (make(0, 0).tokens == make(0, 0).tokens).all()
    assert make(0, 0).tokens.tolist() != make(1, 0).tokens.tolist()


def test_fields_to_mix(tokenizer):
    mixer = CodeMixer(BilingualDictionary.from_pairs([("dog", "cat")]), ratio=1.0)
    make = ExampleMaker(InstructionForm(), [RECORD], tokenizer, mixer, mix_fields=("output",))
    text = tokenizer.decode(make(0, 0).tokens.tolist())
    assert ("hi to dog" in text, "hi cat" in text) == (True, True)


def test_what_became_of_the_words_is_counted(tokenizer):
    mixer = CodeMixer(BilingualDictionary.from_pairs([("dog", "cat"), ("hi", "hi")]), ratio=1.0)
    example, words = ExampleMaker(InstructionForm(), [RECORD], tokenizer, mixer).mix_and_encode(0, 0)
    assert (words.replaced, words.identity_only, words.words) == (2, 2, 6)
    make = ExampleMaker(InstructionForm(), [RECORD], tokenizer)
    assert make.mix_and_encode(0, 0).words == Counts()
    assert len(example.tokens) > 10


def test_columns(tokenizer):
    records = [RECORD, {"instruction": "x", "output": "y"}, {"instruction": "z", "output": ""}]
    make = ExampleMaker(InstructionForm(), records, tokenizer)
    columns = {name: column.to_pylist() for name, column in make.columns([2, 0]).items()}
    assert columns == {"instruction": ["z", "Say hi to dog"], "input": ["", ""], "output": ["", "hi dog"]}
    assert make.columns([]) == {}


class Talks:
    """A form of which each record has as many texts as it says."""

    def texts(self, record, index):
        return {f"user {number}": "dog" for number in range(record)}

    def encode(self, tokenizer, record, texts):
        return texts


def test_records_with_more_and_fewer_texts(tokenizer, monkeypatch):
    """Of the names to mix one may be missing. One long record does not widen the table of all."""
    mixer = CodeMixer(BilingualDictionary.from_pairs([("dog", "cat")]), ratio=1.0)
    make = ExampleMaker(Talks(), [1, 3, 0], tokenizer, mixer, mix_fields=("user 0", "user 2"))
    columns = {name: column.to_pylist() for name, column in make.columns(range(3)).items()}
    assert columns == {"user 0": ["dog", "dog", None], "user 1": [None, "dog", None], "user 2": [None, "dog", None]}
    assert [[*make(0, index).values()] for index in range(3)] == [["cat"], ["cat", "dog", "cat"], []]
    monkeypatch.setattr("commit_llm.data.example_maker.MOST_TEXTS", 2)
    assert list(make.columns(range(3))) == ["user 0", "user 1"]


def test_records_in_memory_are_looked_through(tokenizer):
    records = [RECORD, {"instruction": "x"}]
    with pytest.raises(UserError, match="record 2 of the data: no field 'output'"):
        ExampleMaker(InstructionForm(), records, tokenizer).require_fields()
    ExampleMaker(InstructionForm(), tuple(records), tokenizer).require_fields()  # as those of the hub: not in a list
