"""Read a `config.json` into a ModelConfig, and write one for a plain LLaMA that comes without."""

import dataclasses
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from commit_llm.errors import UserError, shown
from commit_llm.files.json_text import read_json_object
from commit_llm.model.config import ATTENTION_BIASES, MLP_BIASES, Activation, ModelConfig
from commit_llm.model.families.family import FAMILIES, FULL, PLAIN, SIZES, SLIDING, TEXT_PARTS, Family, Settings
from commit_llm.model.families.keys import keys_of
from commit_llm.model.families.rotary_reading import ropes, unread_rotary
from commit_llm.model.families.unsupported import require_family
from commit_llm.model.field_values import require_value
from commit_llm.model.layer_kinds import LayerKind, Rope

LOGGER = logging.getLogger("commit_llm")
# Keys that a field of ModelConfig has the name and the meaning of.
FIELDS = (
    "max_position_embeddings", "rms_norm_eps", "tie_word_embeddings", "attention_multiplier",
    "attn_logit_softcapping", "final_logit_softcapping", "embedding_multiplier", "residual_multiplier",
    "logits_scaling",
)  # fmt: skip
# What a file with several parts says of its decoder outside of the decoder's own settings.
OF_ALL_PARTS = (
    "bos_token_id", "eos_token_id", "pad_token_id", "dtype", "torch_dtype", "transformers_version",
    "tie_word_embeddings", "quantization_config",
)  # fmt: skip


def config_from_settings(settings: Mapping[str, Any], source: str = "config.json") -> ModelConfig:
    """Read the mapping of a `config.json`.

    An absent key has the default of its model_type's class in transformers; null is what that class makes of it.

    Raise UserError for a key that is missing, and for one that the decoder cannot express.

    source: the file's name, for messages.
    """
    settings = text_part(settings, source)
    model_type = require_family(settings, source)
    family, keys = FAMILIES[model_type], keys_of(model_type)
    keys.require_expressible(settings, source)
    known = {**family.defaults, **{key: value for key, value in settings.items() if key in keys.handled}}
    if missing := [key for key in SIZES if key not in known]:
        raise UserError(f"{source}: no {missing[0]!r}; is it a model's config.json?")
    try:
        return _config(known, family, model_type)
    except UserError as error:
        raise UserError(f"{source}: {error}") from None


def _config(known: dict[str, Any], family: Family, model_type: str) -> ModelConfig:
    sizes = {key: known[key] for key in SIZES}
    for key, size in sizes.items():
        require_value(key, size, int)
    if known["num_key_value_heads"] is None:
        known["num_key_value_heads"] = known["num_attention_heads"]
    if known["head_dim"] is None:
        known["head_dim"] = known["hidden_size"] // known["num_attention_heads"]
    fields = {key: known[key] for key in FIELDS if key in family.defaults}
    for key in ("query_pre_attn_scalar", "attention_multiplier"):
        if key in family.defaults:
            require_value(key, known[key], float)
    if "query_pre_attn_scalar" in family.defaults:
        fields["attention_multiplier"] = known["query_pre_attn_scalar"] ** -0.5
    if family.scaled_embedding:
        fields["embedding_multiplier"] = known["hidden_size"] ** 0.5
    fields["biases"] = tuple(
        bias
        for key, biases in (("attention_bias", ATTENTION_BIASES), ("mlp_bias", MLP_BIASES))
        if key in family.defaults and _switch(known, key)
        for bias in biases
    )
    kinds = _kinds(known, family)
    distinct = tuple(dict.fromkeys(kinds))
    return ModelConfig(
        **sizes,
        num_key_value_heads=known["num_key_value_heads"],
        head_dim=known["head_dim"],
        kinds=distinct,
        pattern=tuple(map(distinct.index, kinds)) if len(distinct) > 1 else (),
        hidden_act=_activation(known, family),
        model_type=model_type,
        **fields | dict(family.implied),
    )


def _switch(known: Settings, key: str) -> bool:
    require_value(key, known[key], bool)
    return known[key]


def _activation(known: Settings, family: Family) -> Any:
    key = "hidden_act" if "hidden_act" in family.defaults else "hidden_activation"
    activations = {name: name for name in get_args(Activation)} | {"swish": "silu"} | dict(family.activations)
    if not isinstance(known[key], str) or known[key] not in activations:
        raise UserError(f"{key} is {shown(known[key])}; the decoder's MLP has {', '.join(activations)}")
    return activations[known[key]]


def _kinds(known: dict[str, Any], family: Family) -> list[LayerKind]:
    """Give the kind of every layer."""
    layers = known["num_hidden_layers"]
    slides = _switch(known, "use_sliding_window") if "use_sliding_window" in family.defaults else True
    if "max_window_layers" in family.defaults and not slides:
        known["sliding_window"] = None
    for key in ("max_window_layers", "sliding_window_pattern", "no_rope_layer_interval"):
        if key in family.defaults and (key != "max_window_layers" or known[key] != 0):
            require_value(key, known[key], int)
    turned = _layers_with_rope(known, layers)
    listed = None if family.ignores_layer_types else known.get("layer_types")
    layer_types = family.layer_types(known) if listed is None else _list_of(listed, "layer_types", (FULL, SLIDING))
    _require_one_a_layer(layer_types, "layer_types", layers)
    window = known.get("sliding_window")
    if SLIDING in layer_types and window is None and not family.ignores_layer_types:
        raise UserError(f"layer_types has {SLIDING}, and there is no sliding_window")
    rope_of = ropes(known, family)
    windows = {FULL: None, SLIDING: window}
    return [
        LayerKind(windows[layer_type], rope_of[layer_type] if has_rope else None)
        for layer_type, has_rope in zip(layer_types, turned, strict=True)
    ]


def _layers_with_rope(known: dict[str, Any], layers: int) -> list[int]:
    """Give 1 for each layer that has a rotary embedding, and 0 for the others; the key is named as if the reverse."""
    key = "no_rope_layers"
    if key not in known:
        return [1] * layers
    if known[key] is None:
        every = known["no_rope_layer_interval"]
        known[key] = [int((layer + 1) % every != 0) for layer in range(layers)]
    turned = _list_of(known[key], key, (0, 1))
    _require_one_a_layer(turned, key, layers)
    return turned


def _list_of(values: Any, name: str, options: tuple[Any, ...]) -> list[Any]:
    if not isinstance(values, list):
        raise UserError(f"{name} is {shown(values)}; it must be a list with an entry for each layer")
    if unknown := [value for value in values if isinstance(value, bool) or value not in options]:
        raise UserError(f"{name} has {shown(unknown[0])}; the decoder has {' and '.join(map(str, options))}")
    return values


def _require_one_a_layer(values: list[Any], name: str, layers: int) -> None:
    if len(values) != layers:
        raise UserError(f"{name} has {len(values)} entries, and num_hidden_layers is {layers}")


def text_part(settings: Mapping[str, Any], source: str) -> Mapping[str, Any]:
    """Give the settings of the decoder, of a file that describes other parts too; of any other file, its own.

    The decoder's settings are whole then, also where the file left out what is the default.
    """
    model_type = settings.get("model_type")
    if not isinstance(model_type, str) or model_type not in TEXT_PARTS:
        return settings
    text = settings.get("text_config") or {}
    if not isinstance(text, dict):
        raise UserError(f"{source}: text_config is {shown(text)}; it must be an object")
    family = FAMILIES[TEXT_PARTS[model_type]]
    named = {"architectures": [family.architecture], "model_type": TEXT_PARTS[model_type]}
    of_all = {key: settings[key] for key in OF_ALL_PARTS if key in settings}
    sizes = {key: family.defaults[key] for key in SIZES}
    return sizes | of_all | text | named


def plain_settings(config: ModelConfig, dtype: str) -> dict[str, Any]:
    """Give the mapping of a `config.json` that transformers 4 and 5 read alike; dtype is that of the weights.

    Raise UserError for a model that is more than LLaMA was: its own config.json goes with it.
    """
    named = {key: getattr(config, key) for key in (*SIZES, *PLAIN) if key != "rope_theta"}
    rope = config.kinds[0].rope or Rope()
    if config != ModelConfig(**named, kinds=(LayerKind(rope=Rope(rope.rope_theta)),)):
        other = [field.name for field in dataclasses.fields(config) if getattr(config, field.name) != field.default]
        raise UserError(f"a config.json from nothing is written for plain LLaMA alone ({', '.join(other)} differ)")
    return {
        "architectures": [FAMILIES["llama"].architecture],
        "model_type": "llama",
        "hidden_act": "silu",
        "attention_bias": False,
        "mlp_bias": False,
        "torch_dtype": dtype,
        **named,
        "rope_theta": rope.rope_theta,
    }


def passed_over(settings: Mapping[str, Any]) -> list[str]:
    """List the keys of a config.json that nothing reads: neither COMMIT nor the classes of transformers."""
    settings = text_part(settings, "config.json")
    model_type = require_family(settings, "config.json")
    return keys_of(model_type).passed_over(settings) + unread_rotary(settings, FAMILIES[model_type])


def tell_passed_over(path: Path) -> None:
    """Name the keys of a `config.json` that nothing reads, in one line. The line has no folder: copies say the same."""
    if keys := passed_over(read_json_object(path)):
        names = ", ".join(map(repr, keys))
        LOGGER.warning("%s: keys that nothing reads are passed over: %s", path.name, names)


def read_config(folder: Path) -> ModelConfig:
    """Read the configuration of a model folder; raise UserError where the folder holds no model."""
    if not (folder / "config.json").is_file():
        raise UserError(f"{folder}: not a model folder (no config.json in it)")
    return read_config_file(folder / "config.json")


def read_config_file(path: Path) -> ModelConfig:
    """Read a `config.json`; raise UserError where it is missing, malformed or of another kind of model."""
    try:
        settings = read_json_object(path)
    except FileNotFoundError:
        raise UserError(f"{path}: no such file") from None
    return config_from_settings(settings, str(path))
