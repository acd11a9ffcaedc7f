"""Evaluation data from the Hugging Face hub: Parquet files, no loading script."""

from pathlib import Path
from typing import Any

from commit_llm.errors import UserError
from commit_llm.evaluate.tasks import Task

# Data set, and the revision that holds Parquet files: MLQA's own is a script, which we do not run.
SOURCES = {"xquad": ("google/xquad", None), "mlqa": ("facebook/mlqa", "refs/convert/parquet")}


def load_rows(task: Task) -> list[dict[str, Any]]:
    """A task's rows: id, context, question, answers; from the hub's cache on this machine where it is offline.

    Raises UserError, at once where there is no network, saying which file to get by hand.
    """
    import pyarrow.parquet as pq
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError, OfflineModeIsEnabled

    repository, revision = SOURCES[task.dataset]
    config = f"xquad.{task.language}" if task.dataset == "xquad" else f"mlqa.{task.language}.{task.language}"
    pattern = f"{config}/*{task.split}*.parquet"
    way_out = f"put {task.files()[0]} into a folder and name it with --data-dir"
    try:
        folder = snapshot_download(repository, repo_type="dataset", revision=revision, allow_patterns=pattern)
        under = Path(folder).glob(f"{config}/**/*.parquet")
        files = sorted(file for file in under if task.split in str(file.relative_to(folder)))
    except (LocalEntryNotFoundError, OfflineModeIsEnabled):
        raise UserError(f"{task.name}: the hub cannot be reached for {repository}; {way_out}") from None
    except Exception as error:  # the library raises many kinds
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(f"{task.name}: {repository} was not loaded from the hub ({reason}); {way_out}") from None
    if not files:
        raise UserError(f"{task.name}: {repository} holds no {pattern} here; {way_out}")
    return [row for file in files for row in pq.read_table(file).to_pylist()]
