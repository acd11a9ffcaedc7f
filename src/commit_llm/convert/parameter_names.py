"""The one table of parameter names: ours, Hugging Face's, and EasyLM's (the original's)."""

from typing import NamedTuple


class Name(NamedTuple):
    """ours is a path into the parameters; `{}` in the others stands for the layer.

    transposed: our kernels, like EasyLM's, are (in, out), Hugging Face's (out, in).
    rotary: EasyLM turns interleaved pairs (2i, 2i + 1), we and Hugging Face half-split ones (i, i + D/2).
    """

    ours: tuple[str, ...]
    hugging_face: str
    easylm: str
    transposed: bool = False
    rotary: bool = False

    @property
    def per_layer(self) -> bool:
        return self.ours[0] == "layers"


NAMES = (
    Name(("embedding",), "model.embed_tokens.weight", "transformer/wte/embedding"),
    Name(
        ("layers", "attention_norm"), "model.layers.{}.input_layernorm.weight", "transformer/h/{}/attention_norm/kernel"
    ),
    Name(
        ("layers", "query"),
        "model.layers.{}.self_attn.q_proj.weight",
        "transformer/h/{}/attention/wq/kernel",
        True,
        True,
    ),
    Name(
        ("layers", "key"), "model.layers.{}.self_attn.k_proj.weight", "transformer/h/{}/attention/wk/kernel", True, True
    ),
    Name(("layers", "value"), "model.layers.{}.self_attn.v_proj.weight", "transformer/h/{}/attention/wv/kernel", True),
    Name(("layers", "output"), "model.layers.{}.self_attn.o_proj.weight", "transformer/h/{}/attention/wo/kernel", True),
    Name(("layers", "mlp_norm"), "model.layers.{}.post_attention_layernorm.weight", "transformer/h/{}/ffn_norm/kernel"),
    Name(("layers", "gate"), "model.layers.{}.mlp.gate_proj.weight", "transformer/h/{}/feed_forward/w1/kernel", True),
    Name(("layers", "up"), "model.layers.{}.mlp.up_proj.weight", "transformer/h/{}/feed_forward/w3/kernel", True),
    Name(("layers", "down"), "model.layers.{}.mlp.down_proj.weight", "transformer/h/{}/feed_forward/w2/kernel", True),
    Name(("final_norm",), "model.norm.weight", "transformer/ln_f/kernel"),
    Name(("head",), "lm_head.weight", "lm_head/kernel", True),
)
