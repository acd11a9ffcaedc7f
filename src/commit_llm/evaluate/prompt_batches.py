"""Which prompts are answered together, and to what shape they are padded."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

MAX_LENGTH = 2048  # tokens of prompt and answer: of the reference's tasks, and what a batch has room for, a question
MAX_NEW_TOKENS = 256
BUCKET = 256


class PromptBatch(NamedTuple):
    """Describe prompts that are answered together.

    prompts: their places in the list of all prompts.
    rows, width: the shape that they are padded to.
    """

    prompts: list[int]
    rows: int
    width: int


def plan_batches(
    lengths: Sequence[int],
    batch_size: int,
    longest: int,
    max_new_tokens: int,
    rows_for: Callable[[int], int] = lambda rows: rows,
) -> list[PromptBatch]:
    """Group prompts into batches, short prompts first. A batch is as wide as its longest, padded by `padded_length`.

    A batch holds at most as many tokens, with padding and answers, as batch_size prompts of the greatest length
    (of 2,048 tokens, where a model takes longer ones). So shorter prompts go more at a time, and longer ones fewer, but
    never less than one. All batches of one width have one number of rows: each width is compiled once.

    lengths: tokens of each prompt.
    longest: tokens that a prompt may have.
    rows_for: gives the least number of rows, at least the number it is called with, that the devices can share.

    >>> [(b.prompts, b.rows, b.width) for b in plan_batches([300, 5, 700, 8, 9], 1, 768, 256)]
    [([1, 3], 2, 256), ([4], 2, 256), ([0], 1, 512), ([2], 1, 768)]
    """
    budget = batch_size * min(longest + max_new_tokens, MAX_LENGTH)

    def width(place: int) -> int:
        return min(longest, padded_length(lengths[place]))

    def most_rows(place: int) -> int:
        return rows_for(max(1, budget // (width(place) + max_new_tokens)))

    order = sorted(range(len(lengths)), key=lambda place: lengths[place])
    groups = []
    start = 0
    while start < len(order):
        end = start + 1
        while end < len(order) and end - start < most_rows(order[end]):
            end += 1
        groups.append(order[start:end])
        start = end
    rows = {width(group[-1]): 0 for group in groups}
    for group in groups:
        rows[width(group[-1])] = max(rows[width(group[-1])], rows_for(len(group)))
    return [PromptBatch(group, rows[width(group[-1])], width(group[-1])) for group in groups]


def padded_length(length: int) -> int:
    """Round a prompt's length up: to a multiple of 256; above 2,048, of a quarter of the power of two below it.

    So few shapes are compiled, however long prompts may be: at most 7 for the reference's tasks, 16 for a model of
    8,192 positions, 32 for one of 131,072; and no prompt above 1,024 tokens is padded by more than a quarter.

    >>> [padded_length(length) for length in (5, 257, 1792, 2049, 3000, 4097, 5399)]
    [256, 512, 1792, 2560, 3072, 5120, 6144]
    """
    step = 1 << (length - 1).bit_length() - 3 if length > MAX_LENGTH else BUCKET
    return -(-max(length, 1) // step) * step
