"""Read a `config.json` into a ModelConfig, and write one for a plain LLaMA that comes without."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from commit_llm.errors import UserError, shown
from commit_llm.files.json_text import read_json_object
from commit_llm.model.config import Activation, ModelConfig
from commit_llm.model.families.family import FAMILIES, PLAIN, SIZES, TEXT_PARTS, Family, Settings
from commit_llm.model.families.keys import keys_of
from commit_llm.model.families.layer_reading import kinds_of_layers, switch
from commit_llm.model.families.rotary_reading import unread_rotary
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
MOST_LAYERS = 10_000  # each has an entry in lists; no model has a tenth of them
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


def _config(known: Settings, family: Family, model_type: str) -> ModelConfig:
    for key in (*SIZES, "max_position_embeddings"):
        require_value(key, known[key], int)
    if known["num_hidden_layers"] > MOST_LAYERS:
        raise UserError(f"num_hidden_layers is {known['num_hidden_layers']}; it must be {MOST_LAYERS:,} or less")
    heads = known["num_attention_heads"]
    fields = {key: known[key] for key in FIELDS if key in family.defaults}
    for key in ("query_pre_attn_scalar", "attention_multiplier"):
        if key in family.defaults:
            require_value(key, known[key], float)
    if "query_pre_attn_scalar" in family.defaults:
        fields["attention_multiplier"] = known["query_pre_attn_scalar"] ** -0.5
    if family.scaled_embedding:
        fields["embedding_multiplier"] = known["hidden_size"] ** 0.5
    on = [kernels for key, kernels in family.biases.items() if key in family.defaults and switch(known, key)]
    kinds = kinds_of_layers(known, family)
    distinct = tuple(dict.fromkeys(kinds))
    return ModelConfig(
        **{key: known[key] for key in SIZES},
        num_key_value_heads=heads if known["num_key_value_heads"] is None else known["num_key_value_heads"],
        head_dim=known["hidden_size"] // heads if known["head_dim"] is None else known["head_dim"],
        kinds=distinct,
        pattern=tuple(map(distinct.index, kinds)) if len(distinct) > 1 else (),
        hidden_act=_activation(known, family),
        model_type=model_type,
        **{"biases": tuple(kernel for kernels in on for kernel in kernels)} | fields | dict(family.implied),
    )


def _activation(known: Settings, family: Family) -> Any:
    key = "hidden_act" if "hidden_act" in family.defaults else "hidden_activation"
    activations = {name: name for name in get_args(Activation)} | {"swish": "silu"} | dict(family.activations)
    if not isinstance(known[key], str) or known[key] not in activations:
        raise UserError(f"{key} is {shown(known[key])}; the decoder's MLP has {', '.join(activations)}")
    return activations[known[key]]


def text_part(settings: Mapping[str, Any], source: str) -> Mapping[str, Any]:
    """Give the settings of the decoder, of a file that describes other parts too; of any other file, its own.

    The decoder's settings are whole then, also where the file left out what is the default. What the whole file says
    counts before what its decoder's part says, as in transformers.
    """
    model_type = settings.get("model_type")
    if not isinstance(model_type, str) or model_type not in TEXT_PARTS:
        return settings
    text, text_type = settings.get("text_config") or {}, TEXT_PARTS[model_type]
    if not isinstance(text, dict):
        raise UserError(f"{source}: text_config is {shown(text)}; it must be an object")
    if text.get("model_type", text_type) != text_type:
        raise UserError(
            f"{source}: text_config is a {shown(text['model_type'])}; in a {model_type} it must be a {text_type}: "
            "fetch the config.json again"
        )
    family = FAMILIES[text_type]
    bases = () if "rope_parameters" not in text else ("rope_theta", "rope_local_base_freq")
    filled = {key: value for key, value in family.defaults.items() if value is not None and key not in bases}
    of_all = {key: settings[key] for key in OF_ALL_PARTS if settings.get(key) is not None}
    return filled | text | of_all | {"architectures": [family.architecture], "model_type": text_type}


def plain_settings(config: ModelConfig, dtype: str) -> dict[str, Any]:
    """Give the mapping of a `config.json` that transformers 4 and 5 read alike; dtype is that of the weights.

    Raise UserError for a model that is more than LLaMA was: its own config.json goes with it.
    """
    named = {key: getattr(config, key) for key in (*SIZES, *PLAIN) if key != "rope_theta"}
    rope = config.kinds[0].rope or Rope()
    if config != ModelConfig(**named, kinds=(LayerKind(rope=Rope(rope.rope_theta)),)):
        raise UserError(
            f"a new config.json can be written only for plain LLaMA, and this is a {config.model_type}; keep its own"
        )
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
        LOGGER.warning("%s: keys that nothing reads are ignored: %s", path.name, names)


def read_config(folder: Path) -> ModelConfig:
    """Read the configuration of a model folder; raise UserError where the folder holds no model."""
    if not (folder / "config.json").is_file():
        raise UserError(f"{folder}: not a model folder (no config.json in it); name another")
    return read_config_file(folder / "config.json")


def read_config_file(path: Path) -> ModelConfig:
    """Read a `config.json`; raise UserError where it is missing, malformed or of another kind of model."""
    try:
        settings = read_json_object(path)
    except FileNotFoundError:
        raise UserError(f"{path}: no such file") from None
    return config_from_settings(settings, str(path))
