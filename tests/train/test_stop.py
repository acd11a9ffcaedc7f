"""A run that is asked to stop: saved, told, and gone on with."""

import os
import signal
import subprocess
import sys

import pytest

from commit_llm.cli.main import main
from commit_llm.recipes import dump_recipe
from commit_llm.train.loop import TrainingResult, train
from commit_llm.train.stop import Reason
from tests.tiers import in_long_tier


@pytest.mark.parametrize(
    ("number", "reason"),
    [(signal.SIGTERM, Reason.SIGTERM), (signal.SIGINT, Reason.INTERRUPT)],
)
@pytest.mark.slow
def test_a_signal_saves_the_step_under_way_and_the_run_goes_on(small_recipe, tmp_path, undisturbed, number, reason):
    def report(step, steps, logged):
        if step == 4:
            os.kill(os.getpid(), number)

    before = signal.getsignal(number)
    outcome = train(small_recipe(), tmp_path / "run", report)
    assert (outcome.last, outcome.stopped) == (5, reason)
    assert signal.getsignal(number) is before
    assert train(small_recipe(), tmp_path / "run")[:2] == (5, 8)
    assert (tmp_path / "run" / "metrics.jsonl").read_bytes() == (undisturbed / "metrics.jsonl").read_bytes()


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
    assert f"stopped by {reason.value} at step 5, all saved; the same command resumes" in capsys.readouterr().out
    assert main(["run", *argv[1:]]) == status


@pytest.mark.slow
def test_the_user_s_own_clock(small_recipe, tmp_path, undisturbed, capsys):
    outcome = train(small_recipe(), tmp_path / "run", stop_after_minutes=0)
    assert (outcome.last, outcome.stopped) == (1, Reason.MINUTES)
    (tmp_path / "config.yaml").write_text(dump_recipe(small_recipe()))
    argv = ["train", str(tmp_path / "config.yaml"), "--out", str(tmp_path / "run")]
    assert main([*argv, "--stop-after-minutes", "0"]) == 0
    assert "stopped by --stop-after-minutes at step 2" in capsys.readouterr().out
    assert main(argv) == 0
    assert (tmp_path / "run" / "metrics.jsonl").read_bytes() == (undisturbed / "metrics.jsonl").read_bytes()


@pytest.mark.slow
def test_a_signal_in_the_last_step_is_not_lost(small_recipe, tmp_path):
    def report(step, steps, logged):
        if step == steps:
            os.kill(os.getpid(), signal.SIGTERM)

    outcome = train(small_recipe(), tmp_path / "run", report)
    assert (outcome.last, outcome.stopped) == (8, Reason.SIGTERM)


@pytest.mark.slow
@pytest.mark.optimised  # so that compiling takes long enough
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), *in_long_tier((signal.SIGTERM, 143))])
def test_a_signal_while_the_first_step_is_compiled_ends_the_command_at_once(
    small_recipe, tmp_path, monkeypatch, number, status
):
    monkeypatch.setenv("JAX_LOG_COMPILES", "1")
    monkeypatch.delenv("JAX_COMPILATION_CACHE_DIR")
    (tmp_path / "config.yaml").write_text(dump_recipe(small_recipe(remat="nothing")))
    argv = ["train", str(tmp_path / "config.yaml"), "--out", str(tmp_path / "run")]
    process = subprocess.Popen([sys.executable, "-m", "commit_llm", *argv], stderr=subprocess.PIPE, text=True)
    lines = iter(process.stderr.readline, "")
    assert any("Compiling jit(step)" in line for line in lines)
    process.send_signal(number)
    assert "Finished XLA compilation of jit(step)" not in process.communicate(timeout=60)[1]
    assert process.returncode == status
    assert not list((tmp_path / "run" / "checkpoints").glob("*"))  # a step that was saved had been waited for
    assert main(argv) == 0
