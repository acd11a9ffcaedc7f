"""lm-eval's own tasks on our model: run, killed and gone on with; names that it does not know."""

import json
import sys
from pathlib import Path

import lm_eval
import numpy as np
import pytest
from datasets import Dataset
from lm_eval.tasks import TaskManager

from commit_llm.errors import UserError
from commit_llm.evaluate.harness import language_model as adapter
from commit_llm.evaluate.harness.upstream import Upstream, _sample, find_upstream
from commit_llm.evaluate.runner import evaluate
from commit_llm.evaluate.tasks import find_task
from commit_llm.quickstart.world import CITIES
from commit_llm.runs.evaluation import read_results

pytestmark = pytest.mark.filterwarnings("ignore")  # those of lm-eval


def belebele(*args, **kwargs):
    rows = [
        {
            "flores_passage": f"anna μένει στην {city}.", "question": "ποιο είναι το σπίτι της anna?",
            "correct_answer_num": str(1 + n % 4), **{f"mc_answer{k}": f"{city} {k}" for k in range(1, 5)},
        }
        for n, city in enumerate(list(CITIES.values())[:8])
    ]  # fmt: skip
    return {"test": Dataset.from_list(rows)}


@pytest.mark.slow
def test_a_task_of_lm_evals_own_goes_on_after_a_kill(model, example, tmp_path, monkeypatch):
    """belebele_ell_Grek, its data replaced by eight rows; killed, and called again."""
    monkeypatch.setattr("datasets.load_dataset", belebele)
    folder = Path(lm_eval.__file__).parent / "tasks" / "belebele"
    upstream = Upstream(("belebele_ell_Grek",), TaskManager(include_path=folder, include_defaults=False))
    options = {"data_dir": str(example), "limit": 6, "batch_size": 1, "upstream": upstream}
    score, calls = adapter.token_log_probabilities, []

    def counted(*args):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return score(*args)

    monkeypatch.setattr(adapter, "token_log_probabilities", counted)
    monkeypatch.setattr(adapter, "MAX_LENGTH", 256)  # so that the choices make several batches
    with pytest.raises(KeyboardInterrupt):
        evaluate(model, [find_task("ogx_xquad_en")], tmp_path / "eval", **options)
    results = evaluate(model, [find_task("ogx_xquad_en")], tmp_path / "eval", **options)
    assert list(results) == ["ogx_xquad_en", "belebele_ell_Grek"]
    assert read_results(tmp_path / "eval") == results
    found = results["belebele_ell_Grek"]
    assert found["items"] == 6
    assert 0 <= found["metrics"]["acc"] <= 1
    assert found["metrics"]["acc_stderr"] >= 0
    for part in ("task:belebele_ell_Grek", "harness:lm-eval-", f"model:{model.fingerprint[:16]}", "shots:0"):
        assert part in found["signature"]
    samples = [json.loads(line) for line in (tmp_path / "eval" / "samples.jsonl").read_text().splitlines()]
    assert len(samples) == 6
    assert np.mean([row["acc"] for row in samples]) == pytest.approx(found["metrics"]["acc"])


def test_samples_hold_what_json_can():
    row = {
        "doc_id": 1,
        "filter": "none",
        "filtered_resps": [(-1.5, np.True_)],
        "target": np.int64(2),
        "metrics": ["f1"],
    }
    sample = _sample("cola", row | {"f1": (np.int64(1), np.float64("nan"))})
    assert json.loads(json.dumps(sample, allow_nan=False)) == {
        "id": "1", "task": "cola", "filter": "none", "prediction": [[-1.5, True]], "target": 2, "f1": [1, None],
    }  # fmt: skip


def test_names_that_lm_eval_does_not_know(monkeypatch):
    class Index:
        all_tasks = ("belebele_ell_Grek", "arc_easy")

    monkeypatch.setattr("lm_eval.tasks.TaskManager", Index)
    assert find_upstream(["arc_easy"]).names == ("arc_easy",)
    with pytest.raises(UserError, match=r"no task 'belebele_ell', here or in lm-eval; near it are belebele_ell_Grek"):
        find_upstream(["belebele_ell"])
    monkeypatch.setitem(sys.modules, "lm_eval.tasks", None)
    with pytest.raises(UserError, match=r"pip install 'commit-llm\[eval\]'"):
        find_upstream(["arc_easy"])
