"""The budget of a rendering: what each step of a template costs, and how large a text, a list or a number may grow.

There is no clock: the same template fails at the same place on any machine.
"""

from typing import Any

LONGEST_TEXT = 1_000_000  # characters of a template, of a text that it makes, and of a rendering
LONGEST_LIST = 100_000
# What a rendering may cost, a second of work or two; and the prices of a step, of an entry of a list that is read, and
# of a hundred characters. A step costs more in a longer template, which may write all of its text there.
LISTS = (list, tuple, dict, range)
BUDGET, STEP, ENTRY, CHARACTERS = 5_000_000, 20, 10, 100
LARGEST_NUMBER = 4096  # bits
WIDEST_INDENT = 100


class RenderingError(Exception):
    """Raise where a template cannot be read or rendered. The message is the template's own, or says what it did."""


class BudgetError(RenderingError):
    """Raise where a template would work too long, or make too much."""


class Budget:
    """Count the work of the rendering under way; before and after one nothing is left, and nothing is computed."""

    __slots__ = ("left", "step")

    def __init__(self) -> None:
        self.left = 0
        self.step = STEP

    def pay(self, *values: Any) -> None:
        """Pay for a step that reads these values, and all that is in them as often as it is."""
        steps = self.step
        for value in values:
            if isinstance(value, str):
                steps += len(value) // CHARACTERS
            elif isinstance(value, LISTS):
                self._read(value)
        self._spend(steps)

    def pay_shallowly(self, *values: Any) -> None:
        """Pay for a step that reads these values, but not what is in them."""
        lists = [value for value in values if isinstance(value, LISTS)]
        self._spend(self.step + ENTRY * sum(map(len, lists)))

    def _spend(self, steps: int) -> None:
        self.left -= steps
        if self.left < 0:
            raise BudgetError("it works without end: a rendering has a budget of steps, and this one used it up")

    def _read(self, value: Any) -> None:
        if isinstance(value, str):
            self._spend(len(value) // CHARACTERS)
        elif isinstance(value, LISTS):
            self._spend(ENTRY * len(value))
            if not isinstance(value, range):
                for part in value.items() if isinstance(value, dict) else value:
                    self._read(part)


def require_length(length: int) -> None:
    if length > LONGEST_TEXT:
        raise BudgetError(f"it makes a text of more than {LONGEST_TEXT:,} characters")


def require_size(sequence: Any, size: int) -> None:
    if isinstance(sequence, str):
        require_length(size)
    elif size > LONGEST_LIST:
        raise BudgetError(f"it makes a list of more than {LONGEST_LIST:,} entries")


def require_indent(width: int) -> int:
    if width > WIDEST_INDENT:
        raise BudgetError(f"it indents by more than {WIDEST_INDENT}")
    return width
