"""Read EasyLM's streaming checkpoints: a file of concatenated msgpack values `[[key, ...], bytes]`.

The bytes are msgpack again: an array as extension type 1, `(shape, dtype name, C-order bytes)`, or, over
2^30 bytes, a map of flat chunks of that form (docs/behaviour.md, "Checkpoints"). The
metadata that the original writes beside it is pickle, and is never read.
"""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ml_dtypes
import msgpack
import numpy as np

from commit_llm.errors import UserError, shown

ARRAY = 1  # flax's msgpack extension type of an array
DTYPES: dict[str, Any] = {
    "bfloat16": ml_dtypes.bfloat16, "float16": np.float16, "float32": np.float32, "int32": np.int32,
}  # fmt: skip
CHUNKED = "__msgpack_chunked_array__"
LARGEST_VALUE = 2**32 - 1  # bytes that a msgpack value can have
MOST_PARTS = 100  # of a key; the library makes room for as many as a value says it has, before it reads them
COPY_AGAIN = "copy the checkpoint again, or name another file"
# The prefix of parameters in a train state; in a parameter file they have none.
STATE_PREFIX = ("params", "params")


def read_streaming_params(path: Path) -> dict[str, np.ndarray]:
    """Read the parameters of a parameter file or a train state, under their EasyLM names, in the dtype of the file.

    Raise UserError naming file and byte where the file is missing, truncated or of another form.
    """
    params: dict[str, np.ndarray] = {}
    for key, data, where in _entries(path):
        name = _parameter_name(key)
        if name is not None:
            params[name] = _array(data, where)
    if not params:
        raise UserError(f"{path}: holds no parameters; is it a streaming checkpoint of EasyLM?")
    return params


def _entries(path: Path) -> Iterator[tuple[tuple[str, ...], bytes, str]]:
    """Give the key, the bytes and the place, for messages, of every entry of a file."""
    if not path.is_file():
        raise UserError(f"{path}: no such checkpoint file; name the file that EasyLM wrote")
    size = path.stat().st_size
    with path.open("rb") as file:
        unpacker = msgpack.Unpacker(
            file, max_buffer_size=LARGEST_VALUE, strict_map_key=True, max_array_len=MOST_PARTS, max_map_len=0
        )
        start = 0
        try:
            for value in unpacker:
                where = f"{path}: at byte {start}"
                match value:
                    case [[_, *_] as key, bytes(data)] if all(isinstance(part, str) for part in key):
                        yield tuple(key), data, where
                    case _:
                        raise UserError(f"{where}: not a value of a streaming checkpoint ([key, bytes]); {COPY_AGAIN}")
                start = unpacker.tell()
        except (ValueError, msgpack.UnpackException) as error:
            raise UserError(f"{path}: at byte {start}: not msgpack ({error!r}); {COPY_AGAIN}") from None
    if start != size:
        raise UserError(f"{path}: truncated: its last value, at byte {start} of {size}, is not whole; {COPY_AGAIN}")


def _parameter_name(key: tuple[str, ...]) -> str | None:
    """Give the EasyLM name of a parameter; None for an entry that is no parameter, such as the optimizer's."""
    if key[: len(STATE_PREFIX)] == STATE_PREFIX:
        return "/".join(key[len(STATE_PREFIX) :])
    return None if key[0] in ("step", "opt_state", "params") else "/".join(key)


def _array(data: bytes, where: str) -> np.ndarray:
    """Decode the array of an entry, in one piece or in chunks; raise UserError where it is none."""
    try:
        value = msgpack.unpackb(data, max_ext_len=len(data), max_bin_len=len(data))
        if isinstance(value, dict) and value.get(CHUNKED):
            shape = tuple(value["shape"][str(axis)] for axis in range(len(value["shape"])))
            chunks = [_decode(value["chunks"][str(n)]) for n in range(len(value["chunks"]))]
            return np.concatenate(chunks).reshape(shape)
        return _decode(value)
    except (ValueError, KeyError, TypeError, msgpack.UnpackException) as error:
        raise UserError(f"{where}: not an array ({error!r}); {COPY_AGAIN}") from None


def _decode(value: Any) -> np.ndarray:
    """Decode one array in flax's form; raise ValueError where it is none."""
    if not isinstance(value, msgpack.ExtType) or value.code != ARRAY:
        raise ValueError(f"{type(value).__name__} where an array should be")
    shape, name, content = msgpack.unpackb(value.data, max_bin_len=len(value.data))
    if name not in DTYPES:
        raise ValueError(f"dtype {shown(name)}; known are {', '.join(DTYPES)}")
    dtype = np.dtype(DTYPES[name])
    if math.prod(shape) * dtype.itemsize != len(content):
        raise ValueError(f"{len(content)} bytes for shape {shape} of {name}")
    return np.frombuffer(content, dtype).reshape(shape)
