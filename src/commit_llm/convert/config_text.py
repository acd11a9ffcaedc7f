"""The text of a config.json that goes on into a run or an export: the model's own, but for what has changed."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from commit_llm.files.json_edit import with_value
from commit_llm.files.json_text import parse_json, utf8_of
from commit_llm.files.whole import json_text
from commit_llm.model.config import ModelConfig
from commit_llm.model.families.config_json import plain_settings, text_part
from commit_llm.model.families.family import FAMILIES

DTYPE_KEYS = ("dtype", "torch_dtype")  # of transformers 5 and 4; 4.56 and later know both


def changed_config(path: Path, config: ModelConfig, dtype: str) -> str:
    """Give the text of a config.json for weights that have another dtype, vocabulary or head.

    Every other key stays, and of an unchanged file every character.
    What says which model this is, which loaders need and a file of sizes alone lacks, is added. Of a file that
    describes other parts too, the decoder's own settings are given.

    config: what the file says, but for vocab_size and tie_word_embeddings.
    dtype: of the weights.
    """
    text = utf8_of(path)
    settings = parse_json(text, path)
    if (decoder := text_part(settings, str(path))) is not settings:
        text, settings = json_text(decoder), dict(decoder)
    for key, value in _changes(settings, config, dtype).items():
        text = with_value(text, key, value)
    return text


def new_config(config: ModelConfig, dtype: str, special_ids: Mapping[str, Any]) -> str:
    """Give the text of a config.json for a model that comes without one.

    special_ids: the entries of bos and of what ends a text.
    """
    return json_text(plain_settings(config, dtype) | dict(special_ids))


def _changes(settings: dict[str, Any], config: ModelConfig, dtype: str) -> dict[str, Any]:
    """Give the keys that need another value, or lack one.

    Where no key says the dtype, transformers 4 and 5 read torch_dtype.
    """
    dtype_keys = [key for key in DTYPE_KEYS if key in settings] or DTYPE_KEYS[1:]
    wanted = dict.fromkeys(dtype_keys, dtype) | {"vocab_size": config.vocab_size}
    family = FAMILIES[config.model_type]
    tied = settings.get("tie_word_embeddings", family.defaults["tie_word_embeddings"])
    if tied is not config.tie_word_embeddings:
        wanted["tie_word_embeddings"] = config.tie_word_embeddings
    names: dict[str, Any] = {"model_type": config.model_type, "architectures": [family.architecture]}
    wanted |= {key: value for key, value in names.items() if settings.get(key) is None}
    return {key: value for key, value in wanted.items() if settings.get(key) != value}
