"""Write the weights of a model folder with more rows in the embedding and the head; every other number stays."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from commit_llm.convert.folder import SHARD_BYTES, rounded, write_tensors
from commit_llm.convert.huggingface import tensor_names
from commit_llm.convert.weight_files import DTYPE_NAMES, EMBEDDING, HEAD, FileTensor, open_weights
from commit_llm.model.config import ModelConfig


def write_grown_weights(
    folder: Path,
    out: Path,
    config: ModelConfig,
    rows: int,
    first_id: int,
    shares: Sequence[Mapping[int, float]],
    shard_bytes: int = SHARD_BYTES,
) -> None:
    """Write a model's weights with new rows, each tensor in its own dtype.

    folder, config: of the model, which `open_whole_weights` has opened.
    out: holds the new config.json.
    rows: of the new embedding.
    first_id: of the new rows; padded rows that were there are replaced.
    shares: for every new row, the old rows that it is made of, by id.
    """
    with open_weights(folder, tensor_names(config)) as tensors:

        def read(key: str) -> np.ndarray:
            tensor = tensors[key]
            if key not in (EMBEDDING, HEAD):
                return tensor[tuple(slice(0, size) for size in tensor.shape)]
            return _grown(key, tensor, rows, first_id, shares)

        names = tensor_names(config)
        sizes = [(key, _bytes(key, tensors[key], rows)) for key in names]
        write_tensors(out, sizes, ((key, read(key)) for key in names), shard_bytes)


def _bytes(key: str, tensor: FileTensor, rows: int) -> int:
    shape = (rows, *tensor.shape[1:]) if key in (EMBEDDING, HEAD) else tensor.shape
    return int(np.prod(shape)) * (4 if tensor.dtype == "F32" else 2)


def _grown(key: str, tensor: FileTensor, rows: int, first_id: int, shares: Sequence[Mapping[int, float]]) -> np.ndarray:
    """Give a tensor with its old rows, the new ones, and the padded ones that are left."""
    old = tensor[slice(0, tensor.shape[0]), slice(0, tensor.shape[1])]
    new = np.stack(list(_new_rows(old, shares)))
    left = old[first_id + len(new) :]
    return np.concatenate([old[:first_id], rounded(key, new, DTYPE_NAMES[tensor.dtype]), left])


def _new_rows(old: np.ndarray, shares: Sequence[Mapping[int, float]]) -> Iterator[np.ndarray]:
    """Make each new row of shares of old ones, in fp32."""
    for of_row in shares:
        parts = np.array(list(of_row.values()), np.float32)
        yield parts @ old[list(of_row)].astype(np.float32)
