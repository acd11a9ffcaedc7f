"""Plain text: the grammar of fields, which tokens are trained, which texts are documents."""

import pytest

from commit_llm.data.examples import Cut, Example, NoExample, NoExampleReason
from commit_llm.data.forms.plain_text import PlainTextForm
from commit_llm.data.prompts import Passage
from commit_llm.errors import UserError


def encode(tokenizer, record, **settings):
    form = PlainTextForm(**settings)
    return form.encode(tokenizer, record, form.texts(record, 0))


def test_plain_text_has_one_bos_and_one_eos(tokenizer):
    example = encode(tokenizer, {"text": "hi dog"})
    assert example.tokens.tolist() == [tokenizer.bos_id, *tokenizer.encode("hi dog"), tokenizer.eos_id]
    assert example.loss_mask.tolist() == [0] + [1] * (len(example.tokens) - 1)
    assert example.cut is Cut.ANYWHERE
    masked = encode(tokenizer, {"a": "hi", "b": "dog"}, fields="[a],b")
    assert tokenizer.decode(masked.tokens[masked.loss_mask > 0].tolist()) == "dog"


def test_blank_text_is_no_example(tokenizer):
    assert encode(tokenizer, {"text": " \n"}) == NoExample(NoExampleReason.BLANK)
    assert encode(tokenizer, {"a": " ", "b": ""}, fields="a+b,<|eos|>") == NoExample(NoExampleReason.BLANK)
    assert isinstance(encode(tokenizer, {"a": " ", "b": "."}, fields="a+b,<|eos|>"), Example)
    assert isinstance(encode(tokenizer, {"text": " "}, original=True), Example)


@pytest.mark.parametrize("fields", ["", "a,,b", "a+", "[a", "a]b"])
def test_fields_that_mean_nothing(fields):
    with pytest.raises(UserError, match="is not a field"):
        PlainTextForm(fields)


def test_texts_and_layout():
    form = PlainTextForm("[a+b],<|eos|>,c,a", prepend_text="PRE ")
    record = {"a": "1", "b": "2", "c": "3", "d": 4}
    assert form.texts(record, 0) == {"a": "1", "b": "2", "c": "3"}
    with pytest.raises(UserError, match="record 8 of the data: no field 'c'"):
        form.texts({"a": "1", "b": "2"}, 7)
    assert form.layout(record, {"a": "x", "b": "y", "c": "z"}) == [
        [Passage("PRE "), Passage("x", "a"), Passage("\n"), Passage("y", "b")],
        [Passage("z", "c")],
        [Passage("x", "a")],
    ]


def test_documents():
    def documents(record, fields="text"):
        return list(PlainTextForm(fields).documents(record))

    record = {"title": "t", "text": "two", "note": "n", "number": 3}
    assert documents(record) == ["two"]
    assert documents(record, "[title],<|eos|>,text") == ["t", "two"]
    assert documents(record, "text+note") == ["two", "n", "two\nn"]
    assert documents(record, "text+number+missing") == ["two"]
