"""A run that is stopped, killed, broken or fought over."""

import fcntl
import json
import os
import random
import signal
import subprocess
import sys
import time
import types

import numpy as np
import pytest

from commit_llm.cli.main import main
from commit_llm.errors import UserError
from commit_llm.recipes import dump_recipe
from commit_llm.runs.logs import read_metrics
from commit_llm.train.loop import TrainingResult, train
from commit_llm.train.stop import Reason


@pytest.fixture(scope="module")
def undisturbed(small_recipe, tmp_path_factory):
    run = tmp_path_factory.mktemp("undisturbed") / "run"
    train(small_recipe(), run)
    return (run / "metrics.jsonl").read_bytes()


@pytest.mark.parametrize(("number", "reason"), [(signal.SIGTERM, Reason.SIGTERM), (signal.SIGINT, Reason.INTERRUPT)])
def test_a_signal_saves_the_step_under_way_and_the_run_goes_on(small_recipe, tmp_path, undisturbed, number, reason):
    def report(step, steps, logged):
        if step == 4:
            os.kill(os.getpid(), number)

    before = signal.getsignal(number)
    outcome = train(small_recipe(), tmp_path / "run", report)
    assert (outcome.last, outcome.stopped) == (5, reason)
    assert signal.getsignal(number) is before
    assert train(small_recipe(), tmp_path / "run")[:2] == (5, 8)
    assert (tmp_path / "run" / "metrics.jsonl").read_bytes() == undisturbed


def test_a_second_interrupt_does_not_wait(small_recipe, tmp_path):
    def report(step, steps, logged):
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        train(small_recipe(), tmp_path / "run", report)


@pytest.mark.parametrize(("reason", "status"), [(Reason.SIGTERM, 143), (Reason.INTERRUPT, 130), (Reason.MINUTES, 0)])
def test_the_command_s_exit_status_and_how_to_go_on(small_recipe, tmp_path, capsys, monkeypatch, reason, status):
    import commit_llm.pipeline
    import commit_llm.train.loop

    (tmp_path / "config.yaml").write_text(dump_recipe(small_recipe()))
    for module in (commit_llm.train.loop, commit_llm.pipeline):
        monkeypatch.setattr(module, "train", lambda *args, **options: TrainingResult(0, 5, stopped=reason))
    argv = ["train", str(tmp_path / "config.yaml"), "--out", str(tmp_path / "run")]
    assert main(argv) == status
    assert f"stopped by {reason.value} at step 5, all saved; the same command goes on" in capsys.readouterr().out
    assert main(["run", *argv[1:]]) == status


def test_the_user_s_own_clock(small_recipe, tmp_path, undisturbed, capsys):
    outcome = train(small_recipe(), tmp_path / "run", stop_after_minutes=0)
    assert (outcome.last, outcome.stopped) == (1, Reason.MINUTES)
    (tmp_path / "config.yaml").write_text(dump_recipe(small_recipe()))
    argv = ["train", str(tmp_path / "config.yaml"), "--out", str(tmp_path / "run")]
    assert main([*argv, "--stop-after-minutes", "0"]) == 0
    assert "stopped by --stop-after-minutes at step 2" in capsys.readouterr().out
    assert main(argv) == 0
    assert (tmp_path / "run" / "metrics.jsonl").read_bytes() == undisturbed


def test_a_loss_that_is_no_number_stops_and_keeps_the_last_good_checkpoint(small_recipe, tmp_path):
    recipe = small_recipe(learning_rate=1e30, clip_norm=1e30, checkpoint_every=1, log_every=100, warmup_steps=0)
    kept = r"(the checkpoint of step \d+ is kept|there is no)"
    message = rf"step (\d+) has loss .*, on rows [\d, ]+(\.\.\.)? of the data \(from 0\); {kept}"
    with pytest.raises(UserError, match=message) as error:
        train(recipe, tmp_path / "run")
    assert "\n" not in str(error.value)
    saved = [int(path.name) for path in (tmp_path / "run" / "checkpoints").iterdir()]
    bad = int(str(error.value).split("step ")[1].split()[0])
    assert all(step < bad for step in saved)
    assert all(np.isfinite(line["loss"]) for line in read_metrics(tmp_path / "run"))


def break_checkpoint(run, step):
    files = [path for path in (run / "checkpoints" / str(step)).rglob("*") if path.is_file()]
    assert files
    for path in files:
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def test_a_broken_checkpoint_is_told_and_the_one_before_it_used(small_recipe, tmp_path, undisturbed, caplog):
    run = tmp_path / "run"
    train(small_recipe(), run)
    assert sorted(path.name for path in (run / "checkpoints").iterdir()) == ["6", "8"]
    break_checkpoint(run, 8)
    assert train(small_recipe(), run)[:2] == (6, 8)
    assert "the checkpoint of step 8 cannot be read" in caplog.text
    assert (run / "unreadable" / "8").is_dir()
    assert (run / "metrics.jsonl").read_bytes() == undisturbed
    caplog.clear()
    assert train(small_recipe(), run)[:2] == (8, 8)
    assert caplog.text == ""
    break_checkpoint(run, 6)
    break_checkpoint(run, 8)
    with pytest.raises(UserError, match=r"none of its checkpoints can be read .* nothing was changed"):
        train(small_recipe(), run)
    assert sorted(path.name for path in (run / "checkpoints").iterdir()) == ["6", "8"]
    assert (run / "metrics.jsonl").read_bytes() == undisturbed


def test_a_signal_in_the_last_step_is_not_lost(small_recipe, tmp_path):
    def report(step, steps, logged):
        if step == steps:
            os.kill(os.getpid(), signal.SIGTERM)

    outcome = train(small_recipe(), tmp_path / "run", report)
    assert (outcome.last, outcome.stopped) == (8, Reason.SIGTERM)


def test_two_processes_in_one_run_directory(small_recipe, tmp_path):
    run = tmp_path / "run"
    train(small_recipe(), run, stop_after_minutes=0)
    with (run / ".lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        other.write("process 1 on elsewhere")
        other.flush()
        with pytest.raises(UserError, match="process 1 on elsewhere is training here"):
            train(small_recipe(), run)
    assert train(small_recipe(), run)[:2] == (1, 8)


def test_held_out_examples(small_recipe, tmp_path):
    run = tmp_path / "run"
    train(small_recipe(held_out_share=0.2, eval_every=3), run)
    lines = [json.loads(line) for line in (run / "held_out.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [3, 6, 8]
    assert lines[-1]["loss"] < lines[0]["loss"]
    with pytest.raises(UserError, match="--held-out-share 1e-05: holds out 0 of"):
        train(small_recipe(held_out_share=0.00001), tmp_path / "other")


def test_held_out_examples_are_not_trained_and_are_all_there(small_recipe, example):
    from commit_llm.data.loader import held_out_rows
    from commit_llm.files.records import read_records
    from commit_llm.train.recipe_data import open_recipe_batches, open_recipe_model

    recipe = small_recipe(held_out_share=0.2)
    _, batches, held_out, _ = open_recipe_batches(recipe, open_recipe_model(recipe))
    records = read_records(example / "instructions.jsonl")
    rows = set(held_out_rows(recipe, len(records)).tolist())
    assert abs(len(rows) / len(records) - 0.2) < 0.05
    assert {int(id) for batch in held_out for id in batch["example_ids"].flat} - {-1} == rows
    trained = {int(id) for _ in range(60) for id in next(batches)["example_ids"].flat} - {-1}
    assert len(trained) > 100
    assert not trained & rows
    supervised = sum(int(batch["loss_masks"].sum()) for batch in held_out)
    assert supervised >= 2 * len(rows)  # each answer and its eos, once


def test_tensorboard_and_wandb(small_recipe, tmp_path, monkeypatch):
    written = []
    run_of_wandb = types.SimpleNamespace(log=lambda values, step: written.append((step, values)), finish=lambda: None)
    fake = types.SimpleNamespace(init=lambda **options: run_of_wandb)
    monkeypatch.setitem(sys.modules, "wandb", fake)
    train(small_recipe(held_out_share=0.2, eval_every=4), tmp_path / "run", wandb_project="greek")
    assert [step for step, _ in written] == [1, 2, 4, 4, 6, 8, 8]
    assert {"train/loss", "train/tokens_per_second"} <= set(written[0][1])
    (events,) = (tmp_path / "run" / "tensorboard").iterdir()
    content = events.read_bytes()
    for name in (b"train/loss", b"train/grad_norm", b"held_out/loss"):
        assert name in content
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(UserError, match=r"pip install 'commit-llm\[wandb\]'"):
        train(small_recipe(), tmp_path / "other", wandb_project="greek")
    assert not (tmp_path / "other").exists()


@pytest.mark.slow
def test_killed_ten_times_the_metrics_are_those_of_an_undisturbed_run(small_recipe, tmp_path):
    """SIGKILL at random moments; a checkpoint is being written at most of them."""
    recipe = small_recipe(steps=200, checkpoint_every=2, log_every=1)
    (tmp_path / "config.yaml").write_text(dump_recipe(recipe))
    run, other = tmp_path / "run", tmp_path / "undisturbed"
    command = [sys.executable, "-m", "commit_llm", "train", str(tmp_path / "config.yaml"), "--out"]
    rng = random.Random(0)
    kills, reached = 0, []
    while kills < 10:
        process = subprocess.Popen([*command, str(run)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        begun = len(read_lines(run))
        while len(read_lines(run)) < begun + 3 and process.poll() is None:  # past start and compilation
            time.sleep(0.02)
        time.sleep(rng.uniform(0, 1.0))
        assert process.poll() is None, process.stderr.read()
        process.send_signal(signal.SIGKILL)
        process.communicate()
        kills += 1
        reached.append(len(read_lines(run)))
    assert max(reached) < 200, "the run ended before it was killed ten times"
    subprocess.run([*command, str(run)], check=True, capture_output=True)
    subprocess.run([*command, str(other)], check=True, capture_output=True)
    assert len(read_lines(run)) == 200
    assert (run / "metrics.jsonl").read_bytes() == (other / "metrics.jsonl").read_bytes()


def read_lines(run):
    path = run / "metrics.jsonl"
    return path.read_bytes().splitlines() if path.is_file() else []
