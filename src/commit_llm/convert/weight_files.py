"""Open the safetensors files of a model folder, `model.safetensors` or the shards of an index, to read their parts."""

import logging
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open

from commit_llm.errors import UserError, shown
from commit_llm.files.json_text import read_json_object
from commit_llm.parallel.processes import is_first

LOGGER = logging.getLogger("commit_llm")
WEIGHTS_FILE = "model.safetensors"
INDEX_FILE = "model.safetensors.index.json"
DTYPE_NAMES = {"F32": "float32", "F16": "float16", "BF16": "bfloat16"}  # in safetensors files, and here
EMBEDDING, HEAD = "model.embed_tokens.weight", "lm_head.weight"
# Beside a decoder, in a file that describes images too.
OTHER_PARTS = tuple(f"{base}{part}." for base in ("", "model.") for part in ("vision_tower", "multi_modal_projector"))
COMPARED_ROWS = 4096  # at a time

# A slice for each dimension.
Slices = tuple[slice, ...]


class FileTensor:
    """Read parts of one tensor of an open safetensors file."""

    def __init__(self, handle: Any) -> None:
        self.handle = handle
        self.shape = tuple(handle.get_shape())
        self.dtype = handle.get_dtype()

    def __getitem__(self, slices: Slices) -> np.ndarray:
        return self.handle[slices]


@contextmanager
def open_weights(folder: Path, needed: Collection[str]) -> Iterator[dict[str, FileTensor]]:
    """Give the tensors of a model folder by name, readable while inside.

    Where `model.safetensors` and an index of other files both lie there, the first counts if it is whole, as it does
    for transformers. Raises UserError where files cannot be read, or where an index does not fit its shards.

    needed: names of the tensors that a whole file has.
    """
    files, line = _chosen(folder, needed)
    if line:
        _tell(line)
    with ExitStack() as opened:
        if files[0].name == INDEX_FILE:
            yield of_decoder(_tensors_of_shards(files[0], needed, opened))
        else:
            yield of_decoder(open_tensors(files[0], opened))


def weight_files(folder: Path, needed: Collection[str]) -> list[Path]:
    """List the files that `open_weights` reads; raise UserError where one of them is not there."""
    return _chosen(folder, needed)[0]


def _chosen(folder: Path, needed: Collection[str]) -> tuple[list[Path], str]:
    """List the files of weights that count, an index before its shards; and say why, where others lie beside them."""
    file, index = folder / WEIGHTS_FILE, folder / INDEX_FILE
    if not index.is_file():
        if not file.is_file():
            raise UserError(
                f"{folder}: no {WEIGHTS_FILE} in it; COMMIT reads safetensors weights only: fetch or save the model so"
            )
        return [file], ""
    if not file.is_file():
        return [index, *_shards(index)], ""
    if _names_only(index, WEIGHTS_FILE):
        return [file], ""
    if why_not := _why_not_whole(file, needed):
        line = f"{file}: is not whole ({why_not}); the files that {INDEX_FILE} names are read"
        return [index, *_shards(index)], line
    return [file], f"{file}: is whole, and is used; {INDEX_FILE} names other files, and is ignored"


def _shards(index: Path) -> list[Path]:
    """List the files that an index names; raise UserError where one of them is not there."""
    names = sorted(set(_weight_map(index).values()))
    for name in names:
        if not (index.parent / name).is_file():
            raise UserError(f"{index.parent}: no {name} in it, which {INDEX_FILE} names; fetch the model again")
    return [index.parent / name for name in names]


def has_another_head(folder: Path, needed: Collection[str]) -> bool:
    """Say whether a folder holds a head that is not the embedding. needed: as in `open_weights`."""
    if not any((folder / name).is_file() for name in (WEIGHTS_FILE, INDEX_FILE)):
        return False
    with open_weights(folder, needed) as tensors:
        if not {EMBEDDING, HEAD} <= tensors.keys():
            return False
        return not are_equal(tensors[EMBEDDING], tensors[HEAD])


def are_equal(one: FileTensor, other: FileTensor) -> bool:
    """Say whether two tensors, of an embedding and a head, have the same numbers."""
    if one.shape != other.shape:
        return False
    if not {one.dtype, other.dtype} <= DTYPE_NAMES.keys() or len(one.shape) != 2 or 0 in one.shape:
        return True  # which no embedding and no head is, and is refused where the weights are read
    return all(_equal_rows(one, other, start) for start in range(0, one.shape[0], COMPARED_ROWS))


def _equal_rows(one: FileTensor, other: FileTensor, start: int) -> bool:
    """Say whether two tensors of the same shape have the same numbers in COMPARED_ROWS rows from start."""
    part = slice(start, min(start + COMPARED_ROWS, one.shape[0])), slice(0, one.shape[1])
    return np.array_equal(one[part].astype(np.float32), other[part].astype(np.float32), equal_nan=True)


def open_tensors(file: Path, opened: ExitStack) -> dict[str, FileTensor]:
    """Open a safetensors file."""
    try:
        handle = opened.enter_context(safe_open(file, framework="np"))
        return {key: FileTensor(handle.get_slice(key)) for key in handle.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise UserError(f"{file}: not a readable safetensors file ({error}); fetch or write it again") from None


def of_decoder(tensors: dict[str, FileTensor]) -> dict[str, FileTensor]:
    """Give the tensors of the decoder under its own names, where other parts are beside it; else all as they are."""
    names = {key: _name_in_decoder(key) for key in tensors}
    if all(name == key for key, name in names.items()):
        return tensors
    return {name: tensors[key] for key, name in names.items() if not key.startswith(OTHER_PARTS)}


def _name_in_decoder(key: str) -> str:
    """Give a tensor's own name, where it is that of a decoder among other parts.

    The names are those of transformers: `language_model.model.x` to 4.51, `model.language_model.x` from 4.52 on.
    """
    return key.removeprefix("language_model.").replace("model.language_model.", "model.", 1)


def _tensors_of_shards(index: Path, needed: Collection[str], opened: ExitStack) -> dict[str, FileTensor]:
    """Open the shards that an index names: of a tensor that stands in two of them, the index says which one counts."""
    weight_map = _weight_map(index)
    shards = {shard.name: open_tensors(shard, opened) for shard in _shards(index)}
    tensors = {}
    for key, name in weight_map.items():
        if key in shards[name]:
            tensors[key] = shards[name][key]
        elif _name_in_decoder(key) in needed:
            raise UserError(
                f"{index}: says that {name} holds {shown(key)}, which it does not; fetch index and files again"
            )
    for name, shard in shards.items():
        for key in shard.keys() - weight_map.keys():
            if key in tensors:
                raise UserError(
                    f"{index}: does not name {shown(key)}, which {name} and another of its files hold; fetch index and "
                    "files again"
                )
            tensors[key] = shard[key]
    return tensors


def _weight_map(index: Path) -> Mapping[str, str]:
    """Read which file of its folder holds which tensor; raise UserError where a name is that of no file there."""
    weight_map = read_json_object(index).get("weight_map")
    if not isinstance(weight_map, dict):
        raise UserError(f"{index}: malformed; it must hold a weight_map of tensor to file: fetch it again")
    for name in weight_map.values():
        if not isinstance(name, str) or Path(name).name != name:
            raise UserError(
                f"{index}: names {shown(name)}, which is not a file of this folder; fetch index and files again"
            )
    return weight_map


def _names_only(index: Path, name: str) -> bool:
    """Say whether an index names a file and no other."""
    try:
        return set(_weight_map(index).values()) == {name}
    except UserError:
        return False


def _why_not_whole(file: Path, needed: Collection[str]) -> str:
    """Say what a safetensors file lacks; "" where it is whole."""
    try:
        with ExitStack() as opened:
            missing = sorted(set(needed) - of_decoder(open_tensors(file, opened)).keys())
    except UserError:
        return "it cannot be read"
    return f"it lacks {missing[0]!r}" if missing else ""


def _tell(line: str) -> None:
    if is_first():
        LOGGER.warning("%s", line)
