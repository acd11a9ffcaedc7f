"""Whether a tokenizer's files put a bos before a text, changed where a model was trained otherwise."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from commit_llm.data.tokenizer import HUGGING_FACE, Tokenizer
from commit_llm.data.tokenizer_hugging_face import read_prefix
from commit_llm.data.tokenizer_settings import CONFIG, read_settings
from commit_llm.files.json_edit import change_value
from commit_llm.files.json_text import read_json_object
from commit_llm.files.whole import write_json

POST_PROCESSOR, ADD_BOS = "post_processor", "add_bos_token"
TEMPLATE, SEQUENCE = "TemplateProcessing", "Sequence"


def change_bos(folder: Path, tokenizer: Tokenizer) -> str | None:
    """Make the files of a folder put a bos before a text where the tokenizer does, and none where it does not.

    Changes the post-processor of its tokenizer.json, and add_bos_token, which transformers 4 and a folder without a
    tokenizer.json go by. Gives a line about it for the user; None where the files say it already.
    """
    wanted, changed = bool(tokenizer.bos), []
    file, settings = folder / HUGGING_FACE, folder / CONFIG
    if not file.is_file():
        # Where it is absent, transformers 4 adds a bos and transformers 5 none: it must stand there.
        if read_settings(settings).adds_bos is wanted or tokenizer.bos_id is None:
            return None
    elif bool(read_prefix(file)) == wanted:
        return None
    else:
        processor: Any = read_json_object(file).get(POST_PROCESSOR)
        change_value(file, POST_PROCESSOR, _with_bos(processor, tokenizer) if wanted else _without_bos(processor))
        changed.append(f"{POST_PROCESSOR} of {HUGGING_FACE}")
        if bool(read_prefix(file)) != wanted:
            return f"{HUGGING_FACE}: its {POST_PROCESSOR} is not a template; it adds a bos to a text, unlike training"
    if settings.is_file():
        change_value(settings, ADD_BOS, wanted)
    else:
        write_json(settings, {ADD_BOS: wanted})
    changed.append(f"{ADD_BOS} of {CONFIG}")
    how = "with a bos before a text" if wanted else "without a bos"
    return f"trained {how}, which the model's folder does not say: changed {' and '.join(changed)}"


def _with_bos(processor: Any, tokenizer: Tokenizer) -> dict[str, Any]:
    """Give a post-processor that puts a bos before a text, and before each of a pair."""
    name = next(name for name, token in tokenizer.specials.items() if token == tokenizer.bos_id)
    known = {name: {"id": name, "ids": [tokenizer.bos_id], "tokens": [name]}}

    def change(template: dict[str, Any]) -> dict[str, Any]:
        templates = {key: list(_put_before(name, template[key])) for key in ("single", "pair")}
        return template | templates | {"special_tokens": template["special_tokens"] | known}

    single, second = ({"Sequence": {"id": text, "type_id": number}} for number, text in enumerate("AB"))
    plain = {"type": TEMPLATE, "single": [single], "pair": [single, second], "special_tokens": {}}
    if processor is None:
        return change(plain)
    processors = processor["processors"] if processor["type"] == SEQUENCE else [processor]
    if not any(one["type"] == TEMPLATE for one in processors):
        processors = [*processors, plain]
    return _joined([change(one) if one["type"] == TEMPLATE else one for one in processors])


def _without_bos(processor: dict[str, Any]) -> dict[str, Any]:
    """Give a post-processor that puts nothing before a text. One that is not a template stays as it is."""

    def change(template: dict[str, Any]) -> dict[str, Any]:
        names = {item["SpecialToken"]["id"] for item in _head(template["single"])}
        return template | {key: _cut(names, template[key]) for key in ("single", "pair")}

    processors = processor["processors"] if processor["type"] == SEQUENCE else [processor]
    changed = [change(one) if one["type"] == TEMPLATE else one for one in processors]
    return processor | {"processors": changed} if processor["type"] == SEQUENCE else changed[0]


def _joined(processors: list[dict[str, Any]]) -> dict[str, Any]:
    return processors[0] if len(processors) == 1 else {"type": SEQUENCE, "processors": processors}


def _put_before(name: str, items: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for item in items:
        if "Sequence" in item:
            yield {"SpecialToken": {"id": name, "type_id": item["Sequence"]["type_id"]}}
        yield item


def _head(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give the special tokens before the first text of a template."""
    return items[: next(place for place, item in enumerate(items) if "Sequence" in item)]


def _cut(names: set[str], items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave out the special tokens of these names that stand before a text, with nothing else between."""
    kept: list[dict[str, Any]] = []
    for item in items:
        while "Sequence" in item and kept and kept[-1].get("SpecialToken", {}).get("id") in names:
            kept.pop()
        kept.append(item)
    return kept
