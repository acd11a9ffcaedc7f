"""Describe a LLaMA model by the fields of a Hugging Face `config.json`, each of them handled, ignored or refused."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from commit_llm.errors import UserError
from commit_llm.files.json_text import read_json_object

# Keys that say nothing about the numbers the model computes.
IGNORED = {
    "_name_or_path", "architectures", "dtype", "torch_dtype", "transformers_version", "use_cache", "pretraining_tp",
    "pad_token_id", "initializer_range", "attention_dropout", "return_dict", "output_hidden_states",
    "output_attentions", "id2label", "label2id", "problem_type", "is_encoder_decoder", "chunk_size_feed_forward",
    "max_sequence_length", "auto_map", "name_or_path", "bos_token_id", "eos_token_id",
}  # fmt: skip
# Keys that must have this value, or be absent.
REQUIRED = {"model_type": "llama", "hidden_act": "silu", "attention_bias": False, "mlp_bias": False}


@dataclass(frozen=True)
class ModelConfig:
    """Describe a LLaMA decoder, with the names and units of Hugging Face's LlamaConfig."""

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
        """Read the mapping of a `config.json`.

        Raise UserError for a missing or unknown key, and for a value that this decoder cannot express.

        source: the file's name, for messages.
        """
        fields = {key: value for key, value in settings.items() if key not in IGNORED and value is not None}
        for key, required in REQUIRED.items():
            if (value := fields.pop(key, required)) != required:
                raise UserError(f"{source}: {key} is {value!r}; COMMIT's decoder is a LLaMA with {key} {required!r}")
        for key in ("rope_scaling", "rope_parameters"):  # transformers 4 and 5
            fields |= _plain_rope(fields.pop(key, {}), f"{source}: {key}")
        try:
            fields.setdefault("num_key_value_heads", fields["num_attention_heads"])
            for name in ("hidden_size", "num_attention_heads"):
                _require(name, fields[name], int)
            fields.setdefault("head_dim", fields["hidden_size"] // fields["num_attention_heads"])
            unknown = sorted(set(fields) - set(cls.__dataclass_fields__))
            if unknown:
                raise UserError(
                    f"{source}: unknown key {unknown[0]!r} with value {fields[unknown[0]]!r}; it may change the model"
                )
            return cls(**fields)
        except UserError as error:
            raise UserError(str(error) if str(error).startswith(source) else f"{source}: {error}") from None
        except KeyError as error:
            raise UserError(f"{source}: no {error.args[0]!r}; is it a LLaMA config.json?") from None
        except TypeError as error:
            raise UserError(f"{source}: {error}; is it a LLaMA config.json?") from None

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


def _plain_rope(rope: Any, where: str) -> dict[str, Any]:
    """Read the rotary base from rotary settings; raise UserError for any but the plain rotary embedding."""
    rope_type = rope.get("rope_type", rope.get("type", "default")) if isinstance(rope, dict) else rope
    if rope_type != "default" or set(rope) - {"rope_type", "type", "rope_theta"}:
        raise UserError(f"{where} of type {rope_type!r} is not supported ({rope!r}); only plain rotary embedding is")
    return {"rope_theta": rope["rope_theta"]} if "rope_theta" in rope else {}


def _require(name: str, value: Any, kind: Any) -> None:
    """Raise UserError where a field is not of the type kind, or a size is not above 0."""
    wrong = not isinstance(value, (int, float) if kind is float else kind) or (
        isinstance(value, bool) and kind is not bool
    )
    if wrong or (kind in (int, float) and not value > 0):
        rule = "true or false" if kind is bool else "a number above 0"
        raise UserError(f"{name} is {value!r}; it must be {rule}")


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
