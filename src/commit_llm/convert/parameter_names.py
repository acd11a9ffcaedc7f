"""Hold the one table of parameter names: those of our decoder, of Hugging Face, and of EasyLM (the original)."""

from typing import NamedTuple


class ParameterName(NamedTuple):
    """Hold the names of one parameter.

    path: keys into our parameters (`model.parameters.declare`).
    hugging_face, easylm: names in these formats; `{}` stands for the number of the layer.
    transposed: whether Hugging Face's kernel is (out, in); ours and EasyLM's are (in, out).
    rotary: whether EasyLM's order differs: it turns pairs (2i, 2i + 1), we and Hugging Face turn (i, i + D/2).
    """

    path: tuple[str, ...]
    hugging_face: str
    easylm: str
    transposed: bool = False
    rotary: bool = False

    @property
    def per_layer(self) -> bool:
        """Say whether every layer has this parameter."""
        return self.path[0] == "layers"


PARAMETER_NAMES = (
    ParameterName(("embedding",), "model.embed_tokens.weight", "transformer/wte/embedding"),
    ParameterName(
        ("layers", "attention_norm"), "model.layers.{}.input_layernorm.weight", "transformer/h/{}/attention_norm/kernel"
    ),
    ParameterName(
        ("layers", "query"),
        "model.layers.{}.self_attn.q_proj.weight",
        "transformer/h/{}/attention/wq/kernel",
        True,
        True,
    ),
    ParameterName(
        ("layers", "key"), "model.layers.{}.self_attn.k_proj.weight", "transformer/h/{}/attention/wk/kernel", True, True
    ),
    ParameterName(
        ("layers", "value"), "model.layers.{}.self_attn.v_proj.weight", "transformer/h/{}/attention/wv/kernel", True
    ),
    ParameterName(
        ("layers", "output"), "model.layers.{}.self_attn.o_proj.weight", "transformer/h/{}/attention/wo/kernel", True
    ),
    ParameterName(
        ("layers", "mlp_norm"), "model.layers.{}.post_attention_layernorm.weight", "transformer/h/{}/ffn_norm/kernel"
    ),
    ParameterName(
        ("layers", "gate"), "model.layers.{}.mlp.gate_proj.weight", "transformer/h/{}/feed_forward/w1/kernel", True
    ),
    ParameterName(
        ("layers", "up"), "model.layers.{}.mlp.up_proj.weight", "transformer/h/{}/feed_forward/w3/kernel", True
    ),
    ParameterName(
        ("layers", "down"), "model.layers.{}.mlp.down_proj.weight", "transformer/h/{}/feed_forward/w2/kernel", True
    ),
    ParameterName(("final_norm",), "model.norm.weight", "transformer/ln_f/kernel"),
    ParameterName(("head",), "lm_head.weight", "lm_head/kernel", True),
)
