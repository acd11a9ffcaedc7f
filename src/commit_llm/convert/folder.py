"""Write a Hugging Face model folder, and read back what was written to check it."""

import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save_file

from commit_llm.convert.huggingface import DTYPES, to_hf
from commit_llm.convert.sealed_weights import UNSEALED, seal
from commit_llm.convert.weight_files import INDEX_FILE, WEIGHTS_FILE
from commit_llm.errors import UserError
from commit_llm.files.whole import write_json
from commit_llm.model.config import ModelConfig
from commit_llm.model.parameters import Parameters

CONFIG_FILE = "config.json"
SHARD_BYTES = 5 * 10**9


def write_model(
    folder: Path,
    params: Parameters,
    config: ModelConfig,
    dtype: str,
    config_text: str,
    card: str = "",
    shard_bytes: int = SHARD_BYTES,
    dtypes: Mapping[str, str] | None = None,
) -> None:
    """Fill an existing, empty folder with a model, but for its tokenizer and generation_config.json.

    dtype: to which the weights are rounded; a key of DTYPES.
    config_text: of config.json: see convert/config_text.py.
    card: the text of README.md; "" writes none.
    shard_bytes: the most bytes of a weights file; a larger tensor has a file of its own.
    dtypes: of single tensors, by name, in the place of dtype.
    """
    (folder / CONFIG_FILE).write_bytes(config_text.encode("utf-8"))  # whatever ends its lines
    write_weights(folder, params, config, dtype, shard_bytes, dtypes or {})
    if card:
        (folder / "README.md").write_text(card, encoding="utf-8")


def write_weights(
    folder: Path, params: Parameters, config: ModelConfig, dtype: str, shard_bytes: int, dtypes: Mapping[str, str]
) -> None:
    """Write the weights to `model.safetensors`, or to shards and their index; read every tensor back and compare it.

    Each file carries its checksum (convert/sealed_weights.py), and takes the permissions of the config.json beside it.
    Raise UserError where a number is not finite in this dtype, OSError where a tensor differs.
    """
    itemsizes = {name: np.dtype(numpy_dtype).itemsize for name, numpy_dtype in DTYPES.items()}
    sizes = [(key, tensor.size * itemsizes[dtypes.get(key, dtype)]) for key, tensor in to_hf(params, config)]
    tensors = ((key, rounded(key, np.asarray(value), dtypes.get(key, dtype))) for key, value in to_hf(params, config))
    write_tensors(folder, sizes, tensors, shard_bytes)


def write_tensors(
    folder: Path, sizes: list[tuple[str, int]], tensors: Iterable[tuple[str, np.ndarray]], shard_bytes: int
) -> None:
    """Write tensors under their names to files, as `write_weights` does. sizes: the bytes of each, in their order."""
    shards = list(_shards(sizes, shard_bytes))
    names = [WEIGHTS_FILE] if len(shards) == 1 else [
        f"model-{n:05d}-of-{len(shards):05d}.safetensors" for n in range(1, len(shards) + 1)
    ]  # fmt: skip
    shard_of = {key: number for number, keys in enumerate(shards) for key in keys}
    shard: dict[str, np.ndarray] = {}
    total = 0
    for key, value in tensors:
        shard[key] = value
        total += shard[key].nbytes
        if key == shards[shard_of[key]][-1]:
            write_checked(folder / names[shard_of[key]], shard, CONFIG_FILE)
            shard = {}
    if len(shards) > 1:
        weight_map = {key: names[number] for key, number in shard_of.items()}
        write_json(folder / INDEX_FILE, {"metadata": {"total_size": total}, "weight_map": weight_map})


def _shards(sizes: list[tuple[str, int]], shard_bytes: int) -> Iterator[list[str]]:
    """Group tensors, in their order, into shards of at most shard_bytes; sizes holds key and bytes of each."""
    keys: list[str] = []
    used = 0
    for key, size in sizes:
        if keys and used + size > shard_bytes:
            yield keys
            keys, used = [], 0
        keys.append(key)
        used += size
    yield keys


def rounded(key: str, value: np.ndarray, dtype: str) -> np.ndarray:
    """Give a tensor in another dtype, a key of DTYPES. Raise UserError where one of its numbers is not finite then."""
    with np.errstate(over="ignore"):  # looked at here, with the tensor's name
        cast = np.ascontiguousarray(value.astype(DTYPES[dtype]))
    if not (finite := np.isfinite(cast)).all():
        place = tuple(map(int, np.argwhere(~finite)[0]))
        number = value[place]
        wrong = f"{np.count_nonzero(~finite):,} of its numbers, the first {number} at {list(place)}"
        if np.isfinite(number):
            way_out = "export with --dtype bfloat16 or float32"
            raise UserError(f"tensor {key}: {dtype} has no room for {wrong}; {way_out}")
        raise UserError(f"tensor {key}: {wrong}, are not finite; nobody can use these weights; take other ones")
    return cast


def write_checked(file: Path, tensors: dict[str, np.ndarray], neighbour: str) -> None:
    """Write one safetensors file, seal it, and compare every tensor with what is read back.

    neighbour: a file of the same folder, whose permissions it takes.
    """
    save_file(tensors, file, metadata=UNSEALED)
    seal(file)
    shutil.copymode(file.with_name(neighbour), file)  # safetensors lets only the owner read its files
    with safe_open(file, framework="np") as opened:
        for key, tensor in tensors.items():
            if opened.get_tensor(key).tobytes() != tensor.tobytes():
                raise OSError(f"{file}: tensor {key} was not read back as written")
