"""Dictionaries without meaning: what they keep, and what they change."""

import pytest

from commit_llm.codemix import BilingualDictionary, CodeMixer, Outcome
from commit_llm.codemix.dictionaries.cleaning import CleanDictionary
from commit_llm.codemix.dictionaries.controls import controlled
from commit_llm.codemix.dictionaries.fields import Tally
from commit_llm.codemix.dictionaries.languages import UNKNOWN

PLAIN = CleanDictionary({f"w{n}": ("αβ" * (n % 4 + 1), "γ δ")[: n % 3] for n in range(300)}, "en-el", UNKNOWN, Tally())


@pytest.mark.parametrize("control", ["shuffled", "random"])
def test_controls_keep_coverage_and_lengths(control):
    done = controlled(PLAIN, control, 0)
    before = {word: targets for word, targets in PLAIN.translations.items() if targets}
    after = {word: targets for word, targets in done.translations.items() if targets}
    assert after.keys() == before.keys()
    assert sorted(len(t) for ts in before.values() for t in ts) == sorted(len(t) for ts in after.values() for t in ts)
    assert done == controlled(PLAIN, control, 0) != controlled(PLAIN, control, 1)


def test_shuffled_translations_are_other_words_ones():
    plain = CleanDictionary({f"w{n}": (f"τ{n}",) for n in range(50)}, "en-el", UNKNOWN, Tally())
    done = controlled(plain, "shuffled", 3).translations
    assert sorted(done.values()) == sorted(plain.translations.values())
    assert all(done[word] != plain.translations[word] for word in done)


def test_random_letters_are_those_of_the_dictionary():
    done = controlled(PLAIN, "random", 0).translations
    assert {letter for targets in done.values() for target in targets for letter in target} == set("αβγδ ")
    assert all(target[1] == " " for targets in done.values() for target in targets if len(target) == 3)


def test_the_mixer_with_a_control():
    dictionary = BilingualDictionary.from_pairs([(f"{letter}x", f"{letter}ξ") for letter in "αβγδε"], "el-el")
    plain = CodeMixer(dictionary, ratio=1.0).mix("αx βx")
    other = CodeMixer(dictionary, ratio=1.0, dictionary_control="shuffled").mix("αx βx")
    assert plain.counts == other.counts
    assert plain.text != other.text
    assert Outcome.REPLACED == 0 < plain.counts.replaced
