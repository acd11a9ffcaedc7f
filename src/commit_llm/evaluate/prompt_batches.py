"""Which prompts are answered together, and to what shape they are padded."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

MAX_LENGTH = 2048  # of prompt and answer
BUCKET = 256  # prompts are padded to a multiple of it: at most seven shapes to compile


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
    """Group prompts into batches, short prompts first. A batch is as wide as its longest, up to a multiple of 256.

    A batch holds at most as many tokens, with padding and answers, as batch_size prompts of the greatest length
    (of 2,048 tokens, where a model takes longer ones). So shorter prompts go more at a time. All batches of one width
    have one number of rows: each width is compiled once.

    lengths: tokens of each prompt.
    longest: tokens that a prompt may have.
    rows_for: gives the least number of rows, at least the number it is called with, that the devices can share.

    >>> [(b.prompts, b.rows, b.width) for b in plan_batches([300, 5, 700, 8, 9], 1, 768, 256)]
    [([1, 3], 2, 256), ([4], 2, 256), ([0], 1, 512), ([2], 1, 768)]
    """
    budget = batch_size * min(longest + max_new_tokens, MAX_LENGTH)

    def width(place: int) -> int:
        return min(longest, -(-max(lengths[place], 1) // BUCKET) * BUCKET)

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
