"""Training steps on meshes, as a program of its own: how many fake devices there are is settled when jax starts.

    python -m tests.train.mesh_program CASE MESH ...

CASE is golden (the twenty steps of tests/train/test_golden_training.py, 4 rows and 4 heads), wide (five steps
of 8 rows and 8 heads, with every noise and packed segments), parts (wide, each batch in two parts), adapter (wide, with
low-rank adapters and the embedding trained, and the rest frozen), or split and lean (wide with these optimizers; lean
in two parts too).
Prints {mesh: {name: a list, a value a step}} as JSON.
Several processes are found by what JAX_COORDINATOR_ADDRESS, JAX_NUM_PROCESSES and JAX_PROCESS_ID say.
The reference material is where COMMIT_SHARED says; RANDOM_BITS is the generator of the dropouts.
"""

import json
import os
import sys
from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax

from commit_llm.model.adapter import FROZEN_DTYPE, Adapter, frozen_part, init_adapter
from commit_llm.model.config import ModelConfig
from commit_llm.model.execution import Execution
from commit_llm.model.parameters import init_parameters
from commit_llm.model.regularisation import Regularisation
from commit_llm.parallel.mesh import MeshLayout, batch_sharding, make_mesh, parameter_shardings, place, place_alike
from commit_llm.parallel.processes import start
from commit_llm.train.optimizer import make_optimizer
from commit_llm.train.shardings import jit_step, place_state, state_shardings
from commit_llm.train.split_optimizer import make_split_optimizer
from commit_llm.train.split_weights import SplitWeights, forward_weights, join
from commit_llm.train.step import make_train_step
from tests.conftest import Shared, golden_model
from tests.train.test_golden_training import batch_of, golden_optimizer

WIDE = ModelConfig(
    vocab_size=96, hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=8,
    num_key_value_heads=8, head_dim=8,
)  # fmt: skip

ADAPTER = Adapter(4, 8.0, ("query", "key", "value", "output", "gate", "up", "down"), ("embedding",))


def golden():
    """Configuration, parameters, optimizer, options of the step, and batches of the golden run."""
    shared = Shared(Path(os.environ["COMMIT_SHARED"]))
    settings = shared.golden_json("train_log.json")["fp32mom_lr1e-3"]["optimizer"]
    batches = np.load(shared.golden("train_batches20.npz"))
    options = {"reduction": "row", "execution": Execution(remat="nothing")}
    return *golden_model(shared), golden_optimizer(settings), options, [batch_of(batches, n) for n in range(20)]


def wide():
    """The same of a small model with 8 heads, trained on 8 rows, with a logits chunk that does not divide them."""
    random = np.random.default_rng(0)

    def batch():
        tokens = random.integers(0, WIDE.vocab_size, (8, 33)).astype(np.int32)
        return {
            "input_tokens": tokens[:, :-1],
            "target_tokens": tokens[:, 1:],
            "loss_masks": (random.random((8, 32)) < 0.7).astype(np.float32),
            "segment_ids": np.tile(np.repeat(np.array([1, 2, 0], np.int32), [15, 12, 5]), (8, 1)),
            "positions": np.tile(np.concatenate([np.arange(n) for n in (15, 12, 5)]).astype(np.int32), (8, 1)),
        }

    options = {
        "regularisation": Regularisation(0.1, 0.1, 0.1, 0.0, 0.3),
        "execution": Execution(
            remat="nothing", loss_chunk=20, random_bits=os.environ.get("RANDOM_BITS", "threefry2x32")
        ),
    }
    optimizer = make_optimizer(
        lambda step: 1e-3, beta1=0.9, beta2=0.999, weight_decay=0.0, clip_norm=1.0, momentum_dtype=jnp.float32,
        round_beta1=False,
    )  # fmt: skip
    return WIDE, init_parameters(WIDE, jax.random.key(0)), optimizer, options, [batch() for _ in range(5)]


def parts():
    """`wide` with gradients summed over two parts of a batch."""
    *rest, options, batches = wide()
    return *rest, options | {"gradient_accumulation": 2}, batches


def split(factored=False, of=wide):
    """`wide`, or something else, on split weights."""
    config, params, _, options, batches = of()
    optimizer = make_split_optimizer(
        lambda step: 1e-3, beta1=0.9, beta2=0.999, weight_decay=0.01, clip_norm=1.0, momentum_dtype=jnp.bfloat16,
        round_beta1=False, factored=factored,
    )  # fmt: skip
    return config, params, optimizer, options, batches


CASES = {
    "golden": golden, "wide": wide, "parts": parts, "adapter": wide, "split": split,
    "lean": partial(split, True, parts),
}  # fmt: skip


def fp32_of(params):
    """The parameters of a state, fp32."""
    return jax.tree.map(join, params.high, params.low) if isinstance(params, SplitWeights) else params


def steps(case, sizes):
    """The metrics of every step on a mesh, and the norm of the parameters after it."""
    config, params, optimizer, options, batches = CASES[case]()
    mesh = make_mesh(sizes)
    if mesh.size > 1:
        options["execution"] = Execution(**vars(options["execution"]) | {"layout": MeshLayout(mesh)})
    frozen, of_frozen, adapter = {}, {}, ADAPTER if case == "adapter" else None
    of_state = state_shardings(config, optimizer, mesh, adapter)
    if adapter is not None:
        base = jax.tree.map(lambda array: array.astype(FROZEN_DTYPE), params)
        frozen, of_frozen = (frozen_part(p, adapter) for p in (base, parameter_shardings(config, mesh)))
        frozen, params = place(frozen, of_frozen), init_adapter(config, adapter, base, jax.random.key(1))
    step = jit_step(make_train_step(config, optimizer, **options, adapter=adapter), of_state, mesh, of_frozen)
    norm = jax.jit(lambda params: optax.tree.norm(fp32_of(params)))
    state, logged = place_state(place(params, forward_weights(of_state.params)), optimizer, of_state), []
    for batch in batches:
        placed = place_alike(batch, batch_sharding(mesh))
        state, metrics = step(state, placed, frozen)
        logged.append({**{k: float(v) for k, v in metrics._asdict().items()}, "param_norm": float(norm(state.params))})
    assert step._cache_size() == 1, "a step was compiled twice"
    if mesh.shape["data"] * mesh.shape["fsdp"] > 1:  # no device ever has anything of all rows
        rows, length = batch["input_tokens"].shape
        program = step.lower(state, placed, frozen).compile().as_text()
        for size in (config.hidden_size, config.intermediate_size, config.vocab_size):
            for whole in (f"f32[{rows},{length},{size}]", f"f32[{rows * length},{size}]"):
                assert whole not in program, f"{sizes}: {whole} is made whole"
    return {name: [line[name] for line in logged] for name in logged[0]}


if __name__ == "__main__":
    start()
    print(json.dumps({sizes: steps(sys.argv[1], sizes) for sizes in sys.argv[2:]}))
