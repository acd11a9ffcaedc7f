"""What is asked of the data of all trials is asked before the first one is trained, or the untuned model evaluated."""

import dataclasses
import json

import pytest

from commit_llm.errors import UserError
from commit_llm.study.conduct import conduct

pytestmark = pytest.mark.slow
BEFORE = "conduct has begun a trial"


@pytest.fixture(autouse=True)
def nothing_is_trained(monkeypatch):
    def begun(*args):
        raise AssertionError(BEFORE)

    monkeypatch.setattr("commit_llm.study.conduct.run_trial", begun)


@pytest.fixture
def seen(world, tmp_path):
    """Data with a context of the questions."""
    questions = json.loads((world / "xquad.en.json").read_text(encoding="utf-8"))
    context = questions["data"][0]["paragraphs"][0]["context"]
    record = {"instruction": "who?", "input": context, "output": "anna", "text": context}
    path = tmp_path / "seen.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for _ in range(24)), encoding="utf-8")
    return path


FIRST = "alpaca, seed 0: its training data has 1 of the 2 contexts of xquad_instruct_en"


@pytest.mark.parametrize(
    ("arm", "message"),
    [
        ("alpaca", FIRST),
        ("{{recipe: commit, data: {seen}}}", "late in el, seed 0: its training data has 1 of the 2 contexts"),
        ("[{{recipe: align, data: {seen}}}, commit]", "late in el, seed 0: its training data has 1 of the 2 contexts"),
        ("{{recipe: commit, data_unmixed: ['{seen}=1:text']}}", "late in el, seed 0: its training data has 1 of the"),
    ],
)
def test_texts_of_the_test_among_those_of_training(study_of, how, seen, tmp_path, arm, message):
    """Of any stage of any arm, before all others."""
    data = {"data": str(seen)} if arm == "alpaca" else {}
    study = study_of("" if data else f"  late: {arm.format(seen=seen)}\ndictionary_back: LANG-en.txt\n", **data)
    with pytest.raises(UserError, match=message):
        conduct(study, tmp_path / "out", how)
    with pytest.raises(AssertionError, match=BEFORE):
        conduct(study, tmp_path / "out", dataclasses.replace(how, allow_contamination=True))


@pytest.mark.parametrize(
    ("equal", "message"),
    [
        ("{supervised_tokens: 1000000}", "equal: supervised_tokens 1,000,000: no arm has as many in one pass.*; ask"),
        ("{examples: 1000}", "equal: examples 1,000: alpaca, seed 0 has 324 in its first source; ask for less"),
    ],
)
def test_more_than_there_is(study_of, how, tmp_path, equal, message):
    with pytest.raises(UserError, match=message):
        conduct(study_of(equal=equal), tmp_path / "out", how)


def test_the_amount_that_there_is(study_of, how, tmp_path):
    with pytest.raises(AssertionError, match=BEFORE):
        conduct(study_of(equal="{examples: 324}"), tmp_path / "out", how)
