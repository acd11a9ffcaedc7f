"""Prompts for answering elsewhere, and the scores of answers made there."""

import json

import pytest

from commit_llm.errors import UserError
from commit_llm.evaluate.elsewhere import score_file, write_prompts
from commit_llm.evaluate.tasks import find_task

EL, EN = find_task("ogx_xquad_el"), find_task("ogx_xquad_en")


def test_scoring_the_same_answers(example, tmp_path):
    prompts = write_prompts([EL], tmp_path / "prompts", data_dir=str(example))
    rows = [json.loads(line) for line in (tmp_path / "prompts" / "prompts.jsonl").read_text().splitlines()]
    assert prompts == len(rows) > 100
    assert list(rows[0]) == ["id", "task", "prompt", "references"]
    right = [{"id": row["id"], "prediction": row["references"][0] if n % 2 else ""} for n, row in enumerate(rows)]
    path = tmp_path / "answers.jsonl"
    path.write_text("\n".join(map(json.dumps, right)))
    entry = score_file(path, EL, str(example))
    assert (entry["exact_match"], entry["f1"], entry["items"]) == (50.0, 50.0, len(rows))


def test_the_messages_of_a_chat_task(example, tmp_path):
    """They are what a user says; whoever answers has a template of their own."""
    task = find_task("xquad_chat_el")
    write_prompts([task], tmp_path / "prompts", data_dir=str(example))
    rows = [json.loads(line) for line in (tmp_path / "prompts" / "prompts.jsonl").read_text().splitlines()]
    assert all(row["prompt"].startswith("Answer the question about the text") for row in rows)
    path = tmp_path / "answers.jsonl"
    path.write_text("\n".join(json.dumps({"id": row["id"], "prediction": row["references"][0]}) for row in rows))
    entry = score_file(path, task, str(example))
    assert entry["exact_match"] == 100.0
    assert "|labels:chat|normaliser:squad-1.1|" in entry["signature"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: rows[1:], r"1 of \d+ questions have no prediction, such as '0-home'"),
        (lambda rows: [*rows, {"id": "new", "prediction": ""}], "are not of ogx_xquad_el, such as 'new'"),
        (lambda rows: [*rows, rows[0]], "id '0-home' occurs there twice"),
        (lambda rows: [{"id": "0-home"}, *rows[1:]], "row 1 needs texts"),
    ],
)
def test_predictions_that_do_not_fit(example, tmp_path, change, message):
    write_prompts([EL], tmp_path / "prompts", data_dir=str(example))
    lines = (tmp_path / "prompts" / "prompts.jsonl").read_text().splitlines()
    rows = change([{"id": json.loads(line)["id"], "prediction": ""} for line in lines])
    (tmp_path / "p.jsonl").write_text("\n".join(map(json.dumps, rows)))
    with pytest.raises(UserError, match=message):
        score_file(tmp_path / "p.jsonl", EL, str(example))
