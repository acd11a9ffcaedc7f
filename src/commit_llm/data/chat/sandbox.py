"""Render templates of strangers: they see plain values, no file, no network, no clock; and all their work has an end.

Jinja's own sandbox keeps a template from Python's objects. It does not keep it from loops within loops, or from
`'a' * 200000000`. So every step of a loop, every call, filter, test and operator is paid for from a budget, by what it
reads, and no text grows beyond a bound."""

import json
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from functools import wraps
from types import GeneratorType
from typing import Any

from jinja2 import TemplateError, TemplateSyntaxError, nodes
from jinja2.exceptions import SecurityError
from jinja2.parser import Parser
from jinja2.runtime import Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from commit_llm.data.chat.counted_syntax import Counting, Generation
from commit_llm.data.chat.work_budget import (
    BUDGET,
    CHARACTERS,
    LARGEST_NUMBER,
    STEP,
    WIDEST_INDENT,
    Budget,
    BudgetError,
    RenderingError,
    require_indent,
    require_length,
    require_size,
)

DATE_FORMAT = re.compile(r"(?:%[A-Za-z%]|[ ,./:-]|[^\W\d_])*")
METHODS_OF_TEXT = frozenset({
    "capitalize", "casefold", "count", "endswith", "find", "index", "isalnum", "isalpha", "isdecimal", "isdigit",
    "islower", "isnumeric", "isspace", "istitle", "isupper", "join", "lower", "lstrip", "partition", "removeprefix",
    "removesuffix", "replace", "rfind", "rindex", "rpartition", "rsplit", "rstrip", "split", "splitlines",
    "startswith", "strip", "swapcase", "title", "upper",
})  # fmt: skip
# Of Jinja's filters: those that look at a list itself, and those that look at all that is in it.
SHALLOW = frozenset({
    "count", "d", "default", "first", "items", "last", "length", "list", "map", "reject", "rejectattr", "reverse",
    "select", "selectattr",
})  # fmt: skip
DEEP = frozenset({
    "abs", "capitalize", "dictsort", "e", "escape", "float", "int", "lower", "max", "min", "round", "safe", "sort",
    "title", "trim", "unique", "upper", "wordcount",
})  # fmt: skip


class Sandbox:
    """Render one template.

    source: its text.
    values: what it sees beside the values of a rendering: texts, numbers, true, false and null.
    today: the date that it is told.

    Raises RenderingError where it cannot be read.
    """

    def __init__(self, source: str, values: Mapping[str, Any], today: date) -> None:
        require_length(len(source))
        self._environment = _Environment(today)
        self._environment.budget.step = STEP + len(source) // CHARACTERS
        self._values = dict(values)
        self._one_at_a_time = threading.Lock()  # there is one budget
        try:
            self._template = self._environment.from_string(source)
        except (TemplateSyntaxError, RecursionError, SyntaxError, MemoryError, ValueError) as error:
            raise RenderingError(f"it is no Jinja: {error}") from None

    def render(self, **values: Any) -> str:
        """Give the text. Raises RenderingError where the template refuses the values, fails, or comes to no end.

        values: plain ones, as JSON has them.
        """
        with self._one_at_a_time:
            return self._render(values)

    def _render(self, values: Mapping[str, Any]) -> str:
        budget = self._environment.budget
        budget.left = BUDGET
        pieces, length = [], 0
        try:
            for piece in self._template.generate(**self._values, **values):
                length += len(piece)
                require_length(length)
                pieces.append(piece)
        except RenderingError:
            raise
        except RecursionError:
            raise BudgetError("it calls itself without end") from None
        except (TemplateError, SecurityError) as error:
            raise RenderingError(str(error)) from None
        except Exception as error:  # a template can raise whatever Python's operators raise
            raise RenderingError(f"{type(error).__name__}: {error}") from None
        finally:
            budget.left = 0
        return "".join(pieces)


class _Environment(ImmutableSandboxedEnvironment):
    """Pay for everything, and have nothing that makes much out of little."""

    intercepted_binops = frozenset({"+", "*", "**", "%"})

    def __init__(self, today: date) -> None:
        super().__init__(
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.loopcontrols", Generation],
            finalize=self.written,
        )
        self.budget = Budget()
        namespace, plain_range = self.globals["namespace"], self.globals["range"]
        self.globals = {
            "range": plain_range,
            "namespace": namespace,
            "dict": dict,
            "raise_exception": _raise,
            "strftime_now": lambda format: _dated(today, format),
        }
        pay, pay_shallowly = self.budget.pay, self.budget.pay_shallowly
        filters: dict[str, Any] = self.filters
        self.filters = {
            name: self._paid(filters[name], pay if name in DEEP else pay_shallowly) for name in DEEP | SHALLOW
        }
        self.filters |= {
            "tojson": self.to_json,
            "string": self.text_of,
            "replace": self.replaced,
            "join": self.joined,
            "indent": self.indented,
        }
        self.tests = {name: self._paid(test, pay) for name, test in self.tests.items()}

    def _paid(self, function: Any, pay: Callable[..., None]) -> Callable[..., Any]:
        """Pay before a filter or a test computes."""

        @wraps(function)  # with what Jinja notes at it
        def paid(*args: Any, **kwargs: Any) -> Any:
            args = tuple(list(self.steps(value)) if isinstance(value, GeneratorType) else value for value in args)
            pay(*args, *kwargs.values())
            return function(*args, **kwargs)

        return paid

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        return Counting().visit(Parser(self, source, name, filename).parse())

    # Called from what Counting makes of a template.

    def steps(self, values: Iterable[Any]) -> Iterator[Any]:
        """Pay for each step of a loop."""
        for value in values:
            self.budget.pay()
            yield value

    def seen(self, value: Any) -> Any:
        """Pay for reading a value."""
        self.budget.pay(value)
        return value

    def concatenated(self, *values: Any) -> str:
        """Compute a ~ b."""
        texts = [self.text_of(value) for value in values]
        require_length(sum(map(len, texts)))
        return "".join(texts)

    def written(self, value: Any) -> Any:
        """Pay for writing a value."""
        return value if isinstance(value, str) else self.text_of(value)

    # What templates call.

    def call(self, context: Any, function: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Call a function, a macro or a method of a value."""
        owner, name = getattr(function, "__self__", None), getattr(function, "__name__", "")
        if owner is self:
            return function(*args)
        (self.budget.pay if name in ("count", "index") else self.budget.pay_shallowly)(owner)
        self.budget.pay(*args, *kwargs.values())
        if name in ("format", "format_map") or (isinstance(owner, str) and name not in METHODS_OF_TEXT):
            raise RenderingError(f"it calls {name}, which a template may not")
        if isinstance(owner, str) and name in ("replace", "join"):
            return self.replaced(owner, *args) if name == "replace" else self.joined(args[0], owner)
        result = super().call(context, function, *args, **kwargs)
        if isinstance(result, str):
            require_length(len(result))
        return result

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Compute +, *, ** and %, where they make no more than they may."""
        self.budget.pay(left, right)
        if operator == "+" and isinstance(left, str) and isinstance(right, str):
            require_length(len(left) + len(right))
            return left + right
        sequences = [value for value in (left, right) if isinstance(value, (str, list, tuple))]
        if operator == "+" and len(sequences) == 2:
            require_size(left, len(left) + len(right))
        elif operator == "*" and sequences:
            times = right if sequences[0] is left else left
            require_size(sequences[0], len(sequences[0]) * (times if isinstance(times, int) else 1))
        elif operator == "%" and isinstance(left, str):
            raise RenderingError("it formats with %, which a template may not")
        elif isinstance(left, int) and isinstance(right, int):
            bits = {"*": left.bit_length() + right.bit_length(), "**": left.bit_length() * abs(right)}.get(operator, 0)
            if bits > LARGEST_NUMBER:
                raise BudgetError(f"it makes a number of more than {LARGEST_NUMBER:,} bits")
        return super().call_binop(context, operator, left, right)

    def text_of(self, value: Any) -> str:
        """Write a value, of which each part is paid for, as often as it stands in it."""
        if isinstance(value, str):
            return value
        self.budget.pay(value)
        return str(value)

    def to_json(
        self,
        value: Any,
        ensure_ascii: bool = False,
        indent: int | None = None,
        separators: Any = None,
        sort_keys: bool = False,
    ) -> str:
        """Write a value as JSON, with the arguments that transformers gives its own filter."""
        self.budget.pay(value)
        require_indent(indent or 0)
        return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)

    def replaced(self, text: Any, old: str, new: str, count: int | None = None) -> str:
        """Replace parts of a text."""
        text, old, new = self.text_of(text), str(old), str(new)
        self.budget.pay(text, new)
        times = text.count(old) if count is None or count < 0 else min(count, text.count(old))
        require_length(len(text) + times * max(len(new) - len(old), 0))
        return text.replace(old, new, times)

    def joined(self, values: Any, separator: str = "", attribute: str | None = None) -> str:
        """Join texts."""
        if attribute is not None:
            values = [self.getitem(value, attribute) for value in values]
        texts = [self.text_of(value) for value in self.steps(values)]
        require_length(sum(map(len, texts)) + len(separator) * len(texts))
        return str(separator).join(texts)

    def indented(self, text: str, width: int | str = 4, first: bool = False, blank: bool = False) -> str:
        """Indent the lines of a text."""
        self.budget.pay(text)
        margin = width if isinstance(width, str) else " " * require_indent(width)
        require_indent(len(margin))
        lines = str(text).split("\n")
        require_length(len(text) + len(margin) * len(lines))
        return "\n".join(
            margin + line if (number or first) and (line or blank) else line for number, line in enumerate(lines)
        )

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Look something up; keys are texts and numbers."""
        if isinstance(argument, tuple):
            raise RenderingError("it looks a tuple up, which a template may not")
        return super().getitem(obj, argument)


def _raise(message: Any = "") -> None:
    """Refuse the conversation, in the template's own words."""
    raise TemplateError("" if isinstance(message, Undefined) else str(message))


def _dated(today: date, format: str) -> str:
    """Give the fixed date; its time is midnight."""
    if not DATE_FORMAT.fullmatch(format) or len(format) > WIDEST_INDENT:
        raise RenderingError(f"it asks for the date as {format!r:.50}")
    return today.strftime(format)
