"""What ends a text: the one place that decides it, out of a model folder's files and its tokenizer."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from commit_llm.data.tokenizer import Tokenizer
from commit_llm.errors import UserError
from commit_llm.files.json_text import read_json_object

GENERATION_FILE = "generation_config.json"
KEY = "eos_token_id"


def read_stops(folder: Path, tokenizer: Tokenizer) -> tuple[int, ...]:
    """Give the ids that end a text: the tokenizer's own, then those of a folder's JSON files, ascending.

    Raises UserError where a file names one that is no id.
    """
    config = _read_if_there(folder / "config.json")
    generation = _read_if_there(folder / GENERATION_FILE)
    named = [*named_stops(generation, folder / GENERATION_FILE), *named_stops(config, folder / "config.json")]
    return all_stops(tokenizer, named, config.get("vocab_size", tokenizer.vocab_size))


def all_stops(tokenizer: Tokenizer, named: list[int], vocab_size: int) -> tuple[int, ...]:
    """Join the tokenizer's own stop with named ones. Ids outside the vocabulary are never generated: they go."""
    others = {token for token in named if 0 <= token < vocab_size} - {tokenizer.eos_id}
    return (tokenizer.eos_id, *sorted(others))


def named_stops(settings: Mapping[str, Any], file: Path) -> list[int]:
    """Read the stops that a config.json or a generation_config.json names: one id, several, or none.

    file: where the settings come from, for messages.
    """
    value = settings.get(KEY)
    tokens = value if isinstance(value, list) else [] if value is None else [value]
    if any(not isinstance(token, int) or isinstance(token, bool) for token in tokens):
        raise UserError(f"{file}: {KEY} is {value!r}; it must be an id, a list of ids, or null")
    return tokens


def special_ids(tokenizer: Tokenizer, stops: tuple[int, ...]) -> dict[str, Any]:
    """Give the entries of bos and stops in a config.json or a generation_config.json: one stop is an id, not a list."""
    return {"bos_token_id": tokenizer.bos_id, KEY: stops[0] if len(stops) == 1 else list(stops)}


def _read_if_there(file: Path) -> Mapping[str, Any]:
    return read_json_object(file) if file.is_file() else {}
