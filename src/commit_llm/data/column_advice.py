"""Guess which columns are meant, where data has columns of other names, and say the flag that names them."""

import shlex
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from commit_llm.data.chat.conversation import LISTS
from commit_llm.data.column_names import AS_THEY_ARE, ColumnNames
from commit_llm.errors import SettingError, SettingName, UserError, shown

INSTRUCTION = ("instruction", "input", "output")
OPTIONAL = {"input"}
# Fields of records by their kind, beside those of plain text.
OF_INSTRUCTIONS = (*INSTRUCTION, "system", "history")
OF_CONVERSATIONS = (*LISTS, "prompt", "completion", "tools")
# Names that columns of public instruction data and texts have, in small letters, the likeliest first.
SYNONYMS = {
    "instruction": ("instruction", "question", "prompt", "query", "problem", "task", "inputs", "user", "human"),
    "input": ("input", "context", "passage", "article"),
    "output": ("output", "answer", "response", "completion", "target", "targets", "solution", "reply", "assistant"),
    "text": ("text", "content", "body", "document", "article", "passage", "raw_content"),
}
MESSAGES = "messages"
OF_MESSAGES = ({"role", "content"}, {"from", "value"})  # keys of a message
UNKNOWN = "COLUMN"


def advice(columns: Mapping[str, Any], wanted: Sequence[str], given: ColumnNames = AS_THEY_ARE) -> str:
    """Say which --columns would do for data in which fields are missing; nothing where none is.

    columns: those of the data, each with a value.
    wanted: the fields.
    given: the columns that the user named. What is right in it is kept.

    >>> advice({"question": "Who?", "context": "Anna.", "answer": "Anna"}, INSTRUCTION)
    '--columns instruction=question input=context output=answer would probably do'
    >>> advice({"question": "Who?", "answers": {"text": ["Anna"]}}, INSTRUCTION)
    'name them with --columns instruction=question output=COLUMN'
    """
    guessed = guess(columns, wanted, given)
    if not guessed:
        return ""
    words = " ".join(shlex.quote(word) for word in ColumnNames(guessed).written)
    if UNKNOWN in guessed.values():
        return f"name them with --columns {words}"
    return f"--columns {words} would probably do"


def guess(columns: Mapping[str, Any], wanted: Sequence[str], given: ColumnNames = AS_THEY_ARE) -> dict[str, str]:
    """Give the columns that probably hold fields which are missing, as `advice` does; COLUMN for one not known."""
    kept = given.within(columns).column_of
    lists = [name for name, value in columns.items() if _are_messages(value)]
    if MESSAGES in wanted and lists and not any(name in columns for name in LISTS):
        return {**kept, MESSAGES: lists[0]}
    guessed: dict[str, str] = {}
    for field in dict.fromkeys([*given.column_of, *wanted]):
        if field in kept:
            guessed[field] = kept[field]
            continue
        if field in columns or field == MESSAGES:  # it has its own name, or there are no messages
            continue
        taken = {*kept.values(), *guessed.values(), *(name for name in wanted if name in columns)}
        free = [name for name, value in columns.items() if name not in taken and isinstance(value, str)]
        mistyped = get_close_matches(given.column_of[field], free, 1) if field in given.column_of else []
        meant = mistyped or _synonyms(field, free)
        if meant or field not in OPTIONAL:
            guessed[field] = meant[0] if meant else UNKNOWN
    return guessed


def advice_for_mixing(columns: Mapping[str, Any], given: ColumnNames = AS_THEY_ARE) -> str:
    """Give the advice for data that may be of any form; nothing where nothing can be guessed."""
    for wanted in (MESSAGES,), INSTRUCTION, ("text",):
        guessed = guess(columns, wanted, given)
        if guessed != given.column_of and UNKNOWN not in guessed.values():
            return advice(columns, wanted, given)
    return ""


def require_fields(names: ColumnNames, texts: Iterable[str]) -> None:
    """Raise SettingError for a name that is not a field: nothing would read its column, and its text would be left out.

    texts: the fields of plain text.
    """
    fields = dict.fromkeys((*OF_INSTRUCTIONS, *texts, *OF_CONVERSATIONS))
    for field, column in names.column_of.items():
        if field not in fields:
            free = [name for name in fields if name not in names.column_of]
            synonymous = [name for name in free if field.lower() in SYNONYMS.get(name, ())]
            meant = [*synonymous, *get_close_matches(field.lower(), free)]
            way_out = f"write {shlex.quote(f'{meant[0]}={column}')}" if meant else f"there are {', '.join(fields)}"
            raise SettingError(SettingName("columns"), f" {field}={column}: {shown(field)} is not a field; {way_out}")


def require_columns(names: ColumnNames, columns: Mapping[str, Any], where: str) -> None:
    """Raise UserError for a named column that data does not have. where: the data, for the message."""
    missing = [
        word for word, column in zip(names.written, names.column_of.values(), strict=True) if column not in columns
    ]
    if missing:
        there = ", ".join(map(shown, columns)) or "none"
        column = missing[0].partition("=")[2]
        raise UserError(
            f"--columns {missing[0]}: {where}: no column {shown(column)}; it has {there}; "
            f"{advice(columns, tuple(names.column_of), names) or 'leave it out'}"
        )


def _synonyms(field: str, names: Sequence[str]) -> list[str]:
    """Give the names that stand for a field, the likeliest first."""
    lowered = {name.strip().lower(): name for name in reversed(names)}
    return [lowered[synonym] for synonym in SYNONYMS.get(field, (field.lower(),)) if synonym in lowered]


def _are_messages(value: Any) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and isinstance(value[0], Mapping)
        and any(keys <= value[0].keys() for keys in OF_MESSAGES)
    )
