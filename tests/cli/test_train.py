"""`commit-llm train` on the command line: whence paths begin, and what is said of too many passes and long examples."""

import re
import shutil

import pytest
import yaml

pytestmark = pytest.mark.slow


@pytest.fixture
def dry_run(run, example, tmp_path):
    """Look at a small training with more flags."""
    made = ["--data", example / "instructions.jsonl", "--dictionary", example / "en-el.txt", "--out", tmp_path / "run"]
    small = ["--model", example / "model", "--from-scratch", "--warmup-steps", 0, "--batch-size", 2]
    return lambda *flags: run("train", "commit", *small, *made, *flags, "--dry-run")


def test_a_recipe_file_beside_its_files_is_the_same_run_from_any_folder(run, example, tmp_path, monkeypatch):
    home, elsewhere = tmp_path / "home", tmp_path / "elsewhere"
    shutil.copytree(example, home)
    elsewhere.mkdir()
    shutil.move(home / "en-el.txt", elsewhere / "en-el.txt")  # from the current folder, then
    recipe = {
        "model": "model", "from_scratch": True, "data": "instructions.jsonl", "dictionary": ["en-el.txt"],
        "steps": 2, "warmup_steps": 0, "batch_size": 2, "seq_len": 128,
    }  # fmt: skip
    (home / "mine.yaml").write_text(yaml.safe_dump(recipe))
    monkeypatch.chdir(elsewhere)
    out = tmp_path / "run"
    status, printed, err = run("train", "../home/mine.yaml", "--out", out)
    assert (status, f"trained {out} to step 2" in printed) == (0, True), err
    stored = yaml.safe_load((out / "config.yaml").read_text())
    assert stored["data"] == str(home / "instructions.jsonl")
    assert stored["model"] == str(home / "model")
    assert stored["dictionary"] == ["en-el.txt"]
    assert "finished already, at step 2" in run("train", home / "mine.yaml", "--out", out)[1]
    status, _, err = run("train", home / "mine.yaml", "--steps", 3, "--out", out)
    assert status == 2
    assert f"to train longer, train a new run from it: --model {out} --steps N --out ANOTHER" in err


def test_hundreds_of_passes(dry_run):
    status, _, err = dry_run("--seq-len", 128, "--steps", 100_000)
    assert status == 0
    (line,) = [line for line in err.splitlines() if "training goes about" in line]
    assert re.search(r"jsonl: training goes about [\d,]+ times through its 324 examples; lower --steps \(", line)


def test_tokens_a_word_where_examples_are_left_out(dry_run):
    status, out, _ = dry_run("--seq-len", 70, "--steps", 20)
    assert status == 0
    growth = r"a word takes \d\.\d tokens before mixing, and \d\.\d after it"
    assert re.search(rf"longer than a row of 70 tokens.*\n{growth}\n", out)
    assert "a word takes" not in dry_run("--seq-len", 256, "--steps", 20)[1]
