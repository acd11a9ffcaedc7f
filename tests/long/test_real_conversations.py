"""Conversations with a real model, SmolLM2-135M-Instruct: its tokens at inference, and 60 steps beside transformers."""

import json
import random
import subprocess
import sys

import numpy as np
import pytest

from commit_llm.data.chat.template import find_chat_template
from commit_llm.data.examples import Example
from commit_llm.data.forms.chat import ChatForm
from commit_llm.evaluate.answers import Answerer, answer
from commit_llm.evaluate.encoded_prompts import EncodedPrompt
from commit_llm.evaluate.endings import Ending
from commit_llm.train.model_source import open_model
from commit_llm.train.weights import load_params

WHITE = ["", " ", "\n", "\n\n", "\t", "  ", " \n"]
NEW_TOKENS = 32


@pytest.fixture(scope="module")
def records(shared):
    lines = shared.data("alpaca/alpaca_1807.jsonl").read_text("utf-8").splitlines()
    return [record for record in map(json.loads, lines) if record["output"].strip()]


def as_turn(record, around=""):
    question = f"{record['instruction']}\n\n{record['input']}" if record["input"] else record["instruction"]
    return [{"role": "user", "content": question}, {"role": "assistant", "content": around + record["output"] + around}]


@pytest.mark.parametrize(("turns", "number", "any_white_space"), [(1, 400, False), (1, 400, True), (3, 150, False)])
def test_the_tokens_before_an_answer_are_those_of_inference(smollm2, records, turns, number, any_white_space):
    source, generator = open_model(str(smollm2), weights=False), random.Random(33)
    template = find_chat_template(source.tokenizer, source.stops)
    form, same = ChatForm(template, train_on="last", strip_answers=not any_white_space), 0
    for row in range(number):
        drawn = records[turns * row : turns * (row + 1)]
        around = generator.choice(WHITE) if any_white_space else ""
        messages = [message for record in drawn for message in as_turn(record, around)]
        example = form.encode(source.tokenizer, record := {"messages": messages}, form.texts(record, 0))
        assert isinstance(example, Example), example
        prompt = source.tokenizer.encode_rendered(template.render(messages[:-1], True)).ids
        before = int(np.argmax(example.loss_mask))
        same += example.tokens[:before].tolist() == prompt
    assert same == number


@pytest.fixture(scope="module")
def exported(smollm2, shared, records, tmp_path_factory):
    """Sixty steps on mixed conversations of two turns, and their export in fp32."""
    folder = tmp_path_factory.mktemp("conversations")
    rows = [as_turn(first) + as_turn(second) for first, second in zip(records[::2], records[1::2], strict=False)]
    text = "".join(json.dumps({"messages": row}) + "\n" for row in rows)
    (folder / "chats.jsonl").write_text(text, encoding="utf-8")
    files = ["--model", smollm2, "--data", folder / "chats.jsonl", "--dictionary", shared.data("muse/en-el.txt")]
    size = ["--steps", 60, "--warmup-steps", 6, "--batch-size", 1, "--seq-len", 256, "--learning-rate", 1e-4]
    for command in (
        ["train", "commit", "--prompt", "chat", *files, *size, "--out", folder / "run"],
        ["export", folder / "run", "--out", folder / "model", "--dtype", "float32"],
    ):
        process = subprocess.run(
            [sys.executable, "-m", "commit_llm", *map(str, command)], capture_output=True, text=True, check=False
        )
        assert process.returncode == 0, process.stderr
        print(process.stdout, process.stderr)
    return folder / "model"


def test_transformers_writes_what_we_write(exported, records):
    """By `apply_chat_template`, greedily, with the stops of the export."""
    torch = pytest.importorskip("torch", reason="torch is not installed (extra parity)")
    transformers = pytest.importorskip("transformers", reason="transformers is not installed (extra parity)")
    source = open_model(str(exported))
    template = find_chat_template(source.tokenizer, source.stops)
    asked = [as_turn(record)[:1] for record in records[-20:]]
    ids = [source.tokenizer.encode_rendered(template.render(messages, True)).ids for messages in asked]
    params = load_params(source)[0]
    model = Answerer.of(source.config, params, source.tokenizer, source.stops, np.dtype(np.float32), mesh="1,1,1")
    prompts, answers = [EncodedPrompt(prompt, False) for prompt in ids], {}
    ending = Ending(source.stops, until=())
    for batch in answer(model, prompts, 4, ending=ending, longest=1024, max_new_tokens=NEW_TOKENS):
        answers |= batch
    tokenizer = transformers.AutoTokenizer.from_pretrained(exported)
    theirs = transformers.AutoModelForCausalLM.from_pretrained(exported, dtype=torch.float32).eval()
    for place, messages in enumerate(asked):
        encoded = tokenizer.apply_chat_template(
            messages, add_generation_prompt=True, return_dict=True, return_tensors="pt"
        )["input_ids"]
        assert encoded[0].tolist() == ids[place]
        output = theirs.generate(encoded, max_new_tokens=NEW_TOKENS, do_sample=False)[0, encoded.shape[1] :]
        assert answers[place].text == tokenizer.decode(output, skip_special_tokens=True), place


def test_lm_eval_asks_as_we_ask(exported, shared, tmp_path):
    pytest.importorskip("torch", reason="torch is not installed (extra parity)")
    from tests.parity.test_evaluation import by_lm_eval, first_line

    ask = ["eval", exported, "--tasks", "xquad_chat_el", "--limit", 20, "--data-dir", shared.data("xquad")]
    command = [sys.executable, "-m", "commit_llm", *map(str, ask), "--out", str(tmp_path / "ours")]
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stderr
    lines = (tmp_path / "ours" / "predictions.jsonl").read_text("utf-8").splitlines()
    ours = {row["id"]: row["prediction"] for row in map(json.loads, lines)}
    _, theirs = by_lm_eval(
        exported, shared.data("xquad"), "xquad_chat_el", 20, tmp_path / "theirs", ",add_bos_token=False",
        "--apply_chat_template",
    )  # fmt: skip
    assert {id: first_line(text) for id, text in theirs.items()} == ours
    assert len(set(ours.values())) > 5
