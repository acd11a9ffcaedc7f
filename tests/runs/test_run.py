"""A run directory: what is one, and what its files may not be."""

import re

import pytest

from commit_llm.errors import UserError
from commit_llm.runs.run import find_run, read_provenance


@pytest.mark.parametrize("text", ["{", "[1]", "[" * 100_000])
def test_a_malformed_provenance(tmp_path, text):
    (tmp_path / "provenance.json").write_text(text)
    with pytest.raises(UserError, match=r"provenance\.json: "):
        read_provenance(tmp_path)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (["config.json", "model.safetensors"], "it is a model folder"),
        (["results.json", "predictions.jsonl"], "it is an evaluation directory"),
        (["config.yaml"], "no provenance.json in it"),
        ([], "no config.yaml and provenance.json in it"),
    ],
)
def test_no_run(tmp_path, files, message):
    for file in files:
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text("")
    with pytest.raises(UserError, match=re.escape(message)):
        find_run(tmp_path)
