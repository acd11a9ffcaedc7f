"""Find what is trained of a rendered conversation: each answer, from where a model begins to write to its first stop.

Nothing is searched for by what it looks like. What a model is given before an answer is rendered as at inference, and
what ends an answer is what the template writes behind it.
"""

from collections.abc import Sequence
from typing import NamedTuple

from commit_llm.data.chat.slots import Message, PlaceError, Render, Rendering, rendering

ASSISTANT = "assistant"


# Characters that are rendered for the answers of one conversation: two seconds' work.
MOST_RENDERED = 20_000_000


class StopError(Exception):
    """Raise where a template writes no stop after an answer: a model would not learn to end."""


class TurnsError(Exception):
    """Raise for a conversation with so many turns that rendering it for each answer would take too long."""


class AnswerSpan(NamedTuple):
    """Say what is trained of one answer.

    message: its number.
    start, end: of what is trained, in the rendering.
    """

    message: int
    start: int
    end: int


class AnswerSpans(NamedTuple):
    """Hold the answers that are trained, and why others are not: the reason of each."""

    trained: list[AnswerSpan]
    passed_over: list[str]


def find_answers(
    render: Render, messages: Sequence[Message], rendered: Rendering, stops: Sequence[str], last_only: bool = False
) -> AnswerSpans:
    """Find the answers of a rendered conversation.

    stops: texts of the tokens that end an answer.
    last_only: train the last answer alone.

    Raises StopError and TurnsError, and RenderingError as `render` does.
    """
    answers = AnswerSpans([], [])
    numbers = [number for number, message in enumerate(messages) if message["role"] == ASSISTANT]
    numbers = [number for number in (numbers[-1:] if last_only else numbers) if number in rendered.slots]
    if 2 * len(numbers) * len(rendered.text) > MOST_RENDERED:
        raise TurnsError(f"{len(numbers)} answers in {len(rendered.text):,} characters")
    for number in numbers:
        try:
            answers.trained.append(_answer(render, messages, rendered, number, stops))
        except PlaceError as reason:
            answers.passed_over.append(str(reason))
    return answers


def _answer(
    render: Render, messages: Sequence[Message], rendered: Rendering, number: int, stops: Sequence[str]
) -> AnswerSpan:
    if number == 0:
        raise PlaceError("an answer that comes first was asked for by nothing")
    slot, text = rendered.slots[number], rendered.text
    prompt = render(messages[:number], True)
    if text.startswith(prompt) and len(prompt) <= slot.start:
        start = len(prompt)
    else:
        start = _after_generation_prompt(render, messages, rendered, number, prompt)
    thought = str(messages[number].get("reasoning_content") or "").strip()
    if thought not in text[start : slot.start]:
        raise PlaceError("the template leaves out the thought before an answer")
    closing = _closing(render, messages, rendered, number, stops)
    if not text.startswith(closing, slot.end):
        raise PlaceError("later turns change what ends an answer")
    return AnswerSpan(number, start, slot.end + len(closing))


def _after_generation_prompt(
    render: Render, messages: Sequence[Message], rendered: Rendering, number: int, prompt: str
) -> int:
    """Give the place behind what asks for an answer, where later turns changed what stands before it."""
    without = render(messages[:number], False)
    asks = prompt.removeprefix(without) if prompt.startswith(without) else ""
    before = max((slot.end for other, slot in rendered.slots.items() if other < number), default=0)
    end = rendered.slots[number].start
    if not asks or rendered.text.count(asks, before, end) != 1:  # twice: one of them is in a text without a slot
        raise PlaceError("an answer is not rendered as it is asked for")
    return rendered.text.index(asks, before, end) + len(asks)


def _closing(
    render: Render, messages: Sequence[Message], rendered: Rendering, number: int, stops: Sequence[str]
) -> str:
    """Give what the template writes behind an answer that is the last one, up to its first stop."""
    end = rendered.slots[number].end
    if number == len(messages) - 1:
        rest = rendered.text[end:]
    else:
        text = render(messages[: number + 1], False)
        if text[:end] != rendered.text[:end]:
            slot = rendering(render, messages[: number + 1]).slots.get(number)
            if slot is None:
                raise PlaceError("the template leaves out an answer that is the last one")
            end = slot.end
        rest = text[end:]
    ends = [rest.index(stop) + len(stop) for stop in stops if stop in rest]
    if not ends:
        raise StopError("the template writes no stop after an answer")
    return rest[: min(ends)]
