"""Each switch of an architecture, set to what is neutral by itself, is seen: it moves the logits of the tiny model.

So what test_transformers.py compares would tell a switch that is read and not computed.
"""

from collections.abc import Iterator
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from commit_llm.model.config import ModelConfig
from commit_llm.model.decoder import forward
from commit_llm.model.layer_kinds import LayerKind, Rope
from tests.parity.families import CASES

pytest.importorskip("torch", reason="torch is not installed (extra parity)")
pytest.importorskip("transformers", reason="transformers is not installed (extra parity)")

pytestmark = [pytest.mark.parity, pytest.mark.filterwarnings("default")]

BAR = 0.35  # of a logit, the most that moves; the tolerance of parity is 1e-4, and logits reach 3 and more
SCALARS = {
    "attention_multiplier": None, "attn_logit_softcapping": None, "final_logit_softcapping": None,
    "embedding_multiplier": 1.0, "residual_multiplier": 1.0, "logits_scaling": 1.0, "norm_offset": 0,
    "hidden_act": "silu",
}  # fmt: skip


def switched(config: ModelConfig) -> Iterator[tuple[str, ModelConfig, set[str]]]:
    """Give the name of each switch, the configuration without it, and the parameters that go with it."""
    for name, neutral in SCALARS.items():
        if getattr(config, name) != neutral:
            yield name, replace(config, **{name: neutral}), set()
    if config.hidden_act == "silu":
        yield "hidden_act", replace(config, hidden_act="gelu_pytorch_tanh"), set()
    for bias in config.biases:
        yield f"{bias}_bias", config, {f"{bias}_bias"}
    if config.qk_norm != "none":
        yield "query_norm", config, {"query_norm"}
        yield "key_norm", config, {"key_norm"}
    before, after = {"attention_norm", "mlp_norm"}, {"attention_post_norm", "mlp_post_norm"}
    for norm in {"before": before, "after": after, "around": before | after}[config.norms]:
        yield norm, config, {norm}
    if len(config.kinds) > 1:
        yield "pattern", replace(config, pattern=config.pattern[1:] + config.pattern[:1]), set()
    for number, kind in enumerate(config.kinds):
        for what, other in other_kinds(kind):
            kinds = tuple(other if place == number else kept for place, kept in enumerate(config.kinds))
            yield f"{what} of kind {number}", replace(config, kinds=kinds), set()


def other_kinds(kind: LayerKind) -> Iterator[tuple[str, LayerKind]]:
    """Give each change of a kind of layer."""
    if kind.window is not None:
        yield "no window", replace(kind, window=None)
        yield "a longer window", replace(kind, window=kind.window + 1)
        yield "a shorter window", replace(kind, window=kind.window - 1)
    if kind.rope is None:
        yield "a rotary embedding", replace(kind, rope=Rope())
        return
    yield "no rotary embedding", replace(kind, rope=None)
    yield "another base", replace(kind, rope=replace(kind.rope, rope_theta=kind.rope.rope_theta / 100))
    if kind.rope.rope_type != "default":
        yield "no scaling", replace(kind, rope=Rope(kind.rope.rope_theta))
    if kind.rope.attention_factor != 1.0:
        yield "attention_factor", replace(kind, rope=replace(kind.rope, attention_factor=1.0))


@pytest.mark.parametrize("case", CASES)
def test_each_switch_is_seen(case, tiny_models):
    """Operation by operation: compiling each of so many programs would take longer than running it."""
    model = tiny_models(case)
    tokens = jnp.asarray(np.random.default_rng(4).integers(0, model.config.vocab_size, (2, 48)), jnp.int32)
    with jax.disable_jit():
        plain = np.asarray(forward(model.config, model.params, tokens))
        moved = {}
        for name, config, without in switched(model.config):
            layers = {key: value for key, value in model.params["layers"].items() if key not in without}
            logits = forward(config, model.params | {"layers": layers}, tokens)
            moved[name] = float(np.abs(np.asarray(logits) - plain).max())
    print(sorted((round(value, 2), name) for name, value in moved.items())[:3])
    assert {name: value for name, value in moved.items() if not value > BAR} == {}
