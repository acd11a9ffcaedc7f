"""The chat template that an export of an instruction-tuned model gets."""

import json
from pathlib import Path

import pytest

from commit_llm.data.chat.prompt_file import PromptFile
from commit_llm.data.chat.sandbox import Sandbox
from commit_llm.data.chat.single_instruction import REFUSAL, single_instruction_template, write_chat_template
from commit_llm.data.chat.template import TODAY
from commit_llm.data.chat.work_budget import RenderingError
from commit_llm.data.prompts import alpaca_prompt, joined
from commit_llm.data.tokenizer import load_tokenizer
from commit_llm.errors import UserError
from tests.data.chat.templates import conversation
from tests.data.tokenizer_folders import template, write_bytes_tokenizer, write_pieces

OWN = PromptFile("\n{# of ours #}Do: {{ instruction }}\n{% if input %}With {{ input }}\n{% endif %}\nDone:\n", "own")
RECORD = Path("run/provenance.json")
QUESTIONS = ["Where?", " {{ x }} {% raw %} \n", "a\n\n### Input:\nb", "\"'\\", "Πού;"]


def asked(template, messages):
    return Sandbox(template, {}, TODAY).render(messages=messages, add_generation_prompt=True)


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_user_message_is_the_instruction(tokenizer, question):
    messages = conversation(("u", question))
    assert asked(single_instruction_template(tokenizer), messages) == "<s>" + alpaca_prompt(question)
    without_bos = tokenizer.with_bos("never")
    assert asked(single_instruction_template(without_bos), messages) == alpaca_prompt(question)
    own = OWN._render([{"role": "instruction", "content": question}, {"role": "input", "content": ""}], True)
    assert asked(single_instruction_template(without_bos, OWN), messages) == own
    assert own == f"\nDo: {question}\nDone:"


@pytest.mark.parametrize("question", QUESTIONS)
def test_its_tokens_are_those_of_training(tokenizer, question):
    text = asked(single_instruction_template(tokenizer), conversation(("u", question)))
    assert tokenizer.encode_rendered(text).ids == [*tokenizer.bos, *tokenizer.encode(alpaca_prompt(question))]


@pytest.mark.parametrize(
    "messages",
    [
        [],
        conversation(("s", "Be kind."), ("u", "Where?")),
        conversation(("u", "Where?"), ("a", "Here.")),
        conversation(("a", "Here.")),
    ],
)
def test_all_else_is_refused(tokenizer, messages):
    with pytest.raises(RenderingError, match=REFUSAL):
        asked(single_instruction_template(tokenizer), messages)


def test_it_is_written_where_there_is_none(tmp_path, tokenizer):
    write_chat_template(tmp_path, tokenizer, {"kind": "alpaca"}, RECORD)
    file = tmp_path / "chat_template.jinja"
    assert file.read_text(encoding="utf-8") == single_instruction_template(tokenizer)
    write_chat_template(tmp_path, tokenizer, {"kind": "file", "text": OWN.text, "file": "own.jinja"}, RECORD)
    assert file.read_text(encoding="utf-8") == single_instruction_template(tokenizer)  # it has one now
    file.unlink()
    write_chat_template(tmp_path, tokenizer, {"kind": "file", "text": OWN.text, "file": "own.jinja"}, RECORD)
    assert file.read_text(encoding="utf-8") == single_instruction_template(tokenizer, OWN)


@pytest.mark.parametrize("prompt", [None, {"kind": "chat"}])
def test_it_is_not_written_for_others(tmp_path, tokenizer, prompt):
    write_chat_template(tmp_path, tokenizer, prompt, RECORD)
    assert not list(tmp_path.iterdir())


def test_a_template_in_the_settings_stays_the_only_one(tmp_path, tokenizer):
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"chat_template": "{{ messages }}"}))
    write_chat_template(tmp_path, tokenizer, {"kind": "alpaca"}, RECORD)
    assert not (tmp_path / "chat_template.jinja").exists()


@pytest.mark.parametrize("text", ["  {% if input %}a{% endif %}b {{ instruction }}:", "\n {{ instruction }}\n\n"])
def test_a_prompt_is_rendered_as_in_its_file(tokenizer, text):
    own = PromptFile(text, "own")
    assert asked(single_instruction_template(tokenizer, own), conversation(("u", "Where?"))) == "<s>" + joined(
        own.passages("Where?")
    )


def test_none_where_the_tokens_are_others(tmp_path, tokenizer):
    """Some tokenizers put a space before a text, and none behind a bos."""
    from tokenizers import Tokenizer, pre_tokenizers

    assert single_instruction_template(tokenizer, PromptFile("{{ instruction }}{{ messages is defined }}", "x")) is None
    folder = tmp_path / "spaced"
    write_bytes_tokenizer(folder, template())
    library = Tokenizer.from_file(str(folder / "tokenizer.json"))
    library.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Metaspace("x", prepend_scheme="first"), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    library.save(str(folder / "tokenizer.json"))
    spaced = load_tokenizer(folder)
    assert single_instruction_template(spaced) is None
    (tmp_path / "out").mkdir()
    assert write_chat_template(tmp_path / "out", spaced, {"kind": "alpaca"}, RECORD) is False
    assert not list((tmp_path / "out").iterdir())


@pytest.mark.parametrize("prompt", [{"kind": "file"}, {"kind": "file", "text": 3}, {"kind": "other"}])
def test_a_malformed_prompt_is_refused(tmp_path, tokenizer, prompt):
    with pytest.raises(UserError, match=r"^run/provenance\.json: malformed: its prompt is .*: write that there$"):
        write_chat_template(tmp_path, tokenizer, prompt, RECORD)


def test_a_sentencepiece_model_has_its_bos(tmp_path):
    tokenizer = load_tokenizer(write_pieces(tmp_path / "pieces"))
    assert tokenizer.bos
    assert asked(single_instruction_template(tokenizer), conversation(("u", "Where?"))).startswith("<s>Below is")
