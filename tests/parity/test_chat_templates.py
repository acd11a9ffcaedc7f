"""Chat templates as transformers renders and encodes them: published ones, and the one that an export gets."""

import json
import random

import numpy as np
import pytest

from commit_llm.data.chat.single_instruction import single_instruction_template
from commit_llm.data.chat.template import TODAY, ChatTemplate
from commit_llm.data.examples import Example, NoExample, NoExampleReason
from commit_llm.data.forms.chat import ChatForm
from commit_llm.data.prompts import alpaca_prompt
from commit_llm.data.tokenizer import load_tokenizer
from commit_llm.data.tokenizer_files import copy_tokenizer
from tests.data.tokenizer_folders import template as post_processor
from tests.data.tokenizer_folders import write_bytes_tokenizer

pytestmark = [pytest.mark.parity, pytest.mark.filterwarnings("default")]
NAMES = [
    "SmolLM2 (its own file)", "ChatML", "Llama 2", "Mistral 7B v0.1", "Llama 3", "Llama 3.1", "Llama 3.2",
    "Llama 3 on a base (eos <|end_of_text|> only)", "Gemma 1 and 2", "Gemma 3", "Qwen2.5", "Qwen3",
    "Qwen3 enable_thinking=False", "Qwen3 instruct 2507", "Qwen3.5 think", "Phi-3, stops only its eos_token",
    "Llama 3 training (generation tags)",
]  # fmt: skip
NO_SYSTEM = ("Mistral 7B v0.1", "Gemma 1 and 2")
PARTS = [
    "Where",
    "is it?",
    " ",
    "  ",
    "\n",
    "\n\n",
    "\t",
    "ναι",
    "हाँ",
    "ไม่",
    "🙂",
    "user",
    "{{ x }}",
    "[INST]",
    "'",
    '"',
    "\\",
]


CONVERSATION = [{"role": "user", "content": "Where?"}, {"role": "assistant", "content": "Here."}]


@pytest.fixture(scope="module")
def published(shared):
    return json.loads(shared.data("chat_templates.json").read_text(encoding="utf-8"))


def conversations(number):
    """Random ones of one to three turns, some behind a system message, with any white space."""
    generator = random.Random(33)
    for _ in range(number):
        roles = ["user", "assistant"] * generator.randint(1, 3)
        roles = ["system"] * (generator.random() < 0.2) + roles
        yield [
            {"role": role, "content": "a" + "".join(generator.choices(PARTS, k=generator.randint(0, 6)))}
            if generator.random() < 0.7
            else {"role": role, "content": "".join(generator.choices(PARTS, k=generator.randint(1, 6))) + "z"}
            for role in roles
        ]


def trained_spans(example):
    """The tokens of each stretch that is trained."""
    edges = np.flatnonzero(np.diff(example.loss_mask, prepend=0, append=0))
    return [example.tokens[start:end].tolist() for start, end in edges.reshape(-1, 2)]


def test_the_published_ones_are_all_here(published):
    assert list(published) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_ids_are_those_of_apply_chat_template(published, tmp_path, name):
    """And what is trained are the answers with the first stop behind them, each once, in their order."""
    from transformers import PreTrainedTokenizerFast

    entry = published[name]
    tokens = {key: token for key, token in entry["special_tokens"].items() if token is not None}
    specials = dict.fromkeys(["<unk>", "<s>", "</s>", *tokens.values(), *entry["stops"]])
    write_bytes_tokenizer(tmp_path, None, {"bos_token": "<s>", "eos_token": "</s>"} | tokens, list(specials))
    ours = load_tokenizer(tmp_path)
    theirs = PreTrainedTokenizerFast(tokenizer_file=str(tmp_path / "tokenizer.json"), **tokens)
    values = tokens | entry["settings"]
    form = ChatForm(ChatTemplate(entry["template"], name, values, tuple(entry["stops"]), TODAY), strip_answers=False)
    if "base" in name:
        example = form.encode(ours, {"messages": CONVERSATION}, form.texts({"messages": CONVERSATION}, 0))
        assert example.reason is NoExampleReason.NO_STOP
        return
    stops = {ours.specials[stop] for stop in entry["stops"]}
    kinds = {"examples": 0, "refused": 0}
    for messages in conversations(300):
        record = {"messages": messages}
        example = form.encode(ours, record, form.texts(record, 0))
        try:
            asked = theirs.apply_chat_template(
                messages, chat_template=entry["template"], return_dict=True, **entry["settings"]
            )["input_ids"]
        except Exception:  # whatever a template raises
            asked = None
        if asked is None:
            assert isinstance(example, NoExample)
            assert example.reason is NoExampleReason.REFUSED
            kinds["refused"] += 1
            continue
        assert isinstance(example, Example), example
        if "strftime_now" not in entry["template"]:
            assert example.tokens.tolist() == asked
        answers = [message["content"].strip() for message in messages if message["role"] == "assistant"]
        spans = trained_spans(example)
        assert len(spans) == len(answers) - example.untrained
        for span, answer in zip(spans, answers[example.untrained :], strict=True):
            assert answer in ours.decode(span)
            assert [token in stops for token in span] == [False] * (len(span) - 1) + [True]
        kinds["examples"] += 1
    assert kinds["examples"] > 200
    assert (kinds["refused"] > 0) == (name in NO_SYSTEM)


@pytest.mark.parametrize("question", ["Where?", " {{ x }}\n", "Πού;", "a\n\n### Input:\nb"])
@pytest.mark.parametrize("kind", ["bytes", "pieces"])
def test_the_template_of_an_export(shared, tmp_path, kind, question):
    from transformers import AutoTokenizer, PreTrainedTokenizerFast

    if kind == "bytes":
        tokenizer = load_tokenizer(write_bytes_tokenizer(tmp_path / "bytes", post_processor()))
        theirs = PreTrainedTokenizerFast(tokenizer_file=str(tokenizer.path), bos_token="<s>", eos_token="</s>")
    else:
        tokenizer = load_tokenizer(shared.data("tokenizer/tokenizer.model"))
        copy_tokenizer(tokenizer, tmp_path)
        (tmp_path / "config.json").write_text('{"model_type": "llama"}')
        theirs = AutoTokenizer.from_pretrained(str(tmp_path))
    asked = theirs.apply_chat_template(
        [{"role": "user", "content": question}],
        chat_template=single_instruction_template(tokenizer),
        add_generation_prompt=True,
        return_dict=True,
    )
    assert asked["input_ids"] == [*tokenizer.bos, *tokenizer.encode(alpaca_prompt(question))]
