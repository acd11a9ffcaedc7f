"""Say of each key of a family's config.json whether it is handled, idle, or refused, and why."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from commit_llm.errors import UserError, shown
from commit_llm.model.families.family import FAMILIES, SIZES
from commit_llm.model.families.keys_read import KEYS_READ


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

    handled: keys that config_json.py makes a ModelConfig of.
    idle: keys that say nothing about the numbers that the model computes; nobody is told of them.
    refused: keys whose value may change the model.
    read: keys that transformers reads for this model_type. One that is in no other list is refused.
    """

    handled: frozenset[str]
    idle: frozenset[str]
    refused: Mapping[str, Obstacle]
    read: frozenset[str]

    def require_expressible(self, settings: Mapping[str, Any], source: str) -> None:
        """Raise UserError for a key that changes the model in a way that the decoder cannot express."""
        known = {"model_type"} | self.handled | self.idle
        for key, value in settings.items():
            obstacle = self.refused.get(key)
            if obstacle is not None and not obstacle.is_none(value):
                raise UserError(f"{source}: {key} is {shown(value)}; {obstacle.why}")
            if obstacle is None and key not in known and key in self.read:
                raise UserError(
                    f"{source}: {key} is {shown(value)}; transformers reads this key, and it may change "
                    "the model: use another model, or take the key out if it changes nothing"
                )

    def passed_over(self, settings: Mapping[str, Any]) -> list[str]:
        """List the keys that are in no table, because nothing reads them."""
        known = {"model_type", *self.refused} | self.handled | self.idle
        return [key for key in settings if key not in known and key not in self.read]


def _only(*values: Any) -> Callable[[Any], bool]:
    """Accept these values, and no other that Python takes for equal: false is not 0."""
    return lambda value: any(type(value) is type(one) and value == one for one in values)


def _full_attention(layer_types: Any) -> bool:
    return layer_types is None or (
        isinstance(layer_types, list) and all(kind == "full_attention" for kind in layer_types)
    )


IDLE = frozenset({
    # where it comes from, and what it was saved with
    "_commit_hash", "_name_or_path", "architectures", "auto_map", "dtype", "name_or_path", "torch_dtype",
    "transformers_version",
    # how others compute it, or train it
    "_attn_implementation", "_attn_implementation_autoset", "_attn_implementation_internal", "_experts_implementation",
    "_experts_implementation_internal", "attention_dropout", "attn_implementation", "cache_implementation",
    "chunk_size_feed_forward", "experts_implementation", "initializer_range", "pretraining_tp",
    "residual_dropout", "use_cache",
    # what their classes give back
    "_output_attentions", "output_attentions", "output_hidden_states", "return_dict",
    # heads of other tasks
    "id2label", "label2id", "num_labels", "problem_type",
    # tokens: data/stops.py and the tokenizer decide on them
    "bos_token_id", "eos_token_id", "pad_token_id",
    # read for other types, or written beside the list that they are the short form of
    "_sliding_window_pattern", "embed_dim", "hidden_act", "hidden_activation", "max_sequence_length",
    "max_window_layers", "num_heads",
})  # fmt: skip
ROTARY = frozenset({
    "rope_theta", "rope_scaling", "rope_parameters", "partial_rotary_factor", "original_max_position_embeddings"
})  # fmt: skip
REFUSED = {
    "is_encoder_decoder": Obstacle(_only(False), "COMMIT has a decoder alone: it must be false"),
    "is_causal": Obstacle(_only(True), "the decoder never looks ahead: it must be true"),
    "use_bidirectional_attention": Obstacle(
        _only(False, None), "the decoder never looks ahead: it must be false or null"
    ),
    "layer_types": Obstacle(_full_attention, 'every layer of this family is "full_attention"'),
    "sliding_window": Obstacle(_only(None), "attention of this family has no window: it must be null"),
    "attn_logit_softcapping": Obstacle(_only(None), "no layer of this family caps its scores: it must be null"),
    "attention_chunk_size": Obstacle(_only(None), "the decoder's attention has no chunks: it must be null"),
    "kv_sharing_modes": Obstacle(_only(None), "every layer of the decoder has keys of its own: it must be null"),
    "per_layer_config": Obstacle(_only(None, {}), "all layers of the decoder are alike: it must be null"),
    "quantization_config": Obstacle(
        _only(None), "its weights are quantised; fetch or save them as float32, float16 or bfloat16"
    ),
}


@cache
def keys_of(model_type: str) -> Keys:
    """Say what becomes of each key of a family's config.json."""
    family = FAMILIES[model_type]
    read = KEYS_READ[model_type]
    handled = frozenset({*SIZES, *family.defaults}) | ROTARY
    ignored = frozenset({"layer_types"}) if family.ignores_layer_types else frozenset()
    refused = {key: why for key, why in REFUSED.items() if key in read and key not in handled | ignored}
    return Keys(handled, (IDLE | ignored) - handled, refused, read)
