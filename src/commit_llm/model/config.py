"""Describe a model by the fields of a Hugging Face `config.json`; tables say what becomes of each of its keys."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from commit_llm.errors import UserError, shown
from commit_llm.files.json_text import read_json_object
from commit_llm.model.config_keys import keys_of

LOGGER = logging.getLogger("commit_llm")
LARGEST = {int: 2e9, float: 1e30}  # numbers are below: jax computes with no larger ones
PLAIN_ROTARY = {"rope_type", "type", "rope_theta", "partial_rotary_factor"}  # keys of its settings


@dataclass(frozen=True)
class ModelConfig:
    """Describe a LLaMA decoder, with the names, units and defaults of Hugging Face's LlamaConfig."""

    vocab_size: int
    hidden_size: int
    intermediate_size: int
    num_hidden_layers: int
    num_attention_heads: int
    num_key_value_heads: int
    head_dim: int
    max_position_embeddings: int = 2048
    rms_norm_eps: float = 1e-6
    rope_theta: float = 10000.0
    tie_word_embeddings: bool = False

    def __post_init__(self) -> None:
        for name, field in self.__dataclass_fields__.items():
            _require(name, getattr(self, name), field.type)
        if self.num_attention_heads % self.num_key_value_heads:
            raise UserError(
                f"num_attention_heads {self.num_attention_heads} is no multiple of "
                f"num_key_value_heads {self.num_key_value_heads}"
            )
        if self.head_dim % 2:
            raise UserError(f"head_dim {self.head_dim} is odd; rotary embedding turns pairs")

    @classmethod
    def from_hf(cls, settings: Mapping[str, Any], source: str = "config.json") -> "ModelConfig":
        """Read the mapping of a `config.json`, the inverse of `to_hf`.

        An absent key has the default of its model_type's class in transformers; null is what that class makes of it.

        Raise UserError for a key that is missing, and for one that this decoder cannot express.

        source: the file's name, for messages.
        """
        keys = keys_of(settings, source)
        keys.require_expressible(settings, source)
        if missing := sorted(keys.sizes - settings.keys()):
            raise UserError(f"{source}: no {missing[0]!r}; is it a model's config.json?")
        fields = {key: settings[key] for key in (*keys.sizes, *keys.fields, *keys.derived) if key in settings}
        try:
            for name in keys.sizes:
                _require(name, fields[name], int)
            for name, value in keys.derived.items():
                if fields.get(name) is None:
                    fields[name] = value(fields)
            return cls(**fields, **_rotary(settings))
        except UserError as error:
            raise UserError(f"{source}: {error}") from None

    def to_hf(self, dtype: str) -> dict[str, Any]:
        """Give the mapping of a `config.json` that transformers 4 and 5 read alike; dtype is that of the weights."""
        return {
            "architectures": ["LlamaForCausalLM"],
            "model_type": "llama",
            "hidden_act": "silu",
            "attention_bias": False,
            "mlp_bias": False,
            "torch_dtype": dtype,
            **{key: getattr(self, key) for key in self.__dataclass_fields__},
        }


def _rotary(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Read the plain rotary embedding, in the form of transformers 4 or 5; raise UserError for any other."""
    name, rope = _rotary_settings(settings)
    if not isinstance(rope, dict):
        raise UserError(f"{name} is {shown(rope)}; it must be an object with the settings of the rotary embedding")
    kind = rope.get("rope_type", rope.get("type", "default"))
    if kind != "default":
        raise UserError(f"{name} is of type {shown(kind)} ({shown(rope)}); the decoder has the plain rotary embedding")
    if nested := [key for key, value in rope.items() if isinstance(value, dict)]:
        raise UserError(f"{name} differs by layer type ({nested[0]}); the decoder has one rotary embedding for all")
    turned = rope.get("partial_rotary_factor", settings.get("partial_rotary_factor"))
    if turned is not None and (isinstance(turned, bool) or turned != 1):
        raise UserError(f"partial_rotary_factor is {shown(turned)}; the decoder turns the whole of each head: 1.0")
    return {"rope_theta": both["rope_theta"]} if "rope_theta" in (both := {**settings, **rope}) else {}


def _rotary_settings(settings: Mapping[str, Any]) -> tuple[str, Any]:
    """Give the name and the content of the key that holds the rotary settings.

    As in transformers, `rope_scaling` counts before `rope_parameters`, an empty one is as good as none, and what
    stands in it counts before the same key beside it.
    """
    name = "rope_scaling" if settings.get("rope_scaling") else "rope_parameters"
    return name, settings.get(name) or {}


def _require(name: str, value: Any, kind: Any) -> None:
    """Raise UserError where a field is not of the type kind, or a number not above 0, or too large to reckon with."""
    if kind is bool:
        right, rule = isinstance(value, bool), "true or false"
    else:
        is_number = type(value) in ((int, float) if kind is float else (int,))
        right, rule = is_number and 0 < value < LARGEST[kind], "a number above 0"
        if is_number and value >= LARGEST[kind]:
            rule = f"a number below {LARGEST[kind]:g}"
    if not right:
        raise UserError(f"{name} is {shown(value)}; it must be {rule}")


def passed_over(settings: Mapping[str, Any]) -> list[str]:
    """List the keys of a config.json that nothing reads: neither COMMIT nor the classes of transformers."""
    name, rope = _rotary_settings(settings)
    in_rope = [f"{name}.{key}" for key in rope if key not in PLAIN_ROTARY]
    outdone = ["rope_parameters"] if name == "rope_scaling" and settings.get("rope_parameters") else []
    return keys_of(settings, "config.json").passed_over(settings) + outdone + in_rope


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
    return ModelConfig.from_hf(settings, str(path))
