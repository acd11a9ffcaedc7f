"""Prompts, tokens, masks and batches of the -2024 recipes against the original's own outputs."""

import dataclasses
import json

import numpy as np
import pytest

from commit_llm.codemix import BilingualDictionary, CodeMixer
from commit_llm.data.examples import Example
from commit_llm.data.forms.instruction import InstructionForm
from commit_llm.data.forms.plain_text import PlainTextForm
from commit_llm.data.loader import open_batches, open_examples
from commit_llm.data.packing.example_order import Examples
from commit_llm.data.packing.stream_packer import StreamPacker
from commit_llm.data.prompts import ALPACA_WITH_INPUT, ALPACA_WITHOUT_INPUT
from commit_llm.errors import UserError
from commit_llm.recipes import find_recipe
from tests.conftest import GOLDEN


@pytest.fixture(scope="module")
def first_only(shared):
    """A mixer at ratio 1 with only the first translation of each word."""

    def mixer(pair):
        dictionary = BilingualDictionary.load(shared.data(f"muse/{pair}.txt")).first_only()
        return CodeMixer(dictionary, ratio=1.0, style="original")

    return mixer


def encode(llama, record, mixer=None, form=InstructionForm(original=True)):  # noqa: B008 (it is frozen)
    texts = form.texts(record, 0)
    return form.encode(llama, record, texts if mixer is None else mixer.mix_example(texts, row=0).texts)


def same(example, tokens, loss_masks):
    return example.tokens.tolist() == tokens and example.loss_mask.tolist() == loss_masks


def test_prompt_templates(shared):
    english = shared.golden_json("prompt_templates.json")["en"]
    assert english == {"prompt_input": ALPACA_WITH_INPUT, "prompt_no_input": ALPACA_WITHOUT_INPUT}


def test_tokenizer_cases(shared, llama):
    cases = shared.golden_json("tokenizer_cases.json")
    assert len(cases) == 17
    for case in cases:
        assert llama.encode(case["text"]) == case["raw"]
        assert [llama.bos_id, *llama.encode_with_specials(case["text"]), llama.eos_id] == case["ids"]


def test_example_tokens(shared, llama, alpaca_999, first_only):
    mixer = first_only("en-el")
    cases = shared.golden_json("example_tokens.json")
    assert len(cases) == 40
    for case in cases:
        record = alpaca_999[case["i"]]
        assert same(encode(llama, record), case["tokens"], case["loss_masks"])
        for block in (True, False):
            golden = case[f"el_block{block}_tokens"], case[f"el_block{block}_loss_masks"]
            assert same(encode(llama, record, mixer, InstructionForm(block, original=True)), *golden)


def test_odd_examples(shared, llama, first_only):
    mixer = first_only("en-el")
    cases = shared.golden_json("example_tokens_edge.json")
    assert len(cases) == 18
    for case in cases:
        example = encode(llama, case["ex"], mixer if case["mode"] == "el" else None)
        assert same(example, case["tokens"], case["loss_masks"]), case["ex"]


def test_plain_text(shared, llama):
    cases = shared.golden_json("align_example_tokens.json")
    for case, record in zip(cases, shared.contexts("el"), strict=False):
        assert same(encode(llama, record, form=PlainTextForm(original=True)), case["tokens"], case["loss_masks"])


def test_fields_grammar(shared, llama):
    record = {"a": "hello world", "b": "good bye"}
    for case in shared.golden_json("fields_tokens.json"):
        form = PlainTextForm(case["fields"], prepend_text="PRE ", separator="\n", original=True)
        assert same(encode(llama, record, form=form), case["tokens"], case["loss_masks"]), case["fields"]


BATCHES = [
    "batch_alpaca_naive",
    *(f"batch_commit_{lang}_first_r1_block{block}" for lang in ("hi", "el", "th") for block in (True, False)),
    "batch_align_el_first_r0",
    "batch_align_el_first_r1",
    "batch_align_el_nodict",
]


@pytest.mark.parametrize("name", BATCHES)
def test_batches(shared, llama, alpaca_999, first_only, name):
    """Through the pipeline that trains: the recipe's own, but for rows a batch and the dictionary."""
    align = "align" in name
    recipe = find_recipe("align-2024" if align else "commit-2024")
    recipe = dataclasses.replace(recipe, batch_size=4, block_template="blockTrue" in name)
    mixer = None
    if "first_r1" in name:
        mixer = first_only("el-en" if align else f"en-{name.split('_')[2]}")
    records = shared.contexts("el") if align else alpaca_999
    batches = open_batches(recipe, open_examples(recipe, records, llama, mixer))
    golden = np.load(shared.golden(f"{name}.npz"))
    for index in range(3):
        batch = next(batches)
        for key in ("input_tokens", "target_tokens", "loss_masks"):
            expected = golden[f"{key}_{index}"]
            np.testing.assert_array_equal(batch[key], expected)
            assert batch[key].dtype == expected.dtype


@pytest.mark.parametrize("case", json.loads((GOLDEN / "packing_cases.json").read_text()), ids=lambda c: str(c["lens"]))
def test_packing(case):
    lengths = case["lens"]

    def make(epoch, index, place):
        tokens = np.arange(sum(lengths[:index]), sum(lengths[: index + 1]), dtype=np.int32)
        return Example(tokens, (tokens % 2).astype(np.float32))

    packer = StreamPacker(Examples(range(len(lengths)), make), rows=2, seq_len=4)
    if not case["batches_two_epochs"]:
        with pytest.raises(UserError, match="too few for one batch of 2 x 4"):
            next(packer)
    for number, golden in enumerate(case["batches_two_epochs"], 1):
        batch = next(packer)
        assert batch["input_tokens"].tolist() == golden["inp"]
        assert batch["target_tokens"].tolist() == golden["tgt"]
        assert batch["loss_masks"].tolist() == golden["mask"]
        appended_last = (packer.get_state()["position"] - 1) % len(lengths)
        metrics = {"dataset_example_index": appended_last, "dataset_total_tokens": 8 * number}
        assert golden["metrics"] == metrics
