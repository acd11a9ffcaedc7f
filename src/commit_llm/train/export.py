"""A run's model as a Hugging Face folder."""

from pathlib import Path
from typing import Any

from commit_llm import __version__
from commit_llm.codemix.settings import file_and_weight
from commit_llm.convert.folder import CONFIG_FILE, write_model
from commit_llm.data.tokenizer_files import copy_tokenizer
from commit_llm.errors import UserError
from commit_llm.files.provenance import public_name
from commit_llm.files.whole import refuse_existing_folder, sha256, whole_folder, write_json
from commit_llm.parallel.processes import from_first, is_first, together
from commit_llm.recipes import load_recipe
from commit_llm.runs.history import TRAINING, UNKNOWN
from commit_llm.runs.logs import read_metrics
from commit_llm.runs.run import CONFIG, PROVENANCE, is_run, read_provenance
from commit_llm.train.checkpoint import Checkpoints
from commit_llm.train.lineage import history_of
from commit_llm.train.weights import load_params, open_model


def export(run: Path, out: Path, *, step: int | None = None, dtype: str | None = None, overwrite: bool = False) -> str:
    """Write the model of a run's checkpoint (the newest one by default) and give the dtype it was written in.

    By default that is the dtype of the weights training began with; fp32 weights are written as
    bfloat16. A -2024 run is written as float16, as the original does. Of several processes each reads the whole
    model, and process 0 writes it.
    """
    with together("export"):
        if is_first():
            refuse_existing_folder(out, overwrite, CONFIG_FILE)
        if not is_run(run):
            raise UserError(f"{run}: not a run directory (no config.yaml and provenance.json in it)")
    source = open_model(str(run))
    step = newest_step(run) if step is None else step
    params, trained_from = load_params(source, step=step)
    history = history_of(source, step) or UNKNOWN
    if dtype is None and load_recipe(run / CONFIG).behaviour == "original":
        dtype = "float16"
    if dtype is None:
        dtype = "bfloat16" if trained_from == "float32" else trained_from
    with together("exported"):
        if is_first():
            with whole_folder(out, overwrite, CONFIG_FILE) as folder:
                write_model(folder, params, source.config, dtype, model_card(run, step, dtype))
                copy_tokenizer(source.tokenizer.path, folder)
                write_json(folder / PROVENANCE, exported_from(run, step) | history.to_json(TRAINING))
    return dtype


def newest_step(run: Path) -> int:
    """The step of a run's newest checkpoint, 0 where it has none; of several processes, as process 0 sees it."""
    with Checkpoints(run) as checkpoints:
        return from_first("newest step", max(checkpoints.steps(), default=0))


def exported_from(run: Path, step: int) -> dict[str, Any]:
    """What ties an exported folder to its run: the hash of the run's config.yaml and provenance.json, and the step."""
    return {
        "commit_llm": __version__,
        "step": step,
        "run": {name: sha256(run / name) for name in (CONFIG, PROVENANCE)},
    }


def is_exported_from(folder: Path, run: Path, step: int) -> bool:
    """Whether a folder is the export of a run's step."""
    ties = exported_from(run, step)
    provenance = read_provenance(folder)
    return {name: provenance.get(name) for name in ties} == ties


def model_card(run: Path, step: int, dtype: str) -> str:
    """A README.md for the exported folder: what the model is, what it was made of, and with what."""
    recipe, provenance = load_recipe(run / CONFIG), read_provenance(run)
    last = [line for line in read_metrics(run) if line["step"] <= step][-1:]
    dictionaries = ", ".join(_name(str(file_and_weight(name)[0])) for name in recipe.dictionary)
    mixing = f"code-mixed at ratio {recipe.ratio:g} with {dictionaries}" if recipe.ratio else "not code-mixed"
    rows = {
        "base model": _name(recipe.model) + (" (configuration only)" if recipe.from_scratch else ""),
        "training data": f"{_name(recipe.data)}, {recipe.form}, {mixing}",
        "training": f"{step} of {recipe.steps} steps of {recipe.batch_size} x {recipe.seq_len} tokens",
        "last loss": f"{last[0]['loss']:.4f} at step {last[0]['step']}" if last else "not logged",
        "weights": dtype,
        "made with": f"commit-llm {provenance['commit_llm']}, recipe behaviour: {recipe.behaviour}",
    }
    table = "\n".join(f"| {name} | {value} |" for name, value in rows.items())
    return (
        "---\nlibrary_name: transformers\npipeline_tag: text-generation\n---\n\n"
        "# A model tuned with COMMIT\n\n"
        f"| what | this model |\n| --- | --- |\n{table}\n\n"
        "Licences of the base model, the data and the dictionary apply to it: MUSE dictionaries and the Alpaca data, "
        "for instance, are CC BY-NC 4.0.\n"
    )


def _name(path: str | None) -> str:
    """In a cell of a table: a card does not tell of somebody's folders."""
    return "none" if path is None else public_name(path).replace("|", " ")
