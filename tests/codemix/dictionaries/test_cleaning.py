"""What cleaning keeps of a dictionary, and what it says of the rest."""

import pytest

from commit_llm.codemix import BilingualDictionary, CodeMixer
from commit_llm.codemix.dictionaries.cleaning import clean_dictionary
from commit_llm.codemix.dictionaries.languages import Languages, infer_languages

LATIN, GREEK = frozenset({"LATIN"}), frozenset({"GREEK"})
TO_GREEK = Languages("en", "el", LATIN, GREEK)


def cleaned(*pairs, languages=TO_GREEK):
    return clean_dictionary(BilingualDictionary.from_pairs(pairs), languages)


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
        ([("c3po", "ρομπότ"), ("...", "ναι"), ("s}}", "σ"), ("a+b", "άλφα"), ("a, b", "α")], {}, {"no word": 5}),
        (
            [("hot  dog", "χοτ"), ("hot\tdog", "χοτ"), ("ice-cream", "πάγος")],
            {"hot dog": ("χοτ",), "ice-cream": ("πάγος",)},
            {"punctuated": 2, "duplicate": 1},
        ),
        ([("a b c d e", "α"), ("a b c d e f", "α")], {"a b c d e": ("α",)}, {"long phrase": 1}),
        ([("new york", "New York")], {}, {"identity": 1}),  # not neutral: each of its words may be replaced
        ([("#in", "#σε")], {"in": ("σε",)}, {"punctuated": 1}),
        ([("two", "2"), ("dot", "...")], {}, {"no letter": 2}),
        ([("house", "το σπίτι")], {"house": ("το σπίτι",)}, {}),
        ([("don’t", "μην")], {"don’t": ("μην",)}, {}),
        ([("for\u00adest", "δά\u2060σος")], {"forest": ("δάσος",)}, {"punctuated": 1}),
    ],
)
def test_pairs(pairs, kept, dropped):
    done = cleaned(*pairs)
    assert (done.translations, done.tally.pairs) == (kept, dropped)
    assert sum(map(len, done.tally.examples.values())) == sum(dropped.values())


def test_one_script_on_both_sides():
    done = cleaned(
        ("house", "Haus"), ("house", "σπίτι"), ("hand", "Hand"), languages=Languages("en", "de", LATIN, LATIN)
    )
    assert done.translations == {"house": ("Haus", "σπίτι"), "hand": ()}


@pytest.mark.parametrize(
    ("name", "pairs"),
    [
        ("en-hi", [("a", "की"), ("a", "कि")]),
        ("en-de", [("already", "schon"), ("already", "schön")]),
        ("en-es", [("year", "ano"), ("year", "año")]),
        ("en-vi", [("ma", "má"), ("ma", "mà"), ("ma", "ma")]),
        ("el-de", [("ποτέ", "nie"), ("πότε", "wann")]),  # of words that are looked up, each is its own
        ("en-el", [("Maya", "μάγια"), ("Maya", "μάγιά"), ("Maya", "μαϊα"), ("Maya", "μαια")]),
        ("en-grc", [("who", "τις"), ("who", "τίς")]),
    ],
)
def test_accents_distinguish(name, pairs):
    """Only the tonos of modern Greek does not, among the translations of one word."""
    dictionary = BilingualDictionary.from_pairs(pairs, name)
    done = clean_dictionary(dictionary, infer_languages(dictionary))
    kept = [(source, target) for source, targets in done.translations.items() for target in targets]
    expected = [pair for pair in pairs if pair not in (("ma", "ma"), ("Maya", "μάγιά"))]
    assert kept == expected


@pytest.mark.parametrize(
    ("pair", "languages", "is_identity"),
    [
        (("Masse", "Maße"), ("en", "de"), False),
        (("IT", "it"), ("en", "tr"), True),
        (("ılık", "ILIK"), ("tr", "en"), True),
        (("i", "ı"), ("en", "tr"), False),
        (("ΣΑΣ", "σας"), ("el", "el"), True),
        (("cafe\u0301", "Café"), ("en", "fr"), True),
    ],
)
def test_a_word_by_itself(pair, languages, is_identity):
    done = cleaned(pair, languages=Languages(*languages, frozenset(), frozenset()))
    assert ("identity" in done.tally.pairs) is is_identity


@pytest.mark.parametrize("pair", ["en-el", "en-hi", "en-th"])
def test_muse(shared, pair):
    """Every translation that is left is a word of the target's script, and another word than its source."""
    mixer = CodeMixer(BilingualDictionary.load(shared.data(f"muse/{pair}.txt")))
    [done], [languages] = mixer.vocabulary.cleaned, mixer.vocabulary.directions
    assert len(languages.target_scripts) == 1
    assert not languages.target_scripts & languages.source_scripts
    assert {"identity", "wrong script", "punctuated"} <= set(done.tally.pairs)
    for source, targets in done.translations.items():
        assert source not in targets
        assert len(set(targets)) == len(targets)
    assert sum(map(bool, done.translations.values())) > 7000
