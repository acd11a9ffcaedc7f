"""The end of a training, as `train` and `run` print it."""

import json

from commit_llm.cli.text.train import training_summary
from commit_llm.train.loop import TrainingResult

REST = ("accuracy", "learning_rate", "grad_norm", "tokens")


def test_a_run_that_waited_for_its_data_says_so(tmp_path):
    lines = [json.dumps({"step": step, "loss": loss} | dict.fromkeys(REST, 0)) for step, loss in ((1, 3.0), (8, 2.0))]
    (tmp_path / "metrics.jsonl").write_text("\n".join(lines) + "\n")
    quick = training_summary(tmp_path, 128, TrainingResult(0, 8, waiting=0.04))
    assert quick == f"trained {tmp_path} to step 8: loss 3.0000 at step 1, 2.0000 at the last"
    slow = training_summary(tmp_path, 128, TrainingResult(0, 8, waiting=0.21))
    assert slow.startswith(quick + "\nthe steps waited 21 % of the time for data (")
