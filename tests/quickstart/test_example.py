"""The embedded example: nothing of the test is in training, and the dictionary is as perfect as it is said to be."""

import itertools
import json
import re

import pytest

from commit_llm.codemix.dictionaries.dictionary import BilingualDictionary
from commit_llm.evaluate.questions import load_questions
from commit_llm.evaluate.tasks import find_task
from commit_llm.files.records import read_records
from commit_llm.quickstart.example import write_example
from commit_llm.quickstart.world import DICTIONARY, FIRST_NAMES, LAST_NAMES, greek, people


def test_nothing_of_the_test_is_in_training(asked, training):
    _, test = people(0)
    seen = set(training)
    for questions in asked.values():
        assert len(questions) == 240
        assert not {text for item in questions for text in (item.context, item.question)} & seen
    words = [re.findall(r"\w+", text) for text in training]
    trained_names = {f"{first} {last}" for text in words for first, last in itertools.pairwise(text)}
    assert people(0)[0][0].name in trained_names
    assert not {person.name for person in test} & trained_names
    # The same facts under another name are not in training either.
    assert not {person.facts for person in test} & {person.facts for person in people(0)[0]}


def test_the_two_languages_ask_the_same(asked):
    for english, other in zip(asked["en"], asked["el"], strict=True):
        assert other.id == english.id
        assert (other.context, other.question) == (greek(english.context), greek(english.question))
        assert other.references == (greek(english.references[0]),) != english.references
        assert re.search(rf"\b{other.references[0]}\b", other.context)


def test_an_answer_stands_where_it_is_said_to(folder):
    for language in ("en", "el"):
        held = json.loads((folder / f"xquad.{language}.json").read_text(encoding="utf-8"))
        for paragraph in held["data"][0]["paragraphs"]:
            for answer in paragraph["qas"][0]["answers"]:
                assert paragraph["context"][answer["answer_start"] :].startswith(answer["text"])


def test_every_word_is_known(training, asked):
    names, known = {*FIRST_NAMES, *LAST_NAMES}, {*DICTIONARY, *DICTIONARY.values()}
    texts = [*training, *(text for items in asked.values() for item in items for text in (item.context, item.question))]
    assert {word for text in texts for word in re.findall(r"\w+", text)} <= names | known
    assert not names & known


def test_some_of_the_texts_are_greek(folder):
    texts = [record["text"] for record in read_records(folder / "texts.jsonl")]
    assert 0.08 < sum("αυτή" in text for text in texts) / len(texts) < 0.12


def test_the_dictionary_is_one_to_one(folder):
    read = BilingualDictionary.load(folder / "en-el.txt").translations
    assert dict(read) == {english: (other,) for english, other in DICTIONARY.items()}
    assert len(set(DICTIONARY.values())) == len(DICTIONARY)
    assert not set(DICTIONARY) & set(DICTIONARY.values())


@pytest.mark.slow
def test_another_seed_is_another_world(folder, tmp_path):
    write_example(tmp_path, seed=1)
    assert (tmp_path / "xquad.el.json").read_text() != (folder / "xquad.el.json").read_text()
    assert (tmp_path / "en-el.txt").read_text() == (folder / "en-el.txt").read_text()


def test_a_smaller_example_has_the_first_people_alone(folder, tmp_path):
    write_example(tmp_path, seed=0, training_people=3, test_people=2)
    instructions = read_records(folder / "instructions.jsonl")
    assert read_records(tmp_path / "instructions.jsonl") == instructions[: 4 * 3]
    few = load_questions(find_task("ogx_xquad_el"), str(tmp_path))
    assert few == load_questions(find_task("ogx_xquad_el"), str(folder))[: 4 * 2]
