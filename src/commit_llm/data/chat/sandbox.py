"""Render templates of strangers: they see plain values, no file, no network, no clock; and all their work has an end.

Jinja's own sandbox keeps a template from Python's objects. It does not keep it from loops within loops, or from
`'a' * 200000000`. So all that a template does is paid for from a budget, by what it reads and by what it makes, and no
text, list or number grows beyond a bound. What has no price here is refused: it may not be called."""

import json
import re
import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from functools import wraps
from typing import Any

from jinja2 import TemplateError, TemplateSyntaxError, nodes
from jinja2.exceptions import SecurityError
from jinja2.filters import do_indent, make_attrgetter
from jinja2.parser import Parser
from jinja2.runtime import LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace

from commit_llm.data.chat.counted_syntax import Counting, DirectCalls, Generation
from commit_llm.data.chat.priced_reading import PricedReading
from commit_llm.data.chat.work_budget import (
    BUDGET,
    ENTRY,
    MADE,
    OPERATION,
    STEP,
    VIEWS,
    WIDEST_INDENT,
    BudgetError,
    RenderingError,
    require_bits,
    require_indent,
    require_length,
    require_size,
)

DATE_FORMAT = re.compile(r"(?:%[A-Za-z%]|[ ,./:-]|[^\W\d_])*")
# The methods that a template may call, by what they are of.
METHODS: tuple[tuple[type, frozenset[str]], ...] = (
    (str, frozenset({
        "capitalize", "casefold", "count", "endswith", "find", "index", "isalnum", "isalpha", "isdecimal", "isdigit",
        "islower", "isnumeric", "isspace", "istitle", "isupper", "join", "lower", "lstrip", "partition", "removeprefix",
        "removesuffix", "replace", "rfind", "rindex", "rpartition", "rsplit", "rstrip", "split", "splitlines",
        "startswith", "strip", "swapcase", "title", "upper",
    })),
    (dict, frozenset({"copy", "get", "items", "keys", "values"})),
    (list, frozenset({"copy", "count", "index"})),
    (tuple, frozenset({"count", "index"})),
    (range, frozenset({"count", "index"})),
    (LoopContext, frozenset({"changed", "cycle"})),
)  # fmt: skip
FORMATS = ("format", "format_map")
VARIABLES = ("_loop_vars", "_block_vars")  # what Jinja hands to each call, beside its arguments
SEARCHES = frozenset({"count", "find", "index", "partition", "replace", "split"})
# These compare the whole needle, or all characters that are to go, at each place.
SLOW_SEARCHES = frozenset({"lstrip", "rfind", "rindex", "rpartition", "rsplit", "rstrip", "strip"})
# Jinja's filters and tests, by what they look at; a test that is not here takes no time.
SHALLOW = frozenset({"d", "default", "first", "count", "length"})
EACH_ENTRY = frozenset({"items", "last", "list", "map", "reject", "rejectattr", "reverse", "select", "selectattr"})
WHOLE_LISTS = frozenset({"dictsort", "max", "min", "sort", "unique"})
TEXTS = frozenset({"capitalize", "e", "escape", "lower", "safe", "title", "trim", "upper", "wordcount"})
READ_WORD_BY_WORD = frozenset({"title", "wordcount"})
NUMBERS = frozenset({"abs", "round"})
READ_AS_NUMBERS = frozenset({"float", "int"})
COMPARISONS = frozenset({
    "!=", "<", "<=", "==", ">", ">=", "eq", "equalto", "ge", "greaterthan", "gt", "le", "lessthan", "lt", "ne",
})  # fmt: skip
TESTS_OF_TEXTS, TESTS_OF_NUMBERS = frozenset({"lower", "upper"}), frozenset({"divisibleby", "even", "odd"})
LONGEST_SEPARATOR = 10  # of JSON
# Gives the value that a filter or a test is to see, for the value and its options; and pays for it.
Prepare = Callable[..., Any]


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
        self._values = dict(values)
        self._one_at_a_time = threading.Lock()  # there is one budget
        try:
            self._template = self._environment.from_string(source)
        except (TemplateSyntaxError, RecursionError, SyntaxError, MemoryError, ValueError) as error:
            raise RenderingError(f"it is not Jinja: {error}") from None

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


class _Environment(PricedReading, ImmutableSandboxedEnvironment):
    """Pay for everything, and have nothing that makes much out of little."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "**", "%"})
    code_generator_class = DirectCalls

    def __init__(self, today: date) -> None:
        PricedReading.__init__(self)
        ImmutableSandboxedEnvironment.__init__(
            self,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.loopcontrols", Generation],
            finalize=self.written,
        )
        self.globals = {  # functions, and no types: those have methods that change a value
            "range": self.globals["range"],
            "namespace": lambda *mapping, **values: Namespace(_dictionary(*mapping, **values)),
            "dict": _dictionary,
            "raise_exception": self.raised,
            "strftime_now": lambda format: _dated(today, format),
        }
        of_filters = (
            (SHALLOW, self.unread),
            (EACH_ENTRY, self.entries),
            (WHOLE_LISTS, self.whole),
            (TEXTS - READ_WORD_BY_WORD, self.one_text),
            (READ_WORD_BY_WORD, self.words),
            (NUMBERS, self.number),
            (READ_AS_NUMBERS, self.text_of_number),
        )
        own: dict[str, Any] = {
            "tojson": self.to_json,
            "string": self.text_of,
            "replace": self.replaced,
            "join": self.joined,
            "indent": self.indented,
        }
        self.filters = self._paid(self.filters, of_filters) | own
        self.filters["unique"] = self._paid_for(self.filters["unique"], self.hashed)
        of_tests = (
            (COMPARISONS, self.compared),
            (TESTS_OF_TEXTS, self.one_text),
            (TESTS_OF_NUMBERS, self.number),
        )
        self.tests |= self._paid(self.tests, of_tests)
        self.tests["in"] = self.contained

    def _paid(self, functions: Mapping[str, Any], prices: Iterable[tuple[frozenset[str], Prepare]]) -> dict[str, Any]:
        """Take of Jinja's filters or tests those that have a price."""
        return {name: self._paid_for(functions[name], prepare) for names, prepare in prices for name in names}

    def _paid_for(self, function: Any, prepare: Prepare) -> Callable[..., Any]:
        place = int(hasattr(function, "jinja_pass_arg"))  # of the value: behind what Jinja hands some of them

        @wraps(function)  # with what Jinja notes at it
        def paid(*args: Any, **kwargs: Any) -> Any:
            self.budget.spend(STEP + ENTRY * (len(args) + len(kwargs) - 1))
            value = prepare(args[place], *args[place + 1 :], *kwargs.values())
            return self.budget.make(function(*args[:place], value, *args[place + 1 :], **kwargs))

        return paid

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        return Counting().visit(Parser(self, source, name, filename).parse())

    # Called from what Counting makes of a template.

    def concatenated(self, *values: Any) -> str:
        """Compute a ~ b."""
        texts = [self.text_of(value) for value in values]
        self._join(texts)
        return "".join(texts)

    def concat(self, pieces: Iterable[str]) -> str:
        """Join what was written within a macro, or another block that is taken as a value."""
        texts = list(pieces)
        self._join(texts)
        return "".join(texts)

    def _join(self, texts: list[str], separator: str = "") -> None:
        """Pay for joining texts."""
        length = sum(map(len, texts)) + len(separator) * len(texts)
        require_length(length)
        self.budget.spend(OPERATION + len(texts) + length // MADE)

    def written(self, value: Any) -> Any:
        """Give the text that is written for a value; Jinja writes constants when it reads a template, for nothing."""
        return value if isinstance(value, str) else self.text_of(value)

    # What templates call.

    def call(self, context: Any, function: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Call a function, a macro or a method of a value."""
        self.budget.spend(STEP + ENTRY * (len(args) + len(kwargs)))
        owner, name = getattr(function, "__self__", None), getattr(function, "__name__", "")
        if name in FORMATS:  # Jinja gives its own ones, which belong to nothing
            raise RenderingError(f"it calls {name}, which a template may not")
        if owner is not None and owner is not self:
            given = {key: value for key, value in kwargs.items() if key not in VARIABLES}
            args = self._pay_for_method(owner, name, args, given)
        result = super().call(context, function, *args, **kwargs)
        if isinstance(result, list) and isinstance(owner, str):
            self.budget.spend(len(owner) // MADE)
        return self.budget.make(result)

    def _pay_for_method(
        self, owner: Any, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> tuple[Any, ...]:
        """Pay before a method computes; give its arguments."""
        if not any(isinstance(owner, kind) and name in names for kind, names in METHODS):
            raise RenderingError(f"it calls {name}, which a template may not")
        options = [*args, *kwargs.values()]
        if not isinstance(owner, str):
            if name in ("count", "index"):
                self.budget.read(owner)
            if name in ("count", "index", "changed", "get"):
                self.budget.read(options)
            return args
        self.budget.read(owner)
        if name == "join" and args:
            texts = self.entries(args[0])
            self.budget.read_entries(texts)
            if isinstance(texts, (list, tuple)) and all(isinstance(text, str) for text in texts):
                self._join(list(texts), owner)
            return (texts, *args[1:])
        self.budget.read(options)
        for option in options:
            if name in SEARCHES or name in SLOW_SEARCHES:
                self.budget.search(owner, option, name in SLOW_SEARCHES)
        if name == "replace":
            self._pay_for_replacing(owner, *args, **kwargs)
        return args

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Compute + - * / // ** %, where they make no more than they may."""
        if operator == "+" and isinstance(left, str) and isinstance(right, str):
            length = len(left) + len(right)
            require_length(length)
            self.budget.spend(OPERATION + length // MADE)
            return left + right
        self.budget.spend(OPERATION)
        sequences = [value for value in (left, right) if isinstance(value, (str, list, tuple))]
        if operator == "%" and isinstance(left, str):
            raise RenderingError("it formats with %, which a template may not")
        if isinstance(left, VIEWS) or isinstance(right, VIEWS):
            raise RenderingError(f"it computes with {operator} on a dictionary, which a template may not")
        if operator == "*" and sequences:
            times = right if sequences[0] is left else left
            self._pay_for_repeating(sequences[0], times if isinstance(times, int) else 1)
        elif operator == "+" and len(sequences) == 2:
            require_size(len(left) + len(right))
            self.budget.spend(ENTRY * (len(left) + len(right)))
        elif isinstance(left, int) and isinstance(right, int):
            bits = {"*": left.bit_length() + right.bit_length(), "**": left.bit_length() * abs(right)}
            require_bits(bits.get(operator, 0))
            return self.budget.make(super().call_binop(context, operator, left, right))
        return super().call_binop(context, operator, left, right)

    def _pay_for_repeating(self, sequence: Any, times: int) -> None:
        size = len(sequence) * max(times, 0)
        if isinstance(sequence, str):
            require_length(size)
            self.budget.spend(size // MADE)
        else:
            require_size(size)
            self.budget.spend(ENTRY * size)

    def to_json(
        self,
        value: Any,
        ensure_ascii: bool = False,
        indent: int | str | None = None,
        separators: Any = None,
        sort_keys: bool = False,
    ) -> str:
        """Write a value as JSON, with the arguments that transformers gives its own filter."""
        self.budget.spend(STEP)
        require_length(self.budget.read(value))
        require_indent(indent or 0)
        if any(len(separator) > LONGEST_SEPARATOR for separator in separators or ()):
            raise BudgetError(f"it writes JSON with separators of more than {LONGEST_SEPARATOR} characters")
        encoder = json.JSONEncoder(ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)
        pieces, length = [], 0
        for piece in encoder.iterencode(value):
            length += len(piece)
            require_length(length)
            pieces.append(piece)
        return str(self.budget.make("".join(pieces)))

    def replaced(self, s: Any, old: Any, new: Any, count: int | None = None) -> str:
        """Replace parts of a text."""
        self.budget.spend(STEP)
        text, old, new = self.text_of(s), self.text_of(old), self.text_of(new)
        self.budget.search(text, old)
        times = -1 if count is None else count
        self._pay_for_replacing(text, old, new, times)
        return text.replace(old, new, times)

    def _pay_for_replacing(self, text: str, old: Any = None, new: Any = None, count: Any = -1) -> None:
        if isinstance(old, str) and isinstance(new, str) and isinstance(count, int):
            times = text.count(old)
            times = times if count < 0 else min(count, times)
            length = len(text) + times * (len(new) - len(old))
            require_length(length)
            self.budget.spend((len(text) + length) // MADE)

    def joined(self, value: Any, d: Any = "", attribute: str | int | None = None) -> str:
        """Join texts, or an attribute of each entry."""
        self.budget.spend(STEP)
        entries, separator = list(self.steps(value, OPERATION)), self.text_of(d)
        if attribute is not None:
            self.budget.read_entries(entries, attribute)
            entries = list(map(make_attrgetter(self, attribute), entries))
        texts = [self.text_of(entry) for entry in entries]
        self._join(texts, separator)
        return str(separator).join(texts)

    def indented(self, s: Any, width: int | str = 4, first: bool = False, blank: bool = False) -> str:
        """Indent the lines of a text."""
        self.budget.spend(STEP)
        require_indent(width)
        if isinstance(s, str):
            lines = len(s.splitlines())
            require_length(len(s) + lines * (len(width) if isinstance(width, str) else max(width, 0)))
            self.budget.spend(len(s) // MADE + ENTRY * lines)
        return str(self.budget.make(do_indent(s, width, first, blank)))

    def raised(self, message: Any = "") -> None:
        """Refuse the conversation, in the template's own words."""
        raise TemplateError(self.text_of(message))

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Look something up; keys are texts and numbers."""
        if isinstance(argument, tuple):
            raise RenderingError("it looks a tuple up, which a template may not")
        return super().getitem(obj, argument)


def _dictionary(mapping: Any = (), /, **values: Any) -> dict[str, Any]:
    """Make a dictionary of another one, and of names."""
    if mapping and not isinstance(mapping, dict):
        raise RenderingError(f"it makes a dictionary of a {type(mapping).__name__}, which a template may not")
    return dict(mapping, **values)


def _dated(today: date, format: str) -> str:
    """Give the fixed date; its time is midnight."""
    if not DATE_FORMAT.fullmatch(format) or len(format) > WIDEST_INDENT:
        raise RenderingError(f"it asks for the date as {format!r:.50}")
    return today.strftime(format)
