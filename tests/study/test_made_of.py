"""A trial is told by the content of what it is made of, wherever its files lie; what differs is named."""

import dataclasses
import json

import pytest

from commit_llm.study.made_of import differences, made_of
from commit_llm.study.study_file import Amount
from commit_llm.study.trials import trials_of
from tests.study.test_trials import NAMES, STUDY

WEIGHTS = {"model.safetensors": "12ab"}
ASKED = {
    name: {"prompts_sha256": name, "limit": None, "per_context": 2}
    for name in ("xquad_instruct_el", "xquad_instruct_hi", "xquad_instruct_en")
}


def folder_of(path, **contents):
    path.mkdir()
    for name in NAMES:
        (path / name).write_text(contents.get(name.split(".")[0].replace("-", "_"), name))
    return path


def described(root, study=STUDY, equal=None, weights=WEIGHTS, asked=ASKED, arm="both", dtype="auto"):
    """The description of an arm's trial in Greek, as it is read again from a file."""
    trial = next(trial for trial in trials_of(study, root) if trial.arm == arm)
    return json.loads(json.dumps(made_of(trial, equal, weights, asked, dtype)))


@pytest.fixture
def here(tmp_path):
    return folder_of(tmp_path / "here")


def test_the_same_elsewhere(tmp_path, here):
    there = described(folder_of(tmp_path / "there"))
    assert differences(there, described(here)) == []
    assert str(tmp_path) not in json.dumps(there)


def test_where_and_how_often_it_is_saved_is_nobody_s_business(here):
    study = dataclasses.replace(STUDY, fields={"mesh": "1,1,1", "remat": "none", "checkpoint_every": 3, "log_every": 1})
    assert differences(described(here, study), described(here)) == []


def test_what_differs_is_named(tmp_path, here):
    now = described(here)
    before = described(
        folder_of(tmp_path / "there", en_el="other"),
        dataclasses.replace(STUDY, fields={"learning_rate": 0.5}),
        Amount("tokens", 4),
        {"model.safetensors": "34cd"},
        ASKED | {"xquad_instruct_en": {"prompts_sha256": "", "limit": 3, "per_context": None}},
    )
    assert differences(before, now) == [
        "another model",
        "another amount of training",
        "stage 1: learning_rate 0.5 -> 2e-05",
        "stage 2: learning_rate 0.5 -> 2e-05",
        "stage 2: another dictionary",
        "other questions of xquad_instruct_en",
    ]


def test_another_chat_template_is_named_of_chat_tasks(here):
    before, now = (described(here, asked=ASKED | {"xquad_instruct_en": {"template_sha256": one}}) for one in "ab")
    assert differences(before, now) == ["other questions of xquad_instruct_en or another chat template"]


def test_a_field_that_came_later_has_its_value_of_before(here):
    old, now = described(here), described(here)
    for stage in old["stages"]:
        del stage["recipe"]["max_train_samples"], stage["recipe"]["surface"]
    assert differences(old, now) == []


@pytest.mark.parametrize("change", [{"stages": []}, {"stages": 3}, {"stages": [1, {}]}, {"tasks": 3}])
def test_a_description_that_is_none(here, change):
    now = described(here)
    assert differences(now | change, now)


def with_commit(**fields):
    return dataclasses.replace(STUDY, arms={"both": ({"recipe": "commit", **fields},)}, seeds={"both": (1,)})


@pytest.mark.parametrize(
    ("one", "two", "message"),
    [
        ({"data": "tatsu-lab/alpaca"}, {"data": "databricks/dolly"}, "other weights, forms or hub ids of data"),
        ({"data_unmixed": ["text.el.txt=1:text"]}, {"data_unmixed": ["text.el.txt=9:text"]}, "of data"),
        ({"data": ["reading.jsonl", "text.el.txt=1:text"]}, {"data": ["reading.jsonl", "text.el.txt=1"]}, "of data"),
        ({"dictionary": ["en-el.txt=1", "en-hi.txt"]}, {"dictionary": ["en-el.txt=9", "en-hi.txt"]}, "of dictionary"),
        ({"sentences": ["el-en.txt=1", "hi-en.txt"]}, {"sentences": ["el-en.txt=9", "hi-en.txt"]}, "of sentences"),
    ],
)
def test_what_is_said_of_a_file_beside_its_content(here, one, two, message):
    before, now = (described(here, with_commit(**fields)) for fields in (one, two))
    (difference,) = differences(before, now)
    assert difference.endswith(message)
    assert differences(now, now) == []


def test_a_ratio_that_is_fitted_does_not_matter(here):
    one, two = (described(here, with_commit(target_share=0.3, ratio=ratio)) for ratio in (0.7, 0.9))
    assert one == two


def test_a_folder_of_data_is_named_without_where_it_lies(tmp_path):
    there, here = (folder_of(tmp_path / name) for name in ("there", "here"))
    for folder in (there, here):
        (folder / "records").mkdir()
    before, now = (described(folder, with_commit(data="records")) for folder in (there, here))
    assert differences(before, now) == []
    assert str(tmp_path) not in json.dumps(before)


def test_another_tokenizer_of_a_stage(here, example):
    text = (example / "model" / "tokenizer.json").read_text(encoding="utf-8")
    for name, content in (("one", text), ("two", text.replace("\n", " "))):
        (here / name).mkdir()
        (here / name / "tokenizer.json").write_text(content, encoding="utf-8")
    before, now = (described(here, with_commit(tokenizer=name)) for name in ("one", "two"))
    assert differences(before, now) == ["stage 1: another tokenizer"]


def test_the_dtype_of_an_untuned_model(here):
    before, now = (described(here, arm="untuned", dtype=dtype) for dtype in ("float32", "bfloat16"))
    assert differences(before, now) == ["another dtype"]
    assert described(here, dtype="float32") == described(here, dtype="bfloat16")
