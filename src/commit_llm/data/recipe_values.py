"""Values that somebody wrote in YAML, in the types of a recipe's fields."""

import typing
from collections.abc import Mapping
from typing import Any, Literal

from commit_llm.data.mixing_flags import Ratio
from commit_llm.errors import UserError, shown


def values_of_fields(values: Mapping[str, Any], kinds: Mapping[str, Any], source: str) -> dict[str, Any]:
    """Give the values of fields in their types.

    kinds: the types of all fields, by name.
    source: the file's name, for messages.

    Raises UserError for a field that there is not, or a value of another type.
    """
    checked = {}
    for name, value in values.items():
        if name not in kinds:
            raise UserError(
                f"{source}: unknown field {shown(name)}; see `commit-llm recipes commit` for the known ones"
            )
        kind = kinds[name]
        value = _as_written(value, kind)
        if isinstance(value, int) and abs(value) >= 2**63:
            raise UserError(f"{source}: {name} is a whole number of over 18 digits, which no field takes")
        if not _fits(value, kind):
            raise UserError(f"{source}: {name} is {shown(value)}, which is not of type {_type_name(kind)}")
        checked[name] = float(value) if kind in (float, Ratio) and isinstance(value, int) else value
    return checked


def _as_written(value: Any, kind: Any) -> Any:
    """Turn a value of YAML into one of a recipe: 2e-5 is a text in YAML, a tuple is a list, or its one item."""
    if kind in (float, float | None, Ratio) and isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return value
    if _is_tuple(kind):
        return tuple(value) if isinstance(value, list) else (value,)
    if any(map(_is_tuple, typing.get_args(kind))) and isinstance(value, list):
        return tuple(value)
    return value


def _is_tuple(kind: Any) -> bool:
    return typing.get_origin(kind) is tuple


def _fits(value: Any, kind: Any) -> bool:
    if isinstance(value, tuple):
        return any(map(_is_tuple, (kind, *typing.get_args(kind)))) and all(isinstance(item, str) for item in value)
    options = (kind,) if typing.get_origin(kind) is Literal else typing.get_args(kind) or (kind,)
    if any(typing.get_origin(option) is Literal and value in typing.get_args(option) for option in options):
        return True
    accepted = [option for option in options if isinstance(option, type)]
    if float in accepted:
        accepted.append(int)
    return isinstance(value, tuple(accepted)) and (not isinstance(value, bool) or bool in accepted)


def _type_name(kind: Any) -> str:
    return getattr(kind, "__name__", str(kind)).replace("typing.", "")
