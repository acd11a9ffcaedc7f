"""Weights under Hugging Face's names: to ours and back, read from safetensors piece by piece."""

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

import jax
import ml_dtypes
import numpy as np
from safetensors import SafetensorError, safe_open

from commit_llm.convert.parameter_names import NAMES, Name
from commit_llm.errors import UserError
from commit_llm.model.config import ModelConfig
from commit_llm.model.parameters import Parameters, declare

DTYPES: dict[str, Any] = {"float32": np.float32, "float16": np.float16, "bfloat16": ml_dtypes.bfloat16}
WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"
# Buffers that old exports carry and nothing reads.
BUFFERS = ("rotary_emb.inv_freq",)

Index = tuple[slice, ...]


class Tensor(Protocol):
    """An array, or one that stays in its file until a part of it is asked for."""

    @property
    def shape(self) -> tuple[int, ...]: ...
    def __getitem__(self, index: Index, /) -> np.ndarray: ...


def to_hf(params: Parameters, config: ModelConfig) -> Iterator[tuple[str, Any]]:
    """(name, tensor) pairs as Hugging Face names and shapes them; the inverse of `from_hf`."""
    for name in _names(config):
        value = params[name.ours[0]] if len(name.ours) == 1 else params[name.ours[0]][name.ours[1]]
        for layer in range(config.num_hidden_layers if name.per_layer else 1):
            tensor = value[layer] if name.per_layer else value
            yield name.hugging_face.format(layer), tensor.T if name.transposed else tensor


def from_hf(
    tensors: Mapping[str, Tensor], config: ModelConfig, source: str, shardings: Mapping[str, Any] | None = None
) -> Parameters:
    """Our parameters from Hugging Face's tensors.

    Without shardings they are numpy arrays, dtype kept. With them (one for every parameter) they are
    fp32 arrays on the mesh, and each device reads only its own part. Raises UserError naming what is
    missing, extra or misshapen.
    """
    _require_fit(tensors, config, source)
    declared = declare(config)
    params: dict[str, Any] = {"layers": {}}
    for name in _names(config):
        home = declared["layers"] if name.per_layer else declared
        shape = home[name.ours[-1]].shape
        parts = [tensors[key] for key in _hf_names(name, config)]
        if shardings is None:
            array: Any = _read(name, parts, tuple(slice(0, size) for size in shape))
        else:
            sharding = shardings["layers"][name.ours[-1]] if name.per_layer else shardings[name.ours[-1]]
            array = _on_mesh(name, parts, shape, sharding)
        (params["layers"] if name.per_layer else params)[name.ours[-1]] = array
    return params


def read_weights(
    folder: Path, config: ModelConfig, shardings: Mapping[str, Any] | None = None
) -> tuple[Parameters, str]:
    """The parameters of a model folder, as `from_hf` gives them, and the name of their dtype in the files.

    Reads `model.safetensors`, or the shards that `model.safetensors.index.json` lists.
    """
    tensors: dict[str, _InFile] = {}
    with ExitStack() as opened:
        for file in _weight_files(folder):
            try:
                handle = opened.enter_context(safe_open(file, framework="np"))
                tensors |= {key: _InFile(handle.get_slice(key)) for key in handle.keys()}  # noqa: SIM118
            except (SafetensorError, OSError) as error:
                raise UserError(f"{file}: not a readable safetensors file ({error})") from None
        found = {tensor.dtype for key, tensor in tensors.items() if not key.endswith(BUFFERS)}
        names = {"F32": "float32", "F16": "float16", "BF16": "bfloat16"}
        if unknown := sorted(found - set(names)):
            raise UserError(f"{folder}: weights of type {unknown[0]}; known are {', '.join(names)}")
        params = from_hf(tensors, config, str(folder), shardings)
        return params, names[tensors["model.embed_tokens.weight"].dtype]


class _InFile:
    """A tensor of an open safetensors file."""

    def __init__(self, part: Any) -> None:
        self.part = part
        self.shape = tuple(part.get_shape())
        self.dtype = part.get_dtype()

    def __getitem__(self, index: Index) -> np.ndarray:
        return self.part[index]


def _read(name: Name, parts: list[Any], index: Index) -> np.ndarray:
    """The part of our parameter that index names; its slices have a start and a stop."""
    inner = index[1:] if name.per_layer else index

    def one(tensor: Tensor) -> np.ndarray:
        return tensor[inner[::-1]].T if name.transposed else tensor[inner]

    if name.per_layer:
        return np.stack([one(tensor) for tensor in parts[index[0]]])
    return np.ascontiguousarray(one(parts[0]))


def _on_mesh(name: Name, parts: list[Any], shape: tuple[int, ...], sharding: Any) -> jax.Array:
    def part(index: Index | None) -> np.ndarray:
        index = index or tuple(slice(None) for _ in shape)
        whole = tuple(slice(*one.indices(size)[:2]) for one, size in zip(index, shape, strict=True))
        return _read(name, parts, whole).astype(np.float32)

    return jax.make_array_from_callback(shape, sharding, part)


def _require_fit(tensors: Mapping[str, Tensor], config: ModelConfig, source: str) -> None:
    declared = declare(config)
    wanted = {hf_name for name in _names(config) for hf_name in _hf_names(name, config)}
    extra = sorted(key for key in set(tensors) - wanted if not key.endswith(BUFFERS))
    if config.tie_word_embeddings:
        extra = [key for key in extra if key != "lm_head.weight"]
    if extra:
        raise UserError(f"{source}: tensor {extra[0]!r} belongs to no LLaMA of this configuration")
    for name in _names(config):
        ours = declared["layers"][name.ours[1]].shape[1:] if name.per_layer else declared[name.ours[0]].shape
        right = ours[::-1] if name.transposed else ours
        for key in _hf_names(name, config):
            if key not in tensors:
                raise UserError(f"{source}: tensor {key!r} is missing")
            if tensors[key].shape != right:
                raise UserError(
                    f"{source}: tensor {key!r} has shape {tensors[key].shape}, the configuration says {right}"
                )


def _weight_files(folder: Path) -> list[Path]:
    index = folder / INDEX
    if index.is_file():
        try:
            names = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
        except (ValueError, KeyError, AttributeError, TypeError):
            raise UserError(f"{index}: malformed; it must hold a weight_map of tensor to file") from None
    else:
        names = {WEIGHTS}
    for name in sorted(names, key=str):
        if not isinstance(name, str) or Path(name).name != name:
            raise UserError(f"{index}: names {name!r}, which is no file of this folder")
        if not (folder / name).is_file():
            raise UserError(f"{folder}: no {name} in it; COMMIT reads safetensors weights only")
    return [folder / name for name in sorted(names)]


def _names(config: ModelConfig) -> Iterator[Name]:
    return (name for name in NAMES if not (name.ours == ("head",) and config.tie_word_embeddings))


def _hf_names(name: Name, config: ModelConfig) -> list[str]:
    return [name.hugging_face.format(layer) for layer in range(config.num_hidden_layers if name.per_layer else 1)]
