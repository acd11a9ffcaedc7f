"""How often a dictionary's translation is the one that a translator used."""

import json

import pytest

from commit_llm.codemix import BilingualDictionary, CodeMixer
from commit_llm.codemix.dictionaries.stop_words import STOP_WORDS
from commit_llm.codemix.finding.clean_words import find_words
from commit_llm.codemix.finding.spelling import spelling
from commit_llm.codemix.precision import Standing, stem, translation_precision
from tests.tiers import in_long_tier

PAIRS = [
    ("dog", "σκύλος"), ("dog", "σκυλί"), ("barks", "γαβγίζω"), ("cat", "γάτα"), ("ice cream", "παγωτό"),
    ("soup", "κρέας"), ("house", "το σπίτι"), ("is", "είναι"), ("athens", "Αθήνα"),
]  # fmt: skip
SENTENCE = ("Dogs bark, and the dog barks.", "Οι σκύλοι γαβγίζουν, κι ο σκύλος γαβγίζει.")


def make(pairs=PAIRS, name="en-el.txt", **settings):
    return CodeMixer(BilingualDictionary.from_pairs(pairs, name), ratio=1.0, **settings)


def measure(*pairs, **settings):
    return translation_precision(make(**settings), pairs)


def test_the_example_of_the_module():
    precision = measure(SENTENCE)
    assert (precision.pairs, precision.content_words, precision.covered) == (1, 4, 2)
    assert precision.drawn == Standing(0.5, 2.0)  # σκυλί is σκυλ too
    assert precision.best == Standing(1, 2)
    assert (precision.words, precision.turned, precision.looks_turned) == (6, 0, False)


# source, target, [exact, stem] of a drawn translation, and of the best one
CASES = [
    ("dog", "ΣΚΥΛΟΣ", [0.5, 1.0], [1, 1]),  # case and tonos
    ("dog", "σκυλάκι", [0.0, 1.0], [0, 1]),
    ("dog", "ο αρχισκύλος", [0.0, 0.0], [0, 0]),  # a word begins with the stem
    ("cat", "γατί", [0.0, 0.0], [0, 0]),  # at least four letters
    ("cat", "γάτας", [0.0, 1.0], [0, 1]),
    ("a house", "στο το σπίτι", [1.0, 1.0], [1, 1]),
    ("a house", "το μικρό σπίτι", [0.0, 0.0], [0, 0]),
    ("cat Cat CAT", "γάτα", [1.0, 1.0], [1, 1]),  # once a pair
    ("is it the", "είναι", [0.0, 0.0], [0, 0]),
    ("in Athens", "στην αθήνα", [1.0, 1.0], [1, 1]),
    ("run `cat` twice", "γάτα", [0.0, 0.0], [0, 0]),  # protected
    ("ice cream", "παγωτό", [0.0, 0.0], [0, 0]),  # words alone are counted
]


@pytest.mark.parametrize(("source", "target", "drawn", "best"), CASES)
def test_what_stands_there(source, target, drawn, best):
    precision = measure((source, target))
    assert [precision.drawn.exact, precision.drawn.stem] == drawn
    assert [precision.best.exact, precision.best.stem] == best


def test_the_choice_decides_on_what_is_drawn_and_not_on_the_best():
    pair = ("dog", "το σκυλί")
    first = measure(pair, choice="first")
    assert (first.drawn.exact, first.best.exact) == (0.0, 1)


@pytest.mark.parametrize(
    ("word", "beginning"),
    [(" abcdefghij ", " abcdefg"), (" abcdefgh ", " abcde"), (" abcde ", " abcd"), (" ab ", " ab")],
)
def test_a_stem_is_seven_tenths_of_the_letters_rounded_down_and_at_least_four(word, beginning):
    assert stem(word) == beginning


def test_a_target_without_spaces_is_searched_as_it_is():
    mixer = make([("cat", "แมว"), ("dog", "หมา")], "en-th.txt")
    precision = translation_precision(mixer, [("The cat and the dog", "แมวดำอยู่ในบ้าน")])
    assert precision.by_substring
    assert (precision.covered, precision.drawn, precision.best) == (2, Standing(1.0, 1.0), Standing(1, 1))


def test_a_source_without_spaces_is_cut_into_words():
    mixer = make([("แมว", "cat"), ("ดำ", "black")], "th-en.txt", segmentation="longest")
    precision = translation_precision(mixer, [("แมวดำ", "A black dog")])
    assert (precision.has_stop_words, precision.content_words, precision.covered) == (False, 2, 2)
    assert precision.drawn == Standing(1.0, 1.0)


def test_a_shuffled_dictionary_is_wrong_and_a_tiny_one_has_none():
    precision = measure(("the dog and the cat", "σκύλος γάτα"), pairs=[("dog", "σκύλος"), ("cat", "γάτα")])
    assert precision.drawn.exact == 2.0
    assert precision.shuffled == Standing(2.0, 2.0)  # each has the other's, which stands there too
    assert measure(("dog", "σκύλος"), pairs=[("dog", "σκύλος"), ("cat", "γάτα")]).shuffled == Standing()
    assert measure(("dog", "σκύλος"), pairs=[("dog", "σκύλος")]).shuffled is None


def test_the_wrong_way_round_is_seen():
    precision = measure(("ο σκύλος και η γάτα", "the dog and the cat"))
    assert (precision.covered, precision.turned, precision.words) == (0, 2, 5)
    assert precision.looks_turned


def test_pairs_with_an_empty_side_are_left_out():
    precision = measure(("dog", " "), ("", "σκύλος"), ("dog", "σκύλος"))
    assert (precision.pairs, precision.empty, precision.content_words) == (1, 2, 1)


def test_pairs_are_read_one_at_a_time():
    """The second one is asked for when the first is counted."""
    counted = []

    def pairs():
        for number in range(3):
            assert counted == [*range(1, number + 1)]
            yield SENTENCE

    translation_precision(make(), pairs(), counted.append)
    assert counted == [1, 2, 3]


def test_stop_words_are_words_as_they_are_looked_up():
    """Each one whole, in lower case, and each once; none has content."""
    words = STOP_WORDS["en"]
    assert 150 < len(words) < 180
    for word in words:
        assert word == spelling(word.lower())
        assert [(found.start, found.end) for found in find_words(word)] == [(0, len(word))]
    assert not words & {"dog", "new", "first", "used", "many"}
    assert {"the", "don't", "yourselves"} <= words


# Of MUSE over XQuAD: percent of content words covered, of them exact and by the stem, as the folder's README has them.
EVIDENCE = {"el": ("muse/en-el.txt", "xquad/xquad.el.json", 78, 34, 63),
            "tr": ("evidence/muse/en-tr.txt", "evidence/xquad/xquad.tr.json", 72, 29, 60)}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("language", ["el", *in_long_tier("tr")])
def test_muse_over_xquad(shared, language):
    dictionary, translated, *expected = EVIDENCE[language]
    data = json.loads(shared.data(translated).read_text(encoding="utf-8"))["data"]
    targets = [paragraph["context"] for article in data for paragraph in article["paragraphs"]]
    sources = [record["text"] for record in shared.contexts("en")]
    mixer = CodeMixer(BilingualDictionary.load(shared.data(dictionary)), ratio=1.0)
    precision = translation_precision(mixer, zip(sources, targets, strict=True))
    shares = [precision.drawn.exact / precision.covered, precision.drawn.stem / precision.covered]
    measured = [100 * share for share in (precision.covered / precision.content_words, *shares)]
    assert measured == pytest.approx(expected, abs=3)
    assert 0.01 < precision.shuffled.stem / precision.covered < 0.03
