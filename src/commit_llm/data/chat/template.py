"""A model's chat template: where its folder has it, what it is told, and what ends an answer."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

from commit_llm.data.chat.sandbox import Sandbox
from commit_llm.data.chat.slots import Message
from commit_llm.data.chat.work_budget import RenderingError
from commit_llm.data.tokenizer import Tokenizer
from commit_llm.data.tokenizer_files import TEMPLATES
from commit_llm.data.tokenizer_settings import CONFIG, merged_settings
from commit_llm.errors import UserError, shown
from commit_llm.files.json_text import read_json_object, utf8_of

FILE, OLD_FILE = "chat_template.jinja", "chat_template.json"
DEFAULT = "default"  # of the templates that have names
SPECIAL_TOKENS = ("bos_token", "eos_token", "pad_token", "unk_token", "sep_token", "cls_token", "mask_token")
# Told to every template. One that asks for today's date would give another prompt each day; this one is what Llama's
# take where nobody tells them any.
TODAY = date(2024, 7, 26)


@dataclass(frozen=True)
class ChatTemplate:
    """Render conversations as a model was, or is to be, trained on them.

    text: Jinja.
    source: its file, for messages.
    values: what it is told: special tokens, and settings such as enable_thinking.
    stops: literals of the tokens that end an answer.
    today: the date that it is told; a template that asks for today's would give another text each day.
    """

    text: str
    source: str
    values: Mapping[str, Any]
    stops: tuple[str, ...]
    today: date

    def render(self, messages: Sequence[Message], asks: bool, tools: Sequence[Any] | None = None) -> str:
        """Give the text of a conversation.

        asks: with what asks for an answer behind it.
        tools: that the model is told of.

        Raises RenderingError.
        """
        values = {"messages": list(messages), "add_generation_prompt": asks, "tools": tools, "documents": None}
        return self._sandbox.render(
            **values
        )  # a template may ask whether the last two are none, as transformers has it

    def require_usable(self) -> None:
        """Raise UserError where the template is not Jinja that may be run."""
        _ = self._sandbox

    def has_control(self, tokenizer: Tokenizer, text: str) -> bool:
        """Say whether a content has the literal of a special token, or of one that ends an answer."""
        return tokenizer.has_special(text) or any(stop in text for stop in self.stops)

    def fingerprint(self) -> str:
        """Hash all that decides on a rendering, with SHA-256."""
        said = json.dumps([self.text, dict(self.values), self.stops, self.today.isoformat()], sort_keys=True)
        return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()

    @cached_property
    def _sandbox(self) -> Sandbox:
        try:
            return Sandbox(self.text, self.values, self.today)
        except RenderingError as fault:
            raise UserError(f"{self.source}: {fault}") from None


def find_chat_template(tokenizer: Tokenizer, stops: Sequence[int], chosen: str | None = None) -> ChatTemplate | None:
    """Find the template that belongs to a tokenizer, in its folder; None where that has none.

    stops: the ids that end a text.
    chosen: a file, or the name of one of several, as in `read_template`.
    """
    folder = tokenizer.path.parent
    template = read_template(folder, chosen)
    if template is None:
        return None
    literals = {token: literal for literal, token in tokenizer.added.items()}
    ends = tuple(literals[token] for token in stops if token in literals)
    return ChatTemplate(*template, special_tokens(tokenizer), ends, TODAY)


def read_template(folder: Path, chosen: str | None = None) -> tuple[str, str] | None:
    """Give the text of a folder's template and where it stands; None where the folder has none.

    chosen: a file, or the name of one of several; None: the one without a name, or named "default".

    Raises UserError where the chosen one is not there, or none is the default.
    """
    if chosen is not None and Path(chosen).is_file():
        return utf8_of(Path(chosen)), chosen
    named = dict(_named_templates(folder))
    if chosen is not None and chosen not in named:
        names = ", ".join(named) or "none"
        raise UserError(f"--chat-template {chosen}: neither a file nor a template of {folder}, which has {names}")
    if chosen is None and named and DEFAULT not in named:
        raise UserError(
            f"{folder}: none of its chat templates ({', '.join(named)}) is named {DEFAULT}; choose one with "
            "--chat-template NAME, or put it into chat_template.jinja"
        )
    return named.get(chosen or DEFAULT)


def _named_templates(folder: Path) -> list[tuple[str, tuple[str, str]]]:
    """List a folder's templates: those of its settings, and before them those that are files, as in transformers."""
    templates: list[tuple[str, tuple[str, str]]] = []
    for file in (folder / CONFIG, folder / OLD_FILE):
        if file.is_file():
            value = read_json_object(file).get("chat_template")
            if isinstance(value, str):
                templates.append((DEFAULT, (value, str(file))))
            elif isinstance(value, list):
                templates += [_entry(entry, file) for entry in value]
            elif value is not None:
                raise UserError(f"{file}: chat_template is {shown(value)}; it must be a text, or a list of named ones")
    templates += [(path.stem, (utf8_of(path), str(path))) for path in sorted((folder / TEMPLATES).glob("*.jinja"))]
    if (folder / FILE).is_file():
        templates.append((DEFAULT, (utf8_of(folder / FILE), str(folder / FILE))))
    return templates


def _entry(entry: Any, file: Path) -> tuple[str, tuple[str, str]]:
    if not (isinstance(entry, dict) and isinstance(entry.get("name"), str) and isinstance(entry.get("template"), str)):
        raise UserError(f"{file}: chat_template has {shown(entry)}; an entry has a name and a template")
    return entry["name"], (entry["template"], str(file))


def special_tokens(tokenizer: Tokenizer) -> dict[str, str]:
    """Give the literals of the special tokens that the settings beside a tokenizer name, as templates are told them."""
    settings = merged_settings(tokenizer.path)
    values = {key: settings.get(key) for key in SPECIAL_TOKENS}
    texts = {key: value.get("content") if isinstance(value, dict) else value for key, value in values.items()}
    return {key: text for key, text in texts.items() if isinstance(text, str)}
