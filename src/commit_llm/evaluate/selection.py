"""Which of a task's questions are asked: all, the first of each context, or the first of those."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol, TypeVar

from commit_llm.errors import UserError, shown


class OfContext(Protocol):
    """Say of which context a question is."""

    @property
    def context_id(self) -> str: ...


Asked = TypeVar("Asked", bound=OfContext)


class Selection(NamedTuple):
    """Say which questions of a task are asked. Both count in the order of the file.

    limit: how many at most, of those that per_context leaves. None: all.
    per_context: how many of each context at most. None: all.
    """

    limit: int | None = None
    per_context: int | None = None

    def of(self, questions: Sequence[Asked]) -> list[Asked]:
        """Choose. Raises UserError for a number below 1."""
        for flag, number in (("--limit", self.limit), ("--per-context", self.per_context)):
            if number is not None and number < 1:
                raise UserError(f"{flag} {number}: must be at least 1")
        if self.per_context is not None:
            questions = list(_first_of_each(questions, self.per_context))
        return list(questions[: self.limit])


def read_per_context(values: Sequence[str], names: Sequence[str]) -> dict[str, int]:
    """Read the values of --per-context: `TASK=N` for a task, a bare `N` for the others. Give N by task.

    Raises UserError for a value that is neither, for a task that is not among the names, and for two of one kind.

    >>> read_per_context(["2", "b=1"], ["a", "b", "c"])
    {'a': 2, 'b': 1, 'c': 2}
    """
    numbers: dict[str, int] = {}
    for value in values:
        name, _, number = value.rpartition("=")
        if not (number.isascii() and number.isdigit()) or int(number[:10]) < 1:
            raise UserError(f"--per-context {shown(value)}: give a number from 1, or TASK=NUMBER")
        if name and name not in names:
            raise UserError(f"--per-context {shown(value)}: {name} is not one of our tasks in --tasks")
        if name in numbers:
            raise UserError(f"--per-context {shown(value)}: a second number for {name or 'all tasks'}; leave one out")
        numbers[name] = int(number[:10])
    if numbers and not names:
        raise UserError("--per-context: is for tasks of ours, and none is named; leave it out")
    of_others = numbers.pop("", None)
    return numbers if of_others is None else {name: numbers.get(name, of_others) for name in names}


def _first_of_each(questions: Iterable[Asked], number: int) -> Iterable[Asked]:
    counts: Counter[str] = Counter()
    for question in questions:
        counts[question.context_id] += 1
        if counts[question.context_id] <= number:
            yield question
