"""Write the chat template of a model that was tuned on instructions: one user message, in the prompt it knows."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from commit_llm.data.chat.prompt_file import PromptFile
from commit_llm.data.chat.template import FILE, read_template
from commit_llm.data.prompt_flags import CHAT
from commit_llm.data.prompts import alpaca_passages
from commit_llm.data.tokenizer import Tokenizer

REFUSAL = "this model was tuned on single instructions: give one user message, and nothing before it"
# "+%}" keeps a line end behind it, where "%}" would take it away.
GUARD = (
    "{% if messages | length != 1 or messages[0]['role'] != 'user' +%}"
    f"{{{{ raise_exception({json.dumps(REFUSAL)}) }}}}"
    "{% endif +%}"
)
SET = "{% set instruction = messages[0]['content'] +%}{% set input = '' +%}"


def write_chat_template(folder: Path, tokenizer: Tokenizer, prompt: Mapping[str, Any] | None) -> None:
    """Write a chat template into the folder of a model that was tuned on instructions, where it has none.

    prompt: as provenance.json has it (data/opened_prompt.py); None of a model that was tuned on plain text.
    """
    if prompt is None or prompt.get("kind") == CHAT or read_template(folder) is not None:
        return
    text = prompt.get("text")
    own = PromptFile(text, str(prompt.get("file"))) if isinstance(text, str) else None
    (folder / FILE).write_bytes(single_instruction_template(tokenizer, own).encode("utf-8"))


def single_instruction_template(tokenizer: Tokenizer, prompt: PromptFile | None = None) -> str:
    """Give a template that takes a user message as an instruction without input, and refuses all else.

    tokenizer: its bos stands before the prompt, as it did in training: who renders a template adds none.
    prompt: the one of training; None for Alpaca's.
    """
    literals = {token: literal for literal, token in tokenizer.specials.items()}
    bos = "".join(_written(literals[token]) for token in tokenizer.bos)
    return GUARD + SET + bos + (_alpaca() if prompt is None else prompt.text)


def _alpaca() -> str:
    return "".join(
        _written(text) if name is None else f"{{{{ {name} }}}}" for text, name in alpaca_passages("instruction")
    )


def _written(text: str) -> str:
    """Write a text that is given as it is, whatever stands in it and behind it."""
    return f"{{{{ {json.dumps(text, ensure_ascii=False)} }}}}"
