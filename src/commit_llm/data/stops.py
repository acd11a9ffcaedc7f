"""What ends a text: the one place that decides it, out of a model folder's files and its tokenizer; and writes it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from commit_llm.data.tokenizer import Tokenizer
from commit_llm.data.tokenizer_files import copy_if_there
from commit_llm.errors import UserError, shown
from commit_llm.files.json_edit import change_value
from commit_llm.files.json_text import read_json_object
from commit_llm.files.whole import write_json

GENERATION_FILE = "generation_config.json"
KEY = "eos_token_id"


def read_stops(folder: Path, tokenizer: Tokenizer, config: Path | None = None) -> tuple[int, ...]:
    """Give the ids that end a text: the tokenizer's own, then those of a folder's JSON files, ascending.

    config: the config.json, where it is another than the folder's.

    An id outside the vocabulary is never generated: it is left out. Raises UserError where a file names what is no id.
    """
    config, generation = config or folder / "config.json", folder / GENERATION_FILE
    settings = _read_if_there(config)
    named = {*named_stops(settings, config), *named_stops(_read_if_there(generation), generation)}
    vocab_size = settings.get("vocab_size", tokenizer.vocab_size)
    if type(vocab_size) is not int:
        raise UserError(f"{config}: vocab_size is {shown(vocab_size)}; it must be a whole number")
    return (tokenizer.eos_id, *sorted(token for token in named - {tokenizer.eos_id} if 0 <= token < vocab_size))


def with_literals(stops: tuple[int, ...], literals: Sequence[str], tokenizer: Tokenizer) -> tuple[int, ...]:
    """Give the ids that end a text with those of literals such as <|im_end|>; the tokenizer's own stays the first.

    Raises UserError for one that is not a token of its own.
    """
    for literal in literals:
        if literal not in tokenizer.added:
            names = ", ".join(tokenizer.added) or "none"
            raise UserError(f"--stop {shown(literal)}: no added token of {tokenizer.path}, which has {names}")
    named = {tokenizer.added[literal] for literal in literals}
    return (stops[0], *sorted({*stops[1:], *named} - {stops[0]}))


def named_stops(settings: Mapping[str, Any], file: Path) -> list[int]:
    """Read the stops that a config.json or a generation_config.json names: one id, several, or none.

    file: where the settings come from, for messages.
    """
    value = settings.get(KEY)
    tokens = value if isinstance(value, list) else [] if value is None else [value]
    if any(not isinstance(token, int) or isinstance(token, bool) for token in tokens):
        raise UserError(f"{file}: {KEY} is {shown(value)}; it must be an id, a list of ids, or null")
    return tokens


def special_ids(tokenizer: Tokenizer, stops: tuple[int, ...]) -> dict[str, Any]:
    """Give the entries of bos and stops in a config.json or a generation_config.json."""
    return {"bos_token_id": tokenizer.bos_id, KEY: _value(stops)}


def write_generation_config(source: Path, folder: Path, tokenizer: Tokenizer, stops: tuple[int, ...]) -> None:
    """Write a generation_config.json that names every stop: a folder's own, or a greedy one where there is none.

    The folder's own stays byte for byte; where it does not name every stop, that entry alone is changed.
    """
    copy_if_there(source, GENERATION_FILE, folder)
    file = folder / GENERATION_FILE
    if not file.exists():
        write_json(file, {"do_sample": False, **special_ids(tokenizer, stops)})
    elif not set(stops) <= set(named_stops(read_json_object(file), file)):
        change_value(file, KEY, _value(stops))


def _value(stops: tuple[int, ...]) -> int | list[int]:
    """Write one stop as an id, which every reader knows, and several as a list."""
    return stops[0] if len(stops) == 1 else list(stops)


def _read_if_there(file: Path) -> Mapping[str, Any]:
    return read_json_object(file) if file.is_file() else {}
