"""The text of an answer: where it is cut, why it ended, and whether there is any."""

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

NEWLINE = "\n"
BLANK_LINES = re.compile(r"(?:[^\S\n]*\n)+")

# stop: at a token that ends a text; newline: before a newline; length: neither came within the most new tokens.
FinishReason = Literal["stop", "newline", "length"]


class Answer(NamedTuple):
    """Hold an answer.

    text: of one line. Spaces at its ends stay.
    truncated: whether the prompt was shortened.
    finish_reason: why it ended.
    """

    text: str
    truncated: bool
    finish_reason: FinishReason

    @property
    def empty(self) -> bool:
        """Tell whether there is nothing but white space."""
        return not self.text.strip()


def without_blank_lines(text: str) -> str:
    """Leave out the blank lines before a text.

    >>> without_blank_lines("\\n  \\n Athens\\n")
    ' Athens\\n'
    """
    blank = BLANK_LINES.match(text)
    return text[blank.end() :] if blank else text


def first_line(text: str) -> str:
    """Give the first line of a text that is not blank. Where all are, it is the last one.

    >>> first_line("\\n Athens\\nor Patras")
    ' Athens'
    """
    return cut(without_blank_lines(text), [NEWLINE])


def cut(text: str, until: Sequence[str]) -> str:
    """Give the text before the first of some texts. Spaces at its ends stay.

    >>> cut(" Athens\\nQuestion", ["\\n"])
    ' Athens'
    """
    return text[: min((text.find(stop) for stop in until if stop and stop in text), default=len(text))]
