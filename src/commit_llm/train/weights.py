"""The parameters that a model comes with: of a folder, of a run's checkpoint, or random ones."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from commit_llm.convert.huggingface import read_weights, tensor_names
from commit_llm.convert.peft_tensors import read_adapter
from commit_llm.convert.weight_files import weight_files
from commit_llm.model.adapter import Adapter, declare_adapter, merged
from commit_llm.model.config import ModelConfig
from commit_llm.model.parameters import (
    Parameters,
    abstract,
    abstract_parameters,
    declare,
    init_parameters,
    map_declared,
)
from commit_llm.parallel.mesh import place
from commit_llm.runs.run import read_provenance
from commit_llm.train.adapted import adapter_of_run, open_base
from commit_llm.train.adapter_folder import AdapterFolder
from commit_llm.train.checkpoint import Checkpoints
from commit_llm.train.model_source import FoundModel, ModelSource


def load_params(
    source: ModelSource | FoundModel, shardings: Any = None, step: int | None = None, dtype: Any = jnp.float32
) -> tuple[Parameters, str]:
    """Read parameters; give them, and the name of the dtype that the weights came in.

    Only what lies in a folder is read as another dtype at once. The rest is put together in fp32 on the host, so that
    no device needs more than the result.

    shardings: where they go, each device reading its own part; None is the first CPU device.
    step: of the checkpoint of a run; None is the newest.
    dtype: that they are given in.
    """
    if shardings is None:
        shardings = _on_host(declare(source.config))
    if dtype != jnp.float32 and (source.run is not None or source.adapter is not None):
        params, came_as = load_params(source, step=step)
        return _placed(params, shardings, dtype), came_as
    if source.run is None and source.adapter is not None:
        return _with_adapter(source, source.adapter, shardings)
    if source.run is None:
        return read_weights(source.folder, source.config, shardings, dtype)
    adapter = adapter_of_run(source.run)
    if adapter is not None:
        return _merged(source, adapter, shardings, step)
    return _restored(source.run, step, abstract_parameters(source.config), shardings), _dtype_of(source.run)


def _placed(params: Parameters, shardings: Mapping[str, Any], dtype: Any) -> Parameters:
    """Lay parameters of the host out on a mesh in a dtype, one after another; they are given up."""
    leaves, tree = jax.tree.flatten(params)
    params.clear()
    for number, sharding in enumerate(jax.tree.leaves(shardings)):
        leaves[number] = place(np.asarray(leaves[number]).astype(dtype), sharding)
    placed: Parameters = jax.tree.unflatten(tree, leaves)
    return placed


def _on_host(declared: dict[str, Any]) -> dict[str, Any]:
    sharding = jax.sharding.SingleDeviceSharding(jax.local_devices(backend="cpu")[0])
    return map_declared(lambda parameter: sharding, declared)


def _restored(run: Path, step: int | None, shapes: Any, shardings: Any) -> Parameters:
    """Read the parameters that a run's checkpoint holds."""
    like = jax.tree.map(lambda shape, sharding: shape.update(sharding=sharding), shapes, shardings)
    with Checkpoints(run) as checkpoints:
        return checkpoints.restore_params(step, like)


def _merged(
    source: ModelSource | FoundModel, adapter: Adapter, shardings: Any, step: int | None
) -> tuple[Parameters, str]:
    """Read the base of a run that trains an adapter, and merge what its checkpoint holds into it."""
    assert source.run is not None
    base_source, base_step = open_base(source.run)
    base, base_dtype = load_params(base_source, shardings, base_step)
    trained = load_adapter(source, adapter, step)  # which jit lays out beside the base
    return _merge(base, trained, adapter, shardings), base_dtype


def load_adapter(source: ModelSource | FoundModel, adapter: Adapter, step: int | None) -> Parameters:
    """Read what the checkpoint of a run that trains an adapter holds, as arrays of numpy."""
    assert source.run is not None
    declared = declare_adapter(source.config, adapter)
    return jax.tree.map(np.asarray, _restored(source.run, step, abstract(declared), _on_host(declared)))


def _dtype_of(run: Path) -> str:
    name: str = read_provenance(run)["weights_dtype"]
    return name


def _with_adapter(
    source: ModelSource | FoundModel, peft: AdapterFolder, shardings: Mapping[str, Any]
) -> tuple[Parameters, str]:
    """Read the base of an adapter folder, and merge the adapter into it, in fp32."""
    trained = read_adapter(peft.folder, peft.adapter, source.config)
    files = weight_files(source.folder, tensor_names(peft.base_config))
    peft.require_recorded_base({path.name: path for path in files})
    of_base = {name: sharding for name, sharding in shardings.items() if name in declare(peft.base_config)}
    base, base_dtype = read_weights(source.folder, peft.base_config, of_base)
    return _merge(base, trained, peft.adapter, shardings), base_dtype


def _merge(base: Parameters, trained: Parameters, adapter: Adapter, shardings: Mapping[str, Any]) -> Any:
    """Merge an adapter into its base, in fp32, which is given up to the result.

    shardings: of the result; it has a head, and begins with the embedding, where the base's own head was that.
    """

    def merge(base: Parameters, trained: Parameters) -> Parameters:
        whole = base if "head" not in shardings or "head" in base else base | {"head": base["embedding"].T}
        return merged(whole, trained, adapter)

    return jax.jit(merge, out_shardings=shardings, donate_argnums=0)(base, trained)


def fresh_params(config: ModelConfig, shardings: Any, seed: int) -> tuple[Parameters, str]:
    """Make random fp32 parameters for --from-scratch, where they belong; give the name of their dtype too."""
    init = jax.jit(partial(init_parameters, config), out_shardings=shardings)
    return init(jax.random.key(seed)), "float32"
