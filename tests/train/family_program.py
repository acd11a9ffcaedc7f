"""A training step of tiny models of several families on a mesh of eight fake devices, beside one device.

    XLA_FLAGS=--xla_force_host_platform_device_count=8 python -m tests.train.family_program MESH FAMILY ...

Prints {family: {name: difference}} as JSON: of the loss and the norm of all gradients, as a share of each, and
the largest of the updated parameters, as a share of the largest number of its array. SGD makes the updates.
"""

import dataclasses
import json
import sys

import jax
import jax.numpy as jnp
import numpy as np
import optax

from commit_llm.model.config import ModelConfig
from commit_llm.model.execution import Execution
from commit_llm.model.families.config_json import config_from_settings
from commit_llm.model.parameters import init_parameters
from commit_llm.parallel.mesh import MeshLayout, batch_sharding, make_mesh, place, place_alike
from commit_llm.train.shardings import jit_step, place_state, state_shardings
from commit_llm.train.step import make_train_step
from tests.model.attention_cases import packed_batch
from tests.parity.families import CASES

ROWS, SEQ_LEN = 8, 64


def config_of(family: str) -> ModelConfig:
    """Give a tiny model with heads for four devices, grouped by two, and no more layers than its kinds need."""
    config = config_from_settings(CASES[family] | {"num_attention_heads": 8, "num_key_value_heads": 4, "head_dim": 16})
    layers = 3 if config.pattern else 2
    return dataclasses.replace(config, num_hidden_layers=layers, pattern=config.pattern[-layers:])


def step(config, params, mesh):
    """One step: its metrics, and the parameters after it."""
    optimizer = optax.sgd(1e-3)
    execution = Execution(remat="nothing")
    if mesh.size > 1:
        execution = dataclasses.replace(execution, layout=MeshLayout(mesh))
    of_state = state_shardings(config, optimizer, mesh)
    state = place_state(place(params, of_state.params), optimizer, of_state)
    batch = place_alike(packed_batch(ROWS, SEQ_LEN, config.vocab_size), batch_sharding(mesh))
    state, metrics = jit_step(make_train_step(config, optimizer, execution=execution), of_state, mesh)(state, batch, {})
    return metrics, jax.device_get(state.params)


def perturbed(config):
    """Parameters that are larger than fresh ones, norms and biases that are not neutral."""
    keys = iter(jax.random.split(jax.random.key(1), 100))
    params = jax.jit(init_parameters, static_argnums=0)(config, jax.random.key(0))
    return jax.tree.map(lambda x: np.asarray(4 * x + 0.1 * jax.random.normal(next(keys), x.shape, jnp.float32)), params)


def differences(config, sizes):
    params = perturbed(config)
    metrics, updated = step(config, params, make_mesh("1,1,1", jax.devices()[:1]))
    ours, our_updated = step(config, params, make_mesh(sizes))
    return {
        "loss": abs(float(ours.loss) / float(metrics.loss) - 1),
        "grad_norm": abs(float(ours.grad_norm) / float(metrics.grad_norm) - 1),
        "parameters": worst(our_updated, updated),
    }


def worst(ours, theirs):
    """Give the largest difference in a tree, as a share of the largest number of its array."""
    shares = jax.tree.map(lambda a, b: float(np.abs(a - b).max() / np.abs(b).max()), ours, theirs)
    return max(jax.tree.leaves(shares))


if __name__ == "__main__":
    print(json.dumps({family: differences(config_of(family), sys.argv[1]) for family in sys.argv[2:]}))
