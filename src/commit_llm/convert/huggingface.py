"""Convert weights from Hugging Face's names and shapes and back, and read them from safetensors part by part."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import jax
import ml_dtypes
import numpy as np

from commit_llm.convert.parameter_names import ParameterName, parameter_names
from commit_llm.convert.sealed_weights import require_unchanged
from commit_llm.convert.weight_files import (
    DTYPE_NAMES,
    EMBEDDING,
    HEAD,
    INDEX_FILE,
    FileTensor,
    Slices,
    open_weights,
    weight_files,
)
from commit_llm.errors import UserError, shown
from commit_llm.model.config import ModelConfig
from commit_llm.model.parameters import Parameters, declare

DTYPES: dict[str, Any] = {"float32": np.float32, "float16": np.float16, "bfloat16": ml_dtypes.bfloat16}
# Suffixes of buffers that old exports carry and nothing reads.
BUFFERS = ("rotary_emb.inv_freq",)


class Tensor(Protocol):
    """Describe an array, in memory or in a file that is read where a part is asked for."""

    @property
    def shape(self) -> tuple[int, ...]: ...
    def __getitem__(self, slices: Slices, /) -> np.ndarray: ...


def to_hf(params: Parameters, config: ModelConfig) -> Iterator[tuple[str, Any]]:
    """Give (name, tensor) pairs as Hugging Face names and shapes them, the inverse of `from_hf`."""
    for name in parameter_names(config):
        value = params["layers"][name.path[1]] if name.per_layer else params[name.path[0]]
        for layer in range(config.num_hidden_layers if name.per_layer else 1):
            tensor = value[layer] if name.per_layer else value
            yield name.hugging_face.format(layer), tensor.T if name.transposed else tensor


def from_hf(
    tensors: Mapping[str, Tensor],
    config: ModelConfig,
    source: str,
    shardings: Mapping[str, Any] | None = None,
    dtype: Any = np.float32,
) -> Parameters:
    """Convert tensors under Hugging Face's names to our parameters, the inverse of `to_hf`.

    Raise UserError naming a tensor that is missing, extra or misshapen.

    source: where the tensors come from, for messages.
    shardings: one for every parameter: arrays on a mesh, of which each device reads only its own part.
        None: numpy arrays in the dtype of the tensors.
    dtype: of arrays on a mesh.
    """
    _require_fit(tensors, config, source)
    declared = declare(config)
    params: dict[str, Any] = {"layers": {}}
    for name in parameter_names(config):
        shape = (declared["layers"] if name.per_layer else declared)[name.path[-1]].shape
        layers = [tensors[key] for key in hf_names(name, config)]
        if shardings is None:
            array: Any = read_whole(name, layers, shape)
        else:
            sharding = (shardings["layers"] if name.per_layer else shardings)[name.path[-1]]
            array = _read_on_mesh(name, layers, shape, sharding, dtype)
        (params["layers"] if name.per_layer else params)[name.path[-1]] = array
    return params


def read_weights(
    folder: Path, config: ModelConfig, shardings: Mapping[str, Any] | None = None, dtype: Any = np.float32
) -> tuple[Parameters, str]:
    """Read the parameters of a model folder as `from_hf` does; give them and the name of their dtype in the files.

    Raise UserError where they cannot be read, are damaged or do not fit the configuration.
    """
    with open_whole_weights(folder, config) as tensors:
        params = from_hf(tensors, config, str(folder), shardings, dtype)
        return params, DTYPE_NAMES[tensors[EMBEDDING].dtype]


@contextmanager
def open_whole_weights(folder: Path, config: ModelConfig) -> Iterator[dict[str, FileTensor]]:
    """Give the tensors of a model folder by name, as `open_weights` does.

    Raise UserError where they are damaged, of an unknown dtype, or do not fit the configuration.
    """
    for file in weight_files(folder, tensor_names(config)):
        if file.name != INDEX_FILE:
            require_unchanged(file)
    with open_weights(folder, tensor_names(config)) as tensors:
        file_dtypes = {tensor.dtype for key, tensor in tensors.items() if not key.endswith(BUFFERS)}
        if unknown := sorted(file_dtypes - set(DTYPE_NAMES)):
            raise UserError(
                f"{folder}: weights of type {unknown[0]}; known are {', '.join(DTYPE_NAMES)}: fetch or save a "
                "quantised model as float32, float16 or bfloat16"
            )
        _require_fit(tensors, config, str(folder))
        yield tensors


def tensor_dtypes(folder: Path, config: ModelConfig) -> dict[str, str]:
    """Give the dtype of each tensor of a model folder whose weights have been read, under Hugging Face's names."""
    with open_weights(folder, tensor_names(config)) as tensors:
        return {key: DTYPE_NAMES[tensors[key].dtype] for key in tensor_names(config)}


def tensor_names(config: ModelConfig) -> list[str]:
    """List the tensors that a model of this configuration has."""
    return [hf_name for name in parameter_names(config) for hf_name in hf_names(name, config)]


def read_whole(name: ParameterName, layers: list[Any], shape: tuple[int, ...]) -> np.ndarray:
    """Read one of our parameters, in the dtype of its tensors.

    layers: the tensor of every layer; or the only tensor, where the parameter belongs to no layer.
    """
    return _read(name, layers, tuple(slice(0, size) for size in shape))


def _read(name: ParameterName, layers: list[Any], slices: Slices) -> np.ndarray:
    """Read a part of one of our parameters.

    layers: the tensor of every layer; or the only tensor, where the parameter belongs to no layer.
    slices: the part; each slice has a start and a stop.
    """
    inner = slices[1:] if name.per_layer else slices

    def read_part(tensor: Tensor) -> np.ndarray:
        return tensor[inner[::-1]].T if name.transposed else tensor[inner]

    if name.per_layer:
        parts = [read_part(tensor) for tensor in layers[slices[0]]]
        several = len({part.dtype for part in parts}) > 1  # of which no two sixteen-bit ones have a common dtype
        return np.stack([part.astype(np.float32) for part in parts] if several else parts)
    return np.ascontiguousarray(read_part(layers[0]))


def _read_on_mesh(
    name: ParameterName, layers: list[Any], shape: tuple[int, ...], sharding: Any, dtype: Any
) -> jax.Array:
    """Read one of our parameters as an array on a mesh; each device reads its own part."""

    def read_shard(slices: Slices | None) -> np.ndarray:
        slices = slices or tuple(slice(None) for _ in shape)
        bounded = tuple(slice(*one.indices(size)[:2]) for one, size in zip(slices, shape, strict=True))
        return _read(name, layers, bounded).astype(dtype)

    return jax.make_array_from_callback(shape, sharding, read_shard)


def _require_fit(tensors: Mapping[str, Tensor], config: ModelConfig, source: str) -> None:
    """Raise UserError where a tensor is extra, missing or misshapen."""
    declared = declare(config)
    extra = sorted(key for key in set(tensors) - set(tensor_names(config)) if not key.endswith(BUFFERS))
    if config.tie_word_embeddings:  # then the head is the embedding (`has_another_head`)
        extra = [key for key in extra if key != HEAD]
    missing = [key for key in tensor_names(config) if key not in tensors]
    if extra:
        more = f" (nor do {len(extra) - 1:,} more; {len(missing):,} are missing)" if len(extra) > 1 else ""
        raise UserError(
            f"{source}: tensor {shown(extra[0])} belongs to no {config.model_type} of this configuration{more}; is "
            "config.json that of these weights?"
        )
    if missing:
        more = f" (and {len(missing) - 1:,} more)" if len(missing) > 1 else ""
        raise UserError(
            f"{source}: tensor {missing[0]!r} is missing{more}; fetch it again; or is config.json another model's?"
        )
    for name in parameter_names(config):
        shape = declared["layers"][name.path[1]].shape[1:] if name.per_layer else declared[name.path[0]].shape
        hf_shape = shape[::-1] if name.transposed else shape
        for key in hf_names(name, config):
            if tensors[key].shape != hf_shape:
                raise UserError(
                    f"{source}: tensor {key!r} has shape {tensors[key].shape}, the configuration says {hf_shape}; "
                    "is config.json that of these weights?"
                )


def hf_names(name: ParameterName, config: ModelConfig) -> list[str]:
    """Give Hugging Face's names of a parameter, one for every layer where layers have it."""
    return [name.hugging_face.format(layer) for layer in range(config.num_hidden_layers if name.per_layer else 1)]
