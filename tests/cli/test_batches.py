"""`commit-llm batches` on data as a user has it: other columns, other formats, several sources."""

import csv
import gzip

import numpy as np
import pytest

from commit_llm.files.records import read_records
from commit_llm.recipes import load_recipe

COLUMNS = ["instruction=question", "input=context", "output=answer"]


@pytest.fixture
def questions(example, tmp_path):
    """The example's instructions as a table with columns of other names."""
    rows = read_records(example / "instructions.jsonl")
    path = tmp_path / "questions.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "question", "context", "answer"])
        writer.writerows((number, row["instruction"], row["input"], row["output"]) for number, row in enumerate(rows))
    return path


@pytest.mark.slow
def test_a_table_with_columns_of_other_names_gives_the_same_batches(run, example, questions, tmp_path):
    flags = ["--model", example / "model", "--dictionary", example / "en-el.txt", "--seq-len", 128, "--batch-size", 2]
    alone = example / "instructions.jsonl"
    packed = tmp_path / "q.csv.gz"
    packed.write_bytes(gzip.compress(questions.read_text(encoding="utf-8-sig").encode("utf-16")))
    arrays = []
    for data in ([alone, alone], [questions, alone], [packed, alone]):
        out = tmp_path / f"{len(arrays)}.npz"
        named = ["--columns", *COLUMNS] if data[0] != alone else []
        sources = [word for number, path in enumerate(data, 1) for word in ("--data", f"{path}={number}")]
        status, _, err = run("batches", "commit", *flags, *sources, *named, "--num-batches", 3, "--out", out)
        assert status == 0, err
        arrays.append(np.load(out))
    for other in arrays[1:]:
        assert all((arrays[0][name] == other[name]).all() for name in arrays[0].files)
    status, _, err = run("batches", "commit", *flags, "--data", questions, "--out", tmp_path / "a.npz")
    assert (status, err.count("\n")) == (2, 1)
    told = (
        "it has 'id', 'question', 'context', 'answer'; --columns instruction=question input=context output=answer would"
    )
    assert told in err


@pytest.mark.slow
def test_a_run_goes_on_with_its_columns(run, example, questions, tmp_path):
    """It keeps them in its config.yaml, and its page reads the data by them."""
    command = [
        "train", "commit", "--model", example / "model", "--from-scratch", "--dictionary", example / "en-el.txt",
        "--data", questions, "--columns", *COLUMNS, "--batch-size", 2, "--seq-len", 128, "--warmup-steps", 1,
        "--out", tmp_path / "run",
    ]  # fmt: skip
    assert run(*command, "--steps", 3, "--stop-after-minutes", "0.000001")[0] == 0
    assert load_recipe(tmp_path / "run" / "config.yaml").columns == tuple(COLUMNS)
    status, _, err = run("train", tmp_path / "run" / "config.yaml", "--out", tmp_path / "run")
    assert status == 0, err
    status, _, err = run("report", tmp_path / "run")
    assert status == 0, err
    assert "Example 1" in (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    command[command.index("input=context")] = "input=id"
    status, _, err = run(*command, "--steps", 3)
    assert (status, "columns" in err) == (2, True)
