"""Read and write an adapter_config.json of PEFT, which any tool may have written."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from commit_llm.convert.peft_names import ALL_LINEAR, module_names, saved_of, targets_of
from commit_llm.errors import UserError, shown
from commit_llm.files.json_text import read_json_object
from commit_llm.model.adapter import Adapter
from commit_llm.model.config import ModelConfig
from commit_llm.model.field_values import LARGEST
from commit_llm.model.parameters import declare

CONFIGURATION_FILE = "adapter_config.json"
MERGE = "merge it with peft (merge_and_unload, save_pretrained) and name the merged folder"
HANDLED = frozenset({
    "base_model_name_or_path", "ensure_weight_tying", "lora_alpha", "modules_to_save", "r", "revision",
    "target_modules", "use_rslora",
})  # fmt: skip
# Fields that change nothing of what a trained adapter computes: where it comes from, how it was trained, how its
# training began, and what other fields alone ask for.
IDLE = frozenset({
    "auto_mapping", "corda_config", "eva_config", "inference_mode", "layers_pattern", "loftq_config", "lora_dropout",
    "lora_ga_config", "megatron_core", "peft_version", "qalora_group_size", "runtime_config", "velora_config",
})  # fmt: skip
# How training may have begun without a change of the base's own weights. Others (pissa, olora, corda, loftq, lora_ga)
# take from the base what they put into the adapter, which belongs to another base then.
BEGINNINGS = (True, False, "gaussian", "orthogonal", "eva")
NONE: tuple[Any, ...] = (None, False, [], {}, "")


@dataclass(frozen=True)
class Plain:
    """Say which values of a field are those of plain LoRA, and what every other one means."""

    values: tuple[Any, ...]
    why: str


REFUSED = {
    "peft_type": Plain(("LORA",), 'COMMIT reads adapters of the type "LORA"'),
    "task_type": Plain((None, "CAUSAL_LM"), 'COMMIT has causal language models alone: it must be "CAUSAL_LM"'),
    "init_lora_weights": Plain(
        (None, *BEGINNINGS), "it took from the base's weights what it began with, so the base is another model now"
    ),
    "bias": Plain((None, "none"), 'the adapter holds biases of the base: it must be "none"'),
    "use_dora": Plain(NONE, "DoRA scales the columns of every kernel, which COMMIT does not"),
    "rank_pattern": Plain(NONE, "all modules of an adapter have one rank here: it must be empty"),
    "alpha_pattern": Plain(NONE, "all modules of an adapter have one alpha here: it must be empty"),
    "layers_to_transform": Plain((None,), "an adapter lies beside all layers here: it must be null"),
    "fan_in_fan_out": Plain(NONE, "kernels of these models are (out, in): it must be false"),
    "lora_bias": Plain(NONE, "an adapter has no biases here: it must be false"),
    "exclude_modules": Plain(NONE, "name the modules in target_modules: it must be null"),
    "trainable_token_indices": Plain(NONE, "single rows of the embedding are no part of an adapter here"),
    "target_parameters": Plain(NONE, "an adapter lies beside modules here, not beside parameters"),
}  # fmt: skip


@dataclass(frozen=True)
class PeftConfiguration:
    """Say what an adapter_config.json says.

    adapter: with the alpha that gives its scale, which is alpha / sqrt(rank) where use_rslora says so.
    base: the name of the base, a folder or an id of the hub.
    revision: of a base of the hub; None is its main branch.
    ties: whether an embedding and a head that are one stay one, where the adapter holds them whole.
    """

    adapter: Adapter
    base: str
    revision: str | None = None
    ties: bool = False


def read_configuration(folder: Path) -> PeftConfiguration:
    """Read a folder's adapter_config.json.

    Raises UserError where it is missing or malformed, where it lacks what PEFT has a default for that makes another
    model of it, and for a field that asks for more than plain LoRA.
    """
    path = folder / CONFIGURATION_FILE
    try:
        settings = read_json_object(path)
    except FileNotFoundError:
        raise UserError(f"{folder}: not an adapter folder (no {CONFIGURATION_FILE} in it); name another") from None
    _require_plain(settings, path)
    rank = _required(settings, "r", path)
    if type(rank) is not int or not 0 < rank < LARGEST[int]:
        raise UserError(f"{path}: r is {shown(rank)}; it must be a whole number above 0")
    alpha = _required(settings, "lora_alpha", path)
    if type(alpha) not in (int, float) or not 0 < alpha < LARGEST[float]:
        raise UserError(f"{path}: lora_alpha is {shown(alpha)}; it must be a number above 0")
    alpha *= math.sqrt(rank) if _switch(settings, "use_rslora", path) else 1.0
    targets = targets_of(_targets(_required(settings, "target_modules", path), path), f"{path}: target_modules")
    saved = saved_of(_names(settings.get("modules_to_save") or [], "modules_to_save", path), f"{path}: modules_to_save")
    base, revision = settings.get("base_model_name_or_path"), settings.get("revision")
    if not isinstance(base, str) or not base:
        raise UserError(
            f"{path}: base_model_name_or_path is {shown(base)}; it must name the base: write its folder or hub id there"
        )
    if not isinstance(revision, str | None):
        raise UserError(f"{path}: revision is {shown(revision)}; it must be a commit, tag or branch, or null")
    ties = _switch(settings, "ensure_weight_tying", path)
    return PeftConfiguration(Adapter(rank, alpha, targets, saved), base, revision or None, ties)


def adapted(configuration: PeftConfiguration, config: ModelConfig, source: str) -> tuple[Adapter, ModelConfig]:
    """Give what an adapter holds beside a base, and the configuration of the model that both are together.

    Where a base's head is its embedding, PEFT trains and keeps each by itself, unless `ensure_weight_tying` says that
    they are one: the model becomes untied then.

    config: of the base.
    source: the adapter's folder, for messages.

    Raises UserError where the rank is above a dimension of a kernel.
    """
    adapter = configuration.adapter
    for name in adapter.targets:
        _, in_size, out_size = declare(config)["layers"][name].shape
        if adapter.rank > min(in_size, out_size):
            raise UserError(
                f"{source}: r is {adapter.rank}, above a dimension of {module_names([name])[0]} of the base "
                f"{shown(configuration.base)}, {in_size} x {out_size}; is it the adapter of another base?"
            )
    if not config.tie_word_embeddings or not adapter.saved:
        return adapter, config
    if configuration.ties:
        return replace(adapter, saved=("embedding",)), config
    return adapter, replace(config, tie_word_embeddings=False)


def peft_settings(adapter: Adapter, config: ModelConfig, base: str, revision: str | None) -> dict[str, Any]:
    """Give the mapping of an adapter_config.json, as PEFT 0.21 writes it, but for fields of other methods.

    config: of the base.
    base: the name of the base, a folder or an id of the hub.
    """
    alpha = int(adapter.alpha) if float(adapter.alpha).is_integer() else adapter.alpha
    return {
        "alpha_pattern": {},
        "auto_mapping": None,
        "base_model_name_or_path": base,
        "bias": "none",
        "ensure_weight_tying": config.tie_word_embeddings and bool(adapter.saved),
        "exclude_modules": None,
        "fan_in_fan_out": False,
        "inference_mode": True,
        "init_lora_weights": True,
        "layers_pattern": None,
        "layers_to_transform": None,
        "lora_alpha": alpha,
        "lora_bias": False,
        "lora_dropout": 0.0,
        "modules_to_save": module_names(adapter.saved) or None,
        "peft_type": "LORA",
        "r": adapter.rank,
        "rank_pattern": {},
        "revision": revision,
        "target_modules": module_names(adapter.targets),
        "target_parameters": None,
        "task_type": "CAUSAL_LM",
        "trainable_token_indices": None,
        "use_dora": False,
        "use_rslora": False,
    }


def _require_plain(settings: Mapping[str, Any], path: Path) -> None:
    """Raise UserError for a field that makes more than plain LoRA of an adapter, or may do so."""
    if "peft_type" not in settings:
        raise UserError(f'{path}: no peft_type; is it the configuration of an adapter? Write "LORA" there if it is one')
    for name, value in settings.items():
        if name in HANDLED or name in IDLE:
            continue
        if name not in REFUSED:
            if not _is_one_of(value, NONE):
                raise UserError(
                    f"{path}: {name} is {shown(value)}; COMMIT does not know this field, and it may change the model: "
                    f"{MERGE}"
                )
        elif not _is_one_of(value, REFUSED[name].values):
            raise UserError(f"{path}: {name} is {shown(value)}; {REFUSED[name].why}; {MERGE}")


def _is_one_of(value: Any, values: tuple[Any, ...]) -> bool:
    """Say whether a value is one of some, and not only what Python takes for equal: false is not 0."""
    return any(type(value) is type(one) and value == one for one in values)


def _required(settings: Mapping[str, Any], name: str, path: Path) -> Any:
    """Give what an adapter cannot be without. PEFT has a default for it, which is most likely that of another model."""
    if settings.get(name) is None:
        raise UserError(
            f"{path}: no {name}, without which it is another model; write there what the adapter was trained with"
        )
    return settings[name]


def _switch(settings: Mapping[str, Any], name: str, path: Path) -> bool:
    value = settings.get(name)
    if not isinstance(value, bool | None):
        raise UserError(f"{path}: {name} is {shown(value)}; it must be true or false")
    return bool(value)


def _targets(value: Any, path: Path) -> list[str]:
    """Give the names of target_modules; a text is a pattern to PEFT, but for "all-linear".

    Of a model with few modules PEFT writes the path of each, with the layer's number. That all layers have an
    adapter, the tensors must show (convert/peft_tensors.py).
    """
    if isinstance(value, str) and value != ALL_LINEAR:
        raise UserError(
            f"{path}: target_modules is {shown(value)}, a pattern; write the list of names that it stands for"
        )
    if isinstance(value, str):
        return [value]
    return [re.sub(r"^(model\.)?layers\.[0-9]+\.", "", name) for name in _names(value, "target_modules", path)]


def _names(value: Any, field: str, path: Path) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(name, str) and name for name in value):
        raise UserError(f"{path}: {field} is {shown(value)}; it must be a list of names")
    return value
