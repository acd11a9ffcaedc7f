"""What cleaning keeps of a dictionary, and what it says of the rest."""

import pytest

from commit_llm.codemix import BilingualDictionary, CodeMixer
from commit_llm.codemix.dictionaries.cleaning import clean_dictionary

LATIN, GREEK = frozenset({"LATIN"}), frozenset({"GREEK"})


def cleaned(*pairs, scripts=(LATIN, GREEK)):
    return clean_dictionary(BilingualDictionary.from_pairs(pairs), *scripts)


@pytest.mark.parametrize(
    ("pairs", "kept", "dropped"),
    [
        ([("for", "για"), ("for", "for")], {"for": ("για",)}, {"identity": 1}),
        ([("utc", "utc"), ("Utc", "UTC")], {"utc": (), "Utc": ()}, {"identity": 2}),
        ([("dog", "σκύλος,"), ("dog", "σκυλος")], {"dog": ("σκύλος",)}, {"punctuated": 1, "accent variant": 1}),
        # The better written one takes the place of the first.
        ([("dog", "σκυλος"), ("dog", "σκυλί"), ("dog", "σκύλος")], {"dog": ("σκύλος", "σκυλί")}, {"accent variant": 1}),
        ([("dog", "σκύλος"), ("dog", "σκύλος")], {"dog": ("σκύλος",)}, {"duplicate": 1}),
        ([("cat", "kitten"), ("cat", "γάτα"), ("cat", "gάτα")], {"cat": ("γάτα",)}, {"wrong script": 2}),
        ([("γάτα", "σκύλος")], {}, {"wrong script": 1}),
        ([("cat", "kitten")], {}, {"wrong script": 1}),  # not neutral: it is as if it were not there
        ([("hot dog", "ζεστό"), ("c3po", "ρομπότ"), ("...", "ναι"), ("s}}", "σ")], {}, {"no single word": 4}),
        ([("#in", "#σε")], {"in": ("σε",)}, {"punctuated": 1}),
        ([("two", "2"), ("dot", "...")], {}, {"no letter": 2}),
        ([("house", "το σπίτι")], {"house": ("το σπίτι",)}, {}),
        ([("don’t", "μην")], {"don’t": ("μην",)}, {}),
    ],
)
def test_pairs(pairs, kept, dropped):
    done = cleaned(*pairs)
    assert (done.translations, done.dropped) == (kept, dropped)
    assert sum(map(len, done.examples.values())) == sum(dropped.values())


def test_one_script_on_both_sides():
    done = cleaned(("house", "Haus"), ("house", "σπίτι"), ("hand", "Hand"), scripts=(LATIN, LATIN))
    assert done.translations == {"house": ("Haus", "σπίτι"), "hand": ()}


def test_vowel_signs_are_no_accents():
    scripts = LATIN, frozenset({"DEVANAGARI"})
    assert cleaned(("a", "की"), ("a", "कि"), scripts=scripts).translations == {"a": ("की", "कि")}


@pytest.mark.parametrize("pair", ["en-el", "en-hi", "en-th"])
def test_muse(shared, pair):
    """Every translation that is left is a word of the target's script, and another word than its source."""
    mixer = CodeMixer(BilingualDictionary.load(shared.data(f"muse/{pair}.txt")))
    [done], [languages] = mixer.vocabulary.cleaned, mixer.vocabulary.directions
    assert len(languages.target_scripts) == 1
    assert not languages.target_scripts & languages.source_scripts
    assert {"identity", "wrong script", "punctuated"} <= set(done.dropped)
    for source, targets in done.translations.items():
        assert source not in targets
        assert len(set(targets)) == len(targets)
    assert sum(map(bool, done.translations.values())) > 7000
