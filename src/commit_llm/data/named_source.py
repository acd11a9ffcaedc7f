"""The sources of data as a recipe names them: a file or hub id, its weight, its form, and whether it is mixed."""

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Literal, NamedTuple, get_args

from tyro.constructors import PrimitiveConstructorSpec

from commit_llm.errors import UserError

FormName = Literal["instruction", "text"]
LEAST_SHARE = 1e-6  # a source with less would hardly come up in a training
HOW = "write FILE, FILE=WEIGHT or FILE=WEIGHT:FORM"


class NamedSource(NamedTuple):
    """Name one source of data.

    name: of a file or of a data set of the hub.
    weight: its share of the examples is in proportion to it.
    form: what its records are; None where their columns tell it.
    mixed: whether it is code-mixed as the recipe asks, or stays as it is.
    """

    name: str
    weight: Fraction = Fraction(1)
    form: FormName | None = None
    mixed: bool = True


def data_of_words(words: Sequence[str]) -> str | tuple[str, ...]:
    """Read what stands behind --data, which cli/parse.py gathers where it is repeated: one source, or several."""
    if not words:
        raise UserError("--data: names nothing; give a file, or a data set of the hub")
    return words[0] if len(words) == 1 else tuple(words)


DATA = PrimitiveConstructorSpec(
    nargs="*",
    metavar="DATA",
    instance_from_str=data_of_words,
    is_instance=lambda value: isinstance(value, str | tuple | None),
    str_from_instance=lambda data: [data] if isinstance(data, str) else [*(data or ("None",))],
)


def named_sources(data: str | Sequence[str] | None, data_unmixed: Sequence[str] = ()) -> list[NamedSource]:
    """Give the sources that a recipe names. The first is that of a recipe with one.

    Raises UserError for a weight or form that is none.

    >>> [source[:3] for source in named_sources(["a.jsonl=3", "b.jsonl=0.5:text"])]
    [('a.jsonl', Fraction(3, 1), None), ('b.jsonl', Fraction(1, 2), 'text')]
    """
    names = [data] if isinstance(data, str) else data or ()
    sources = [*_named("--data", names, mixed=True), *_named("--data-unmixed", data_unmixed, mixed=False)]
    total = sum(source.weight for source in sources)
    for source in sources:
        if source.weight / total < LEAST_SHARE:
            raise UserError(
                f"--data {source.name}={float(source.weight):g}: is less than one example in a million; give it more "
                "weight, or leave it out"
            )
    return sources


def require_together(sources: Sequence[NamedSource], epochs: int | None, behaviour: str) -> None:
    """Raise UserError for what several sources cannot have."""
    if len(sources) < 2:
        return
    if epochs is not None:
        raise UserError(
            f"--epochs {epochs}: counts passes over one source, and each of {len(sources)} has its own; give --steps"
        )
    if behaviour == "original":
        raise UserError(
            f"--data {sources[1].name}: a second source does not go with behaviour original, whose rows are one stream "
            "through one file, cut anywhere and dropped at the end of a pass; take a recipe without -2024"
        )


def _named(flag: str, names: Sequence[str], *, mixed: bool) -> Iterator[NamedSource]:
    for text in names:
        name, separator, rest = text.rpartition("=")
        if not separator or Path(text).exists():
            yield NamedSource(text, mixed=mixed)
            continue
        weight, colon, form = rest.partition(":")
        if colon and form not in get_args(FormName):
            raise UserError(f"{flag} {text}: {form!r} is not a form; it is {' or '.join(get_args(FormName))}; {HOW}")
        yield NamedSource(name, _weight(flag, text, weight), form if colon else None, mixed)  # type: ignore[arg-type]


def _weight(flag: str, text: str, weight: str) -> Fraction:
    try:
        if 0.0 < float(weight) < math.inf:  # looked at first: a fraction of 1e-999999999 takes all memory
            return Fraction(weight)
    except ValueError:
        pass
    raise UserError(f"{flag} {text}: {weight!r} is not a weight, which is a number above 0; {HOW}")
