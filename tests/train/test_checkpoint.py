"""Checkpoints that cannot be read, and a run that is killed while it writes them."""

import random
import signal
import subprocess
import sys
import time

import pytest

from commit_llm.errors import UserError
from commit_llm.recipes import dump_recipe
from commit_llm.train.loop import train


def break_checkpoint(run, step):
    files = [path for path in (run / "checkpoints" / str(step)).rglob("*") if path.is_file()]
    assert files
    for path in files:
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.slow
def test_a_broken_checkpoint_is_told_and_the_one_before_it_used(small_recipe, tmp_path, undisturbed, caplog):
    run = tmp_path / "run"
    train(small_recipe(), run)
    assert sorted(path.name for path in (run / "checkpoints").iterdir()) == ["6", "8"]
    break_checkpoint(run, 8)
    assert train(small_recipe(), run)[:2] == (6, 8)
    assert "the checkpoint of step 8 cannot be read" in caplog.text
    assert (run / "unreadable" / "8").is_dir()
    assert (run / "metrics.jsonl").read_bytes() == (undisturbed / "metrics.jsonl").read_bytes()
    caplog.clear()
    assert train(small_recipe(), run)[:2] == (8, 8)
    assert caplog.text == ""
    break_checkpoint(run, 6)
    break_checkpoint(run, 8)
    with pytest.raises(UserError, match=r"none of its checkpoints can be read .* nothing was changed"):
        train(small_recipe(), run)
    assert sorted(path.name for path in (run / "checkpoints").iterdir()) == ["6", "8"]
    assert (run / "metrics.jsonl").read_bytes() == (undisturbed / "metrics.jsonl").read_bytes()


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
