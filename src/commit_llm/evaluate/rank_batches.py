"""Which prompts are scored together with their candidates, and where each token of them stands in a row."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from commit_llm.model.tree_likelihood import CHUNK

LEAST_WIDTH = 1024  # tokens of a row, and what a batch has room for, a question


class Candidates(NamedTuple):
    """Hold the ids of a prompt and of the candidates that may follow it. None is empty."""

    prompt: list[int]
    answers: list[list[int]]

    @property
    def places(self) -> int:
        """Count the places in a row. The last token of a candidate takes none: nothing follows it."""
        return len(self.prompt) + self.scored - len(self.answers)

    @property
    def scored(self) -> int:
        """Count the tokens whose log-probability is computed: those of the candidates."""
        return sum(map(len, self.answers))


class RowBatch(NamedTuple):
    """Describe rows that are computed together.

    rows: of each row the prompts, by their places in the list of all.
    height, width: the shape that they are padded to.
    scored: the number of log-probabilities, with padding.
    """

    rows: list[list[int]]
    height: int
    width: int
    scored: int

    @property
    def prompts(self) -> list[int]:
        """List the prompts of all rows."""
        return [place for row in self.rows for place in row]


class Arrays(NamedTuple):
    """Hold what `tree_log_probabilities` takes, by the names that it has there."""

    tokens: np.ndarray
    segment_ids: np.ndarray
    parent_ids: np.ndarray
    positions: np.ndarray
    places: np.ndarray
    targets: np.ndarray


def plan_rows(
    prompts: Sequence[Candidates], batch_size: int, rows_for: Callable[[int], int] = lambda rows: rows
) -> list[RowBatch]:
    """Put whole prompts into rows, the longest first, each into the first row with room; and rows into batches.

    A row has 1,024 places, or a power of two above that where its first prompt needs it. A batch has at most as many
    places as batch_size rows of 1,024, but at least one row. All batches of one width have one shape: it is compiled
    once.

    rows_for: gives the least number of rows, at least the number it is called with, that the devices can share.

    >>> prompts = [Candidates([7] * length, [[8], [9]]) for length in (300, 1500, 600, 500, 200)]
    >>> [(batch.rows, batch.height, batch.width) for batch in plan_rows(prompts, 1)]
    [([[1, 3]], 1, 2048), ([[2, 0]], 1, 1024), ([[4]], 1, 1024)]
    """
    rows: dict[int, list[list[int]]] = {}
    open_rows: list[tuple[list[int], list[int]]] = []  # the places that are left, and the row
    for place in sorted(range(len(prompts)), key=lambda place: -prompts[place].places):
        needed = prompts[place].places
        for left, row in open_rows:
            if needed <= left[0]:
                left[0] -= needed
                row.append(place)
                break
        else:
            width = max(LEAST_WIDTH, 1 << (needed - 1).bit_length())
            open_rows.append(([width - needed], [place]))
            rows.setdefault(width, []).append(open_rows[-1][1])
    batches = []
    for width, of_width in rows.items():
        batches += _batches(prompts, of_width, width, rows_for(max(1, batch_size * LEAST_WIDTH // width)), rows_for)
    return batches


def _batches(
    prompts: Sequence[Candidates], rows: list[list[int]], width: int, most: int, rows_for: Callable[[int], int]
) -> list[RowBatch]:
    """Deal rows of one width out to batches of one shape, as evenly as may be."""
    number = -(-len(rows) // most)
    height = rows_for(-(-len(rows) // number))
    groups = [rows[start : start + height] for start in range(0, len(rows), height)]
    scored = [sum(prompts[place].scored for row in group for place in row) for group in groups]
    padded = -(-max(scored) // CHUNK) * CHUNK
    return [RowBatch(group, height, width, padded) for group in groups]


def lay_out(prompts: Sequence[Candidates], batch: RowBatch) -> Arrays:
    """Write the tokens of a batch into its rows.

    The log-probabilities come prompt by prompt as `batch.prompts` has them, candidate by candidate, token by token.
    """
    tokens, segment_ids, parent_ids, positions = np.zeros((4, batch.height, batch.width), np.int32)
    places, targets = [], []
    for number, row in enumerate(batch.rows):
        end, segment = 0, 0
        for prompt, answers in (prompts[place] for place in row):
            parent = segment + 1
            stretches = [(prompt, 0), *((answer[:-1], len(prompt)) for answer in answers)]
            last_of_prompt = end + len(prompt) - 1
            for index, (ids, position) in enumerate(stretches):
                segment += 1
                stretch = slice(end, end + len(ids))
                tokens[number, stretch] = ids
                segment_ids[number, stretch], parent_ids[number, stretch] = segment, parent
                positions[number, stretch] = np.arange(position, position + len(ids))
                if index > 0:
                    before = [last_of_prompt, *range(stretch.start, stretch.stop)]
                    places += [number * batch.width + place for place in before]
                    targets += answers[index - 1]
                end = stretch.stop
    padding = (0, batch.scored - len(targets))
    return Arrays(
        tokens, segment_ids, parent_ids, positions,
        np.pad(np.asarray(places, np.int32), padding), np.pad(np.asarray(targets, np.int32), padding),
    )  # fmt: skip


def add_up(prompts: Sequence[Candidates], batch: RowBatch, log_probabilities: np.ndarray) -> dict[int, list[float]]:
    """Add up the log-probabilities of each candidate, by the place of its prompt."""
    sums: dict[int, list[float]] = {}
    start = 0
    for place in batch.prompts:
        sums[place] = []
        for answer in prompts[place].answers:
            sums[place].append(float(np.sum(log_probabilities[start : start + len(answer)], dtype=np.float64)))
            start += len(answer)
    return sums
