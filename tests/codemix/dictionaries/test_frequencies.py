"""How often the translations of a dictionary stand in text of the target language, and what is drawn by that."""

import pickle
import random
from collections import Counter
from dataclasses import replace

import pyarrow as pa
import pytest

from commit_llm.codemix import BilingualDictionary, CodeMixer
from commit_llm.codemix.dictionaries.frequencies import count_translations, counted_form
from commit_llm.codemix.finding.clean_words import find_words
from commit_llm.codemix.finding.spelling import spelling
from commit_llm.errors import SettingError

PAIRS = [
    ("dog", "σκύλος"), ("dog", "σκυλί"), ("dog", "κακός σκύλος"), ("and", "κι"), ("well-known", "πολύ-γνωστός"),
    ("athens", "Αθήνα,"), ("new", "c'est"),
]  # fmt: skip


def make(pairs=PAIRS, name="en-el.txt"):
    return BilingualDictionary.from_pairs(pairs, name)


def counted(*texts, pairs=PAIRS, name="en-el.txt"):
    counts, words = count_translations(make(pairs, name), texts)
    return {target: number for target, number in counts.items() if number}, words


CASES = [
    ("Σκύλος, ΣΚΎΛΟΣ και σκύλος_", {"σκύλος": 3}, 4),
    ("σκυλος", {}, 1),  # accents count
    ("σκυλιά σκυλί", {"σκυλί": 1}, 2),
    ("Ο κακός  σκύλος", {"κακός σκύλος": 1, "σκύλος": 1}, 3),
    ("κακός, σκύλος; κακός\nσκύλος", {"σκύλος": 2}, 4),
    ("ένας πολύ-γνωστός", {"πολύ-γνωστός": 1}, 3),
    ("στην αθήνα", {"αθήνα": 1}, 2),
    ("C’est ça", {"c'est": 1}, 2),
    ("σκύ\u00adλος", {"σκύλος": 1}, 1),
    ("", {}, 0),
]


@pytest.mark.parametrize(("text", "counts", "words"), CASES)
def test_what_is_counted(text, counts, words):
    assert counted(text) == (counts, words)


def test_texts_are_counted_together_and_looked_at_one_by_one():
    assert counted("σκύλος", "σκύλος κι", "κι") == ({"σκύλος": 2, "κι": 2}, 4)


def test_turkish_has_its_own_lower_case():
    assert counted("IŞIK Isik", pairs=[("light", "ışık")], name="en-tr.txt") == ({"ışık": 1}, 2)


def test_scripts_without_spaces_are_cut_into_the_longest_translations():
    """Also where ICU is installed."""
    pairs = [("cat", "แมว"), ("black", "ดำ"), ("black cat", "แมวดำ")]
    assert counted("แมวดำกินแมว", pairs=pairs, name="en-th.txt")[0] == {"แมวดำ": 1, "แมว": 1}


def test_words_are_those_that_the_mixer_finds():
    """Of text without code and addresses."""
    generator = random.Random(0)
    parts = ["σκύλος", "κι", " ", "-", ", ", "'", "\n", "_", "1", ". ", "b2b", "«", "\u200d"]
    for _ in range(200):
        text = "".join(generator.choices(parts, k=12))
        spelt = spelling(text)  # a joiner behind a word is not a part of it
        found = Counter(spelt[word.start : word.end] for word in find_words(spelt) if not word.protected)
        assert counted(text)[0].get("σκύλος", 0) == found["σκύλος"], text


def test_every_translation_has_its_number_and_one():
    """Three, none and once."""
    dictionary = make([("dog", "σκύλος"), ("dog", "σκυλί"), ("dog", "κύων")])
    counts = count_translations(dictionary, ["σκύλος σκύλος σκύλος κύων"]).counts
    mixer = CodeMixer(replace(dictionary, frequencies=counts), ratio=1.0, choice="frequent")
    entry = mixer.vocabulary.lexicon.find("dog").entry
    assert entry.translations == ("σκύλος", "σκυλί", "κύων")
    assert entry.chances == pytest.approx([4 / 7, 1 / 7, 2 / 7])


def test_the_numbers_are_those_of_the_form_in_the_text():
    """An entry in capitals, with a comma or another apostrophe."""
    dictionary = make([("athens", "ΑΘΉΝΑ,"), ("athens", "το άστυ")])
    counts = count_translations(dictionary, ["η Αθήνα"]).counts
    mixer = CodeMixer(replace(dictionary, frequencies=counts), choice="frequent")
    assert mixer.vocabulary.lexicon.find("athens").entry.chances == pytest.approx([2 / 3, 1 / 3])
    assert counted_form("ΑΘΉΝΑ", "el") == "αθήνα"


def test_dictionaries_keep_their_weights_and_have_their_own_texts():
    greek, spanish = make([("dog", "σκύλος"), ("dog", "σκυλί")]), make([("dog", "perro"), ("dog", "can")], "en-es.txt")
    both = [
        replace(greek, frequencies=count_translations(greek, ["σκύλος σκύλος"]).counts),
        replace(spanish, frequencies=count_translations(spanish, ["can"]).counts),
    ]
    mixer = CodeMixer(both, weights=[1, 3], choice="frequent")
    assert mixer.vocabulary.lexicon.find("dog").entry.chances == pytest.approx([3 / 16, 1 / 16, 3 / 12, 6 / 12])
    alone = mixer.vocabulary.by_language["es"][1].lexicon.find("dog").entry
    assert alone.chances == pytest.approx([1 / 3, 2 / 3])


def test_both_engines_draw_the_same_and_as_often_as_they_should():
    """In plain Python and compiled; 36 of 40 draws are the one."""
    dictionary = make([("dog", "σκύλος"), ("dog", "σκυλί"), ("dog", "κύων")])
    dictionary = replace(dictionary, frequencies={"σκύλος": 35, "σκυλί": 1, "κύων": 1})
    texts = [f"the dog and the dog {number}" for number in range(2000)]
    for draw in ("type", "occurrence"):
        mixer = CodeMixer(dictionary, ratio=0.9, choice="frequent", draw=draw)
        mixed, _ = mixer.mix_columns({"text": pa.array(texts)})
        assert mixed["text"].to_pylist() == [mixer.mix(text, row=row).text for row, text in enumerate(texts)]
        words = Counter(word for text in mixed["text"].to_pylist() for word in text.split())
        total = words["σκύλος"] + words["σκυλί"] + words["κύων"]
        assert total > 3000
        assert words["σκύλος"] / total == pytest.approx(36 / 40, abs=0.02)


def test_what_was_not_counted_is_refused():
    with pytest.raises(SettingError, match=r"choice frequent: the translations of en-el\.txt were not counted"):
        CodeMixer(make(), choice="frequent")


def test_a_mixer_that_was_pickled_draws_the_same():
    mixer = CodeMixer(replace(make(), frequencies={"σκύλος": 9}), ratio=1.0, choice="frequent")
    again = pickle.loads(pickle.dumps(mixer))
    assert again.vocabulary.lexicon.find("dog").entry == mixer.vocabulary.lexicon.find("dog").entry
