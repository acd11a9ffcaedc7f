"""Conversations: contents may be mixed, the template around them never; the assistant's answers are trained."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from commit_llm.data.chat.answer_spans import AnswerSpans, StopError, TurnsError, find_answers
from commit_llm.data.chat.conversation import ConversationError, read_conversation, tools_of
from commit_llm.data.chat.mixable_contents import MIXED_ROLES, name_contents
from commit_llm.data.chat.slots import Message, PlaceError, Render, Rendering, passages_of, rendering
from commit_llm.data.chat.template import ChatTemplate
from commit_llm.data.chat.tokens import encode_chat
from commit_llm.data.chat.work_budget import RenderingError
from commit_llm.data.examples import Cut, Example, NoExample, NoExampleReason
from commit_llm.data.prompts import Passage
from commit_llm.data.tokenizer import Tokenizer
from commit_llm.errors import UserError
from commit_llm.files.records import Record

PARAGRAPHS, LINES = re.compile(r"\n\s*\n"), re.compile(r"\n")
LABEL = re.compile(r"[^\s:]{1,20}:\s+")  # such as "Text: " before a context


@dataclass(frozen=True)
class ChatForm:
    """Lay conversations out by a chat template.

    mix_roles: whose contents may be mixed, each by itself.
    train_on: all answers, or the last one alone.
    strip_answers: take the white space at both ends of answers away.
    cut: whether an example that is longer than a row is cut.
    """

    template: ChatTemplate
    mix_roles: tuple[str, ...] = MIXED_ROLES
    train_on: Literal["all", "last"] = "all"
    strip_answers: bool = True
    cut: Cut = Cut.NOWHERE

    @property
    def name(self) -> str:
        """Give the name that provenance has for it."""
        return "chat"

    def texts(self, record: Record, index: int) -> dict[str, str]:
        """Give the contents that may be mixed: "user 1", "assistant 1", and so on; the last answer is the output."""
        try:
            messages = self._messages(record, index)
        except ConversationError:
            return {}
        return {name: messages[number]["content"] for number, name in name_contents(messages, self.mix_roles).items()}

    def layout(self, record: Record, texts: Mapping[str, str]) -> Sequence[Sequence[Passage]]:
        """Lay out the conversation, as one string."""
        messages = self._with_texts(self._messages(record, 0), texts)
        names = name_contents(messages, self.mix_roles)
        return [list(passages_of(rendering(self._render(record), messages), names))]

    def encode(self, tokenizer: Tokenizer, record: Record, texts: Mapping[str, str]) -> Example | NoExample:
        """Make the example of which the answers are trained, or say why there is none."""
        try:
            messages = self._with_texts(self._messages(record, 0), texts)
            if any(self.template.has_control(tokenizer, text) for text in texts_in([messages, tools_of(record)])):
                return NoExample(NoExampleReason.CONTROL)
            rendered, answers = self._rendered(self._render(record), messages)
        except ConversationError as error:
            return NoExample(NoExampleReason.FAULTY, str(error))
        except RenderingError as error:
            return NoExample(NoExampleReason.REFUSED, str(error))
        except PlaceError as error:
            return NoExample(NoExampleReason.CHANGED, str(error))
        except TurnsError as error:
            return NoExample(NoExampleReason.MANY_TURNS, str(error))
        except StopError:
            written = f"{self.template.source} writes none of {' '.join(self.template.stops)} there"
            return NoExample(NoExampleReason.NO_STOP, f"{written}; name the token that it writes with --stop TOKEN")
        stops = {tokenizer.added[stop] for stop in self.template.stops}
        encoded = encode_chat(tokenizer, rendered.text, answers.trained, stops)
        if not encoded.trained.any():
            return NoExample(NoExampleReason.UNASKED, "; ".join(dict.fromkeys(answers.passed_over)))
        return Example(encoded.ids, encoded.trained, self.cut, len(answers.passed_over) + encoded.unaligned)

    def documents(self, record: Record) -> Iterator[str]:
        """Give each content, paragraph and line, also without its label: contexts stand in questions."""
        try:
            messages = self._messages(record, 0)
        except (ConversationError, UserError):
            return
        for message in messages:
            content = message["content"]
            for part in dict.fromkeys([content, *PARAGRAPHS.split(content), *LINES.split(content)]):
                yield part
                if label := LABEL.match(part):
                    yield part[label.end() :]

    def _messages(self, record: Record, index: int) -> list[dict[str, Any]]:
        return read_conversation(record, index, strip_answers=self.strip_answers)

    def _with_texts(self, messages: list[dict[str, Any]], texts: Mapping[str, str]) -> list[dict[str, Any]]:
        for number, name in name_contents(messages, self.mix_roles).items():
            messages[number]["content"] = texts[name]
        return messages

    def _render(self, record: Record) -> Render:
        return partial(self.template.render, tools=tools_of(record))

    def _rendered(self, render: Render, messages: Sequence[Message]) -> tuple[Rendering, AnswerSpans]:
        rendered = rendering(render, messages)
        return rendered, find_answers(render, messages, rendered, self.template.stops, self.train_on == "last")


def texts_in(value: Any) -> Iterator[str]:
    """Give all texts of plain values: contents, thoughts, calls of tools."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from texts_in(key)
            yield from texts_in(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from texts_in(item)
