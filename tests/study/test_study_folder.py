"""A study's folder goes on with the same study, or with more of it; anything else is refused."""

import dataclasses

import pytest

from commit_llm.errors import UserError
from commit_llm.files.lock import locked
from commit_llm.study.study_file import Amount, read_study
from commit_llm.study.study_folder import begin
from tests.files.test_holder import left_by
from tests.study.test_trials import ARMS, STUDY


def test_more_of_a_study_is_no_other_study(tmp_path):
    begin(tmp_path, STUDY)
    begin(tmp_path, STUDY)
    more = dataclasses.replace(
        STUDY,
        languages=("el", "hi", "th"),
        arms=ARMS | {"new": ({"recipe": "alpaca"},)},
        seeds=STUDY.seeds | {"new": (0,)},
    )
    begin(tmp_path, more)
    assert read_study(tmp_path / "study.yaml") == dataclasses.replace(more, fields={})
    begin(tmp_path, STUDY)
    assert read_study(tmp_path / "study.yaml") == dataclasses.replace(STUDY, fields={})


def test_what_a_kill_at_the_very_start_leaves_is_no_one_elses(tmp_path):
    left_by(tmp_path / "study.yaml")
    with locked(tmp_path, "conducting a study"):
        begin(tmp_path, STUDY)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".lock", "study.yaml"]


@pytest.mark.parametrize("content", [b"", b"model: [", b"model: {a", b"\xff"])
def test_a_damaged_study(tmp_path, content):
    (tmp_path / "study.yaml").write_bytes(content)
    with pytest.raises(UserError, match=r"study\.yaml: malformed.*; choose another --out"):
        begin(tmp_path, STUDY)
    assert (tmp_path / "study.yaml").read_bytes() == content


@pytest.mark.parametrize(
    "change",
    [
        {"model": "other"},
        {"equal": Amount("tokens", 4)},
        {"arms": ARMS | {"alpaca": ({"recipe": "alpaca", "steps": 3},)}},
        {"fields": {"steps": 3}},
        {"per_context": {"": 2}},
    ],
)
def test_another_study(tmp_path, change):
    begin(tmp_path, STUDY)
    before = (tmp_path / "study.yaml").read_bytes()
    with pytest.raises(UserError, match=f"holds another study: {next(iter(change))} is .* choose another --out"):
        begin(tmp_path, dataclasses.replace(STUDY, **change))
    assert (tmp_path / "study.yaml").read_bytes() == before


def test_something_else(tmp_path):
    (tmp_path / "thesis.tex").write_text("")
    with pytest.raises(UserError, match=r"holds something else \(thesis\.tex\); choose another --out"):
        begin(tmp_path, STUDY)
