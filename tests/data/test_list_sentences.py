"""The list for a translation system: which sentences stand in it, once each, and what is refused."""

import json
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commit_llm.codemix import CodeMixer, SentencePairs
from commit_llm.codemix.finding.sentences import find_sentences
from commit_llm.data.list_sentences import LONGEST, Listed, list_sentences, sentences_with_words
from commit_llm.data.mixed_fields import Fields
from commit_llm.errors import UserError
from commit_llm.files.data_format import require_data_file

ROWS = [
    {"instruction": "Name it.  Now!", "input": None, "output": "The\tdog. `a. b` 3.14"},
    {"instruction": "Name it.\nNow!", "input": "1. A dog’s bone\r\n2. Name  it.", "output": "Run `ls -l`. Don't"},
    {"instruction": "Go", "input": "", "output": "A dog's bone. (42) The dog."},
]
LISTED = [
    "Name it.",
    "Now!",
    "The dog.",
    "A dog’s bone",
    "Run `ls -l`.",
    "Don't",
    "Go",
    "A dog's bone.",
    "(42) The dog.",
]


@pytest.fixture
def listing(tmp_path):
    def write_and_list(rows=ROWS, *args, name="data.jsonl", **options):
        path, out = tmp_path / name, tmp_path / "list.txt"
        lines = (json.dumps(row) for row in rows)
        path.write_text("[" + ",".join(lines) + "]" if name.endswith(".json") else "\n".join(lines), encoding="utf-8")
        require_data_file(path)
        listed = list_sentences(path, out, *args, **options)
        return listed, out.read_bytes().decode().split("\n")[:-1]

    return write_and_list


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Go. See ```a\nb. c``` there. Stay", ["Go.", "Stay"]),
        ("`a` b. $c. d$ e. f", ["`a` b.", "f"]),
        ("{a b}. c `d` e `f`. `g`\nh", ["c `d` e `f`.", "h"]),
        ("```\na", []),
    ],
)
def test_what_something_protected_reaches_beyond_is_never_replaced(text, sentences):
    assert list(sentences_with_words(text)) == sentences


@settings(max_examples=30)
@given(
    st.lists(st.sampled_from(["a", "B1", "1", ".", "! ", "\n", " ", "`", "```", "$", "{", "}", "’", '"', "http://x"]))
)
def test_what_is_listed_is_what_the_mixer_can_replace(pieces):
    text = "".join(pieces)
    listed = list(sentences_with_words(text))
    pairs = SentencePairs.from_pairs([(text[start:end], f"{text[start:end]} ξ") for start, end in find_sentences(text)])
    words = CodeMixer((), sentences=pairs, sentence_ratio=1.0).explain({"text": text})["text"] if len(pairs) else []
    assert [text[word.start : word.end] for word in words if word.unit == "sentence"] == listed


@pytest.mark.parametrize("name", ["data.jsonl", "data.json"])
def test_each_sentence_with_a_word_once_in_order(listing, name):
    listed, lines = listing(name=name)
    assert lines == LISTED
    assert listed == Listed(rows=3, sentences=12, different=9)
    assert listed.written == 9


def test_those_that_have_a_translation_are_left_out(listing):
    listed, lines = listing(ROWS, Fields(), frozenset(), [{"Name it.": "x"}, {"Go": "y", "No": "z"}])
    assert lines == [line for line in LISTED if line not in ("Name it.", "Go")]
    assert (listed.known, listed.written) == (2, 7)


def test_mixed_fields_alone(listing):
    assert listing(ROWS, Fields(("input", "output"), ("input",)))[1] == ["A dog’s bone", "Name it."]
    assert listing(ROWS, Fields((), ("input",)), overwrite=True)[1] == ["A dog’s bone", "Name it."]


def test_the_language_decides_on_greek_questions(listing):
    rows = [{"text": "Τι; Ναι"}]
    assert listing(rows)[1] == ["Τι; Ναι"]
    assert listing(rows, Fields(), frozenset({"el"}), overwrite=True)[1] == ["Τι;", "Ναι"]


def test_what_is_too_long_to_translate_is_left_out(listing):
    listed, lines = listing([{"text": "a" * (LONGEST + 1)}, {"text": "b" * LONGEST}])
    assert (listed.too_long, lines) == (1, ["b" * LONGEST])


@pytest.mark.parametrize(
    ("rows", "known", "message"),
    [
        ([{"text": "1. (2) `a`"}], [], "no sentence to list; it has none with a word"),
        ([{"text": "Go. Go."}], [{"Go.": "x"}], "no sentence to list; all of its 1 have a translation"),
        ([{"x": "Go."}], [], "record 1 of the data: no column 'instruction' or 'text', only 'x'"),
        ([{"text": 5}], [], "record 1 of the data: field 'text' holds int 5, not a text"),
    ],
)
def test_no_list_is_left_where_there_is_nothing(listing, tmp_path, rows, known, message):
    with pytest.raises(UserError, match="^[^\n]*" + message.replace("(", r"\(")):
        listing(rows, Fields(), frozenset(), known)
    assert not (tmp_path / "list.txt").exists()


def test_a_mixed_field_that_is_not_there(listing):
    with pytest.raises(UserError, match="mix-fields answer: no such field in the data; there are instruction, output"):
        listing(ROWS, Fields((), ("answer",)))


def test_a_list_that_exists_is_refused(listing):
    listing()
    with pytest.raises(UserError, match="exists already"):
        listing()
    assert listing(overwrite=True)[0].written == 9


@pytest.mark.slow
@pytest.mark.long
def test_few_bytes_are_kept_of_a_sentence(listing, tmp_path):
    listing()
    path = tmp_path / "large.jsonl"
    with path.open("w", encoding="utf-8") as file:
        file.writelines(f'{{"text": "{"a" * 1000} {number}."}}\n' for number in range(20_000))  # 20 MB
    tracemalloc.start()
    listed = list_sentences(path, tmp_path / "large.txt")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert listed.written == 20_000
    assert peak < 12_000_000
