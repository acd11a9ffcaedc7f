"""The prompt to ask a model with: the one that it was tuned with, or one that is named instead."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from commit_llm.data.chat.prompt_file import PromptFile
from commit_llm.data.chat.template import find_chat_template
from commit_llm.data.opened_prompt import Prompt, describe_prompt, open_prompt, reopen_prompt
from commit_llm.data.prompt_flags import ALPACA, PromptFlags
from commit_llm.data.request_forms import NONE, PlainRequests, RequestForm, request_form
from commit_llm.data.tokenizer import Tokenizer
from commit_llm.errors import UserError, shown
from commit_llm.runs.run import PROMPT, PROVENANCE, read_provenance

LOGGER = logging.getLogger("commit_llm")


def open_asked_prompt(
    folder: Path, chosen: str | None, tokenizer: Tokenizer, stops: Sequence[int], chat_template: str | None = None
) -> Prompt:
    """Open the prompt to ask a model with, and say in a line which it is.

    folder: of the model, the adapter or the run: its provenance.json says what it was tuned with.
    chosen: what --prompt names instead.
    stops: the ids that end a text.
    chat_template: a file, or the name of one of the model's templates, where the prompt chat is named.

    Raises UserError where the prompt, or its chat template, is not there.
    """
    flags = PromptFlags(chosen or ALPACA, chat_template)
    flags.check_prompt(takes_any=True)
    recorded = None if chosen is not None else recorded_prompt(folder)
    if chosen is not None:
        prompt, why = open_prompt(flags, tokenizer, stops), "--prompt"
    else:
        prompt = reopen_prompt(recorded, tokenizer, stops, folder / PROVENANCE)
        why = f"{folder} does not say what it was tuned with" if recorded is None else "as it was tuned"
        if recorded is not None and describe_prompt(prompt).get("sha256") != recorded.get("sha256"):
            LOGGER.warning("%s is not the chat template that it was tuned with (provenance.json)", _source(prompt))
            why = "in place of the one that it was tuned with"
    LOGGER.info("asked %s (%s)", _called(prompt), why)
    return prompt


def open_request_form(
    folder: Path, chosen: str | None, tokenizer: Tokenizer, stops: Sequence[int], chat_template: str | None = None
) -> RequestForm:
    """Say what stands around a user's own texts, with the prompt of `open_asked_prompt`.

    That is nothing for --prompt none, and for a model of which nothing is recorded and that has no chat template: it
    goes on with plain text.
    """
    unknown = chosen is None and recorded_prompt(folder) is None and find_chat_template(tokenizer, stops) is None
    if chosen == NONE or (unknown and chat_template is None):
        if chat_template is not None:
            raise UserError(f"--chat-template {shown(chat_template)}: is for --prompt chat; leave it out")
        why = f"{folder} has neither a chat template nor a record of its prompt" if unknown else "--prompt"
        LOGGER.info("asked with plain text, which the model continues (%s)", why)
        return PlainRequests()
    return request_form(open_asked_prompt(folder, chosen, tokenizer, stops, chat_template))


def recorded_prompt(folder: Path) -> dict[str, Any] | None:
    """Give what the provenance.json of a run, or of an exported model, says of the prompt that it was tuned with.

    None where it says nothing: of a model from elsewhere, and of one that was tuned on plain text.
    """
    described = read_provenance(folder).get(PROMPT) if (folder / PROVENANCE).is_file() else None
    return described if isinstance(described, dict) else None


def _source(prompt: Prompt) -> str:
    return "the Alpaca prompt" if prompt is None else prompt.source


def _called(prompt: Prompt) -> str:
    if prompt is None:
        return "with the Alpaca prompt"
    return f"with the prompt {prompt.source}" if isinstance(prompt, PromptFile) else f"through {prompt.source}"
