"""Pay for what a filter, a test or a loop of a template is about to look at."""

from collections.abc import Iterable, Iterator
from typing import Any

from jinja2.runtime import Undefined

from commit_llm.data.chat.work_budget import (
    LARGEST_KEY,
    LISTS,
    MADE,
    OPERATION,
    STEP,
    VIEWS,
    Budget,
    BudgetError,
    RenderingError,
    require_indent,
    require_length,
)


class PricedReading:
    """Pay for values from a budget, and give them as they are to be looked at."""

    def __init__(self) -> None:
        self.budget = Budget()

    def steps(self, values: Iterable[Any], cost: int = STEP) -> Iterator[Any]:
        """Pay for each step of a loop."""
        spend = self.budget.spend
        for value in values:
            spend(cost)
            yield value

    def text_of(self, object: Any) -> str:
        """Write a value, of which each part is paid for, as often as it stands in it."""
        if isinstance(object, str):
            return object
        self.budget.spend(OPERATION)
        require_length(self.budget.read(object))
        text: str = self.budget.make(str(object))
        return text

    def unread(self, value: Any, *options: Any) -> Any:
        """Pay for nothing but the call."""
        return value

    def entries(self, value: Any, *options: Any) -> Any:
        """Pay for each entry. What can be walked through only once becomes a list."""
        if isinstance(value, Iterator):
            value = list(self.steps(value))
        self.budget.read_entries(value, *options)
        return value

    def whole(self, value: Any, *options: Any) -> Any:
        """Pay for each entry, and all that is in it."""
        value = self.entries(value, *options)
        self.budget.read(value)
        return value

    def hashed(self, value: Any, *options: Any) -> Any:
        """Pay for entries that may all have one hash, as numbers can."""
        value = self.entries(value)
        if isinstance(value, LISTS) and not all(isinstance(entry, str) for entry in value):
            self.budget.spend(len(value) * len(value) // MADE)
        return value

    def one_text(self, value: Any, *options: Any) -> str:
        """Pay for a text, and for searching it for options that are texts."""
        text = self.text_of(value)
        for option in options:
            self.budget.search(text, option, backwards=True)
        self.budget.read(text)
        return text

    def words(self, value: Any, *options: Any) -> str:
        """Pay for a text that Jinja takes to words, which takes longer."""
        text = self.one_text(value)
        self.budget.spend(len(text))
        return text

    def number(self, value: Any, *options: Any) -> Any:
        """Refuse texts and lists, which Python's operators repeat and format; and far places of a number."""
        if not isinstance(value, (int, float, Undefined)):
            raise RenderingError(f"it takes a {type(value).__name__} for a number, which a template may not")
        for option in options:
            if isinstance(option, int):
                require_indent(abs(option))
        return value

    def text_of_number(self, value: Any, *options: Any) -> Any:
        """Pay for reading a number."""
        if isinstance(value, str):
            self.words(value)
        return value

    def compared(self, value: Any, *options: Any) -> Any:
        """Pay for comparing two values."""
        self.budget.read(value)
        for option in options:
            self.budget.read(option)
        return value

    # Called from what Counting makes of a template, as is steps.

    def enter(self, cost: int) -> None:
        """Pay for running what was called."""
        self.budget.spend(cost)

    def seen(self, value: Any) -> Any:
        """Pay for comparing a value."""
        self.budget.spend(OPERATION)
        self.budget.read(value)
        return value

    def sliced(self, value: Any) -> Any:
        """Pay for a part of a value, as if it was all of it."""
        self.budget.spend(STEP)
        return value if isinstance(value, (range, *VIEWS)) else self.budget.make(value)

    def listed(self, value: Any) -> Any:
        """Pay for a list, a tuple or a dictionary, but not for what is in it."""
        self.budget.spend(STEP)
        return self.budget.make(value)

    def key(self, value: Any) -> Any:
        """Refuse keys that take long to hash, or that can be chosen to have one hash."""
        if isinstance(value, int):
            if value.bit_length() > LARGEST_KEY:
                raise BudgetError(f"it has a number of more than {LARGEST_KEY} bits as a key")
        elif not isinstance(value, (str, float, type(None))):
            raise RenderingError(f"it has a {type(value).__name__} as a key, which a template may not")
        return value

    def contained(self, part: Any, whole: Any) -> bool:
        """Compute `part in whole`."""
        self.budget.spend(OPERATION)
        if isinstance(whole, str):
            self.budget.search(whole, part)
        else:
            whole = self.entries(whole) if isinstance(whole, Iterator) else whole
            self.budget.read(part)
            if not isinstance(whole, dict):
                self.budget.read(whole)
        return part in whole
