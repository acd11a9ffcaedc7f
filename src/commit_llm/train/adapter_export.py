"""Export: the adapter that a run trains, as a folder that PEFT loads beside the base."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from commit_llm.convert.peft_configuration import CONFIGURATION_FILE, peft_settings
from commit_llm.convert.peft_tensors import write_adapter
from commit_llm.data.chat.single_instruction import write_chat_template
from commit_llm.data.tokenizer_files import copy_tokenizer
from commit_llm.errors import UserError, shown
from commit_llm.files.json_text import read_json_object
from commit_llm.files.provenance import public_name
from commit_llm.files.whole import whole_folder, write_json
from commit_llm.model.families.family import TEXT_PARTS
from commit_llm.parallel.processes import is_first, together
from commit_llm.recipes import load_recipe
from commit_llm.runs.history import TRAINING, UNKNOWN
from commit_llm.runs.run import BASE, CONFIG, PROMPT, PROVENANCE, WEIGHTS, is_run, prompt_of, read_provenance
from commit_llm.train.adapted import adapter_of_run, open_base
from commit_llm.train.adapter_folder import is_adapter
from commit_llm.train.export import exported_from, open_run, write_origin
from commit_llm.train.lineage import history_of
from commit_llm.train.model_card import model_card
from commit_llm.train.weights import load_adapter

LOGGER = logging.getLogger("commit_llm")
MERGED = "leave --adapter out, and the export is the merged model"


def export_adapter(run: Path, out: Path, *, step: int | None = None, overwrite: bool = False) -> str:
    """Write the adapter of a run's checkpoint, in fp32 as it was trained, and give the name of its base.

    step: of the checkpoint; None is the newest.

    Raises UserError where the run trained the whole model, or its base is none that PEFT loads.
    """
    source, step = open_run(run, out, step, overwrite, CONFIGURATION_FILE)
    adapter = adapter_of_run(run)
    if adapter is None:
        raise UserError(f"{run}: trained the whole model, and no adapter (--lora-r); leave --adapter out")
    with together("base"):
        base, revision = _base_for_peft(run)
    trained = load_adapter(source, adapter, step)
    history, recipe, provenance = history_of(source, step) or UNKNOWN, load_recipe(run / CONFIG), read_provenance(run)
    prompt = prompt_of(run, recipe)
    with together("exported"):
        if is_first():
            if step < recipe.steps:
                LOGGER.warning("%s: exported at step %s of %s; the run is not at its end", run, step, recipe.steps)
            with whole_folder(out, overwrite, CONFIGURATION_FILE) as folder:
                copy_tokenizer(source.tokenizer, folder)
                has_template = write_chat_template(folder, source.tokenizer, prompt, run / PROVENANCE)
                card = model_card(run, step, "float32", source, has_template, adapter_of=base)
                (folder / "README.md").write_text(card, encoding="utf-8")
                write_json(folder / CONFIGURATION_FILE, peft_settings(adapter, source.config, base, revision))
                write_adapter(folder, trained, adapter, source.config)
                kept = {BASE: _published(provenance[BASE]), WEIGHTS: provenance[WEIGHTS], PROMPT: prompt}
                write_origin(folder, source, exported_from(run, step) | kept | history.to_json(TRAINING))
    return base


def _published(base: Mapping[str, Any]) -> dict[str, Any]:
    """Give what a run's provenance.json says of its base, without the folders that it is in."""
    is_of_hub = base["revision"] is not None
    return dict(base) if is_of_hub else {**base, "model": public_name(base["model"])}


def _base_for_peft(run: Path) -> tuple[str, str | None]:
    """Give the name of a run's base, and its revision on the hub.

    Raises UserError where it is none that PEFT loads, or no longer what the adapter was trained beside.
    """
    described = read_provenance(run).get(BASE)
    name = described.get("model") if isinstance(described, dict) else None
    if isinstance(name, str) and (is_run(Path(name)) or is_adapter(Path(name))):
        kind = "a run" if is_run(Path(name)) else "an adapter itself"
        raise UserError(f"{run}: the base of its adapter, {shown(name)}, is {kind}, which peft does not load; {MERGED}")
    base, _ = open_base(run)
    if base.adapter is not None:
        raise UserError(f"{run}: the base of its adapter, {shown(name)}, is an adapter itself; {MERGED}")
    model_type = str(read_json_object(base.folder / "config.json").get("model_type"))
    if model_type in TEXT_PARTS:
        raise UserError(
            f"{run}: the base of its adapter, {shown(name)}, is a {model_type}, whose decoder has other names in "
            f"peft; {MERGED}"
        )
    return str(name), base.commit
