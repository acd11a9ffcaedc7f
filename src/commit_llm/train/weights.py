"""MODEL on the command line: a model folder, a hub id, or a run of ours."""

from dataclasses import dataclass
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from commit_llm.convert.huggingface import read_weights
from commit_llm.data.tokenizer import Tokenizer, load_tokenizer
from commit_llm.errors import UserError
from commit_llm.model.config import ModelConfig, read_config
from commit_llm.model.parameters import Parameters, declare, init_parameters, map_declared
from commit_llm.train.checkpoint import Checkpoints
from commit_llm.train.run_directory import MODEL, is_run, read_provenance

HUB_FILES = ["*.json", "*.safetensors", "tokenizer.model"]


@dataclass(frozen=True)
class ModelSource:
    """Where a model is. folder holds config.json and the tokenizer; run is set where it is a run of ours."""

    name: str
    folder: Path
    run: Path | None
    config: ModelConfig
    tokenizer: Tokenizer


def open_model(name: str, tokenizer: str | None = None, *, weights: bool = True) -> ModelSource:
    """Find a model, read its configuration and tokenizer. weights=False fetches none from the hub.

    Raises UserError where it is not a model, or the tokenizer has more entries than the model.
    """
    path = Path(name)
    run = path if is_run(path) else None
    folder = path / MODEL if run else path
    if not folder.exists():
        folder = _from_hub(name, weights)
    elif not folder.is_dir():
        raise UserError(f"{name}: is a file; a model is a folder with a config.json, a hub id, or a run directory")
    config = read_config(folder)
    loaded = load_tokenizer(tokenizer or folder)
    if loaded.vocab_size > config.vocab_size:
        raise UserError(
            f"{loaded.path}: has {loaded.vocab_size:,} entries, the model's vocabulary only {config.vocab_size:,}; "
            "they do not belong together"
        )
    return ModelSource(name, folder, run, config, loaded)


def load_params(source: ModelSource, step: int | None = None) -> tuple[Parameters, str]:
    """fp32 parameters on the host, and the name of the dtype the weights came in.

    A run of ours gives those of its newest checkpoint, or of a step.
    """
    if source.run is None:
        params, dtype = read_weights(source.folder, source.config)
        return jax.tree.map(lambda array: np.asarray(array, np.float32), params), dtype
    device = jax.sharding.SingleDeviceSharding(jax.local_devices(backend="cpu")[0])
    like = map_declared(
        lambda parameter: jax.ShapeDtypeStruct(parameter.shape, jnp.float32, sharding=device), declare(source.config)
    )
    with Checkpoints(source.run) as checkpoints:
        params = checkpoints.restore_params(step, like)
    return jax.tree.map(np.asarray, params), read_provenance(source.run)["weights_dtype"]


def fresh_params(source: ModelSource, seed: int) -> tuple[Parameters, str]:
    """Random fp32 parameters for --from-scratch."""
    return init_parameters(source.config, jax.random.key(seed)), "float32"


def _from_hub(name: str, weights: bool) -> Path:
    if name.count("/") > 1 or name.startswith((".", "/", "~")):
        raise UserError(f"{name}: no such model folder")
    from huggingface_hub import snapshot_download

    try:
        patterns = HUB_FILES if weights else [file for file in HUB_FILES if "safetensors" not in file]
        return Path(snapshot_download(name, allow_patterns=patterns))
    except Exception as error:  # offline, unknown, private: the library raises many kinds
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(f"{name}: neither a folder here nor a model fetched from the hub ({reason})") from None
