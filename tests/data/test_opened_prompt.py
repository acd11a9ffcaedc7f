"""The prompt of a recipe, opened, and what provenance keeps of it."""

import dataclasses
import json

import pytest

from commit_llm.data.chat.prompt_file import PromptFile
from commit_llm.data.chat.template import ChatTemplate
from commit_llm.data.opened_prompt import describe_prompt, open_prompt
from commit_llm.data.tokenizer import load_tokenizer
from commit_llm.errors import UserError
from commit_llm.recipes import find_recipe
from tests.data.chat.templates import TURNS
from tests.data.tokenizer_folders import write_bytes_tokenizer

SPECIALS = ("<unk>", "<s>", "</s>", "<end>")


def recipe(**changes):
    return dataclasses.replace(find_recipe("commit"), **changes)


@pytest.fixture
def folder(tmp_path):
    write_bytes_tokenizer(tmp_path, specials=SPECIALS)
    return tmp_path


def test_alpaca_is_no_file(tokenizer):
    assert open_prompt(recipe(), tokenizer, (2,)) is None
    assert describe_prompt(None) == {"kind": "alpaca"}


def test_the_model_s_own_template(folder):
    (folder / "chat_template.jinja").write_text(TURNS, encoding="utf-8")
    prompt = open_prompt(recipe(prompt="chat"), load_tokenizer(folder), (2, 3))
    assert isinstance(prompt, ChatTemplate)
    assert (prompt.text, prompt.stops) == (TURNS, ("</s>", "<end>"))
    assert prompt.values == {"bos_token": "<s>", "eos_token": "</s>"}
    described = describe_prompt(prompt)
    assert described.pop("sha256") == prompt.fingerprint()
    assert described == {
        "kind": "chat", "file": "chat_template.jinja", "date": "2024-07-26", "stops": ["</s>", "<end>"],
    }  # fmt: skip
    assert prompt.fingerprint() != dataclasses.replace(prompt, stops=("</s>",)).fingerprint()
    assert prompt.fingerprint() != dataclasses.replace(prompt, text=TURNS + " ").fingerprint()


def test_a_named_template(folder):
    named = [{"name": "default", "template": "x"}, {"name": "rag", "template": TURNS}]
    (folder / "tokenizer_config.json").write_text(json.dumps({"eos_token": "</s>", "chat_template": named}))
    tokenizer = load_tokenizer(folder)
    assert open_prompt(recipe(prompt="chat"), tokenizer, (2,)).text == "x"
    assert open_prompt(recipe(prompt="chat", chat_template="rag"), tokenizer, (2,)).text == TURNS
    with pytest.raises(UserError, match=r"--chat-template tools: neither a file nor a template of .*: *|default, rag"):
        open_prompt(recipe(prompt="chat", chat_template="tools"), tokenizer, (2,))


def test_named_templates_without_a_default(folder):
    (folder / "additional_chat_templates").mkdir()
    (folder / "additional_chat_templates" / "rag.jinja").write_text(TURNS)
    with pytest.raises(UserError, match=r"none of its chat templates \(rag\) is named default; choose one with"):
        open_prompt(recipe(prompt="chat"), load_tokenizer(folder), (2,))
    assert open_prompt(recipe(prompt="chat", chat_template="rag"), load_tokenizer(folder), (2,)).text == TURNS


def test_a_template_that_is_given(folder):
    other = folder / "other.jinja"
    other.write_text(TURNS, encoding="utf-8")
    prompt = open_prompt(recipe(prompt="chat", chat_template=str(other)), load_tokenizer(folder), (2,))
    assert (prompt.text, prompt.source) == (TURNS, str(other))


def test_a_model_without_a_template(folder):
    with pytest.raises(UserError, match=r"has no chat template .*; name one with --chat-template FILE, or take"):
        open_prompt(recipe(prompt="chat"), load_tokenizer(folder), (2,))


def test_a_template_that_is_no_jinja(folder):
    (folder / "chat_template.jinja").write_text("{% for %}", encoding="utf-8")
    with pytest.raises(UserError, match=r"chat_template\.jinja: it is not Jinja"):
        open_prompt(recipe(prompt="chat"), load_tokenizer(folder), (2,))


def test_a_control_token_in_a_user_s_prompt_is_for_a_template(tmp_path, tokenizer):
    (tmp_path / "own.jinja").write_text("<s>{{ instruction }}{{ input }}:", encoding="utf-8")
    with pytest.raises(UserError, match=r"own\.jinja: has the text of a control token, .* --prompt chat"):
        open_prompt(recipe(prompt=str(tmp_path / "own.jinja")), tokenizer, (2,))


def test_a_user_s_prompt_is_kept_whole(tmp_path, tokenizer):
    (tmp_path / "own.jinja").write_text("{{ instruction }}{{ input }}:", encoding="utf-8")
    prompt = open_prompt(recipe(prompt=str(tmp_path / "own.jinja")), tokenizer, (2,))
    assert isinstance(prompt, PromptFile)
    described = describe_prompt(prompt)
    assert described.pop("sha256") == prompt.fingerprint()
    assert described == {"kind": "file", "file": "own.jinja", "text": "{{ instruction }}{{ input }}:"}
