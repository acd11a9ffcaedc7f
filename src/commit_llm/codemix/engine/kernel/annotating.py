"""Find brackets as codemix/engine/brackets.py does, and write annotations, in compiled code."""

import numpy as np

from commit_llm.codemix.engine import brackets
from commit_llm.codemix.engine.kernel.compiling import compiled, compiled_apart
from commit_llm.codemix.engine.kernel.eights import copy, decode
from commit_llm.codemix.engine.kernel.scan import LINE_BREAK
from commit_llm.codemix.outcome import Annotation

OPENING, CLOSING = tuple(map(ord, brackets.OPENING)), tuple(map(ord, brackets.CLOSING))
(BRACKET_SPACE, OPENS), (CLOSES,) = (tuple(part.encode()) for part in Annotation.BRACKETS.split("{}"))
COMMA, COMMA_SPACE = tuple(Annotation.COMMA.removesuffix("{}").encode())
AROUND = 3  # bytes that an annotation needs at most, beside the translation


@compiled_apart
def find_brackets(classes, data, start, end):
    """Find the opening brackets of a text, and the closing one of each, or -1; (brackets, 2), in bytes."""
    count = 0
    for at in range(start, end):
        count += is_one(OPENING, decode(data, at)[0]) if data[at] & 0xC0 != 0x80 else 0
    pairs = np.full((count, 2), -1, np.int64)
    waiting = np.empty(count, np.int64)
    height = number = 0
    at = start
    while at < end and count:
        point, behind = decode(data, at)
        if is_one(OPENING, point):
            pairs[number, 0] = at
            waiting[height] = number
            height += 1
            number += 1
        elif height and is_one(CLOSING, point):
            height -= 1
            pairs[waiting[height], 1] = at
        elif classes[point] == LINE_BREAK:
            height = 0
        at = behind
    return pairs


@compiled
def is_one(signs, point):
    """Say whether a code point is one of some signs."""
    for sign in signs:
        if point == sign:
            return True
    return False


@compiled
def is_within(pairs, place):
    """Say whether a place lies within one of the pairs of brackets."""
    for number in range(len(pairs)):
        if pairs[number, 0] >= place:
            return False
        if place < pairs[number, 1]:
            return True
    return False


@compiled
def annotate(octets, start, end, comma, out, at):
    """Write a translation as an annotation; gives the place behind it."""
    out[at], out[at + 1] = (COMMA, COMMA_SPACE) if comma else (BRACKET_SPACE, OPENS)
    at = copy(octets, start, end, out, at + 2)
    if not comma:
        out[at] = CLOSES
        at += 1
    return at
