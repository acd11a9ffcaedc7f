"""The prompt that a recipe asks for, opened; and what provenance.json keeps of it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from commit_llm.data.chat.prompt_file import PromptFile
from commit_llm.data.chat.template import ChatTemplate, find_chat_template
from commit_llm.data.prompt_flags import ALPACA, CHAT, PromptFlags
from commit_llm.data.prompts import joined
from commit_llm.data.tokenizer import Tokenizer
from commit_llm.errors import UserError, shown

FILE = "file"  # in place of the name of a prompt that is one
# None is the Alpaca prompt, which has no file.
Prompt = ChatTemplate | PromptFile | None


class PromptSettings(Protocol):
    """Name the fields of a recipe that decide on its prompt (data/prompt_flags.py says what each means)."""

    @property
    def prompt(self) -> str: ...
    @property
    def chat_template(self) -> str | None: ...


def open_prompt(settings: PromptSettings, tokenizer: Tokenizer, stops: Sequence[int]) -> Prompt:
    """Open a prompt. stops: the ids that end a text.

    Raises UserError where the model has no chat template, or a template cannot be read.
    """
    if settings.prompt == ALPACA:
        return None
    if settings.prompt != CHAT:
        prompt = PromptFile.open(Path(settings.prompt))
        written = joined(prompt.passages("a", "")).replace("a", "", 1)
        if tokenizer.has_special(written):
            raise UserError(
                f"{settings.prompt}: has the text of a control token, which stays text in a prompt; a chat template is "
                "named with --prompt chat --chat-template FILE"
            )
        return prompt
    template = find_chat_template(tokenizer, stops, settings.chat_template)
    if template is None:
        raise UserError(
            f"{tokenizer.path.parent}: has no chat template (chat_template.jinja, or in tokenizer_config.json); name "
            "one with --chat-template FILE, or take --prompt alpaca"
        )
    template.require_usable()
    return template


def reopen_prompt(
    described: Mapping[str, Any] | None, tokenizer: Tokenizer, stops: Sequence[int], record: Path
) -> Prompt:
    """Open the prompt that a model was tuned with.

    described: by `describe_prompt`. None where nothing is known of it: then it is the chat template of the model's
        folder, or Alpaca's prompt where that has none.
    record: the file that holds the description, for messages.

    Raises UserError for a description that is malformed, and where a template is not there.
    """
    if described is None:
        return find_chat_template(tokenizer, stops)
    kind, text = described.get("kind"), described.get("text")
    if kind == FILE and isinstance(text, str):
        return PromptFile(text, str(described.get("file")))
    if kind not in (ALPACA, CHAT):
        raise UserError(f"{record}: malformed: its prompt is {shown(described)}; name one with --prompt")
    return open_prompt(PromptFlags(prompt=kind), tokenizer, stops)


def describe_prompt(prompt: Prompt) -> dict[str, Any]:
    """Describe a prompt: its kind, and what decides on it. A prompt file is short, and is kept whole."""
    if prompt is None:
        return {"kind": ALPACA}
    described = {"sha256": prompt.fingerprint(), "file": Path(prompt.source).name}
    if isinstance(prompt, PromptFile):
        return {"kind": FILE, **described, "text": prompt.text}
    return {"kind": CHAT, **described, "date": prompt.today.isoformat(), "stops": list(prompt.stops)}
