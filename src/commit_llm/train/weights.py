"""The parameters that a model comes with: of a folder, of a run's checkpoint, or random ones."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from commit_llm.convert.huggingface import read_weights
from commit_llm.model.config import ModelConfig
from commit_llm.model.parameters import Parameters, abstract_parameters, declare, init_parameters, map_declared
from commit_llm.runs.run import read_provenance
from commit_llm.train.checkpoint import Checkpoints
from commit_llm.train.model_source import ModelSource


def load_params(
    source: ModelSource, shardings: Any = None, step: int | None = None, dtype: Any = jnp.float32
) -> tuple[Parameters, str]:
    """Read parameters; give them, and the name of the dtype that the weights came in.

    shardings: where they go, each device reading its own part; None is the first CPU device.
    step: of the checkpoint of a run; None is the newest.
    dtype: that they are given in.
    """
    if shardings is None:
        on_host = jax.sharding.SingleDeviceSharding(jax.local_devices(backend="cpu")[0])
        shardings = map_declared(lambda parameter: on_host, declare(source.config))
    if source.run is None:
        return read_weights(source.folder, source.config, shardings, dtype)
    like = jax.tree.map(
        lambda shape, sharding: jax.ShapeDtypeStruct(shape.shape, dtype, sharding=sharding),
        abstract_parameters(source.config),
        shardings,
    )
    with Checkpoints(source.run) as checkpoints:
        return checkpoints.restore_params(step, like), read_provenance(source.run)["weights_dtype"]


def fresh_params(config: ModelConfig, shardings: Any, seed: int) -> tuple[Parameters, str]:
    """Make random fp32 parameters for --from-scratch, where they belong; give the name of their dtype too."""
    init = jax.jit(partial(init_parameters, config), out_shardings=shardings)
    return init(jax.random.key(seed)), "float32"
