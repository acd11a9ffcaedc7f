"""Which attention is chosen, and the line for the user."""

import dataclasses
from types import SimpleNamespace

import jax.numpy as jnp
import pytest

from commit_llm.model.attention_choice import choose_attention
from commit_llm.model.config import ModelConfig
from commit_llm.model.layer_kinds import LayerKind

LLAMA_7B = ModelConfig(
    vocab_size=32000, hidden_size=4096, intermediate_size=11008, num_hidden_layers=32, num_attention_heads=32,
    num_key_value_heads=32, head_dim=128,
)  # fmt: skip
GROUPED = dataclasses.replace(LLAMA_7B, num_key_value_heads=8)
CPU = SimpleNamespace(platform="cpu", device_kind="cpu")


def tpu(kind):
    return SimpleNamespace(platform="tpu", device_kind=kind)


def gpu(kind="NVIDIA H100 80GB HBM3", capability="9.0"):
    return SimpleNamespace(platform="gpu", device_kind=kind, compute_capability=capability)


V4 = tpu("TPU v4")
A100, B200 = gpu("NVIDIA A100-SXM4-80GB", "8.0"), gpu("NVIDIA B200", "10.0")
LARGE_HEADS = dataclasses.replace(LLAMA_7B, head_dim=256)
CAPPED = dataclasses.replace(LARGE_HEADS, attn_logit_softcapping=50.0)  # as Gemma 2


def line_for(device, config=LLAMA_7B, **changes):
    return str(choose_attention(config, device, **{"dtype": jnp.bfloat16, "seq_len": 2048} | changes))


@pytest.mark.parametrize("kind", ["TPU v4", "TPU v5 lite", "TPU v5", "TPU v5p", "TPU v6 lite", "TPU7x"])
def test_splash_on_tpu_v4_and_later(kind):
    assert line_for(tpu(kind)) == f"attention: splash (on {kind})"


@pytest.mark.parametrize("kind", ["TPU v2", "TPU v3", "something new"])
def test_no_splash_before(kind):
    assert line_for(tpu(kind)) == f"attention: reference ({kind} has no splash)"


def test_cudnn_on_nvidia():
    assert line_for(gpu()) == "attention: cudnn (on NVIDIA H100 80GB HBM3)"
    assert line_for(gpu("NVIDIA A100-SXM4-40GB", "8.0")) == "attention: cudnn (on NVIDIA A100-SXM4-40GB)"
    assert line_for(gpu("Tesla T4", "7.5")) == "attention: reference (compute capability 7.5 of Tesla T4 is below 8.0)"
    assert line_for(gpu("AMD Instinct MI300X", "gfx942")) == "attention: reference (AMD Instinct MI300X has no cuDNN)"


def test_on_a_cpu():
    assert line_for(CPU, dtype=jnp.float32) == "attention: by row (a block's scores stay in a CPU's cache)"
    split = "attention: reference (rows are split over CPU devices, which have no fast attention)"
    assert line_for(CPU, dtype=jnp.float32, row_shards=2) == split


@pytest.mark.parametrize("device", [CPU, V4, gpu()])
def test_the_reference_path_can_be_asked_for(device):
    assert line_for(device, request="reference") == "attention: reference (asked for)"


@pytest.mark.parametrize(
    ("device", "case", "why"),
    [
        (V4, {"attn_pdrop": 0.05}, "attention dropout 0.05 needs the weights themselves"),
        (gpu(), {"attn_pdrop": 0.05}, "attention dropout 0.05 needs the weights themselves"),
        (V4, {"dtype": jnp.float32}, "float32 products are asked for; splash is for bfloat16"),
        (gpu(), {"dtype": "float32"}, "float32 products are asked for; cudnn is for bfloat16"),
        (A100, {"config": LARGE_HEADS}, "a head of 256; cudnn takes up to 128"),
        (B200, {"config": LARGE_HEADS}, "a head of 256; cudnn takes up to 128"),
        (gpu(), {"config": dataclasses.replace(LLAMA_7B, head_dim=264)}, "a head of 264; cudnn takes up to 256"),
        (gpu(), {"config": CAPPED}, "scores are capped at 50; cudnn cannot cap"),
        (V4, {"config": dataclasses.replace(LLAMA_7B, head_dim=512)}, "a head of 512; splash takes up to 256"),
        (gpu(), {"config": dataclasses.replace(LLAMA_7B, head_dim=36)}, "a head of 36; cudnn takes multiples of 8"),
        (V4, {"seq_len": 500}, "a sequence of 500; splash takes multiples of 128"),
        (gpu(), {"seq_len": 501}, "a sequence of 501; cudnn takes multiples of 2"),
    ],
)
def test_what_a_fast_attention_cannot_express(device, case, why):
    assert line_for(device, **case) == f"attention: reference ({why})"


def test_what_it_can():
    assert line_for(V4, GROUPED, row_shards=4) == "attention: splash (on TPU v4)"
    assert line_for(V4, dataclasses.replace(LLAMA_7B, head_dim=256), seq_len=640) == "attention: splash (on TPU v4)"
    assert line_for(gpu(), seq_len=500) == "attention: cudnn (on NVIDIA H100 80GB HBM3)"
    assert line_for(gpu(), LARGE_HEADS) == "attention: cudnn (on NVIDIA H100 80GB HBM3)"
    assert line_for(V4, CAPPED) == "attention: splash (on TPU v4)"


@pytest.mark.parametrize("device", [V4, gpu()])
def test_windows_and_multipliers_are_no_obstacle(device):
    kinds = (LayerKind(window=512), LayerKind(rope=None))
    config = dataclasses.replace(LLAMA_7B, kinds=kinds, pattern=(0, 1) * 16, attention_multiplier=0.05)
    assert choose_attention(config, device, dtype=jnp.bfloat16, seq_len=2048).path in ("splash", "cudnn")
