"""Tables of the keys of a config.json, one for each model_type: which are handled, idle, or refused, and why."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from commit_llm.errors import UserError, shown
from commit_llm.model.keys_read import KEYS_READ


@dataclass(frozen=True)
class Obstacle:
    """Say which values of a key change nothing, and why every other is refused.

    Null is a value like any other. A key that is absent is no obstacle.
    """

    is_none: Callable[[Any], bool]
    why: str


@dataclass(frozen=True)
class Keys:
    """Say what becomes of each key of a config.json.

    sizes: fields of ModelConfig that must be there.
    fields: other fields of ModelConfig. An absent one has the default of ModelConfig, which is that of LLaMA.
    derived: fields of ModelConfig that follow from the sizes, by name, where they are absent or null.
    rotary: keys of the rotary embedding, read together.
    idle: keys that say nothing about the numbers that the model computes; nobody is told of them.
    refused: keys whose value may change the model.
    read: keys that transformers reads for this model_type. One that is in no other list is refused.
    """

    sizes: frozenset[str]
    fields: frozenset[str]
    derived: Mapping[str, Callable[[Mapping[str, Any]], int]]
    rotary: frozenset[str]
    idle: frozenset[str]
    refused: Mapping[str, Obstacle]
    read: frozenset[str]

    def require_expressible(self, settings: Mapping[str, Any], source: str) -> None:
        """Raise UserError for a key that changes the model in a way that the decoder cannot express."""
        known = {"model_type", *self.sizes, *self.fields, *self.derived, *self.rotary, *self.idle}
        for key, value in settings.items():
            obstacle = self.refused.get(key)
            if obstacle is not None and not obstacle.is_none(value):
                raise UserError(f"{source}: {key} is {shown(value)}; {obstacle.why}")
            if obstacle is None and key not in known and key in self.read:
                raise UserError(
                    f"{source}: {key} is {shown(value)}; transformers reads this key, and it may change the model"
                )

    def passed_over(self, settings: Mapping[str, Any]) -> list[str]:
        """List the keys that are in no table, because nothing reads them."""
        known = {"model_type", *self.sizes, *self.fields, *self.derived, *self.rotary, *self.idle, *self.refused}
        return [key for key in settings if key not in known and key not in self.read]


def keys_of(settings: Mapping[str, Any], source: str) -> Keys:
    """Choose the table of a config.json. Raise UserError where it is of a type that the decoder does not express."""
    model_type = settings.get("model_type", "llama")
    if not isinstance(model_type, str) or model_type not in KEYS:
        raise UserError(
            f"{source}: model_type is {shown(model_type)}; COMMIT's decoder expresses {', '.join(KEYS)} alone"
        )
    return KEYS[model_type]


def _only(*values: Any) -> Callable[[Any], bool]:
    """Accept these values, and no other that Python takes for equal: false is not 0."""
    return lambda value: any(type(value) is type(one) and value == one for one in values)


def _full_attention(layer_types: Any) -> bool:
    return layer_types is None or (
        isinstance(layer_types, list) and all(kind == "full_attention" for kind in layer_types)
    )


LLAMA = Keys(
    sizes=frozenset({
        "vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads"
    }),
    fields=frozenset({"max_position_embeddings", "rms_norm_eps", "tie_word_embeddings"}),
    derived={
        "num_key_value_heads": lambda sizes: sizes["num_attention_heads"],
        "head_dim": lambda sizes: sizes["hidden_size"] // sizes["num_attention_heads"],
    },
    rotary=frozenset({"rope_theta", "rope_scaling", "rope_parameters", "partial_rotary_factor"}),
    idle=frozenset({
        # where it comes from, and what it was saved with
        "_commit_hash", "_name_or_path", "architectures", "auto_map", "dtype", "name_or_path", "torch_dtype",
        "transformers_version",
        # how others compute it, or train it
        "_attn_implementation", "_attn_implementation_internal", "_experts_implementation",
        "_experts_implementation_internal", "attention_dropout", "attn_implementation", "chunk_size_feed_forward",
        "experts_implementation", "initializer_range", "pretraining_tp", "use_cache",
        # what their classes give back
        "_output_attentions", "output_attentions", "output_hidden_states", "return_dict",
        # heads of other tasks
        "id2label", "label2id", "num_labels", "problem_type",
        # tokens: data/stops.py and the tokenizer decide on them
        "bos_token_id", "eos_token_id", "pad_token_id",
        # read for other types, or for a rotary embedding that is refused by its type
        "embed_dim", "max_sequence_length", "num_heads", "original_max_position_embeddings",
    }),
    refused={
        "hidden_act": Obstacle(_only("silu"), 'the decoder\'s MLP has "silu" alone'),
        "attention_bias": Obstacle(_only(False), "the decoder's attention has no biases: it must be false"),
        "mlp_bias": Obstacle(_only(False), "the decoder's MLP has no biases: it must be false"),
        "is_encoder_decoder": Obstacle(_only(False), "COMMIT has a decoder alone: it must be false"),
        "is_causal": Obstacle(_only(True), "the decoder never looks ahead: it must be true"),
        "layer_types": Obstacle(_full_attention, 'every layer of the decoder is "full_attention"'),
        "sliding_window": Obstacle(_only(None), "the decoder's attention has no window: it must be null"),
        "attention_chunk_size": Obstacle(_only(None), "the decoder's attention has no chunks: it must be null"),
        "kv_sharing_modes": Obstacle(_only(None), "every layer of the decoder has keys of its own: it must be null"),
        "per_layer_config": Obstacle(_only(None, {}), "all layers of the decoder are alike: it must be null"),
        "quantization_config": Obstacle(
            _only(None), "its weights are quantised; fetch or save them as float32, float16 or bfloat16"
        ),
    },
    read=KEYS_READ["llama"],
)  # fmt: skip

KEYS = {"llama": LLAMA}
