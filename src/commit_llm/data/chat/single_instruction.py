"""Write the chat template of a model that was tuned on instructions: one user message, in the prompt it knows."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from commit_llm.data.chat.conversation import USER
from commit_llm.data.chat.prompt_file import PromptFile
from commit_llm.data.chat.sandbox import Sandbox
from commit_llm.data.chat.template import FILE, TODAY, read_template
from commit_llm.data.chat.work_budget import RenderingError
from commit_llm.data.prompt_flags import ALPACA, CHAT
from commit_llm.data.prompts import alpaca_passages, joined
from commit_llm.data.tokenizer import Tokenizer
from commit_llm.errors import UserError, shown

REFUSAL = "this model was tuned on single instructions: give one user message, and nothing before it"
GUARD = (
    "{% if messages | length != 1 or messages[0]['role'] != 'user' +%}"
    f"{{{{ raise_exception({json.dumps(REFUSAL)}) }}}}"
    "{% endif +%}"
)  # "+%}" keeps a line end behind it, where "%}" takes it away
# The prompt begins on a line of its own, as in its file; the line end before it goes.
SET = "{% set instruction = messages[0]['content'] +%}{% set input = '' %}\n"
PROBES = ("Where?", " a\n", "\n- b", "1")


def write_chat_template(folder: Path, tokenizer: Tokenizer, prompt: Mapping[str, Any] | None, record: Path) -> bool:
    """Write a chat template into the folder of a model that was tuned on instructions, and say whether it was.

    None is written where the folder has one, or where none gives the tokens of training.

    prompt: as provenance.json has it (data/opened_prompt.py); None of a model that was tuned on plain text.
    record: that file, for messages.

    Raises UserError for a prompt that is malformed.
    """
    if prompt is None or prompt.get("kind") == CHAT or read_template(folder) is not None:
        return False
    text = prompt.get("text")
    if prompt.get("kind") != ALPACA and not isinstance(text, str):
        raise UserError(
            f"{record}: malformed: its prompt is {shown(prompt)}; it must be of kind {ALPACA} or {CHAT}, or have the "
            "text of a prompt file: write that there"
        )
    own = PromptFile(text, str(prompt.get("file"))) if isinstance(text, str) else None
    template = single_instruction_template(tokenizer, own)
    if template is None:
        return False
    (folder / FILE).write_bytes(template.encode("utf-8"))
    return True


def single_instruction_template(tokenizer: Tokenizer, prompt: PromptFile | None = None) -> str | None:
    """Give a template that takes a user message as an instruction without input, and refuses all else.

    None where it would not give the tokens of training: some tokenizers begin a text otherwise behind a bos than alone.

    tokenizer: its bos stands before the prompt, as it did in training: who renders a template adds none.
    prompt: the one of training; None for Alpaca's.
    """
    literals = {token: literal for literal, token in tokenizer.specials.items()}
    bos = "".join(_written(literals[token]) for token in tokenizer.bos)
    template = GUARD + bos + SET + (_alpaca() if prompt is None else prompt.text)
    passages = alpaca_passages if prompt is None else prompt.passages
    try:
        sandbox = Sandbox(template, {}, TODAY)
        for probe in PROBES:
            text = sandbox.render(messages=[{"role": USER, "content": probe}], add_generation_prompt=True)
            if _ids(tokenizer, text) != [*tokenizer.bos, *tokenizer.encode(joined(passages(probe, "")))]:
                return None
    except RenderingError:
        return None
    return template


def _ids(tokenizer: Tokenizer, text: str) -> list[int]:
    """Encode what a template gives, as transformers does."""
    if tokenizer.kind == "sentencepiece":
        return tokenizer.encode_with_specials(text)
    return tokenizer.encode_rendered(text).ids


def _alpaca() -> str:
    return "".join(
        _written(text) if name is None else f"{{{{ {name} }}}}" for text, name in alpaca_passages("instruction")
    )


def _written(text: str) -> str:
    """Write a text that is given as it is, whatever stands in it and behind it."""
    return f"{{{{ {json.dumps(text, ensure_ascii=False)} }}}}"
