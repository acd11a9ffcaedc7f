"""Hold the one table of parameter names: those of our decoder, of Hugging Face, and of EasyLM (the original)."""

from typing import NamedTuple

from commit_llm.model.config import ModelConfig
from commit_llm.model.parameters import declare


class ParameterName(NamedTuple):
    """Hold the names of one parameter.

    path: keys into our parameters (`model.parameters.declare`).
    hugging_face, easylm: names in these formats; `{}` stands for the number of the layer. EasyLM has LLaMA's alone.
    transposed: whether Hugging Face's kernel is (out, in); ours and EasyLM's are (in, out).
    rotary: whether EasyLM's order differs: it turns pairs (2i, 2i + 1), we and Hugging Face turn (i, i + D/2).
    """

    path: tuple[str, ...]
    hugging_face: str
    easylm: str | None = None
    transposed: bool = False
    rotary: bool = False

    @property
    def per_layer(self) -> bool:
        """Say whether every layer has this parameter."""
        return self.path[0] == "layers"


def parameter_names(config: ModelConfig) -> list[ParameterName]:
    """List the names of the parameters that a model of this configuration has."""
    declared = declare(config)
    names = [name for name in PARAMETER_NAMES if name.path[-1] in (declared["layers"] if name.per_layer else declared)]
    if config.norms != "around":
        return names
    # Where there are norms before and after, "post_attention" is the norm after the attention, not before the MLP.
    return [name._replace(hugging_face=BEFORE_MLP) if name.path[-1] == "mlp_norm" else name for name in names]


def _in_layer(ours: str, hugging_face: str, easylm: str | None = None, **form: bool) -> ParameterName:
    in_easylm = None if easylm is None else f"transformer/h/{{}}/{easylm}/kernel"
    return ParameterName(("layers", ours), f"model.layers.{{}}.{hugging_face}", in_easylm, **form)


BEFORE_MLP = "model.layers.{}.pre_feedforward_layernorm.weight"
PARAMETER_NAMES = (
    ParameterName(("embedding",), "model.embed_tokens.weight", "transformer/wte/embedding"),
    _in_layer("attention_norm", "input_layernorm.weight", "attention_norm"),
    _in_layer("query", "self_attn.q_proj.weight", "attention/wq", transposed=True, rotary=True),
    _in_layer("query_bias", "self_attn.q_proj.bias"),
    _in_layer("query_norm", "self_attn.q_norm.weight"),
    _in_layer("key", "self_attn.k_proj.weight", "attention/wk", transposed=True, rotary=True),
    _in_layer("key_bias", "self_attn.k_proj.bias"),
    _in_layer("key_norm", "self_attn.k_norm.weight"),
    _in_layer("value", "self_attn.v_proj.weight", "attention/wv", transposed=True),
    _in_layer("value_bias", "self_attn.v_proj.bias"),
    _in_layer("output", "self_attn.o_proj.weight", "attention/wo", transposed=True),
    _in_layer("output_bias", "self_attn.o_proj.bias"),
    _in_layer("attention_post_norm", "post_attention_layernorm.weight"),
    _in_layer("mlp_norm", "post_attention_layernorm.weight", "ffn_norm"),
    _in_layer("gate", "mlp.gate_proj.weight", "feed_forward/w1", transposed=True),
    _in_layer("gate_bias", "mlp.gate_proj.bias"),
    _in_layer("up", "mlp.up_proj.weight", "feed_forward/w3", transposed=True),
    _in_layer("up_bias", "mlp.up_proj.bias"),
    _in_layer("down", "mlp.down_proj.weight", "feed_forward/w2", transposed=True),
    _in_layer("down_bias", "mlp.down_proj.bias"),
    _in_layer("mlp_post_norm", "post_feedforward_layernorm.weight"),
    ParameterName(("final_norm",), "model.norm.weight", "transformer/ln_f/kernel"),
    ParameterName(("head",), "lm_head.weight", "lm_head/kernel", transposed=True),
)
