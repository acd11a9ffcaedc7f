"""Entries of results.json, which may come from anywhere: their names stand in paths and in pages."""

from pathlib import Path

import pytest

from commit_llm.errors import UserError
from commit_llm.runs.entries import require_entries

ENTRY = {
    "suite": "xquad_instruct", "language": "el", "task_version": "2.0", "limit": None, "prompts_sha256": "0" * 64,
    "signature": "task:x", "items": 3, "exact_match": 10.0, "f1": 20.0,
}  # fmt: skip


@pytest.mark.parametrize("name", ["../up", "a/b", "/root", "a\\b", ".hidden", "", "x" * 61, "a\nb", "<b>", None, 3])
@pytest.mark.parametrize("key", ["suite", "language"])
def test_a_name_that_is_no_part_of_a_file_s_name_is_refused(key, name):
    require_entries(Path("results.json"), {"fingerprint": "0" * 64}, {"xquad_instruct_el": ENTRY})
    with pytest.raises(UserError, match=f"results.json: .*{key}"):
        require_entries(Path("results.json"), {"fingerprint": "0" * 64}, {"xquad_instruct_el": ENTRY | {key: name}})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("in_context", 101), ("in_context", "28"), ("exact_match_english_only", -1), ("answer_language", 3),
        ("answer_language", {"target": 3.0}), ("answer_language", {"target": "<b>", "items": 3}),
        ("language_identifier", 4), ("language_identifier", "a\nb"),
        ("template_sha256", 7), ("template_sha256", "a\nb"),
    ],
)  # fmt: skip
def test_figures_of_answers_that_cannot_be_are_refused(key, value):
    known = {"in_context": 28, "exact_match_english_only": 0.0, "answer_language": {"items": 0}}
    for entry in (ENTRY | known, ENTRY | dict.fromkeys(known), ENTRY | {"language_identifier": None}):
        require_entries(Path("results.json"), {"fingerprint": "0" * 64}, {"xquad_instruct_es": entry})
    with pytest.raises(UserError, match=f"xquad_instruct_es has {key} .*, which cannot be"):
        require_entries(Path("results.json"), {"fingerprint": "0" * 64}, {"xquad_instruct_es": ENTRY | {key: value}})
