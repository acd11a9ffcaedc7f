"""Say in the words of our ModelConfig what transformers makes of a config.json: of its mapping, and of its model."""

import copy
import inspect
from typing import Any, NamedTuple

import numpy as np
import torch
import transformers
from transformers.models.auto.configuration_auto import CONFIG_MAPPING

from commit_llm.model.config import ModelConfig

# Our names of kernels, and theirs; of norms likewise.
KERNELS = {
    "query": "q_proj", "key": "k_proj", "value": "v_proj", "output": "o_proj", "gate": "gate_proj", "up": "up_proj",
    "down": "down_proj",
}  # fmt: skip
SAME = (
    "vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
    "num_key_value_heads", "max_position_embeddings", "rms_norm_eps", "tie_word_embeddings", "model_type",
)  # fmt: skip
ACTIVATIONS = {"SiLUActivation": "silu", "SiLU": "silu", "GELUTanh": "gelu_pytorch_tanh"}


class Layer(NamedTuple):
    """Hold what a layer of ours and a layer of theirs have in common.

    frequencies: of its rotary embedding, in radians a token; None where it has none.
    rotary_scale: what cos and sin are multiplied by.
    """

    window: int | None
    frequencies: np.ndarray | None
    rotary_scale: float


class Reading(NamedTuple):
    """Hold what transformers makes of a config.json: every field of ModelConfig but the kinds, and every layer."""

    fields: dict[str, Any]
    layers: list[Layer]


def their_reading(settings: dict[str, Any]) -> Reading:
    """Read the mapping of a config.json as AutoConfig does; of a file of several parts, the text's."""
    kind = CONFIG_MAPPING[settings.get("model_type", "llama")]
    theirs = kind.from_dict(copy.deepcopy(settings)).get_text_config()  # which changes what it is given
    with torch.device("meta"):  # without numbers
        model = transformers.AutoModelForCausalLM.from_config(theirs, attn_implementation="eager")
    return Reading(_fields(theirs, model), _layers(theirs, type(model.model.rotary_emb)(theirs)))


def require_same(ours: ModelConfig, theirs: Reading) -> None:
    """Compare a configuration of ours with theirs, field by field, and layer by layer."""
    assert {*theirs.fields, "kinds", "pattern"} == set(ModelConfig.__dataclass_fields__)
    for name, value in theirs.fields.items():
        own = getattr(ours, name)
        if name == "attention_multiplier":
            own = ours.head_dim**-0.5 if own is None else own
        assert own == value, name
    for number, (kind, layer) in enumerate(zip(ours.layer_kinds, theirs.layers, strict=True)):
        assert kind.window == layer.window, f"window of layer {number}"
        assert (kind.rope is None) == (layer.frequencies is None), f"rotary embedding of layer {number}"
        if kind.rope is not None:
            own = kind.rope.frequencies(ours.head_dim)
            np.testing.assert_allclose(own, layer.frequencies, rtol=1e-6, atol=0, err_msg=f"layer {number}")
            assert abs(kind.rope.attention_factor - layer.rotary_scale) < 1e-7, f"rotary scale of layer {number}"


def _fields(theirs: Any, model: Any) -> dict[str, Any]:
    layer, state = model.model.layers[0], dict(model.named_parameters())
    attention = layer.self_attn
    head_dim = attention.head_dim
    query_norm = getattr(attention, "q_norm", None)
    post = "post_feedforward_layernorm" in dict(layer.named_children())
    pre = "input_layernorm" in dict(layer.named_children())
    embedding, scalar = model.model.embed_tokens, getattr(model.model, "embedding_multiplier", 1.0)
    return {name: getattr(theirs, name) for name in SAME} | {
        "head_dim": head_dim,
        "hidden_act": ACTIVATIONS[type(layer.mlp.act_fn).__name__],
        "biases": tuple(ours for ours, name in KERNELS.items() if any(f"{name}.bias" in key for key in state)),
        "qk_norm": "none" if query_norm is None else "head" if query_norm.weight.shape[0] == head_dim else "whole",
        "norms": "around" if pre and post else "after" if post else "before",
        "norm_offset": _norm_offset(type(model.model.norm)),
        "attention_multiplier": attention.scaling,
        "attn_logit_softcapping": _softcap(attention),
        "final_logit_softcapping": _own(theirs, "final_logit_softcapping", None),
        "embedding_multiplier": getattr(embedding, "scalar_embed_scale", scalar),
        "residual_multiplier": getattr(layer, "residual_multiplier", 1.0),
        "logits_scaling": _own(theirs, "logits_scaling", 1.0),
    }


def _layers(theirs: Any, rotary: Any) -> list[Layer]:
    count = theirs.num_hidden_layers
    window = _own(theirs, "sliding_window", None)
    layer_types = _own(theirs, "layer_types", None)
    if layer_types is None:  # the masks of such a class look at the window alone
        layer_types = ["full_attention" if window is None else "sliding_attention"] * count
    turned = _own(theirs, "no_rope_layers", [1] * count)

    def layer(layer_type: str, has_rope: int) -> Layer:
        slides = layer_type == "sliding_attention"
        if slides and window is None:
            raise ValueError("a window of nothing, which the masks refuse")
        seen = window if slides else None
        if not has_rope:
            return Layer(seen, None, 1.0)
        prefix = f"{layer_type}_" if hasattr(rotary, f"{layer_type}_inv_freq") else ""
        frequencies = getattr(rotary, f"{prefix}inv_freq").numpy()
        return Layer(seen, frequencies, getattr(rotary, f"{prefix}attention_scaling"))

    return [layer(*kind) for kind in zip(layer_types, turned, strict=True)]


def _own(theirs: Any, name: str, default: Any) -> Any:
    """Give a setting that the class has; any other is kept, and never used."""
    return getattr(theirs, name) if name in type(theirs).__dataclass_fields__ else default


def _norm_offset(kind: type) -> int:
    """Give what a norm adds to its scale: what a scale of zeros makes of ones."""
    with torch.no_grad():
        norm = kind(2, 0.0)
        norm.weight.zero_()
        return round(float(norm(torch.ones(1, 2))[0, 0]))


def _softcap(attention: Any) -> float | None:
    """Give the cap of scores, where the code of the attention takes it: Gemma 3 keeps one that it never uses."""
    code = inspect.getsource(type(attention).forward)
    return attention.attn_logit_softcapping if "softcap=self.attn_logit_softcapping" in code else None
