"""`commit-llm quickstart`: what it replaces, what it refuses, and the whole of it with very few steps."""

import json
import shutil

import pytest

from commit_llm.cli.main import main
from commit_llm.files.lock import locked
from commit_llm.quickstart import experiment
from commit_llm.runs.logs import read_metrics
from commit_llm.train.stop import Reason

TINY = experiment.ExperimentSettings(base_steps=4, base_rows=2, steps=4, rows=2, warmup_steps=2)


@pytest.fixture
def skipped(monkeypatch):
    """No training: the experiment says that it was stopped."""
    stopped = experiment.Experiment({}, Reason.MINUTES)
    monkeypatch.setattr(experiment, "run_experiment", lambda out, seed, settings, watcher: stopped)


def test_somebody_elses_folder_is_refused(tmp_path, capsys):
    (tmp_path / "mine.txt").write_text("keep")
    assert main(["quickstart", "--out", str(tmp_path)]) == 2
    assert "exists already and is not a quickstart's" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("keep")
    assert main(["quickstart", "--out", str(tmp_path / "file")]) == 2


def test_a_seed_out_of_range_is_told_before_anything_is_written(tmp_path, capsys):
    assert main(["quickstart", "--out", str(tmp_path / "out"), "--seed", "-1"]) == 2
    assert "--seed -1" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_an_earlier_quickstart_is_replaced(tmp_path, skipped, capsys):
    (tmp_path / "quickstart.json").write_text("{}")
    (tmp_path / "old").mkdir()
    assert main(["quickstart", "--out", str(tmp_path)]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == [".lock", "example", "quickstart.json"]
    out = capsys.readouterr().out
    assert [line.split()[0] for line in out.splitlines()[:3]] == ["English", "mixed", "Greek"]
    assert "the same command starts again" in out


def test_a_kill_while_an_earlier_one_is_removed(tmp_path, skipped, monkeypatch):
    """Whatever is removed first, the folder is still known as a quickstart's."""
    (tmp_path / "quickstart.json").write_text("{}")
    (tmp_path / "old").mkdir()

    def killed(path, **options):
        if path.name == "old":
            raise KeyboardInterrupt
        remove(path, **options)

    remove = shutil.rmtree

    with monkeypatch.context() as patch:
        patch.setattr("commit_llm.cli.quickstart.shutil.rmtree", killed)
        assert main(["quickstart", "--out", str(tmp_path)]) == 130
    assert main(["quickstart", "--out", str(tmp_path)]) == 0
    assert not (tmp_path / "old").exists()


@pytest.mark.parametrize("left", [".lock", ".quickstart.json.partial-abcdefgh/.lock"])
def test_what_a_kill_at_the_very_start_leaves_is_no_one_elses(tmp_path, skipped, left):
    (tmp_path / left).parent.mkdir(exist_ok=True)
    (tmp_path / left).touch()
    assert main(["quickstart", "--out", str(tmp_path)]) == 0


def test_a_second_one_in_the_same_folder_is_refused(tmp_path, skipped, capsys):
    (tmp_path / "quickstart.json").write_text("{}")
    (tmp_path / "under way").mkdir()
    with locked(tmp_path, "trying the quickstart"):
        assert main(["quickstart", "--out", str(tmp_path)]) == 2
    assert "is trying the quickstart here; wait for it" in capsys.readouterr().err
    assert (tmp_path / "under way").is_dir()


@pytest.mark.slow
@pytest.mark.long
def test_the_whole_command(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(experiment, "SETTINGS", TINY)
    out = tmp_path / "out"
    assert main(["quickstart", "--out", str(out), "--seed", "3"]) == 0
    printed = capsys.readouterr().out
    for arm in experiment.ARMS:
        assert read_metrics(out / arm / "run")[-1]["step"] == 4
        assert (out / arm / "model" / "model.safetensors").is_file()
        assert len((out / arm / "eval" / "predictions.jsonl").read_text(encoding="utf-8").splitlines()) == 480
        assert f"{arm:<13}  tuned, exported and asked" in printed
    held = json.loads((out / "quickstart.json").read_text())
    assert held["seed"] == 3
    assert held["arms"]["commit"]["el"]["exact_match"] < 20
    assert "mixing carries the task over" not in printed  # nothing is learnt in four steps, and nothing is claimed
    assert "commit-llm run commit --help" in printed
    assert f"Open {out / 'comparison' / 'index.html'} in a browser" in printed
    page = (out / "comparison" / "index.html").read_text(encoding="utf-8")
    assert "One seed a side: each is a difference between two checkpoints, not methods." in page
    assert "not known" not in page  # what each arm was trained on
