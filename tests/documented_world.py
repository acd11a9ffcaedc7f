"""Write a small world with the files that the documentation's commands name, and where they name them."""

import json
import shutil
from pathlib import Path

import numpy as np

from commit_llm.cli.main import main
from commit_llm.quickstart.example import DICTIONARY_FILE, INSTRUCTIONS, write_example
from commit_llm.quickstart.world import DICTIONARY
from tests.report.comparison.evaluations import evaluation
from tests.vocabulary.growing_models import ENGLISH, GREEK, write_growing_model

LETTERS = "αβγδεηικλμνοπρστυω"
# Questions and answers about the first text of each language.
IN_ENGLISH = {"Where does the dog wait?": "by the door", "What sleeps on the stone?": "The cat"}
IN_GREEK = {"Πού περιμένει ο σκύλος;": "στην πόρτα", "Τι κοιμάται στην πέτρα;": "Η γάτα"}
# What makes a training tiny, behind the flags of the page.
TINY = {"train": ("--steps", "2", "--warmup-steps", "1", "--batch-size", "1", "--seq-len", "512")}


def invented_words(count: int) -> list[str]:
    """Give words of Greek letters, so that a tokenizer has thousands of pieces to learn."""
    draw = np.random.default_rng(0)
    return ["".join(draw.choice(list(LETTERS), size=7)) for _ in range(count)]


def squad(context: str, asked: dict[str, str]) -> dict[str, object]:
    """Give questions about one context in SQuAD's layout."""
    questions = [
        {"id": str(number), "question": question, "answers": [{"text": text, "answer_start": context.index(text)}]}
        for number, (question, text) in enumerate(asked.items())
    ]
    return {"data": [{"title": "animals", "paragraphs": [{"context": context, "qas": questions}]}]}


def write_lines(path: Path, records: list[dict[str, object]]) -> None:
    path.write_text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records), encoding="utf-8")


def write_texts(folder: Path) -> None:
    """Write data, dictionaries, questions and prompts."""
    write_example(folder, seed=0, training_people=8, test_people=1)
    shutil.rmtree(folder / "model")
    (folder / INSTRUCTIONS).rename(folder / "alpaca.jsonl")
    pairs = list(DICTIONARY.items())
    for name, columns in (
        ("el-en.txt", (1, 0)),
        ("en-el.tsv", (0, 1)),
        ("en_doi.tsv", (0, 1)),
        ("my-words.tsv", (0, 1)),
    ):
        lines = ["\t".join(pair[column] for column in columns) + "\n" for pair in pairs]
        (folder / name).write_text("".join(lines), encoding="utf-8")
    (folder / "dictionaries").mkdir()
    shutil.copy(folder / DICTIONARY_FILE, folder / "dictionaries")
    (folder / "xquad").mkdir()
    for language, context, asked in (("en", ENGLISH[0], IN_ENGLISH), ("el", GREEK[0], IN_GREEK)):
        (folder / f"xquad.{language}.json").write_text(json.dumps(squad(context, asked)), encoding="utf-8")
        shutil.copy(folder / f"xquad.{language}.json", folder / "xquad")
    greek = [*GREEK, *(f"{word} {word}" for word in invented_words(2500))]
    (folder / "greek.txt").write_text("\n".join(greek) + "\n", encoding="utf-8")
    turns = [{"role": "user", "content": ENGLISH[3]}, {"role": "assistant", "content": ENGLISH[0]}]
    write_lines(folder / "talks.jsonl", [{"turns": turns}])
    write_lines(folder / "prompts.jsonl", [{"prompt": ENGLISH[3]}, {"instruction": ENGLISH[3], "input": ENGLISH[0]}])
    own = [{"context": GREEK[0], "question": question, "answers": [answer]} for question, answer in IN_GREEK.items()]
    write_lines(folder / "my-questions.jsonl", own)


def write_world(folder: Path) -> None:
    """Write everything into an empty folder that is the current one: texts, models, runs and evaluations."""
    write_texts(folder)
    write_growing_model(folder / "my-llama", "bytes")
    shutil.copytree(folder / "my-llama", folder / "grown-llama")
    data = ["--model", "my-llama", "--data", "alpaca.jsonl", "--dictionary", "en-el.txt", *TINY["train"]]
    assert main(["train", "commit", *data, "--out", "greek"]) == 0
    assert main(["export", "greek", "--out", "greek-model"]) == 0
    assert main(["train", "commit", *data, "--lora-r", "4", "--out", "greek-lora"]) == 0
    assert main(["export", "greek-lora", "--adapter", "--out", "greek-adapter"]) == 0
    shutil.copytree(folder / "greek", folder / "aligned")
    shutil.copytree(folder / "greek", folder / "runs" / "commit")
    for seed in range(3):
        evaluation(folder / f"a{seed}", 0.4, seed)
        evaluation(folder / f"c{seed}", 0.9, 10 + seed)
    for name, source in (("alpaca-eval", "a0"), ("greek-eval", "c0")):
        shutil.copytree(folder / source, folder / name)
