"""A prompt that a user wrote as a file of Jinja, with the instruction and the input in it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from commit_llm.data.chat.sandbox import Sandbox
from commit_llm.data.chat.slots import Message, PlaceError, passages_of, rendering
from commit_llm.data.chat.template import TODAY
from commit_llm.data.chat.work_budget import RenderingError
from commit_llm.data.prompts import Passage
from commit_llm.errors import UserError
from commit_llm.files.json_text import utf8_of

NAMES = ("instruction", "input")
PROBE = {"instruction": "Instruct 1.", "input": ""}


class NoPlaceError(PlaceError):
    """Raise for an input where the prompt has no place for one."""


@dataclass(frozen=True)
class PromptFile:
    """Lay instruction and input out by a user's prompt.

    text: Jinja.
    source: its file, for messages.
    """

    text: str
    source: str

    @classmethod
    def open(cls, path: Path) -> "PromptFile":
        """Read a prompt. Raises UserError where there is none, or it is not Jinja with a place for an instruction."""
        try:
            prompt = cls(utf8_of(path), str(path))
        except FileNotFoundError:
            raise UserError(f"--prompt {path}: is not a file, and neither alpaca nor chat") from None
        except IsADirectoryError:
            raise UserError(f"--prompt {path}: is a folder; it is a file of Jinja, or alpaca, or chat") from None
        if "strftime_now" in prompt.text:
            raise UserError(f"{path}: asks for today's date, and would be another prompt each day; write a date there")
        try:
            prompt.passages(*PROBE.values())
        except (RenderingError, PlaceError) as fault:
            raise UserError(
                f"{path}: {fault}; a prompt is Jinja with {{{{ instruction }}}} and {{{{ input }}}}"
            ) from None
        return prompt

    def passages(self, instruction: str, input: str = "") -> list[Passage]:
        """Lay the prompt out. Raises RenderingError, and PlaceError where it leaves out or changes one of the two."""
        texts = dict(zip(NAMES, (instruction, input), strict=True))
        rendered = rendering(self._render, [{"role": name, "content": text} for name, text in texts.items()])
        lacking = [name for number, name in enumerate(NAMES) if texts[name] and number not in rendered.slots]
        if "instruction" in lacking:
            raise PlaceError("it leaves out the instruction")
        if lacking:
            raise NoPlaceError("it has no {{ input }}")
        return list(passages_of(rendered, dict(enumerate(NAMES))))

    def fingerprint(self) -> str:
        """Hash all that decides on the prompt, with SHA-256."""
        return hashlib.sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()

    def _render(self, messages: Sequence[Message], asks: bool) -> str:
        return self._sandbox.render(**{message["role"]: message["content"] for message in messages})

    @cached_property
    def _sandbox(self) -> Sandbox:
        return Sandbox(self.text, {}, TODAY)
