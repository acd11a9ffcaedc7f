"""Export: a run's model as a Hugging Face folder."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from commit_llm import __version__
from commit_llm.convert.config_text import changed_config
from commit_llm.convert.folder import CONFIG_FILE, write_model
from commit_llm.convert.huggingface import tensor_dtypes
from commit_llm.data.chat.single_instruction import write_chat_template
from commit_llm.data.stops import write_generation_config
from commit_llm.data.tokenizer_bos import change_bos
from commit_llm.data.tokenizer_files import copy_tokenizer, own_name
from commit_llm.errors import UserError
from commit_llm.files.provenance import sha256
from commit_llm.files.whole import refuse_existing_folder, whole_folder, write_json
from commit_llm.model.config import ModelConfig
from commit_llm.parallel.processes import from_first, is_first, together
from commit_llm.recipes import Recipe, load_recipe
from commit_llm.runs.history import TRAINING, UNKNOWN
from commit_llm.runs.run import (
    BASE,
    CONFIG,
    PROMPT,
    PROVENANCE,
    TOKENIZER,
    TOKENS,
    is_run,
    prompt_of,
    read_provenance,
    tokens_of,
)
from commit_llm.train.adapter_folder import is_adapter
from commit_llm.train.checkpoint import Checkpoints
from commit_llm.train.lineage import history_of
from commit_llm.train.model_card import model_card
from commit_llm.train.model_source import ModelSource, folder_of, open_model
from commit_llm.train.weights import load_params

LOGGER = logging.getLogger("commit_llm")


def export(run: Path, out: Path, *, step: int | None = None, dtype: str | None = None, overwrite: bool = False) -> str:
    """Write the model of a run's checkpoint, and give the dtype that it is written in.

    step: of the checkpoint; None is the newest.
    dtype: None is the dtype of the weights that training began with, but bfloat16 for fp32, and float16 for a -2024
        run, as the original does. Of a run that trained an adapter each tensor has the dtype that it has in the base,
        so that tensors without an adapter keep their bytes; the one given is that of the embedding.

    Of several processes each reads the whole model, and process 0 writes it.
    """
    source, step = open_run(run, out, step, overwrite, CONFIG_FILE)
    params, trained_from = load_params(source, step=step)
    history = history_of(source, step) or UNKNOWN
    recipe = load_recipe(run / CONFIG)
    prompt = prompt_of(run, recipe)
    as_base = dtype is None and recipe.lora_r is not None
    if dtype is None:
        dtype = trained_from if as_base else _usual_dtype(recipe, trained_from)
    with together("exported"):
        if is_first():
            if step < recipe.steps:
                LOGGER.warning("%s: exported at step %s of %s; the run is not at its end", run, step, recipe.steps)
            if dtype != trained_from:
                LOGGER.info("trained from %s weights, written as %s; `export --dtype` chooses", trained_from, dtype)
            dtypes = _dtypes_of_base(run, source.config) if as_base else {}
            with whole_folder(out, overwrite, CONFIG_FILE) as folder:
                copy_tokenizer(source.tokenizer, folder)
                has_template = write_chat_template(folder, source.tokenizer, prompt, run / PROVENANCE)
                named = " and ".join(dict.fromkeys([dtype, *dtypes.values()]))
                card = model_card(run, step, named, source, has_template)
                config = changed_config(source.folder / CONFIG_FILE, source.config, dtype)
                write_model(folder, params, source.config, dtype, config, card, dtypes=dtypes)
                write_origin(folder, source, exported_from(run, step) | {PROMPT: prompt} | history.to_json(TRAINING))
    return dtype


def _usual_dtype(recipe: Recipe, trained_from: str) -> str:
    """Give the dtype in which a model that was trained whole is written. trained_from: that of its first weights."""
    if recipe.behaviour == "original":
        return "float16"
    return "bfloat16" if trained_from == "float32" else trained_from


def _dtypes_of_base(run: Path, config: ModelConfig) -> dict[str, str]:
    """Give the dtype of each tensor of the base of a run that trained an adapter, which was read just now.

    Nothing where the base is a run or an adapter itself, whose weights lie in no files of a model.
    """
    base = read_provenance(run)[BASE]
    folder, run_of_base, _ = folder_of(base["model"], base["revision"], weights=True)
    return {} if run_of_base is not None or is_adapter(folder) else tensor_dtypes(folder, config)


def open_run(run: Path, out: Path, step: int | None, overwrite: bool, marker: str) -> tuple[ModelSource, int]:
    """Open a run that is to be exported, and give the step of the checkpoint. All processes call it together.

    out, marker: the folder to make, and a file that every output of this kind has.

    Raises UserError where it is not a run, or the folder is there already.
    """
    with together("export"):
        if is_first():
            refuse_existing_folder(out, overwrite, marker)
        if not is_run(run):
            raise UserError(
                f"{run}: not a run directory (no config.yaml and provenance.json in it); name the folder that "
                "`commit-llm train --out` made"
            )
    return open_model(str(run)), newest_step(run) if step is None else step


def write_origin(folder: Path, source: ModelSource, provenance: Mapping[str, Any]) -> None:
    """Write what ends a text, whether a bos stands before one, and the provenance.json of an exported folder.

    folder: has the tokenizer's files.
    provenance: what there is beside the tokens.
    """
    write_generation_config(source.folder, folder, source.tokenizer, source.stops)
    if change := change_bos(folder, source.tokenizer):
        LOGGER.info("%s", change)
    tokens = {TOKENIZER: own_name(source.tokenizer), TOKENS: tokens_of(source.tokenizer, source.stops)}
    write_json(folder / PROVENANCE, dict(provenance) | tokens)


def newest_step(run: Path) -> int:
    """Give the step of a run's newest checkpoint, 0 where it has none; several processes take that of process 0."""
    with Checkpoints(run) as checkpoints:
        return from_first("newest step", max(checkpoints.steps(), default=0))


def exported_from(run: Path, step: int) -> dict[str, Any]:
    """Give what ties an exported folder to its run: hashes of the run's config.yaml and provenance.json, the step."""
    return {
        "commit_llm": __version__,
        "step": step,
        "run": {name: sha256(run / name) for name in (CONFIG, PROVENANCE)},
    }


def is_exported_from(folder: Path, run: Path, step: int) -> bool:
    """Say whether a folder is the export of a run's step."""
    ties = exported_from(run, step)
    provenance = read_provenance(folder)
    return {name: provenance.get(name) for name in ties} == ties
