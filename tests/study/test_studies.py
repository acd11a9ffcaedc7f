"""The studies that come with the project: read as they are, and done at tiny scale from end to end."""

import dataclasses
import json
from pathlib import Path

import pytest
import yaml

from commit_llm.files.json_text import read_json_object
from commit_llm.study.conduct import asked_of, conduct, trials_done
from commit_llm.study.finished import is_finished
from commit_llm.study.made_of import made_of
from commit_llm.study.study_file import read_study
from commit_llm.study.study_report import report
from commit_llm.study.trial_run import Conduct
from commit_llm.study.trials import trials_of
from tests.tiers import in_long_tier

STUDIES = Path(__file__).parents[2] / "studies"
SMOLLM2 = "a672150fb4f99d7c8f4168cecdd464069c0ef3a37d8113f22ddb9d48031d03cd"  # SHA-256 of the weights in fp32
TINY = {"batch_size": 2, "seq_len": 128, "steps": 1, "warmup_steps": 0}


@pytest.mark.parametrize("path", sorted(STUDIES.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_study_can_be_read(path, tmp_path):
    """Its files are not here; its recipes and fields are."""
    study = read_study(path)
    for language in study.languages:
        for name in ("data", "text", "dictionary", "dictionary_back", "sentences"):
            if (value := getattr(study, name)) is not None:
                file = tmp_path / value.replace("LANG", language)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text("")
    trials = trials_of(study, tmp_path)
    assert {trial.arm for trial in trials} == set(study.seeds)
    for trial in trials:
        for recipe in trial.stages:
            recipe.check()


def test_the_parts_for_a_cpu_are_of_the_whole_study():
    whole = read_study(STUDIES / "smollm2.yaml")
    for name in ("smollm2-cpu", "smollm2-cpu-el", "smollm2-cpu-alpaca"):
        assert read_study(STUDIES / f"{name}.yaml").arms == whole.arms


@pytest.mark.slow
@pytest.mark.parametrize("name", ["paper-tables", *in_long_tier("methods")])
def test_a_study_at_tiny_scale(name, world, tmp_path):
    """Every stage is trained for a step; the second language has the first one's files."""
    for pattern in ("en-LANG.txt", "LANG-en.txt", "text.LANG.jsonl", "sentences.LANG-en.tsv"):
        copy = world / pattern.replace("LANG", "hi")
        if not copy.exists():
            copy.write_bytes((world / pattern.replace("LANG", "el")).read_bytes())
    languages = ["el", "hi"]
    given = {
        "model": str(world / "base"), "languages": languages, "data": "instructions.jsonl", "text": "text.LANG.jsonl",
        "data_dir": ".", "tasks": ["xquad_instruct_el"], "limit": 2, "seeds": [0], "fields": TINY,
    }  # fmt: skip
    study = read_study(STUDIES / f"{name}.yaml", given)
    study = dataclasses.replace(study, arms={arm: _short(stages) for arm, stages in study.arms.items()})
    out = tmp_path / "out"
    assert conduct(study, out, Conduct(root=world)) is None
    trials = trials_done(study, out, Conduct(root=world))
    assert {trial.arm for trial in trials} == set(study.arms)
    assert report(study, out, trials) == [out / "compared" / language for language in languages]
    table = (out / "study.md").read_text(encoding="utf-8")
    assert all(f"| {arm} |" in table for arm in study.arms)
    assert yaml.safe_load((out / "study.yaml").read_text(encoding="utf-8"))["languages"] == languages


def _short(stages):
    return tuple({name: value for name, value in stage.items() if name != "steps"} for stage in stages)


@pytest.fixture
def evidence(shared, tmp_path):
    """The folder that docs/study.md describes, of links."""
    places = {
        "en": "evidence/en/*", "mono": "evidence/mono/*", "muse": "*muse/*.txt", "xquad": "*xquad/xquad.*.json",
        "alpaca": "alpaca/alpaca_1807.jsonl",
    }  # fmt: skip
    for name, pattern in places.items():
        (tmp_path / name).mkdir()
        for path in [*shared.data("").glob(pattern), *shared.data("evidence").glob(pattern)]:
            link = tmp_path / name / path.name
            if not link.exists():
                link.symlink_to(path)
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(path.name for path in (STUDIES / "results").iterdir()))
def test_results_that_come_with_a_study_are_taken_in(name, evidence):
    """As they are, for the model that they say; their study is not trained again."""
    study, results = read_study(STUDIES / f"{name}.yaml"), STUDIES / "results" / name
    trials, there, models = trials_of(study, evidence), 0, []
    asked = {task: asked_of(study, task, evidence) for trial in trials for task in trial.tasks}
    for trial in trials:
        if (folder := results / trial.folder).is_dir():
            model = read_json_object(folder / "trial.json")["made_of"]["model"]
            models.append(model)
            now = json.loads(json.dumps(made_of(trial, study.equal, model, asked)))
            assert is_finished(folder, now)
            there += 1
    assert there == len([*results.rglob("trial.json")]) > 0
    assert all(model == models[0] for model in models)
    assert models[0].keys() == {"model.safetensors", "config.json", "tokenizer"}
    assert models[0]["model.safetensors"] == SMOLLM2
