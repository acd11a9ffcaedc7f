"""A run's model as a Hugging Face folder."""

from pathlib import Path

from commit_llm.convert.folder import write_model
from commit_llm.data.files import refuse_existing, whole_folder
from commit_llm.errors import UserError
from commit_llm.train.recipes import load_recipe
from commit_llm.train.run_directory import CONFIG, is_run
from commit_llm.train.weights import load_params, open_model


def export(run: Path, out: Path, *, step: int | None = None, dtype: str | None = None, overwrite: bool = False) -> str:
    """Write the model of a run's checkpoint (the newest one by default) and give the dtype it was written in.

    By default that is the dtype of the weights training began with; fp32 weights are written as
    bfloat16. A -2024 run is written as float16, as the original does.
    """
    refuse_existing(out, overwrite)
    if not is_run(run):
        raise UserError(f"{run}: not a run directory (no config.yaml and provenance.json in it)")
    source = open_model(str(run))
    params, trained_from = load_params(source, step=step)
    if dtype is None and load_recipe(run / CONFIG).behaviour == "original":
        dtype = "float16"
    if dtype is None:
        dtype = "bfloat16" if trained_from == "float32" else trained_from
    with whole_folder(out, overwrite) as folder:
        write_model(folder, params, source.config, dtype, source.tokenizer.path)
    return dtype
