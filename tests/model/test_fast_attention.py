"""The fast attentions against the reference path: splash interpreted, and the way of cuDNN without cuDNN."""

import functools
import json
import os
import re
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from commit_llm.model import fast_attention
from commit_llm.model.attention import Scoring
from commit_llm.model.execution import ONE_DEVICE
from commit_llm.model.fast_attention import cudnn_attention, splash_attention, splash_block
from tests.model.attention_cases import example, forward_and_gradients, reference

# Forward and gradients of both are one program for each of these, to be thrifty with compilations.
INTERPRETED = functools.partial(splash_attention, interpret=True)
PLAIN = functools.partial(cudnn_attention, implementation="xla")


def assert_held_to_the_reference(attention, arrays, segments, keep, forward=1.2e-6, gradient=2e-6, **options):
    """Forward in absolute terms (values are about 1), gradients as a share of the largest, or of 1 where all are 0."""
    output, gradients = forward_and_gradients(attention, arrays, segments, keep, **options)
    expected, expected_gradients = forward_and_gradients(reference, arrays, segments, keep, **options)
    np.testing.assert_allclose(output, expected, rtol=0, atol=forward)
    for computed, reference_gradient in zip(gradients, expected_gradients, strict=True):
        atol = gradient * max(1.0, np.abs(reference_gradient).max())
        np.testing.assert_allclose(computed, reference_gradient, rtol=0, atol=atol)


@pytest.mark.slow
@pytest.mark.parametrize(("key_heads", "forgetful"), [(2, True), (4, False)])
@pytest.mark.parametrize("attention", [INTERPRETED, PLAIN], ids=["splash", "cudnn's way"])
def test_held_to_the_reference(attention, key_heads, forgetful, monkeypatch):
    monkeypatch.setattr(fast_attention, "LARGEST_BLOCK", 128)  # two blocks of queries and of keys
    arrays, segments, keep = example(4, key_heads, 256)
    assert not keep.all()
    assert (segments == 0).any()
    assert_held_to_the_reference(attention, arrays, segments, keep if forgetful else None)


@pytest.mark.slow
@pytest.mark.parametrize("window", [None, 1, 7, 64, 200, 300])
@pytest.mark.parametrize(
    ("attention", "scoring"),
    [
        (INTERPRETED, Scoring(0.4)),
        (INTERPRETED, Scoring(None, 1.5)),
        (PLAIN, Scoring(0.4)),
    ],
    ids=["splash", "splash, capped", "cudnn's way"],
)
def test_windows_caps_and_multipliers(attention, scoring, window, monkeypatch):
    """Rows of 256 in two blocks, packed and forgetful, with grouped heads; the longest window is longer than a row."""
    monkeypatch.setattr(fast_attention, "LARGEST_BLOCK", 128)
    arrays, segments, keep = example(4, 2, 256, window=window)
    assert not keep.all() or window == 1
    assert_held_to_the_reference(attention, arrays, segments, keep, gradient=3e-6, window=window, scoring=scoring)


@pytest.mark.slow
@pytest.mark.parametrize(("attention", "softcap"), [(INTERPRETED, None), (INTERPRETED, 50.0), (PLAIN, None)])
def test_the_heads_of_gemma(attention, softcap):
    """256 wide, of which cuDNN and splash take no larger ones."""
    arrays, segments, keep = example(2, 1, 128, 256, rows=1, window=40)
    options = {"window": 40, "scoring": Scoring(224**-0.5, softcap)}
    assert_held_to_the_reference(attention, arrays, segments, keep, forward=5e-6, gradient=5e-6, **options)


def test_cudnn_refuses_a_cap():
    heads, segments = map(jnp.asarray, (np.zeros((1, 2, 128, 16), np.float32), np.ones((1, 128), np.int32)))
    with pytest.raises(ValueError, match="cannot cap scores, and the cap is 50"):
        cudnn_attention(heads, heads, heads, segments, None, ONE_DEVICE, scoring=Scoring(softcap=50.0))


@pytest.mark.parametrize("attention", [INTERPRETED, PLAIN], ids=["splash", "cudnn's way"])
def test_a_row_without_a_key_is_finite(attention):
    arrays, segments, _ = example(2, 1, 128, rows=1)
    output, gradients = forward_and_gradients(attention, arrays, segments, jnp.zeros_like(segments, bool))
    for array in (output, *gradients):
        assert np.isfinite(array).all()


def test_blocks():
    assert [splash_block(length) for length in (128, 512, 640, 768, 2048, 4096)] == [128, 512, 128, 384, 512, 512]


def test_production_does_not_interpret():
    arrays, segments, keep = example(2, 2, 128, rows=1)
    with pytest.raises(ValueError, match="interpret"):
        forward_and_gradients(splash_attention, arrays, segments, keep)


def test_cudnn_is_what_is_emitted(monkeypatch):
    """Lowered for a GPU that is not there; jax asks for cuDNN's version first."""
    stablehlo = pytest.importorskip("jax._src.cudnn.fused_attention_stablehlo", reason="jax keeps it elsewhere")
    monkeypatch.setattr(stablehlo, "check_cudnn_version", lambda: 91000)
    arrays, segments, keep = example(4, 2, 256, 64, dtype=jnp.bfloat16)

    def run(query, key, value, output_gradient, segments, keep):
        output, pull = jax.vjp(lambda *args: cudnn_attention(*args, segments, keep, ONE_DEVICE), query, key, value)
        return output, pull(output_gradient)

    lowered = jax.jit(run).trace(*arrays, segments, keep).lower(lowering_platforms=("cuda",)).as_text()
    calls = re.findall(r"custom_call @(__cudnn\S+?)\(", lowered)
    assert calls == ["__cudnn$fmhaScaleBiasSoftmax", "__cudnn$fmhaScaleBiasSoftmaxBackward"]
    assert lowered.count(r"mask_type\22: \22CAUSAL") == 2


def test_cudnn_on_a_gpu():
    gpus = [device for device in jax.devices() if device.platform == "gpu"]
    if not gpus:
        pytest.skip("no GPU here")
    cases = [(256, 64, None, None), (512, 128, None, None), (512, 128, 100, 0.07)]
    if gpus[0].compute_capability == "9.0":
        cases.append((512, 256, 100, 224**-0.5))
    for seq_len, size, window, multiplier in cases:
        arrays, segments, keep = example(8, 4, seq_len, size, dtype=jnp.bfloat16, window=window)
        options = {"window": window, "scoring": Scoring(multiplier)}
        assert_held_to_the_reference(cudnn_attention, arrays, segments, keep, forward=0.03, gradient=0.03, **options)


TPU_PROGRAM = """
import json, sys
import jax, jax.numpy as jnp
from jax.experimental import topologies
from jax.sharding import SingleDeviceSharding
from commit_llm.model.attention_choice import choose_attention
from commit_llm.model.fast_attention import splash_attention
from commit_llm.model.execution import ONE_DEVICE
from tests.model.test_attention_choice import LLAMA_7B

def gradients(query, key, value, segments, keep):
    loss = lambda *args: splash_attention(*args, segments, keep, ONE_DEVICE).astype(jnp.float32).sum()
    return jax.grad(loss, (0, 1, 2))(query, key, value)

for name in sys.argv[1:]:
    device = topologies.get_topology_desc(platform="tpu", topology_name=name).devices[0]
    kernels = []
    for seq_len, size in ((512, 64), (2048, 128)):
        def array(shape, dtype="bfloat16"):
            return jax.ShapeDtypeStruct(shape, dtype, sharding=SingleDeviceSharding(device))
        heads, key_heads = array((2, 4, seq_len, size)), array((2, 2, seq_len, size))
        rows = [array((2, seq_len), dtype) for dtype in ("int32", "bool")]
        program = jax.jit(gradients).lower(heads, key_heads, key_heads, *rows).compile().as_text()
        kernels.append(program.count('custom_call_target="tpu_custom_call"'))
    choice = choose_attention(LLAMA_7B, device, dtype="bfloat16", seq_len=2048)
    print(json.dumps([name, str(choice), kernels]))
"""


@pytest.mark.slow
@pytest.mark.optimised
def test_splash_compiles_for_every_tpu_that_it_is_chosen_for():
    pytest.importorskip("libtpu", reason="no libtpu here (extra tpu), so no TPU topologies")
    names = ["v4:2x2x1", "v5e:2x4", "v5p:2x2x1", "v6e:2x4", "tpu7x:2x2x1"]
    environment = {"JAX_PLATFORMS": "cpu", "TPU_SKIP_MDS_QUERY": "1", "ALLOW_MULTIPLE_LIBTPU_LOAD": "1"}
    program = [sys.executable, "-c", TPU_PROGRAM, *names]
    done = subprocess.run(program, env=os.environ | environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    # Forward, and backward one kernel for the queries and one for the keys and values.
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    kinds = ["TPU v4", "TPU v5 lite", "TPU v5", "TPU v6 lite", "TPU7x"]
    assert lines == [[n, f"attention: splash (on {k})", [3, 3]] for n, k in zip(names, kinds, strict=True)]
