"""The files of the embedded example: texts, instruction data, dictionary, test questions, and a model to start from.

The people of the test questions are in no text and in no instruction, in any language.
"""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from commit_llm.codemix.randomness import hash64, unit_float
from commit_llm.data.prompts import ALPACA_WITH_INPUT, ALPACA_WITHOUT_INPUT
from commit_llm.quickstart.word_tokenizer import write_tokenizer
from commit_llm.quickstart.world import (
    DICTIONARY,
    FIRST_NAMES,
    LAST_NAMES,
    RELATIONS,
    Person,
    description,
    greek,
    people,
    question,
)

TEXTS, INSTRUCTIONS, DICTIONARY_FILE, MODEL = "texts.jsonl", "instructions.jsonl", "en-el.txt", "model"
TEXTS_A_PERSON = 4
GREEK_SHARE = 0.1  # of the texts: English-centric, as the models that COMMIT is for

CONFIG = {
    "model_type": "llama",
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 512,  # a prompt of 75 tokens and the 256 of an answer
    "rms_norm_eps": 1e-6,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "tie_word_embeddings": False,
}


def texts(training: list[Person], seed: int) -> list[dict[str, str]]:
    """Write plain texts to train the base model on. Each describes one person, some in Greek."""
    records = []
    for n, person in enumerate(training * TEXTS_A_PERSON):
        text = description(person, seed, 3, n, twice=True)
        records.append({"text": greek(text) if unit_float(hash64(seed, 4, n)) < GREEK_SHARE else text})
    return records


def instructions(training: list[Person], seed: int) -> list[dict[str, str]]:
    """Write English questions with their context as input, in Alpaca format: one for every relation of every person."""
    return [
        {
            "instruction": question(person, relation),
            "input": description(person, seed, 5, n, i),
            "output": person.facts[i],
        }
        for n, person in enumerate(training)
        for i, relation in enumerate(RELATIONS)
    ]


def questions(test: list[Person], seed: int, in_greek: bool) -> dict[str, Any]:
    """Write the test questions in SQuAD layout, with a context each. Ids are the same in both languages."""
    say = greek if in_greek else str
    paragraphs = []
    for n, person in enumerate(test):
        for i, relation in enumerate(RELATIONS):
            context, answer = say(description(person, seed, 6, n, i)), say(person.facts[i])
            start = next(re.finditer(rf"\b{answer}\b", context)).start()  # every fact is stated
            answers = [{"text": answer, "answer_start": start}]
            asked = {"id": f"{n}-{relation.asked}", "question": say(question(person, relation)), "answers": answers}
            paragraphs.append({"context": context, "qas": [asked]})
    return {"version": "commit-llm quickstart", "data": [{"title": "people", "paragraphs": paragraphs}]}


def write_example(
    folder: Path, seed: int, *, training_people: int | None = None, test_people: int | None = None
) -> None:
    """Write all the files into an existing, empty folder: of the first people of each group, or of all of them."""
    training, test = people(seed)
    training, test = training[:training_people], test[:test_people]
    write_lines(folder / TEXTS, texts(training, seed))
    write_lines(folder / INSTRUCTIONS, instructions(training, seed))
    pairs = [f"{english}\t{translation}\n" for english, translation in DICTIONARY.items()]
    (folder / DICTIONARY_FILE).write_text("".join(pairs), encoding="utf-8")
    for language in ("en", "el"):
        write_json(folder / f"xquad.{language}.json", questions(test, seed, in_greek=language == "el"))
    model = folder / MODEL
    model.mkdir()
    vocab_size = write_tokenizer(model, every_word())
    write_json(model / "config.json", CONFIG | {"vocab_size": vocab_size})


def every_word() -> list[str]:
    """List texts with every word of the world: of both languages, of names, and of the prompt templates."""
    return [ALPACA_WITH_INPUT, ALPACA_WITHOUT_INPUT, *DICTIONARY, *DICTIONARY.values(), *FIRST_NAMES, *LAST_NAMES]


def write_lines(path: Path, records: Iterable[dict[str, str]]) -> None:
    """Write a .jsonl file."""
    lines = [json.dumps(record, ensure_ascii=False) + "\n" for record in records]
    path.write_text("".join(lines), encoding="utf-8")


def write_json(path: Path, value: Any) -> None:
    """Write a .json file."""
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
