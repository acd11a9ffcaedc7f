"""How a model is asked: what stands around a request, as the model was tuned with it, and the ids that it becomes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from commit_llm.data.chat.conversation import SYSTEM
from commit_llm.data.chat.slots import PlaceError
from commit_llm.data.chat.template import ChatTemplate
from commit_llm.data.chat.work_budget import RenderingError
from commit_llm.data.forms.chat import texts_in
from commit_llm.data.opened_prompt import Prompt, describe_prompt
from commit_llm.data.prompts import Passage, alpaca_passages, joined
from commit_llm.data.requests import Request, RequestError
from commit_llm.data.tokenizer import Tokenizer

NONE = "none"  # of --prompt: nothing stands around a text


class RequestForm(Protocol):
    """Say how a model is asked. takes_conversations: whether a request may be one."""

    @property
    def takes_conversations(self) -> bool: ...

    def describe(self) -> dict[str, Any]:
        """Give all that decides on the form, as JSON."""
        ...

    def encode(self, tokenizer: Tokenizer, request: Request) -> list[int]:
        """Give the ids of a request, with the bos before them, if any. Raises RequestError."""
        ...


@dataclass(frozen=True)
class PlainRequests:
    """Ask with the text alone, as a model of plain text continues it."""

    takes_conversations: bool = False

    def describe(self) -> dict[str, Any]:
        return {"kind": NONE}

    def encode(self, tokenizer: Tokenizer, request: Request) -> list[int]:
        instruction, input = request.as_instruction()
        if input:
            raise RequestError("it has an input, and plain text has no place for one; name a --prompt")
        return _encoded(tokenizer, instruction)


@dataclass(frozen=True)
class InstructionRequests:
    """Ask with an instruction and its input, laid out by the Alpaca prompt (prompt None) or a user's own."""

    prompt: Prompt
    passages: Callable[[str, str], Sequence[Passage]]
    takes_conversations: bool = False

    def describe(self) -> dict[str, Any]:
        return describe_prompt(self.prompt)

    def encode(self, tokenizer: Tokenizer, request: Request) -> list[int]:
        instruction, input = request.as_instruction()
        try:
            return _encoded(tokenizer, joined(self.passages(instruction, input)))
        except (RenderingError, PlaceError) as error:
            raise RequestError(f"it does not go into the prompt: {error}; name another --prompt") from None


@dataclass(frozen=True)
class ChatRequests:
    """Ask with a conversation, laid out by a chat template, which writes the bos, if any."""

    template: ChatTemplate
    takes_conversations: bool = True

    def describe(self) -> dict[str, Any]:
        return describe_prompt(self.template)

    def encode(self, tokenizer: Tokenizer, request: Request) -> list[int]:
        messages = request.as_messages()
        if any(self.template.has_control(tokenizer, text) for text in texts_in([messages, request.tools])):
            raise RequestError(
                "it has what a model reads as a control token, such as the end of a turn; take that out of the text"
            )
        try:
            text = self.template.render(messages, True, request.tools)
        except RenderingError as error:
            reason = f"the chat template refuses it: {error}; change it, or name another --chat-template"
            raise RequestError(reason) from None
        for message in [message for message in messages if message["role"] == SYSTEM] + messages[-1:]:
            if message["content"].strip() not in text:
                raise RequestError(
                    f"the chat template changes the {message['role']}'s message; name another template with "
                    "--chat-template"
                )
        return tokenizer.encode_rendered(text).ids


def request_form(prompt: Prompt) -> RequestForm:
    """Give the form of a prompt of training."""
    if prompt is None:
        return InstructionRequests(None, alpaca_passages)
    if isinstance(prompt, ChatTemplate):
        return ChatRequests(prompt)
    return InstructionRequests(prompt, prompt.passages)


def _encoded(tokenizer: Tokenizer, text: str) -> list[int]:
    ids = [*tokenizer.bos, *tokenizer.encode(text)]
    if not ids:
        raise RequestError("it has no token; write a prompt there")
    return ids
