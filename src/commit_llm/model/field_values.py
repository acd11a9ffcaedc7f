"""Check the fields of a configuration by their types: what a file of anybody's says goes into the decoder."""

from dataclasses import fields
from types import NoneType
from typing import Any, get_args, get_type_hints

from commit_llm.errors import UserError, shown

LARGEST = {int: 2e9, float: 1e30}  # numbers are below: jax computes with no larger ones


def require_fields(configuration: Any) -> None:
    """Raise UserError for the first field of a dataclass that `require_value` refuses."""
    kinds = get_type_hints(type(configuration))
    for field in fields(configuration):
        require_value(field.name, getattr(configuration, field.name), kinds[field.name])


def require_value(name: str, value: Any, kind: Any) -> None:
    """Raise UserError where a value is not of a type, or a number not above 0, or too large to reckon with.

    kind: bool, int, float, a Literal, or one of these or None; nothing is asked of a value of another type.
    """
    options = get_args(kind)
    if NoneType in options:
        if value is None:
            return
        kind, options = options[0], get_args(options[0])
    if kind is bool:
        right, rule = isinstance(value, bool), "true or false"
    elif kind in LARGEST:
        is_number = type(value) in ((int, float) if kind is float else (int,))
        right, rule = is_number and 0 < value < LARGEST[kind], "a number above 0"
        if is_number and value >= LARGEST[kind]:
            rule = f"a number below {LARGEST[kind]:g}"
    elif options and not isinstance(options[0], type):  # a Literal's
        right, rule = value in options, f"one of {', '.join(map(str, options))}"
    else:
        return
    if not right:
        raise UserError(f"{name} is {shown(value)}; it must be {rule}")
