"""What a model was trained on, read from a provenance.json that may come from anywhere."""

import json

import pytest

from commit_llm.data.document_hashes import hash_texts
from commit_llm.errors import UserError
from commit_llm.runs.history import NOTHING, TRAINING, UNKNOWN, History, read_history

STAGE = {
    "data": "alpaca.jsonl", "form": "instruction", "behaviour": "mended", "ratio": 0.9, "seed": 0, "steps": 3,
    "examples": 40, "tokens": 900,
}  # fmt: skip


@pytest.fixture
def read(tmp_path):
    def written(held):
        path = tmp_path / "provenance.json"
        path.write_text(held if isinstance(held, str) else json.dumps(held), encoding="utf-8")
        return read_history(path, TRAINING)

    return written


def ours(**entries):
    return {"commit_llm": "0.1.0", "training": [STAGE], "documents": {"number": 0, "sha256_64": ""}} | entries


def test_written_and_read_again(read):
    others = ({"ratio": 0}, {"ratio": ["0.1@0", "0.9@2"]}, {"ways": "0.5 of sentences"})
    known = History([STAGE, *(STAGE | other for other in others)], hash_texts(["a", "b"]))
    found = read(ours(**known.to_json(TRAINING)))
    assert found.stages == known.stages
    assert found.documents.tolist() == known.documents.tolist()
    assert read(ours(**UNKNOWN.to_json(TRAINING))) == UNKNOWN
    assert read(ours(**NOTHING.to_json(TRAINING))).stages == []


@pytest.mark.parametrize("held", [[], {}, 3, {"training": "of dogs", "documents": 4}, {"documents": {"number": 1}}])
def test_of_somebody_elses_file_nothing_is_known(read, held):
    assert read(held) is None


def test_a_model_without_the_file(tmp_path):
    assert read_history(tmp_path / "provenance.json", TRAINING) is None


@pytest.mark.parametrize("held", [{"commit_llm": "0.0.9"}, {"commit_llm": "0.0.9", "step": 3, "training": []}])
def test_versions_that_kept_none(read, held):
    assert read(held) == UNKNOWN


def test_entries_that_are_not_known_are_dropped(read):
    assert read(ours(training=[STAGE | {"note": "<script>"}])).stages == [STAGE]


@pytest.mark.parametrize(
    ("held", "message"),
    [
        ("no JSON", "malformed JSON"),
        ("[" * 100_000, "malformed JSON"),
        (ours(training={}), "the stages of training are no list"),
        (ours(training=[STAGE, 3]), "stage 2 is not an object"),
        (ours(training=[STAGE | {"data": None}]), "stage 1 has no data, or one of another type"),
        (ours(training=[STAGE | {"steps": True}]), "stage 1 has no steps"),
        (ours(training=[STAGE | {"tokens": 1.5}]), "stage 1 has no tokens"),
        (ours(training=[STAGE | {"ratio": float("nan")}]), "stage 1 has no ratio"),
        (ours(training=[STAGE | {"ratio": ["0.1@0"]}]), "stage 1 has no ratio"),
        (ours(training=[STAGE | {"ways": 3}]), "stage 1 has no ways"),
        (ours(documents=[]), "documents: no sha256_64"),
    ],
)
def test_malformed_files(read, held, message):
    with pytest.raises(UserError, match=rf"provenance\.json: malformed.*{message}|{message}.*; export the model again"):
        read(held)
