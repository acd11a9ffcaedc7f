"""Sentences end where a word would open the next one, and are known whatever their white space and spelling."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commit_llm.codemix.finding.clean_words import OPEN, find_words, runs
from commit_llm.codemix.finding.sentences import find_sentences, is_sentence, sentence_key

GREEK = frozenset({"el"})
TABLE = [
    # text, its sentences
    ("The cat. The dog! A bird? No stop", ["The cat.", "The dog!", "A bird?", "No stop"]),
    ("Pets, e.g. this cat", ["Pets, e.g.", "this cat"]),  # where a word opens a sentence, one begins
    ("Pi is 3.14 or so. Yes", ["Pi is 3.14 or so.", "Yes"]),
    ("See example.com. Now", ["See example.com.", "Now"]),
    ('"Hi." Then (so what?) he left', ['"Hi."', "Then (so what?)", "he left"]),
    ("“Hi.” Then", ["“Hi.”", "Then"]),
    ("‘Hi.’ Then", ["‘Hi.’", "Then"]),
    ("Hi.“ then", ["Hi.“", "then"]),
    ("Wait... What?! Oh", ["Wait...", "What?!", "Oh"]),
    ("Wait… what: this", ["Wait… what: this"]),
    ("No space.here and a.b", ["No space.here and a.b"]),
    ("- one\n- two\n", ["- one", "- two"]),
    ("1. The cat\n2. the dog", ["1.", "The cat", "2.", "the dog"]),
    ("1.The cat", ["1.", "The cat"]),
    ("1) The cat", ["1) The cat"]),
    ("2.5.The cat, b2.The", ["2.5.", "The cat, b2.The"]),
    ("A line\r\nand another\r\rlast", ["A line", "and another", "last"]),
    ("one\u2028two\x85three", ["one", "two", "three"]),
    ("```\nx = 1. y\n  z\n```", ["```", "x = 1.", "y", "z", "```"]),
    ("*** \nthe ---", ["***", "the ---"]),
    ("  The   cat.\u3000\u00a0 \n\n", ["The   cat."]),
    ("Why! ! Now.", ["Why!", "!", "Now."]),
    ("Yes.\u200e \u200fNo", ["Yes.\u200e", "\u200fNo"]),
    ("Ո՞վ։ Ես", ["Ո՞վ։", "Ես"]),
    ("好。好", ["好。好"]),
    ("", []),
    (" \n\t\u2003", []),
]  # fmt: skip


@pytest.mark.parametrize(("text", "sentences"), TABLE)
def test_the_sentences_of_a_text(text, sentences):
    assert [text[start:end] for start, end in find_sentences(text)] == sentences
    assert is_sentence(text) == (len(sentences) == 1)
    assert all(map(is_sentence, sentences))


def test_the_greek_question_mark_ends_a_sentence_of_greek_alone():
    text = "Τι; Ναι\u037e Όχι"
    assert [text[start:end] for start, end in find_sentences(text, GREEK)] == ["Τι;", "Ναι\u037e", "Όχι"]
    assert find_sentences(text) == [(0, len(text))]


@settings(max_examples=50)
@given(st.text(alphabet="aΒ1_.!?;\"'’) \n\r-…\u00ad\u0301ก"), st.sampled_from([frozenset(), GREEK]))
def test_a_sentence_begins_where_a_word_opens_one(text, languages):
    sentences = find_sentences(text, languages)
    opening = [run.start() for run, where in runs(text, languages) if where == OPEN]
    places = [run.start() for run, _ in runs(text, languages)]
    within = [[place for place in places if start <= place < end] for start, end in sentences]
    first = {of_sentence[0]: start for (start, _), of_sentence in zip(sentences, within, strict=True) if of_sentence}
    assert set(opening) <= set(first)
    assert all(set(".!?;\u037e") & set(text[first[place] : place]) for place in set(first) - set(opening))  # .net
    for word in find_words(text, None, languages):
        assert sum(start <= word.start and word.end <= end for start, end in sentences) == 1
    ends = [place for sentence in sentences for place in sentence]
    assert ends == sorted(ends)  # one may begin where another ends: 1.The
    assert all(start < end for start, end in sentences)
    assert is_sentence(text, languages) == (len(sentences) == 1)
    kept = "".join(text[start:end] for start, end in sentences)
    assert [c for c in kept if not c.isspace()] == [c for c in text if not c.isspace()]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (" The \t cat\r\nbarks. ", "The cat barks."),
        ("Un cafe\u0301.", "Un café."),
        ("Don’t for\u00adget.", "Don't forget."),
        ("a \u200e b", "a b"),
        ("a\u2000b", "a b"),
    ],
)
def test_spellings_of_one_sentence_have_one_key(one, other):
    assert sentence_key(one) == sentence_key(other) == other


def test_case_and_signs_tell_sentences_apart():
    assert len({sentence_key(text) for text in ("The cat.", "The cat", "the cat.", "The cat!", "The cat, .")}) == 5
