"""Which prompt a model is asked with: the one that it was tuned with, another one, or its template's."""

import json

import pytest

from commit_llm.data.opened_prompt import describe_prompt
from commit_llm.errors import UserError
from commit_llm.runs.asked_prompt import open_asked_prompt
from tests.evaluate.chat_models import chat_tokenizer

OWN = "Text: {{ input }}\nQuestion: {{ instruction }}\nAnswer:"


def test_which_prompt_a_model_is_asked_with(tmp_path, caplog):
    caplog.set_level("INFO", "commit_llm")
    tokenizer = chat_tokenizer(tmp_path)
    template = open_asked_prompt(tmp_path, None, tokenizer, (2,))
    assert describe_prompt(template)["kind"] == "chat"
    assert f"asked through {tmp_path / 'chat_template.jinja'} ({tmp_path} does not say" in caplog.text
    recorded = {"alpaca": {"kind": "alpaca"}, "file": {"kind": "file", "file": "own.jinja", "text": OWN}}
    for kind, described in recorded.items():
        (tmp_path / "provenance.json").write_text(json.dumps({"prompt": described}))
        assert describe_prompt(open_asked_prompt(tmp_path, None, tokenizer, (2,)))["kind"] == kind
        assert describe_prompt(open_asked_prompt(tmp_path, "chat", tokenizer, (2,)))["kind"] == "chat"
    (tmp_path / "chat_template.jinja").unlink()
    (tmp_path / "provenance.json").write_text(json.dumps({"prompt": None}))
    assert open_asked_prompt(tmp_path, None, tokenizer, (2,)) is None


@pytest.mark.parametrize("described", [{"kind": "new"}, {"kind": "file"}, {}])
def test_a_record_that_is_malformed(tmp_path, described):
    tokenizer = chat_tokenizer(tmp_path)
    (tmp_path / "provenance.json").write_text(json.dumps({"prompt": described}))
    with pytest.raises(UserError, match=r"provenance\.json is malformed: its prompt is .*; name one with --prompt"):
        open_asked_prompt(tmp_path, None, tokenizer, (2,))


def test_a_record_of_a_template_that_is_gone(tmp_path):
    tokenizer = chat_tokenizer(tmp_path)
    (tmp_path / "chat_template.jinja").unlink()
    (tmp_path / "provenance.json").write_text(json.dumps({"prompt": {"kind": "chat"}}))
    with pytest.raises(UserError, match="has no chat template"):
        open_asked_prompt(tmp_path, None, tokenizer, (2,))
