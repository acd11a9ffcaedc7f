"""Find in a rendered conversation where each message's content stands: by rendering it once more, with marks.

A slot is believed only where the rendering without marks is the true one, and the slot has the content itself.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from commit_llm.data.prompts import Passage

Message = Mapping[str, Any]
# Of render(messages, add_generation_prompt): the template's text. Raises RenderingError.
Render = Callable[[Sequence[Message], bool], str]
# Noncharacters, which are for no interchange of text: before the number of a message, before its content, after it.
MARKS = "\ufdd0\ufdd1\ufdd2"
MARKED = re.compile("\ufdd0([0-9]+)\ufdd1([^\ufdd0-\ufdd2]*)\ufdd2")
# What templates do to a content. The first that explains the rendering is taken.
CHANGES: tuple[Callable[[str], str], ...] = (
    lambda text: text,
    str.strip,
    str.rstrip,
    str.lstrip,
    lambda text: text.strip("\n"),
    lambda text: text.lstrip("\n"),
    lambda text: text.rstrip("\n"),
)


class PlaceError(Exception):
    """Raise for a conversation whose contents cannot be found in its rendering. The message says why, for a count."""


class Slot(NamedTuple):
    """Say where the content of a message stands in a rendering, as the template writes it: from start up to end."""

    start: int
    end: int


class Rendering(NamedTuple):
    """Hold a rendered conversation.

    slots: by the number of the message; empty contents, and those that the template drops, have none.
    """

    text: str
    slots: dict[int, Slot]


def rendering(render: Render, messages: Sequence[Message]) -> Rendering:
    """Render a conversation and find its contents. Raises PlaceError, and RenderingError as `render` does."""
    contents = {number: str(message.get("content") or "") for number, message in enumerate(messages)}
    contents = {number: content for number, content in contents.items() if content}
    if any(mark in content for content in contents.values() for mark in MARKS):
        raise PlaceError("a content has a noncharacter, U+FDD0 to U+FDD2")
    plain = render(messages, False)
    slots = _slots(render, messages, contents, plain)
    if slots is None:
        changed = {
            number: _as_written(render, messages, number, content, plain) for number, content in contents.items()
        }
        slots = _slots(render, messages, changed, plain)
    if slots is None:
        raise PlaceError("the template changes its contents")
    return Rendering(plain, slots)


def passages_of(rendered: Rendering, names: Mapping[int, str]) -> Iterator[Passage]:
    """Cut a rendering into contents and what stands between them.

    names: of the contents to cut out, by the number of their message; the others stay part of what is between.
    """
    end = 0
    for number, slot in sorted(rendered.slots.items(), key=lambda pair: pair[1].start):
        if number in names:
            yield Passage(rendered.text[end : slot.start])
            yield Passage(rendered.text[slot.start : slot.end], names[number])
            end = slot.end
    yield Passage(rendered.text[end:])


def _as_written(render: Render, messages: Sequence[Message], number: int, content: str, plain: str) -> str:
    """Give a content as the template writes it."""
    for change in CHANGES:
        written = change(content)
        if written and _slots(render, messages, {number: written}, plain) is not None:
            return written
    raise PlaceError("the template changes a content, or writes it twice")


def _slots(
    render: Render, messages: Sequence[Message], contents: Mapping[int, str], plain: str
) -> dict[int, Slot] | None:
    """Find contents by their marks; None where the rendering is not the plain one without them."""
    first, middle, last = tuple(MARKS)
    marked = [
        {**message, "content": f"{first}{number}{middle}{contents[number]}{last}"} if number in contents else message
        for number, message in enumerate(messages)
    ]
    text, slots, removed = render(marked, False), {}, 0
    for match in MARKED.finditer(text):
        number, content = int(match[1]), match[2]
        if number in slots or content != contents.get(number):
            return None
        start = match.start() - removed
        slots[number] = Slot(start, start + len(content))
        removed += len(match[0]) - len(content)
    return slots if MARKED.sub(lambda match: match[2], text) == plain else None
