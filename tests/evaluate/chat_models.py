"""Tokenizers with a chat template beside them: a token a byte, and the control tokens of the templates of tests."""

import dataclasses

from commit_llm.data.tokenizer import load_tokenizer
from tests.data.chat.templates import TEMPLATES
from tests.data.tokenizer_folders import template as with_bos
from tests.data.tokenizer_folders import write_bytes_tokenizer

CONTROL = ("<unk>", "<s>", "</s>", "<turn>", "<end>", "<head>", "</head>")


def chat_tokenizer(folder, template="turns"):
    """A tokenizer that puts a bos before a text, in a folder with a template: one of TEMPLATES, or its own text."""
    write_bytes_tokenizer(folder, with_bos(), specials=CONTROL)
    (folder / "chat_template.jinja").write_text(TEMPLATES.get(template, template), encoding="utf-8")
    return load_tokenizer(folder)


def with_template(model, folder, template="turns"):
    """A model that answers with such a tokenizer instead of its own."""
    tokenizer = chat_tokenizer(folder, template)
    return dataclasses.replace(model, tokenizer=tokenizer, stops=(tokenizer.eos_id, CONTROL.index("<end>")))
