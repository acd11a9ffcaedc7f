"""The mended examples: exactly which tokens are trained."""

import dataclasses

import numpy as np
import pytest

from commit_llm.codemix import BilingualDictionary, CodeMixer
from commit_llm.data.examples import TextForm, columns, encode_instruction, instruction_texts, unmixed
from commit_llm.data.loader import ExampleMaker, make_mixer, open_batches, prefetched
from commit_llm.data.mixing_flags import MixingFlags
from commit_llm.data.tokenizer import load_tokenizer
from commit_llm.errors import UserError
from commit_llm.recipes import find_recipe

RECORD = {"instruction": "Say hi to dog", "input": "", "output": "hi dog"}


@pytest.fixture(scope="module")
def tokenizer(example):
    return load_tokenizer(example / "model")


def trained(tokenizer, made):
    return tokenizer.decode(made.tokens[made.loss_mask > 0].tolist())


def test_the_whole_answer_and_eos_are_trained(tokenizer):
    made = encode_instruction(tokenizer, "### Response:", "hi dog")
    prompt, answer = tokenizer.encode("### Response:"), tokenizer.encode("hi dog")
    assert made.tokens.tolist() == [tokenizer.bos_id, *prompt, *answer, tokenizer.eos_id]
    assert made.loss_mask.tolist() == [0] * (1 + len(prompt)) + [1] * (len(answer) + 1)
    assert (made.tokens.dtype, made.loss_mask.dtype) == (np.int32, np.float32)


def test_special_literals_stay_text(tokenizer):
    made = encode_instruction(tokenizer, "say <s>", "</s> and <unk>")
    assert made.tokens.tolist().count(tokenizer.bos_id) == 1
    assert made.tokens.tolist().count(tokenizer.eos_id) == 1
    assert trained(tokenizer, made) == "</s> and <unk>"


def test_special_literals_stay_text_in_sentencepiece(llama):
    made = encode_instruction(llama, "say <s>", "</s> and <unk>")
    assert [int((made.tokens == token).sum()) for token in (0, 1, 2)] == [0, 1, 1]


def test_plain_text_has_one_bos_and_one_eos(tokenizer):
    made = TextForm("text").encode(tokenizer, {"text": "hi dog"}, 0)
    assert made.tokens.tolist() == [tokenizer.bos_id, *tokenizer.encode("hi dog"), tokenizer.eos_id]
    assert made.loss_mask.tolist() == [0] + [1] * (len(made.tokens) - 1)
    masked = TextForm("[a],b").encode(tokenizer, {"a": "hi", "b": "dog"}, 0)
    assert trained(tokenizer, masked) == "dog"


def test_blank_text_is_no_example(tokenizer):
    assert TextForm("text").encode(tokenizer, {"text": " \n"}, 0) is None


@pytest.mark.parametrize("fields", ["", "a,,b", "a+", "[a", "a]b"])
def test_fields_that_mean_nothing(fields):
    with pytest.raises(UserError, match="is no field"):
        TextForm(fields)


def test_blocked_and_naive_mixing():
    mixer = CodeMixer(
        BilingualDictionary.from_pairs([("dog", "σκύλος"), ("request", "αίτημα"), ("a", "ένα")]), ratio=1.0
    )

    def mix(texts):
        return mixer.mix_example(texts, row=0).texts

    blocked, answer = instruction_texts(RECORD, 0, mix, block_template=True)
    assert "Say hi to σκύλος" in blocked
    assert "completes the request" in blocked
    naive, _ = instruction_texts(RECORD, 0, mix, block_template=False)
    assert "completes the αίτημα" in naive
    assert answer == "hi σκύλος"


def test_a_missing_input_takes_the_prompt_without_one():
    without = instruction_texts({"instruction": "a", "output": "b"}, 0, unmixed, True)
    assert without == instruction_texts({"instruction": "a", "input": None, "output": "b"}, 0, unmixed, True)
    assert "### Input" not in without[0]
    with pytest.raises(UserError, match="record 5 of the data: no field 'output'"):
        instruction_texts({"instruction": "a"}, 4, unmixed, True)


def test_columns():
    assert columns({"input": "", "output": "", "instruction": "", "id": 1}, 0) == ("instruction", "input", "output")
    assert columns({"input": None, "output": "", "instruction": ""}, 0) == ("instruction", "output")
    assert columns({"text": ""}, 0) == ("text",)
    with pytest.raises(UserError, match=r"record 3 of the data: no column .* name some with --fields"):
        columns({"content": ""}, 2)


def test_each_epoch_is_mixed_anew_and_the_same_again(tokenizer):
    recipe = dataclasses.replace(find_recipe("commit"), ratio=0.5)
    words = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
    mixer = CodeMixer(BilingualDictionary.from_pairs([(word, word[::-1]) for word in words]), ratio=0.5)
    record = {"instruction": " ".join(words), "output": "one"}
    make = ExampleMaker(recipe, [record], tokenizer, mixer)
    assert (make(0, 0).tokens == make(0, 0).tokens).all()
    assert make(0, 0).tokens.tolist() != make(1, 0).tokens.tolist()


def test_a_dictionary_without_a_hit(tokenizer):
    mixer = CodeMixer(BilingualDictionary.from_pairs([("γάτα", "cat")], "el-en.txt"), ratio=0.5)
    message = r"el-en\.txt: has none of the data's words, and turned round none; its source language"
    with pytest.raises(UserError, match=message):
        open_batches(find_recipe("commit"), [RECORD], tokenizer, mixer)


def test_the_other_direction_is_told(tokenizer):
    mixer = CodeMixer(BilingualDictionary.from_pairs([("σκύλος", "dog"), ("πες", "say")], "el-en.txt"), ratio=0.5)
    message = r"none of the data's words, and turned round \d+\.\d %; take .* the other direction"
    with pytest.raises(UserError, match=message):
        open_batches(find_recipe("commit"), [RECORD], tokenizer, mixer)


def test_fields_to_mix(tokenizer):
    """The others stay; a name that is no field is told."""
    mixer = CodeMixer(BilingualDictionary.from_pairs([("dog", "cat")]), ratio=1.0)
    recipe = dataclasses.replace(find_recipe("commit"), mix_fields=("output",))
    text = tokenizer.decode(ExampleMaker(recipe, [RECORD], tokenizer, mixer)(0, 0).tokens.tolist())
    assert ("hi to dog" in text, "hi cat" in text) == (True, True)
    with pytest.raises(UserError, match="mixed_fields question: no such field is mixed here; there are instruction,"):
        open_batches(dataclasses.replace(recipe, mix_fields=("question",)), [RECORD], tokenizer, mixer)


def test_few_hits_are_told(tokenizer, caplog):
    mixer = CodeMixer(BilingualDictionary.from_pairs([("dog", "σκύλος")], "el-en.txt"), ratio=0.5)
    records = [{"instruction": "a b c d e f g h i j", "output": "k l m n o p q r s t u v"}] * 3 + [RECORD]
    open_batches(find_recipe("commit"), records, tokenizer, mixer)
    assert "el-en.txt: has 2.8 % of the data's words, and turned round none; its source" in caplog.text
    caplog.clear()
    open_batches(find_recipe("commit"), [RECORD], tokenizer, mixer)
    assert caplog.text == ""


def test_a_hit_in_a_later_record_is_enough(tokenizer):
    mixer = CodeMixer(BilingualDictionary.from_pairs([("dog", "σκύλος")]), ratio=0.5)
    recipe = dataclasses.replace(find_recipe("commit"), seq_len=256)
    assert next(open_batches(recipe, [{"instruction": "x", "output": "y"}, RECORD], tokenizer, mixer))


def test_a_record_that_lacks_a_field_is_told_before_the_first_batch(tokenizer):
    with pytest.raises(UserError, match="record 3 of the data: no field 'output'"):
        open_batches(find_recipe("alpaca"), [RECORD, RECORD, {"instruction": "x"}], tokenizer, None)


def test_mixing_needs_a_dictionary():
    assert make_mixer(MixingFlags(ratio=0.0)) is None
    with pytest.raises(UserError, match="the recipe mixes nothing"):
        make_mixer(MixingFlags(("en-el.txt",), 0.0))
    with pytest.raises(UserError, match="mixing needs a --dictionary"):
        make_mixer(MixingFlags(ratio=0.5))


def test_prefetched_batches_are_the_same_with_the_state_of_the_last_taken(tokenizer):
    recipe = dataclasses.replace(find_recipe("alpaca"), batch_size=1, seq_len=128)
    records = [{"instruction": f"count to {n}", "output": "one " * (n % 9)} for n in range(40)]
    plain = open_batches(recipe, records, tokenizer, None)
    expected = [(next(plain), plain.get_state()) for _ in range(6)]
    with prefetched(open_batches(recipe, records, tokenizer, None)) as batches:
        for batch, state in expected:
            taken = next(batches)
            assert all((taken[key] == batch[key]).all() for key in batch)
            assert batches.get_state() == state
