"""Read and write the adapter_model.safetensors of PEFT: the tensors of an adapter, under PEFT's names and shapes."""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from commit_llm.convert.folder import rounded, write_checked
from commit_llm.convert.huggingface import hf_names, read_whole
from commit_llm.convert.peft_configuration import CONFIGURATION_FILE
from commit_llm.convert.peft_names import PREFIX, adapter_names
from commit_llm.convert.sealed_weights import require_unchanged
from commit_llm.convert.weight_files import (
    DTYPE_NAMES,
    EMBEDDING,
    HEAD,
    FileTensor,
    are_equal,
    of_decoder,
    open_tensors,
)
from commit_llm.errors import UserError, shown
from commit_llm.model.adapter import Adapter, declare_adapter
from commit_llm.model.config import ModelConfig
from commit_llm.model.parameters import Parameter, Parameters

ADAPTER_FILE = "adapter_model.safetensors"
PICKLED_FILE = "adapter_model.bin"


def write_adapter(folder: Path, trained: Parameters, adapter: Adapter, config: ModelConfig) -> None:
    """Write what an adapter holds to a folder with an adapter_config.json, in fp32; read it back and compare it.

    config: of the base. Where its head is its embedding, a saved embedding occurs there twice, as in PEFT's own files.

    Raises UserError where a number is not finite, OSError where a tensor differs.
    """
    tensors = {}
    for name in adapter_names(adapter):
        value = trained["layers"][name.path[1]] if name.per_layer else trained[name.path[0]]
        for layer, key in enumerate(hf_names(name, config)):
            tensor = np.asarray(value[layer] if name.per_layer else value)
            tensors[key] = rounded(key, tensor.T if name.transposed else tensor, "float32")
    if config.tie_word_embeddings and "embedding" in adapter.saved:
        tensors[PREFIX + HEAD] = rounded(PREFIX + HEAD, np.asarray(trained["embedding"]), "float32")
    write_checked(folder / ADAPTER_FILE, tensors, CONFIGURATION_FILE)


def adapter_file(folder: Path) -> Path:
    """Give the file of a folder that holds an adapter's tensors. Raises UserError where there is none."""
    if (folder / ADAPTER_FILE).is_file():
        return folder / ADAPTER_FILE
    if (folder / PICKLED_FILE).is_file():
        raise UserError(
            f"{folder}: has {PICKLED_FILE}, a pickle, which COMMIT never opens, and no {ADAPTER_FILE}; load it with "
            "peft and save it again (save_pretrained)"
        )
    raise UserError(f"{folder}: no {ADAPTER_FILE} in it; fetch or save the adapter again")


def read_adapter(folder: Path, adapter: Adapter, config: ModelConfig) -> Parameters:
    """Read what an adapter holds, as fp32 arrays of numpy, with the keys of `model.adapter.declare_adapter`.

    config: of the adapted model.

    Raises UserError where the file cannot be read, is damaged, or does not fit the configurations.
    """
    file = adapter_file(folder)
    require_unchanged(file)
    declared = declare_adapter(config, adapter)
    trained: Parameters = {"layers": {}}
    with ExitStack() as opened:
        tensors = _of_adapter(open_tensors(file, opened))
        _require_fit(tensors, declared, adapter, config, file)
        for name in adapter_names(adapter):
            part, place = (trained["layers"], declared["layers"]) if name.per_layer else (trained, declared)
            of_layers = [tensors[key] for key in hf_names(name, config)]
            part[name.path[-1]] = read_whole(name, of_layers, place[name.path[-1]].shape).astype(np.float32)
    return trained


def _of_adapter(tensors: dict[str, FileTensor]) -> dict[str, FileTensor]:
    """Give the tensors under the names that they have beside a decoder alone.

    A file for a model that sees images too has one more module in each path (`language_model`).
    """
    others = {key: tensor for key, tensor in tensors.items() if not key.startswith(PREFIX)}
    of_base = {key.removeprefix(PREFIX): tensor for key, tensor in tensors.items() if key not in others}
    return others | {PREFIX + key: tensor for key, tensor in of_decoder(of_base).items()}


def _require_fit(
    tensors: Mapping[str, FileTensor], declared: Mapping[str, Any], adapter: Adapter, config: ModelConfig, file: Path
) -> None:
    """Raise UserError where a tensor is extra, missing, misshapen or of a type that is none of ours.

    Also where a head beside a saved embedding is another, though the configuration says that they are one.
    """
    wanted = _shapes(declared, adapter, config)
    twice = config.tie_word_embeddings and "embedding" in adapter.saved and PREFIX + HEAD in tensors
    if twice:
        wanted[PREFIX + HEAD] = wanted[PREFIX + EMBEDDING]
    missing = [key for key in wanted if key not in tensors]
    extra = sorted(set(tensors) - set(wanted))
    if extra:
        more = f" (nor do {len(extra) - 1:,} more; {len(missing):,} are missing)" if len(extra) > 1 else ""
        raise UserError(
            f"{file}: tensor {shown(extra[0])} is none that {CONFIGURATION_FILE} and the base ask for{more}; is it the "
            "adapter of another base?"
        )
    if missing:
        more = f" (and {len(missing) - 1:,} more)" if len(missing) > 1 else ""
        raise UserError(f"{file}: tensor {missing[0]!r} is missing{more}; save or fetch the adapter again")
    for key, shape in wanted.items():
        if tensors[key].shape != shape:
            raise UserError(
                f"{file}: tensor {key!r} has shape {tensors[key].shape}, and {CONFIGURATION_FILE} with the base says "
                f"{shape}; is it the adapter of another base?"
            )
        if tensors[key].dtype not in DTYPE_NAMES:
            raise UserError(
                f"{file}: tensor {key!r} is of type {tensors[key].dtype}; known are {', '.join(DTYPE_NAMES)}: save it "
                "as one of them"
            )
    if twice and not are_equal(tensors[PREFIX + HEAD], tensors[PREFIX + EMBEDDING]):
        raise UserError(
            f"{file}: its lm_head is not its embed_tokens, though {CONFIGURATION_FILE} ties them; write "
            "ensure_weight_tying false there if they are two"
        )


def _shapes(declared: Mapping[str, Any], adapter: Adapter, config: ModelConfig) -> dict[str, tuple[int, ...]]:
    """Give the shape that each tensor of a file must have."""
    shapes: dict[str, tuple[int, ...]] = {}
    for name in adapter_names(adapter):
        parameter: Parameter = (declared["layers"] if name.per_layer else declared)[name.path[-1]]
        shape = parameter.shape[1:] if name.per_layer else parameter.shape
        shapes |= dict.fromkeys(hf_names(name, config), shape[::-1] if name.transposed else shape)
    return shapes
