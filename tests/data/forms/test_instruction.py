"""Instruction examples: exactly which tokens are trained, and which texts may be mixed."""

import numpy as np
import pytest

from commit_llm.codemix import BilingualDictionary, CodeMixer
from commit_llm.data.examples import Cut
from commit_llm.data.forms.instruction import InstructionForm, encode_apart
from commit_llm.data.prompts import joined
from commit_llm.errors import UserError

RECORD = {"instruction": "Say hi to dog", "input": "", "output": "hi dog"}


def trained(tokenizer, example):
    return tokenizer.decode(example.tokens[example.loss_mask > 0].tolist())


def test_the_whole_answer_and_eos_are_trained(tokenizer):
    example = encode_apart(tokenizer, "### Response:", "hi dog")
    prompt, answer = tokenizer.encode("### Response:"), tokenizer.encode("hi dog")
    assert example.tokens.tolist() == [tokenizer.bos_id, *prompt, *answer, tokenizer.eos_id]
    assert example.loss_mask.tolist() == [0] * (1 + len(prompt)) + [1] * (len(answer) + 1)
    assert (example.tokens.dtype, example.loss_mask.dtype) == (np.int32, np.float32)


def test_special_literals_stay_text(tokenizer):
    example = encode_apart(tokenizer, "say <s>", "</s> and <unk>")
    assert example.tokens.tolist().count(tokenizer.bos_id) == 1
    assert example.tokens.tolist().count(tokenizer.eos_id) == 1
    assert trained(tokenizer, example) == "</s> and <unk>"


def test_special_literals_stay_text_in_sentencepiece(llama):
    example = encode_apart(llama, "say <s>", "</s> and <unk>")
    assert [int((example.tokens == token).sum()) for token in (0, 1, 2)] == [0, 1, 1]


def test_blocked_and_naive_mixing():
    mixer = CodeMixer(
        BilingualDictionary.from_pairs([("dog", "σκύλος"), ("request", "αίτημα"), ("a", "ένα")]), ratio=1.0
    )

    def mixed(form):
        return map(joined, form.layout(RECORD, mixer.mix_example(form.texts(RECORD, 0), row=0).texts))

    blocked, answer = mixed(InstructionForm())
    assert "Say hi to σκύλος" in blocked
    assert "completes the request" in blocked
    naive, _ = mixed(InstructionForm(block_template=False))
    assert "completes the αίτημα" in naive
    assert answer == "hi σκύλος"


@pytest.mark.parametrize("block_template", [True, False])
def test_a_missing_input_takes_the_prompt_without_one(block_template):
    form = InstructionForm(block_template)
    without = {"instruction": "a", "output": "b"}
    texts = form.texts(without, 0)
    assert texts == form.texts({**without, "input": None}, 0)
    assert "### Input" not in joined(form.layout(without, texts)[0])
    assert "### Input" in joined(form.layout(without, form.texts({**without, "input": " "}, 0))[0])
    with pytest.raises(UserError, match="record 5 of the data: no field 'output'"):
        form.texts({"instruction": "a"}, 4)


def test_where_rows_may_cut(tokenizer):
    for form, cut in (
        (InstructionForm(), Cut.NOWHERE),
        (InstructionForm(cut=Cut.IF_LONG), Cut.IF_LONG),
        (InstructionForm(original=True), Cut.ANYWHERE),
    ):
        assert form.encode(tokenizer, RECORD, form.texts(RECORD, 0)).cut is cut


def test_the_document_is_the_input():
    form = InstructionForm()
    assert list(form.documents({"instruction": "a", "input": "one", "output": "b"})) == ["one"]
    for no_text in ({}, {"input": None}, {"input": 3}):
        assert list(form.documents({"instruction": "a", "output": "b", **no_text})) == []
