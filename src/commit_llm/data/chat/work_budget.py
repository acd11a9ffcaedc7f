"""The budget of a rendering: what each step of a template costs, and how large a text, a list or a number may grow.

There is no clock: the same template fails at the same place on any machine.
"""

from collections.abc import Iterator
from typing import Any

from jinja2.runtime import Undefined

LONGEST_TEXT = 1_000_000  # characters of a template, of a text that it makes, and of a rendering
LONGEST_LIST = 100_000
MOST_TOKENS = 20_000  # of a template; the longest published ones have a tenth of them
LARGEST_NUMBER = 4096  # bits
LARGEST_KEY = 60  # bits; larger numbers can be chosen so that all have one hash
WIDEST_INDENT = 100
# What a rendering may cost, and the prices of a call, of an operator, and of an entry of a list. A part of a template
# costs one for each of its nodes. One stands for less than 0.4 microseconds of work.
BUDGET, STEP, OPERATION, ENTRY = 5_000_000, 20, 5, 10
# How many characters are read, are made, or are compared in a search, for one. At most 25 million are made, so that
# they fit into 100 MB.
READ, MADE, COMPARED = 10, 5, 400
LONGEST_SLOW_NEEDLE = 100  # characters; from there on Python's search forwards takes no longer for a longer one
VIEWS: tuple[Any, ...] = (type({}.keys()), type({}.values()), type({}.items()))
LISTS: tuple[Any, ...] = (list, tuple, dict, range, *VIEWS)
TEXT_OR_LISTS: tuple[Any, ...] = (str, *LISTS)
SCALARS = (int, float, type(None), Undefined)


class RenderingError(Exception):
    """Raise where a template cannot be read or rendered. The message is the template's own, or says what it did."""


class BudgetError(RenderingError):
    """Raise where a template would work too long, or make too much."""


class Budget:
    """Count the work of the rendering under way; before and after one nothing is left, and nothing is computed."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = 0

    def spend(self, units: int) -> None:
        """Pay. Raises BudgetError where too little is left."""
        self.left -= units
        if self.left < 0:
            raise BudgetError("it works without end: a rendering has a budget of steps, and this one used it up")

    def read(self, value: Any) -> int:
        """Pay for reading a value, and all that is in it as often as it is. Give the number of its characters."""
        if isinstance(value, str):
            self.spend(len(value) // READ)
            return len(value)
        if isinstance(value, SCALARS):
            return 0
        if not isinstance(value, LISTS):
            raise RenderingError(f"it reads a {type(value).__name__.lower()} as a value, which a template may not")
        self.spend(ENTRY * len(value))
        return 0 if isinstance(value, range) else sum(map(self.read, _parts(value)))

    def read_entries(self, value: Any, *options: Any) -> None:
        """Pay for looking at each entry of a list, with options such as the name of an attribute."""
        if isinstance(value, TEXT_OR_LISTS):
            characters = sum(len(option) for option in options if isinstance(option, str))
            self.spend(len(value) * (ENTRY + characters // READ))

    def search(self, text: Any, needle: Any, backwards: bool = False) -> None:
        """Pay for searching a text, or for taking characters from its ends."""
        if isinstance(text, str) and isinstance(needle, str):
            length = len(needle) if backwards else min(len(needle), LONGEST_SLOW_NEEDLE)
            self.spend(len(text) // READ + len(text) * length // COMPARED)

    def make(self, result: Any) -> Any:
        """Pay for a result, and give it. Raises BudgetError where it is too large."""
        if isinstance(result, str):
            require_length(len(result))
            self.spend(len(result) // MADE)
        elif isinstance(result, (list, tuple, dict)):
            require_size(len(result))
            self.spend(ENTRY * len(result))
        elif isinstance(result, int):
            require_bits(result.bit_length())
        return result


def _parts(value: Any) -> Iterator[Any]:
    """Give all that is in a list, a dictionary, or a view of one."""
    if isinstance(value, dict):
        yield from value
        yield from value.values()
    else:
        yield from value


def require_length(length: int) -> None:
    if length > LONGEST_TEXT:
        raise BudgetError(f"it makes a text of more than {LONGEST_TEXT:,} characters")


def require_size(size: int) -> None:
    if size > LONGEST_LIST:
        raise BudgetError(f"it makes a list of more than {LONGEST_LIST:,} entries")


def require_bits(bits: int) -> None:
    if bits > LARGEST_NUMBER:
        raise BudgetError(f"it makes a number of more than {LARGEST_NUMBER:,} bits")


def require_indent(width: int | str) -> int | str:
    if (len(width) if isinstance(width, str) else width) > WIDEST_INDENT:
        raise BudgetError(f"it indents by more than {WIDEST_INDENT}")
    return width
