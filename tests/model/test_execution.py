"""The dtype of matrix products on each kind of device."""

from types import SimpleNamespace

import jax
import jax.numpy as jnp
import pytest

from commit_llm.model.execution import compute_dtype, dtype_reason

CPU, TPU = SimpleNamespace(platform="cpu", device_kind="cpu"), SimpleNamespace(platform="tpu", device_kind="TPU v3")


def gpu(kind, capability):
    return SimpleNamespace(platform="gpu", device_kind=kind, compute_capability=capability)


T4, A10G, L4 = gpu("Tesla T4", "7.5"), gpu("NVIDIA A10G", "8.6"), gpu("NVIDIA L4", "8.9")
B200, MI300X = gpu("NVIDIA B200", "10.0"), gpu("AMD Instinct MI300X", "gfx942")


@pytest.mark.parametrize(
    ("name", "device", "dtype"),
    [
        ("auto", CPU, jnp.float32),
        ("auto", TPU, jnp.bfloat16),
        ("auto", T4, jnp.float32),
        ("auto", gpu("Tesla V100-SXM2-16GB", "7.0"), jnp.float32),
        *(("auto", device, jnp.bfloat16) for device in (A10G, L4, B200, MI300X)),
        ("bfloat16", CPU, jnp.bfloat16),
        ("bfloat16", T4, jnp.bfloat16),
        ("float32", TPU, jnp.float32),
    ],
)
def test_auto_is_bfloat16_where_an_accelerator_multiplies_in_it(name, device, dtype):
    assert compute_dtype(name, device) == dtype


def test_the_devices_of_jax_are_asked_where_none_is_given(monkeypatch):
    assert compute_dtype("auto") == jnp.float32
    monkeypatch.setattr(jax, "devices", lambda: [L4])
    assert compute_dtype("auto") == jnp.bfloat16
    monkeypatch.setattr(jax, "devices", lambda: [T4])
    assert compute_dtype("auto") == jnp.float32


def test_why_products_are_float32_is_told():
    lack = "compute capability 7.5 of Tesla T4 is below 8.0"
    assert dtype_reason("auto", T4) == f"auto: {lack}"
    assert dtype_reason("bfloat16", T4) == f"by way of float32: {lack}"
    assert dtype_reason("float32", T4) == ""
    assert {dtype_reason("auto", device) for device in (CPU, TPU, A10G, L4, B200, MI300X)} == {""}
