"""Name the contents of a conversation that may be mixed, find where they stand in its record, and put others there."""

import copy
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any, NamedTuple

from commit_llm.codemix.settings import OUTPUT
from commit_llm.data.chat.conversation import ASSISTANT, USER, chat_columns, content_key, read_conversation, text_parts
from commit_llm.files.records import Record

# Whose contents may be mixed: what else stands in a conversation is the model's, or a program's.
MIXED_ROLES = (USER, ASSISTANT)
TextPath = tuple[str | int, ...]  # of keys and numbers, from a record down to one of its texts


class ContentPlace(NamedTuple):
    """Say where a content, or a part of one, stands.

    path: to a text of the record.
    before, text, after: that text, in three: what is not of the content (white space, a thought) is around it.
    """

    path: TextPath
    before: str
    text: str
    after: str


class MixableContent(NamedTuple):
    """Hold a content that may be mixed.

    name: as training has it.
    places: of its parts; joined, they are the content.
    """

    name: str
    places: Sequence[ContentPlace]

    @property
    def text(self) -> str:
        """Give the content."""
        return "".join(place.text for place in self.places)


def name_contents(messages: Sequence[Mapping[str, Any]], roles: Sequence[str] = MIXED_ROLES) -> dict[int, str]:
    """Name the contents that may be mixed, by the number of their message; the last answer is the output.

    >>> turns = [("system", "Be brief."), ("user", "Where?"), ("assistant", "Here."), ("user", "When?")]
    >>> name_contents([{"role": role, "content": content} for role, content in turns])
    {1: 'user 1', 2: 'output', 3: 'user 2'}
    """
    answers = [number for number, message in enumerate(messages) if message["role"] == ASSISTANT]
    names, counts = {}, dict.fromkeys(roles, 0)
    for number, message in enumerate(messages):
        if message["role"] in counts and message["content"]:
            counts[message["role"]] += 1
            is_last = answers[-1:] == [number]
            names[number] = OUTPUT if is_last else f"{message['role']} {counts[message['role']]}"
    return names


def mixable_contents(record: Record, index: int, roles: Sequence[str] = MIXED_ROLES) -> list[MixableContent]:
    """Find the contents of a record that may be mixed. It has columns of a conversation.

    Raises ConversationError for a fault in it.
    """
    messages = read_conversation(record, index)
    names, texts = name_contents(messages, roles), list(_texts_of_messages(record))
    contents = []
    for number, name in names.items():
        content, parts = messages[number]["content"], texts[number]
        whole = "".join(text for _, text in parts)
        # An answer is read without the white space around it, and without a thought before it: it is at the end.
        start = len(whole.rstrip()) - len(content) if messages[number]["role"] == ASSISTANT else 0
        contents.append(MixableContent(name, list(_places(parts, start, start + len(content)))))
    return contents


def with_texts(record: Record, texts: Mapping[TextPath, str]) -> dict[str, Any]:
    """Give a record with other texts at these paths. All else is as it was, and the record itself stays."""
    root: dict[str, Any] = dict(record)
    own: dict[TextPath, Any] = {(): root}
    for path, text in texts.items():
        for depth in range(1, len(path)):
            parent, step = own[path[: depth - 1]], path[depth - 1]
            if path[:depth] not in own:
                own[path[:depth]] = parent[step] = copy.copy(parent[step])
        own[path[:-1]][path[-1]] = text
    return root


def _texts_of_messages(record: Record) -> Iterator[list[tuple[TextPath, str]]]:
    """Give the texts of each message's content, with their paths, in the order of `read_conversation`."""
    for column in chat_columns(record):
        value = record[column]
        if isinstance(value, str):
            yield [((column,), value)]
            continue
        for number, message in enumerate(value or ()):
            key = content_key(message)
            yield [((column, number, key, *path), text) for path, text in text_parts(message.get(key))]


def _places(parts: Sequence[tuple[TextPath, str]], start: int, end: int) -> Iterator[ContentPlace]:
    """Give those of the parts of a content that reach into the stretch from start to end."""
    ends = accumulate(len(text) for _, text in parts)
    for (path, text), last in zip(parts, ends, strict=True):
        first = last - len(text)
        low, high = max(start, first) - first, min(end, last) - first
        if low < high:
            yield ContentPlace(path, text[:low], text[low:high], text[high:])
