"""A study from start to end, on the small example: done once, gone on with, handed in elsewhere, refused."""

import dataclasses
import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from commit_llm.errors import UserError
from commit_llm.study.budget import steps_for
from commit_llm.study.conduct import _beside, conduct, trials_done
from commit_llm.study.study_report import report
from commit_llm.study.trial_run import open_stage
from commit_llm.study.trials import Trial, trials_of
from commit_llm.train.model_source import open_model
from commit_llm.train.stop import Reason
from tests.files.test_holder import left_by
from tests.tiers import in_long_tier
from tests.train.test_grown_rows import BOTH, LORA, grow

pytestmark = pytest.mark.slow


def done(study, out, how):
    """Conduct a study to its end, and give its table."""
    progress = []
    assert conduct(study, out, how, on_trial=progress.append) is None
    report(study, out, trials_done(study, out, how))
    return (out / "study.md").read_text(encoding="utf-8"), progress


@pytest.fixture(scope="module")
def whole(world, tmp_path_factory):
    """The small study, done; nothing may change in it. Its folder, its table, and its progress."""
    from commit_llm.study.study_file import read_study
    from commit_llm.study.trial_run import Conduct
    from tests.study.conftest import SMALL

    folder = tmp_path_factory.mktemp("whole")
    (folder / "study.yaml").write_text(SMALL.format(folder=world), encoding="utf-8")
    study = read_study(folder / "study.yaml")
    return folder / "out", *done(study, folder / "out", Conduct(root=world))


def test_what_a_study_leaves(whole):
    out, table, progress = whole
    assert [str(each.trial) for each in progress] == ["untuned", "alpaca, seed 0", "commit in el, seed 0", "None"]
    assert [(each.done, each.total) for each in progress] == [(0, 3), (1, 3), (2, 3), (3, 3)]
    assert progress[0].seconds_left is None
    assert progress[2].seconds_left > 0 == progress[3].seconds_left
    assert "## el" in table
    assert all(f"| {arm} |" in table for arm in ("untuned", "alpaca", "commit"))
    assert sorted(path.name for path in out.iterdir()) == [
        ".lock", "arms", "compared", "finished", "hours.md", "study.md", "study.yaml",
    ]  # fmt: skip
    assert (out / "compared" / "el" / "index.html").is_file()
    assert not [*out.rglob("checkpoints"), *out.rglob("*.safetensors")]
    trial = json.loads((out / "finished" / "commit" / "el" / "seed-0" / "trial.json").read_text(encoding="utf-8"))
    assert trial["made_of"]["equal"] == {"unit": "examples", "number": 24}
    assert str(out.parent) not in json.dumps(trial)


def test_all_arms_see_the_same_sample(whole, study_of, world):
    out = whole[0]
    stages = [
        json.loads((out / "finished" / arm / where / "seed-0" / "results.json").read_text())["model"]["training"][-1]
        for arm, where in (("alpaca", "any"), ("commit", "el"))
    ]
    assert {stage["data"] for stage in stages} == {"instructions.jsonl"}
    assert all(24 <= stage["examples"] <= 48 for stage in stages)  # the last rows of a pass hold some again
    study = study_of()
    _, alpaca, commit = trials_of(study, world)
    ids = [ids_of_one_pass(study, trial.stages[-1]) for trial in (alpaca, commit)]
    assert len(ids[0]) == 24
    assert ids[0] == ids[1]


def ids_of_one_pass(study, recipe):
    data = open_stage(study, recipe, study.model)[1]
    batches = [next(data.batches) for _ in range(steps_for(data, study.equal))]
    return {int(number) for batch in batches for number in batch["example_ids"].flat} - {-1}


def test_nothing_is_done_twice(whole, study_of, how, monkeypatch):
    monkeypatch.setattr("commit_llm.study.conduct.run_trial", None)
    commit = Path("commit", "el", "seed-0")
    left = [left_by(whole[0] / "finished" / commit), left_by(whole[0] / "arms" / commit / "run" / "checkpoints")]
    assert done(study_of(), whole[0], how)[0] == whole[1]
    assert not any(folder.exists() for folder in left)  # of a kill as results took their name, or checkpoints went


def test_results_that_are_handed_in(whole, study_of, how, tmp_path, monkeypatch):
    monkeypatch.setattr("commit_llm.study.conduct.run_trial", None)
    handed_in = dataclasses.replace(how, finished=whole[0] / "finished")
    assert done(study_of(), tmp_path / "out", handed_in)[0] == whole[1]


def test_chat_tasks_of_a_model_without_a_template(world, study_of, how, tmp_path, monkeypatch):
    """The untuned one is refused before any trial; an export of one that is tuned gets a template of its prompt."""
    monkeypatch.setattr("commit_llm.study.conduct.run_trial", lambda *args: Reason.MINUTES)
    study = study_of(tasks="[xquad_chat_LANG]")
    with pytest.raises(UserError, match="model: has no chat template, and xquad_chat_el asks through it"):
        conduct(study, tmp_path / "out", how)
    assert not (tmp_path / "out").exists()
    assert conduct(study, tmp_path / "out", dataclasses.replace(how, arms=("alpaca", "commit"))) is Reason.MINUTES


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"limit": 3}, "these results are of other questions of xquad_instruct_el"),
        ({"fields": "{batch_size: 2, seq_len: 128, warmup_steps: 2}"}, "alpaca.*stage 1: warmup_steps 1 -> 2"),
        ({"equal": "{examples: 23}"}, "another amount of training"),
    ],
)
def test_results_of_another_study_handed_in(whole, study_of, how, tmp_path, change, message):
    handed_in = dataclasses.replace(how, finished=whole[0] / "finished")
    with pytest.raises(UserError, match=message):
        conduct(study_of(**change), tmp_path / "out", handed_in)


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json"])
def test_results_of_another_model_handed_in(whole, world, study_of, how, tmp_path, name):
    """Its weights alone do not make it the same."""
    other = shutil.copytree(world / "base", tmp_path / "base")
    (path,) = other.rglob(name)
    path.write_text(path.read_text(encoding="utf-8") + " ", encoding="utf-8")
    study = dataclasses.replace(study_of(), model=str(other))
    with pytest.raises(UserError, match=r"trial\.json: these results are of another model"):
        conduct(study, tmp_path / "out", dataclasses.replace(how, finished=whole[0] / "finished"))


@pytest.mark.parametrize(("name", "message"), [("finishd", "no such folder"), ("", "has no trial of this study")])
def test_a_mistyped_folder_of_results(whole, study_of, how, tmp_path, name, message):
    """The folder of the study itself, too."""
    handed_in = dataclasses.replace(how, finished=whole[0] / name)
    with pytest.raises(UserError, match=rf"--finished .*: {message}.*; give the folder finished of a study"):
        conduct(study_of(), tmp_path / "out", handed_in)
    assert not (tmp_path / "out").exists()


def test_a_link_in_the_place_of_a_model_goes_itself(whole, study_of, how, tmp_path):
    """What it leads to stays."""
    out = shutil.copytree(whole[0], tmp_path / "out")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").write_text("")
    link = out / "arms" / "alpaca" / "any" / "seed-0" / "model"
    link.symlink_to(tmp_path / "mine")
    assert done(study_of(), out, how)[0] == whole[1]
    assert not link.is_symlink()
    assert (tmp_path / "mine" / "file").exists()


def test_the_same_scores_again(whole, study_of, how, tmp_path):
    shutil.copytree(whole[0], tmp_path / "out")
    for folder in ("finished", "arms"):
        shutil.rmtree(tmp_path / "out" / folder / "commit")
    table, progress = done(study_of(), tmp_path / "out", how)
    assert (table, len(progress)) == (whole[1], 2)
    again, before = (folder / "finished" / "commit" / "el" / "seed-0" for folder in (tmp_path / "out", whole[0]))
    for name in ("predictions.jsonl", "results.json"):
        assert (again / name).read_bytes() == (before / name).read_bytes()


def test_results_that_were_taken_away_are_made_again(whole, study_of, how, tmp_path):
    """As the message about damaged ones says; a kill just before they are kept leaves the same."""
    shutil.copytree(whole[0], tmp_path / "out")
    for arm in ("untuned", "commit"):
        shutil.rmtree(tmp_path / "out" / "finished" / arm)
    table, progress = done(study_of(), tmp_path / "out", how)
    assert (table, len(progress)) == (whole[1], 3)


def test_a_study_grows(whole, study_of, how, tmp_path):
    shutil.copytree(whole[0], tmp_path / "out")
    grown = study_of("  more: {recipe: commit, ratio: 0.2}\n")
    table, progress = done(grown, tmp_path / "out", dataclasses.replace(how, arms=("more",)))
    assert [str(each.trial) for each in progress] == ["more in el, seed 0", "None"]
    assert "| more |" in table
    assert "| alpaca |" in table


@pytest.mark.parametrize("times", [3, *in_long_tier(10)])
def test_kills(whole, study_of, world, tmp_path, times):
    """Killed several times, at moments spread over all it does, it ends with the same table."""
    study_of()
    out = tmp_path / "out"
    command = [
        sys.executable, "-m", "commit_llm", "study", tmp_path / "study.yaml", "--root", world, "--out", out,
    ]  # fmt: skip
    kills, seconds = 0, 2.0
    for _ in range(4 * times):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(None if kills == times else seconds)  # at last to its end, however slow the machine
            if kills == times:
                break
            shutil.rmtree(out)  # done too soon: from the start
            seconds = 2.0
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            kills += 1
            seconds += 7 / times
    assert kills == times
    assert process.returncode == 0
    assert (out / "study.md").read_text(encoding="utf-8") == whole[1]


def test_it_stops_when_the_time_is_over(study_of, how, tmp_path):
    assert conduct(study_of(), tmp_path / "out", how, stop_after_minutes=0.0) is Reason.MINUTES
    assert trials_done(study_of(), tmp_path / "out", how) == []


def test_an_arm_that_is_none(study_of, how, tmp_path):
    with pytest.raises(UserError, match="--arms comit: no such arm; the study has untuned, alpaca, commit"):
        conduct(study_of(), tmp_path / "out", dataclasses.replace(how, arms=("comit",)))
    assert not (tmp_path / "out").exists()


def test_a_description_says_which_new_rows_the_first_stage_trains(example, tmp_path):
    base = grow(shutil.copytree(example / "model", tmp_path / "model"))
    trial = _beside(open_model(str(base), weights=False), Trial("arm", "el", 0, (LORA, LORA), ()))
    assert [stage.modules_to_save for stage in trial.stages] == [BOTH, ()]
    (base / "grown_vocabulary.json").unlink()
    assert _beside(open_model(str(base), weights=False), trial) == trial
