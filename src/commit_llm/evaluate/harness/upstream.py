"""lm-eval's own tasks, run on a model of ours: looked up, run, and turned into entries of results.json."""

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
from commit_llm.runs.evaluation import write_signature

SAMPLES = "samples.jsonl"


@dataclass(frozen=True)
class Upstream:
    """Hold tasks of lm-eval.

    names: of the tasks.
    manager: lm-eval's index of all its tasks.
    """

    names: tuple[str, ...]
    manager: Any

    def run(
        self,
        model: Answerer,
        responses: Path,
        limit: int | None,
        batch_size: int,
        on_answers: Callable[[str, int, int], None],
    ) -> tuple[dict[str, dict[str, Any]], list[dict[str, Any]]]:
        """Run the tasks. Give entries of results.json by task, with lm-eval's metrics, and the lines of samples.jsonl.

        responses: the file that keeps the model's responses, so that a killed run goes on.
        on_answers: called with (kind of request, number of responses, number of requests).
        """
        import lm_eval
        from huggingface_hub.errors import HfHubHTTPError

        from commit_llm.evaluate.harness.language_model import CommitLM

        adapted = CommitLM(model, batch_size, responses, on_answers)
        os.environ["DISABLE_MULTIPROC"] = "1"  # else its bootstrap forks this process, with the threads of jax
        try:
            with contextlib.redirect_stdout(sys.stderr):  # lm-eval prints, and our output may be JSON
                output = lm_eval.simple_evaluate(
                    model=adapted, tasks=list(self.names), limit=limit, task_manager=self.manager
                )
        except ModuleNotFoundError as error:
            raise UserError(
                f"{', '.join(self.names)}: lm-eval's task needs the package {error.name}; install it beside"
            ) from None
        except (ConnectionError, FileNotFoundError, HfHubHTTPError) as error:
            reason = reason_of(error)
            names = ", ".join(self.names)
            raise UserError(f"{names}: lm-eval could not load its data ({reason}); leave it out") from None
        entries = {name: _entry(output, name, model, limit) for name in output["results"]}
        return entries, [_sample(name, row) for name, rows in output["samples"].items() for row in rows]


def find_upstream(names: Sequence[str]) -> Upstream:
    """Look up names in lm-eval's index, which takes half a minute to load.

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


def _entry(output: dict[str, Any], name: str, model: Answerer, limit: int | None) -> dict[str, Any]:
    import lm_eval

    values = output["results"][name]
    metrics = {key.removesuffix(",none"): _plain(value) for key, value in values.items() if _is_number(value)}
    metrics.pop("sample_len", None)
    signature = {
        "task": name,
        "task-version": output["versions"].get(name),
        "shots": output["n-shot"].get(name, 0),
        "harness": f"lm-eval-{lm_eval.__version__}",
        "dtype": str(model.dtype),
        "model": model.fingerprint[:16],
        "limit": limit or "none",
        "version": __version__,
    }
    return {
        "metrics": metrics,
        "items": output["n-samples"].get(name, {}).get("effective"),
        "limit": limit,
        "signature": write_signature(signature),
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
    """Turn a value into what JSON can hold: numpy's values into Python's, what is not a finite number into null."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, str | int | float | None) else str(value)
