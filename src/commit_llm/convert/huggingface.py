"""Weights of Hugging Face model folders (safetensors), in and out."""

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from commit_llm.convert.names import NAMES, Name
from commit_llm.errors import UserError
from commit_llm.model.config import ModelConfig
from commit_llm.model.parameters import Parameters, declare

DTYPES: dict[str, Any] = {"float32": np.float32, "float16": np.float16, "bfloat16": ml_dtypes.bfloat16}
INDEX = "model.safetensors.index.json"
# Buffers that old exports carry and nothing reads.
BUFFERS = ("rotary_emb.inv_freq",)
# Files of a tokenizer that travel with it.
TOKENIZER_FILES = ("tokenizer.model", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json")


def to_hf(params: Parameters, config: ModelConfig) -> Iterator[tuple[str, Any]]:
    """(name, tensor) pairs as Hugging Face names and shapes them; the inverse of `from_hf`."""
    for name in _names(config):
        value = params[name.ours[0]] if len(name.ours) == 1 else params[name.ours[0]][name.ours[1]]
        for layer in range(config.num_hidden_layers if name.per_layer else 1):
            tensor = value[layer] if name.per_layer else value
            yield name.hugging_face.format(layer), tensor.T if name.transposed else tensor


def from_hf(tensors: Mapping[str, Any], config: ModelConfig, source: str) -> Parameters:
    """Our parameters from Hugging Face's tensors, dtype kept; UserError names what is missing, extra or misshapen."""
    declared = declare(config)
    params: dict[str, Any] = {"layers": {}}
    wanted = {hf_name for name in _names(config) for hf_name in _hf_names(name, config)}
    extra = sorted(key for key in set(tensors) - wanted if not key.endswith(BUFFERS))
    if config.tie_word_embeddings:
        extra = [key for key in extra if key != "lm_head.weight"]
    if extra:
        raise UserError(f"{source}: tensor {extra[0]!r} belongs to no LLaMA of this configuration")
    for name in _names(config):
        home = declared["layers"] if name.per_layer else declared
        shape = home[name.ours[-1]].shape[1 if name.per_layer else 0 :]
        arrays = []
        for key in _hf_names(name, config):
            if key not in tensors:
                raise UserError(f"{source}: tensor {key!r} is missing")
            array = tensors[key].T if name.transposed else tensors[key]
            if array.shape != shape:
                found = array.shape[::-1] if name.transposed else array.shape
                right = shape[::-1] if name.transposed else shape
                raise UserError(f"{source}: tensor {key!r} has shape {found}, the configuration says {right}")
            arrays.append(array)
        if name.per_layer:
            params["layers"][name.ours[1]] = np.stack(arrays)
        else:
            params[name.ours[0]] = np.ascontiguousarray(arrays[0])
    return params


def read_weights(folder: Path, config: ModelConfig) -> tuple[Parameters, str]:
    """The parameters of a model folder, as numpy arrays in the dtype they have there, and its name.

    Reads `model.safetensors`, or the shards that `model.safetensors.index.json` lists.
    """
    tensors: dict[str, np.ndarray] = {}
    for file in _weight_files(folder):
        try:
            with safe_open(file, framework="np") as opened:
                for key in opened.keys():  # noqa: SIM118 (safe_open is no mapping)
                    tensors[key] = opened.get_tensor(key)
        except (SafetensorError, OSError) as error:
            raise UserError(f"{file}: not a readable safetensors file ({error})") from None
    params = from_hf(tensors, config, str(folder))
    dtype = params["embedding"].dtype.name
    if dtype not in DTYPES:
        raise UserError(f"{folder}: weights of type {dtype}; known are {', '.join(DTYPES)}")
    return params, dtype


def write_model(folder: Path, params: Parameters, config: ModelConfig, dtype: str, tokenizer: Path) -> None:
    """Write an existing, empty folder that transformers loads: weights, configuration, tokenizer.

    The weights are rounded to dtype, read back from the file and compared, every one of them.
    """
    tensors = {
        key: np.ascontiguousarray(np.asarray(value).astype(DTYPES[dtype])) for key, value in to_hf(params, config)
    }
    file = folder / "model.safetensors"
    save_file(tensors, file, metadata={"format": "pt"})
    with safe_open(file, framework="np") as opened:
        for key, tensor in tensors.items():
            if opened.get_tensor(key).tobytes() != tensor.tobytes():
                raise OSError(f"{file}: tensor {key} was not read back as written")
    write_json(folder / "config.json", config.to_hf(dtype))
    special = {"bos_token_id": config.bos_token_id, "eos_token_id": config.eos_token_id}
    write_json(folder / "generation_config.json", {"do_sample": False, **special})
    copy_tokenizer(tokenizer, folder)


def copy_tokenizer(tokenizer: Path, folder: Path) -> None:
    """Copy a tokenizer file and the settings beside it; a bare `tokenizer.model` gets LLaMA's settings."""
    name = "tokenizer.model" if tokenizer.suffix == ".model" else "tokenizer.json"
    shutil.copyfile(tokenizer, folder / name)
    for beside in TOKENIZER_FILES[2:]:
        if tokenizer.with_name(beside).is_file():
            shutil.copyfile(tokenizer.with_name(beside), folder / beside)
    if name == "tokenizer.model" and not (folder / "tokenizer_config.json").exists():
        settings = {
            "tokenizer_class": "LlamaTokenizer",
            "bos_token": "<s>",
            "eos_token": "</s>",
            "unk_token": "<unk>",
            "add_bos_token": True,
            "add_eos_token": False,
            "legacy": True,
        }
        write_json(folder / "tokenizer_config.json", settings)


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file for people and programs: indented, UTF-8, a newline at the end."""
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _weight_files(folder: Path) -> list[Path]:
    index = folder / INDEX
    if index.is_file():
        try:
            names = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
        except (ValueError, KeyError, AttributeError):
            raise UserError(f"{index}: malformed; it must hold a weight_map of tensor to file") from None
    else:
        names = {"model.safetensors"}
    for name in sorted(names):
        if not isinstance(name, str) or Path(name).name != name:
            raise UserError(f"{index}: names {name!r}, which is no file of this folder")
        if not (folder / name).is_file():
            raise UserError(f"{folder}: no {name} in it; COMMIT reads safetensors weights only")
    return [folder / name for name in sorted(names)]


def _names(config: ModelConfig) -> Iterator[Name]:
    return (name for name in NAMES if not (name.ours == ("head",) and config.tie_word_embeddings))


def _hf_names(name: Name, config: ModelConfig) -> list[str]:
    return [name.hugging_face.format(layer) for layer in range(config.num_hidden_layers if name.per_layer else 1)]
