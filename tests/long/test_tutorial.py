"""docs/tutorial.md, as a new user would follow it: every command of the page, in its order, on a real model.

The model's folder is that of test_real_model.py.
"""

import csv
import json
import os
import re
import subprocess
import sys

import pytest

from tests.conftest import ROOT

PAGE = ROOT / "docs" / "tutorial.md"
SHORT = 500  # characters of a record
MINE, MORE, QUESTIONS = 200, 200, 12


@pytest.fixture(scope="module")
def folder(smollm2, shared, tmp_path_factory):
    """What the page begins with: the model, two files of data, a dictionary, questions; and the command."""
    folder = tmp_path_factory.mktemp("tutorial")
    (folder / "smollm2").symlink_to(smollm2)
    (folder / "en-es.txt").symlink_to(shared.data("evidence/muse/en-es.txt"))
    lines = shared.data("alpaca/alpaca_1807.jsonl").read_text(encoding="utf-8").splitlines()
    records = [record for record in map(json.loads, lines) if sum(map(len, record.values())) < SHORT]
    with (folder / "mine.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["question", "passage", "reply"])
        writer.writerows([record[name] for name in ("instruction", "input", "output")] for record in records[:MINE])
    others = [json.dumps(record) + "\n" for record in records[MINE : MINE + MORE]]
    (folder / "more.jsonl").write_text("".join(others), encoding="utf-8")
    articles = json.loads(shared.data("evidence/xquad/xquad.es.json").read_text(encoding="utf-8"))["data"]
    paragraphs = [article["paragraphs"][0] for article in articles[:QUESTIONS]]
    asked = [(paragraph["context"], paragraph["qas"][0]) for paragraph in paragraphs]
    questions = [
        {"context": context, "question": one["question"], "answers": [answer["text"] for answer in one["answers"]]}
        for context, one in asked
    ]
    (folder / "my-questions.jsonl").write_text("".join(json.dumps(one) + "\n" for one in questions), encoding="utf-8")
    command = folder / "bin" / "commit-llm"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m commit_llm "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    return folder


def blocks():
    """Each bash block of the page with what it prints there, which is the text block behind it, if one is."""
    text = PAGE.read_text(encoding="utf-8")
    return re.findall(r"^```bash\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", text, re.M | re.S)


# Lines that are the same everywhere but for their figures; how fast it goes and what the model writes is not.
ALIKE = (
    "commit-llm preview:", "The first row:", "replaced ", "not drawn ", "instruction,", "output,", "mixing:", "model:",
    "asked ", "compiling ", "next:", "trained from ", "wrote ", "each message ", "task ", "answers:", "Open ",
    "One seed a side:",
)  # fmt: skip


def shape(line):
    """A line without its figures."""
    return re.sub(r"[\d.,]+", "#", re.sub(r" +", " ", line)).strip()


def test_every_command_of_the_page(folder):
    environment = os.environ | {"PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}", "COLUMNS": "80"}
    for commands, printed in blocks():
        process = subprocess.run(
            ["bash", "-c", commands], cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        print(commands, process.stdout, process.stderr)
        is_refusal = "would probably do" in printed
        assert process.returncode == (2 if is_refusal else 0), process.stderr
        lines = {shape(line) for line in (process.stdout + process.stderr).splitlines()}
        missing = [line for line in printed.splitlines() if line.startswith(ALIKE) and shape(line) not in lines]
        assert missing == [], "the page shows what is not printed"
    answers = [json.loads(line) for line in (folder / "answers.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [bool(answer["answer"]) for answer in answers] == [True, True]
    evaluated = json.loads((folder / "evals" / "tuned" / "results.json").read_text(encoding="utf-8"))
    assert evaluated["tasks"]["questions_es"]["items"] == QUESTIONS
    assert evaluated["model"]["training"]
    assert (folder / "compared" / "index.html").is_file()
