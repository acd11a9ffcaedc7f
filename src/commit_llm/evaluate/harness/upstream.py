"""lm-eval's own tasks, run on a model of ours."""

import contextlib
import difflib
import logging
import math
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from commit_llm import __version__
from commit_llm.errors import UserError, reason_of
from commit_llm.evaluate.answers import Answerer
from commit_llm.evaluate.tasks import TASKS

SAMPLES = "samples.jsonl"


@dataclass(frozen=True)
class Upstream:
    """Tasks of lm-eval, by name, and its index of them."""

    names: tuple[str, ...]
    manager: Any

    def run(
        self,
        model: Answerer,
        responses: Path,
        limit: int | None,
        batch_size: int,
        report: Callable[[str, int, int], None],
    ) -> tuple[dict[str, dict[str, Any]], list[dict[str, Any]]]:
        """Entries of results.json by task, metrics as lm-eval gives them, and a row for every sample.

        responses is the file that keeps what the model has said, for going on.
        """
        import lm_eval

        from commit_llm.evaluate.harness.language_model import CommitLM

        ours = CommitLM(model, batch_size, responses, report)
        os.environ["DISABLE_MULTIPROC"] = "1"  # or its bootstrap forks this process, threads of jax and all
        try:
            with contextlib.redirect_stdout(sys.stderr):  # it prints, and our output may be JSON
                found = lm_eval.simple_evaluate(
                    model=ours, tasks=list(self.names), limit=limit, task_manager=self.manager
                )
        except (ConnectionError, FileNotFoundError) as error:
            reason = reason_of(error)
            raise UserError(f"{', '.join(self.names)}: lm-eval could not load its data ({reason})") from None
        entries = {name: _entry(found, name, model, limit) for name in found["results"]}
        return entries, [_sample(name, row) for name, rows in found["samples"].items() for row in rows]


def find_upstream(names: Sequence[str]) -> Upstream:
    """Look names up in lm-eval's index, which takes it half a minute.

    Raises UserError where the extra `eval` is not installed, or for an unknown name, with the nearest ones.
    """
    if not sys.stderr.isatty():
        os.environ.setdefault("TQDM_DISABLE", "1")  # its bars, line upon line in a file
    try:
        from lm_eval.tasks import TaskManager
    except ImportError:
        raise UserError(
            f"no task {names[0]!r} here; tasks of lm-eval need it: `pip install 'commit-llm[eval]'`"
        ) from None
    logging.getLogger("lm_eval").setLevel(logging.ERROR)
    manager = TaskManager()
    for name in names:
        if name not in manager.all_tasks:
            near = difflib.get_close_matches(name, [*TASKS, *manager.all_tasks], n=3, cutoff=0.6)
            hint = f"near it are {', '.join(near)}" if near else "`lm_eval ls tasks` lists them"
            raise UserError(f"no task {name!r}, here or in lm-eval; {hint}")
    return Upstream(tuple(names), manager)


def _entry(found: dict[str, Any], name: str, model: Answerer, limit: int | None) -> dict[str, Any]:
    import lm_eval

    values = found["results"][name]
    metrics = {key.removesuffix(",none"): _plain(value) for key, value in values.items() if _is_number(value)}
    metrics.pop("sample_len", None)
    signature = {
        "task": name,
        "task-version": found["versions"].get(name),
        "shots": found["n-shot"].get(name, 0),
        "harness": f"lm-eval-{lm_eval.__version__}",
        "dtype": str(model.dtype),
        "model": model.fingerprint[:16],
        "limit": limit or "none",
        "version": __version__,
    }
    return {
        "metrics": metrics,
        "items": found["n-samples"].get(name, {}).get("effective"),
        "limit": limit,
        "signature": "|".join(f"{key}:{value}" for key, value in signature.items()),
    }


def _sample(task: str, row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": str(row["doc_id"]),
        "task": task,
        "filter": row["filter"],
        "prediction": _plain(row["filtered_resps"]),
        "target": _plain(row["target"]),
        **{metric: _plain(row[metric]) for metric in row["metrics"]},
    }


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.number)


def _plain(value: Any) -> Any:
    """What JSON can hold: numpy's values as Python's, null for what is no finite number."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, str | int | float | None) else str(value)
