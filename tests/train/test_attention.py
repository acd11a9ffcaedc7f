"""Fast attention in whole training steps: on meshes of fake devices, and compiled for TPUs."""

import json
import os
import subprocess
import sys

import pytest

from tests.parallel.processes import fake_devices
from tests.tiers import in_long_tier


def run_program(program, environment):
    """What a Python program of its own prints, a JSON value a line."""
    environment = os.environ | {"JAX_PLATFORMS": "cpu"} | environment
    done = subprocess.run([sys.executable, *program], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


def step_with(sizes, devices, *attention):
    """What a step on a mesh comes to, with each attention."""
    program = ["-m", "tests.train.attention_program", sizes, *attention]
    [metrics] = run_program(program, {"XLA_FLAGS": fake_devices(devices)})
    return metrics


@pytest.mark.slow
@pytest.mark.parametrize("attention", ["cudnn", *in_long_tier("splash")])
def test_fast_attention_takes_the_same_step_on_a_mesh(attention):
    """Forgetful masking, packed segments, padding and grouped heads, on eight devices."""
    metrics = step_with("1,4,2", 8, "reference", attention)
    assert metrics[attention] == pytest.approx(metrics["reference"], rel=5e-6)


@pytest.mark.slow
@pytest.mark.long
def test_every_attention_takes_the_same_step_on_one_device():
    metrics = step_with("1,1,1", 1, "reference", "splash", "cudnn")
    for attention in ("splash", "cudnn"):
        assert metrics[attention] == pytest.approx(metrics["reference"], rel=5e-6)
    assert step_with("1,4,2", 8, "reference")["reference"] == pytest.approx(metrics["reference"], rel=5e-6)


TPU_PROGRAM = """
import json, sys
import jax, jax.numpy as jnp
import numpy as np
from jax.experimental import topologies
from commit_llm.model.config import ModelConfig
from commit_llm.model.execution import Execution
from commit_llm.model.regularisation import Regularisation
from commit_llm.parallel.mesh import MeshLayout, batch_sharding, make_mesh
from commit_llm.train.optimizer import make_optimizer
from commit_llm.train.shardings import jit_step, state_shapes, state_shardings
from commit_llm.train.step import make_train_step

config = ModelConfig(vocab_size=256, hidden_size=256, intermediate_size=512, num_hidden_layers=2, num_attention_heads=4,
    num_key_value_heads=2, head_dim=64)
optimizer = make_optimizer(lambda step: 1e-3, beta1=0.9, beta2=0.999, weight_decay=0.0, clip_norm=1.0,
    momentum_dtype=jnp.bfloat16, round_beta1=False)
for name, sizes in (case.split("/") for case in sys.argv[1:]):
    mesh = make_mesh(sizes, topologies.get_topology_desc(platform="tpu", topology_name=name).devices)
    execution = Execution(jnp.bfloat16, "nothing", attention="splash", random_bits="rbg", layout=MeshLayout(mesh))
    step = make_train_step(config, optimizer, regularisation=Regularisation(fcm_max_ratio=0.1), execution=execution)
    of_state = state_shardings(config, optimizer, mesh)
    state = jax.tree.map(
        lambda leaf, where: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=where),
        state_shapes(config, optimizer), of_state,
    )
    dtypes = {name: np.int32 for name in ("input_tokens", "target_tokens", "segment_ids", "positions")}
    batch = {
        name: jax.ShapeDtypeStruct((8, 512), dtype, sharding=batch_sharding(mesh))
        for name, dtype in (dtypes | {"loss_masks": np.float32}).items()
    }
    program = jit_step(step, of_state, mesh).lower(state, batch, {}).compile().as_text()
    print(json.dumps([name, sizes, program.count('custom_call_target="tpu_custom_call"')]))
"""


@pytest.mark.slow
@pytest.mark.long
def test_a_step_with_splash_compiles_for_tpus():
    pytest.importorskip("libtpu", reason="no libtpu here (extra tpu), so no TPU topologies")
    cases = [("v4:2x2x1", "1,-1,1"), ("v5e:2x4", "1,-1,2")]  # each compiles for a quarter of a minute
    environment = {"TPU_SKIP_MDS_QUERY": "1", "ALLOW_MULTIPLE_LIBTPU_LOAD": "1"}
    told = run_program(["-c", TPU_PROGRAM, *map("/".join, cases)], environment)
    # In the scanned layer: forward, forward again, and backward one kernel for queries, one for keys and values.
    assert told == [[name, sizes, 4] for name, sizes in cases]
