"""A step of training with each attention on a mesh, as a program of its own: jax settles its devices when it starts.

    python -m tests.train.attention_program MESH ATTENTION ...

Splash is interpreted and cuDNN is left to XLA, for a CPU has neither. Prints {attention: {name: value}} as JSON:
the metrics, and the norm of the parameters after the step.
"""

import dataclasses
import functools
import json
import sys

import jax
import optax

from commit_llm.model import decoder
from commit_llm.model.config import ModelConfig
from commit_llm.model.execution import Execution
from commit_llm.model.fast_attention import cudnn_attention, splash_attention
from commit_llm.model.parameters import init_parameters
from commit_llm.model.regularisation import Regularisation
from commit_llm.parallel.mesh import MeshLayout, batch_sharding, make_mesh
from commit_llm.train.shardings import jit_step, place_state, state_shardings
from commit_llm.train.step import make_train_step
from tests.model.attention_cases import packed_batch

CONFIG = ModelConfig(
    vocab_size=96, hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4,
    num_key_value_heads=2, head_dim=16,
)  # fmt: skip
ROWS, SEQ_LEN = 8, 128


def step(sizes, attention):
    """One step of SGD without momentum, so that parameters tell the gradients."""
    mesh, optimizer = make_mesh(sizes), optax.sgd(1.0)
    execution = Execution(remat="nothing", attention=attention)
    if mesh.size > 1:
        execution = dataclasses.replace(execution, layout=MeshLayout(mesh))
    of_state = state_shardings(CONFIG, optimizer, mesh)
    regularisation = Regularisation(fcm_max_ratio=0.5)
    train_step = make_train_step(CONFIG, optimizer, regularisation=regularisation, execution=execution)
    state = place_state(jax.device_put(PARAMS, of_state.params), optimizer, of_state)
    batch = packed_batch(ROWS, SEQ_LEN, CONFIG.vocab_size)
    state, metrics = jit_step(train_step, of_state, mesh)(state, jax.device_put(batch, batch_sharding(mesh)), {})
    values = metrics._asdict() | {"param_norm": optax.tree.norm(state.params)}
    return {name: float(value) for name, value in values.items()}


if __name__ == "__main__":
    decoder.FAST_ATTENTION["splash"] = functools.partial(splash_attention, interpret=True)
    decoder.FAST_ATTENTION["cudnn"] = functools.partial(cudnn_attention, implementation="xla")
    # Larger than fresh weights are, so that it matters what is attended to.
    PARAMS = jax.tree.map(lambda x: 4 * jax.device_get(x), init_parameters(CONFIG, jax.random.key(0)))
    print(json.dumps({attention: step(sys.argv[1], attention) for attention in sys.argv[2:]}))
