"""What the JSON files beside a tokenizer say of its special and added tokens."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from commit_llm.errors import UserError, shown
from commit_llm.files.json_text import read_json_object

CONFIG, SPECIALS, ADDED = "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"
LONGEST_ID = 20  # digits
LISTS_OF_SPECIALS = ("additional_special_tokens", "extra_special_tokens")  # of transformers 4 and 5


class AddedToken(NamedTuple):
    """Describe a token that was added behind a vocabulary.

    special: whether it is none of a text's own, so that decoding leaves it out.
    lstrip, rstrip: whether it takes the white space before or after it.
    single_word: whether it is found only where no letter or digit touches it.
    """

    content: str
    special: bool
    lstrip: bool = False
    rstrip: bool = False
    single_word: bool = False


class TokenizerSettings(NamedTuple):
    """Hold the settings.

    bos, eos: the tokens' names; None where none is named.
    names_bos: whether the files say anything of the bos, if only that there is none (null). An empty name, as early
        conversions of LLaMA have it, says nothing.
    adds_bos: `add_bos_token`; None where it is absent.
    """

    bos: str | None
    eos: str | None
    names_bos: bool
    adds_bos: bool | None


def read_settings(tokenizer: Path) -> TokenizerSettings:
    """Read the settings beside a tokenizer's file. Raises UserError where one of them is malformed."""
    settings = merged_settings(tokenizer)
    adds_bos = settings.get("add_bos_token")
    if not isinstance(adds_bos, bool | None):
        raise UserError(f"{tokenizer.with_name(CONFIG)}: add_bos_token is {shown(adds_bos)}; it must be true or false")
    bos, eos = (_name(settings, key, tokenizer) for key in ("bos_token", "eos_token"))
    names_bos = bos is not None or settings.get("bos_token", "") is None
    return TokenizerSettings(bos, eos, names_bos, adds_bos)


def read_added_tokens(tokenizer: Path) -> dict[int, AddedToken]:
    """Read the tokens that added_tokens.json and the added_tokens_decoder of the settings name, by id.

    Where both name an id, the decoder counts. Raises UserError where one of them is malformed.
    """
    settings, file = merged_settings(tokenizer), tokenizer.with_name(ADDED)
    specials = set(_special_names(settings, tokenizer))
    added = {}
    for content, token in (read_json_object(file) if file.is_file() else {}).items():
        added[_id(token, f"{file}: {shown(content)}")] = AddedToken(content, content in specials)
    file = tokenizer.with_name(CONFIG)
    decoder = settings.get("added_tokens_decoder") or {}
    if not isinstance(decoder, dict):
        raise UserError(f"{file}: added_tokens_decoder is {shown(decoder)}; it must be an object of ids")
    for key, entry in decoder.items():
        where = f"{file}: added_tokens_decoder {shown(key)}"
        if not isinstance(entry, dict) or not isinstance(entry.get("content"), str):
            raise UserError(f"{where}: is {shown(entry)}; it must have a content, which is a text")
        content = entry["content"]
        flags = {name: bool(entry.get(name)) for name in ("lstrip", "rstrip", "single_word")}
        special = bool(entry.get("special")) or content in specials
        is_number = key.isascii() and key.isdigit() and len(key) < LONGEST_ID
        added[_id(int(key) if is_number else key, where)] = AddedToken(content, special, **flags)
    return {number: token for number, token in added.items() if token.content}


def merged_settings(tokenizer: Path) -> dict[str, Any]:
    """Read the settings of both files, but for empty texts; those of tokenizer_config.json count before the others."""
    files = [tokenizer.with_name(name) for name in (SPECIALS, CONFIG)]
    specials, config = (read_json_object(file) if file.is_file() else {} for file in files)
    return {key: value for file in (specials, config) for key, value in file.items() if value != ""}


def _name(settings: Mapping[str, Any], key: str, tokenizer: Path) -> str | None:
    """Give the name of a special token, which may stand in an object with other settings of it."""
    entry = settings.get(key)
    name = entry.get("content") if isinstance(entry, dict) else entry
    if not isinstance(name, str | None):
        raise UserError(f"{tokenizer.with_name(CONFIG)}: {key} is {shown(entry)}; it must be the name of a token")
    return name or None


def _special_names(settings: Mapping[str, Any], tokenizer: Path) -> Iterator[str]:
    for key in settings:
        if (
            key.endswith("_token")
            and key not in ("add_bos_token", "add_eos_token")
            and (name := _name(settings, key, tokenizer))
        ):
            yield name
    for key in LISTS_OF_SPECIALS:
        entries = settings.get(key) or []
        for entry in entries.values() if isinstance(entries, dict) else entries if isinstance(entries, list) else []:
            name = entry.get("content") if isinstance(entry, dict) else entry
            if isinstance(name, str):
                yield name


def _id(value: Any, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise UserError(f"{where}: {shown(value)} is not the id of a token")
    return value
