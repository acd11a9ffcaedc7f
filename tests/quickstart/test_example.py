"""The embedded example: nothing of the test is in training, and the dictionary is as perfect as it is said to be."""

import itertools
import json
import re

import pytest

from commit_llm.codemix.dictionaries.dictionary import BilingualDictionary
from commit_llm.data.prompts import alpaca_prompt
from commit_llm.data.tokenizer import load_tokenizer
from commit_llm.evaluate.answers import stop_tokens
from commit_llm.evaluate.questions import load_questions
from commit_llm.evaluate.tasks import find_task
from commit_llm.files.records import read_records
from commit_llm.model.config import read_config
from commit_llm.quickstart.example import CONFIG, write_example
from commit_llm.quickstart.world import DICTIONARY, FIRST_NAMES, LAST_NAMES, greek, people


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("quickstart")
    write_example(made, seed=0)
    return made


@pytest.fixture(scope="module")
def asked(folder):
    return {lang: load_questions(find_task(f"xquad_instruct_{lang}"), str(folder)) for lang in ("en", "el")}


@pytest.fixture(scope="module")
def training(folder):
    """Every text of every training record."""
    records = [*read_records(folder / "texts.jsonl"), *read_records(folder / "instructions.jsonl")]
    return [text for record in records for text in record.values()]


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


def test_the_tokenizer(folder, asked, training):
    tokenizer = load_tokenizer(folder / "model")
    config = read_config(folder / "model")
    tokenizer.require_room(config.vocab_size)
    prompts = [alpaca_prompt(item.question, item.context) for items in asked.values() for item in items[:20]]
    for text in [*prompts, *training[:50], *training[-50:]]:
        ids = tokenizer.encode(text)
        assert tokenizer.decode(ids) == text
        assert 0 not in ids, "unknown word"
        assert len(ids) < CONFIG["max_position_embeddings"] - 256
    # A word is the same token at the start of an answer as within the context.
    assert tokenizer.encode("athens") == tokenizer.encode("in athens")[1:]


def test_an_answer_stops_at_a_newline(folder):
    tokenizer = load_tokenizer(folder / "model")
    stops = stop_tokens(tokenizer, read_config(folder / "model").vocab_size)
    assert [tokenizer.decode([int(token)]) for token in stops.nonzero()[0] if token != tokenizer.eos_id] == ["\n"]
    assert tokenizer.encode("athens\n")[-1] in stops.nonzero()[0]


def test_another_seed_is_another_world(folder, tmp_path):
    write_example(tmp_path, seed=1)
    assert (tmp_path / "xquad.el.json").read_text() != (folder / "xquad.el.json").read_text()
    assert (tmp_path / "en-el.txt").read_text() == (folder / "en-el.txt").read_text()
