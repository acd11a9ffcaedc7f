"""`commit-llm study`: what it says, and what it answers to a mistake."""

import pytest

from commit_llm.cli.study import _say_trial
from commit_llm.study.conduct import Progress

SMALL = "model: base\nlanguages: [el]\ntasks: [xquad_instruct_LANG]\narms: {untuned: [], alpaca: alpaca}\n"


@pytest.fixture
def file(tmp_path):
    (tmp_path / "study.yaml").write_text(SMALL, encoding="utf-8")
    return tmp_path / "study.yaml"


def test_mistakes(run, file, tmp_path):
    def error(*words):
        status, out, err = run("study", *words)
        assert (status, out, err.count("\n")) == (2, "", 1)
        assert not (tmp_path / "out").exists()
        return err

    out = ("--out", tmp_path / "out")
    assert "none.yaml: no such study file" in error(tmp_path / "none.yaml", *out)
    assert "languages: is" in error(file, *out, "--languages", "el", "el")
    assert "--arms comit: no such arm; the study has untuned, alpaca" in error(file, *out, "--arms", "comit")
    assert "no xquad.el.json in" in error(file, *out, "--data-dir", tmp_path)


def test_how_far_it_is(capsys):
    _say_trial(Progress("alpaca, seed 0", 2, 7, 4000.0))
    _say_trial(Progress("alpaca, seed 0", 0, 7, None))
    _say_trial(Progress(None, 7, 7, 0.0))
    assert capsys.readouterr().err.splitlines() == [
        "2 of 7 done, about 1 h 7 min left; now alpaca, seed 0",
        "0 of 7 done; now alpaca, seed 0",
        "7 of 7 done",
    ]
