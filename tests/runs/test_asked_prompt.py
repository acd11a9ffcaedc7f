"""Which prompt a model is asked with: the one that it was tuned with, another one, or its template's."""

import json

import pytest

from commit_llm.data.chat.prompt_file import PromptFile
from commit_llm.data.opened_prompt import describe_prompt
from commit_llm.errors import UserError
from commit_llm.runs.asked_prompt import open_asked_prompt, open_request_form
from tests.evaluate.chat_models import chat_tokenizer

OWN = "Text: {{ input }}\nQuestion: {{ instruction }}\nAnswer:"


def test_which_prompt_a_model_is_asked_with(tmp_path, caplog):
    caplog.set_level("INFO", "commit_llm")
    tokenizer = chat_tokenizer(tmp_path)
    template = open_asked_prompt(tmp_path, None, tokenizer, (2,))
    assert describe_prompt(template)["kind"] == "chat"
    assert f"asked through {tmp_path / 'chat_template.jinja'} ({tmp_path} does not say" in caplog.text
    recorded = [describe_prompt(prompt) for prompt in (None, PromptFile(OWN, "own.jinja"), template)]
    for described in recorded:
        kind = described["kind"]
        (tmp_path / "provenance.json").write_text(json.dumps({"prompt": described}))
        caplog.clear()
        assert describe_prompt(open_asked_prompt(tmp_path, None, tokenizer, (2,)))["kind"] == kind
        assert "(as it was tuned)" in caplog.text
        assert describe_prompt(open_asked_prompt(tmp_path, "chat", tokenizer, (2,)))["kind"] == "chat"
    (tmp_path / "chat_template.jinja").unlink()
    (tmp_path / "provenance.json").write_text(json.dumps({"prompt": None}))
    assert open_asked_prompt(tmp_path, None, tokenizer, (2,)) is None


def test_a_template_that_is_another_one_is_told(tmp_path, caplog):
    caplog.set_level("INFO", "commit_llm")
    tokenizer = chat_tokenizer(tmp_path)
    template = open_asked_prompt(tmp_path, None, tokenizer, (2,))
    (tmp_path / "provenance.json").write_text(json.dumps({"prompt": describe_prompt(template)}))
    path = tmp_path / "chat_template.jinja"
    path.write_text(path.read_text("utf-8") + " ", encoding="utf-8")
    open_asked_prompt(tmp_path, None, tokenizer, (2,))
    assert f"{path} is not the chat template that it was tuned with (provenance.json)" in caplog.text
    assert caplog.text.count("as it was tuned") == 0


@pytest.mark.parametrize("described", [{"kind": "new"}, {"kind": "file"}, {}])
def test_a_record_that_is_malformed(tmp_path, described):
    tokenizer = chat_tokenizer(tmp_path)
    (tmp_path / "provenance.json").write_text(json.dumps({"prompt": described}))
    with pytest.raises(UserError, match=r"/provenance\.json: malformed: its prompt is .*; name one with --prompt"):
        open_asked_prompt(tmp_path, None, tokenizer, (2,))


def test_a_record_of_a_template_that_is_gone(tmp_path):
    tokenizer = chat_tokenizer(tmp_path)
    (tmp_path / "chat_template.jinja").unlink()
    (tmp_path / "provenance.json").write_text(json.dumps({"prompt": {"kind": "chat"}}))
    with pytest.raises(UserError, match="has no chat template"):
        open_asked_prompt(tmp_path, None, tokenizer, (2,))


def test_how_own_texts_are_asked(tmp_path, caplog):
    """As questions are; but nothing stands around the text where nothing is known, and for --prompt none."""
    caplog.set_level("INFO", "commit_llm")
    tokenizer = chat_tokenizer(tmp_path)

    def kind(chosen=None, chat_template=None):
        return open_request_form(tmp_path, chosen, tokenizer, (2,), chat_template).describe()["kind"]

    assert (kind(), kind("alpaca"), kind("none")) == ("chat", "alpaca", "none")
    (tmp_path / "own.jinja").write_text(OWN)
    assert kind(str(tmp_path / "own.jinja")) == "file"
    (tmp_path / "other.jinja").write_text("{{ messages[-1].content }}")
    assert open_request_form(tmp_path, "chat", tokenizer, (2,), str(tmp_path / "other.jinja")).template.text[3] == "m"
    (tmp_path / "chat_template.jinja").unlink()
    caplog.clear()
    assert kind() == "none"
    assert f"plain text, which the model continues ({tmp_path} has neither a chat template nor a" in caplog.text
    (tmp_path / "provenance.json").write_text(json.dumps({"prompt": {"kind": "alpaca"}}))
    assert kind() == "alpaca"


@pytest.mark.parametrize("chosen", [None, "alpaca", "none"])
def test_a_chat_template_is_for_the_prompt_chat(tmp_path, chosen):
    with pytest.raises(UserError, match=r"^--chat-template 'a': is for --prompt chat; leave it out"):
        open_request_form(tmp_path, chosen, chat_tokenizer(tmp_path), (2,), "a")
