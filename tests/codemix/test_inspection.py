"""What a dictionary is good for."""

import pytest

from commit_llm.codemix import BilingualDictionary, CodeMixer
from commit_llm.codemix.inspection import MISSING, clean_lines, inspect_dictionary, text_coverage

PAIRS = [
    ("dog", "σκύλος"), ("dog", "σκυλος"), ("dog", "dog"), ("cat", "γάτα,"), ("cat", "kitten"), ("utc", "utc"),
    ("polar bear", "πολική αρκούδα"), ("big", "μεγάλος"), ("big", "μεγάλος"), ("one", "1"), ("house", "σπίτι μου"),
]  # fmt: skip


def make(pairs=PAIRS, name="en-el.txt"):
    return CodeMixer(BilingualDictionary.from_pairs(pairs, name), ratio=1.0)


def inspect(mixer):
    return inspect_dictionary(mixer.dictionaries[0], mixer.vocabulary.cleaned[0], mixer.vocabulary.directions[0])


def test_the_numbers_of_a_dictionary():
    found = inspect(make())
    assert (found.pairs, found.sources) == (11, 7)
    assert (found.identity_pairs, found.identity_only) == (2, 1)
    assert found.in_script == 7
    assert found.phrases == 1
    assert (found.words, found.translations, found.neutral) == (4, 5, 1)
    assert {noise.kind: noise.pairs for noise in found.noise} == {
        "identity": 2,
        "wrong script": 1,
        "no letter": 1,
        "duplicate": 1,
        "accent variant": 1,
        "punctuated": 1,
    }
    examples = {noise.kind: noise.examples for noise in found.noise}
    assert examples["wrong script"] == (("cat", "kitten"),)


def test_one_script_on_both_sides():
    found = inspect(make([("dog", "Hund"), ("cat", "Katze")], "en-de.txt"))
    assert found.in_script is None
    assert found.noise == ()


def test_the_cleaned_dictionary_is_clean():
    """Read again it has nothing to clean, and the same translations in the same order."""
    mixer = make()
    lines = list(clean_lines(mixer.vocabulary.cleaned[0]))
    assert lines == [
        "dog\tσκύλος\n",
        "cat\tγάτα\n",
        "polar bear\tπολική αρκούδα\n",
        "big\tμεγάλος\n",
        "house\tσπίτι μου\n",
    ]
    again = make([tuple(line.rstrip("\n").split("\t")) for line in lines])
    assert inspect(again).noise == ()
    assert list(clean_lines(again.vocabulary.cleaned[0])) == lines


def test_coverage_of_a_text():
    texts = [
        {"input": "The dog and the big cat.", "output": "UTC utc"},
        {"input": "the Dog-house", "output": "We saw Dog b2b"},
    ]
    found = text_coverage(make(), texts)
    assert found.examples == 2
    assert found.counts.words == 6 + 2 + 3 + 3
    assert found.counts.hits == found.counts.replaced == found.counts.changed == 3 + 1
    assert found.counts.identity_only == 2
    assert found.counts.name == 2  # Dog, in the whole second example
    assert found.counts.protected == 1
    assert found.missing == (("the", 3), ("and", 1), ("we", 1), ("saw", 1))
    assert found.turned.hits == 0


def test_a_dictionary_that_is_the_wrong_way_round():
    found = text_coverage(make(), [{"text": "ο σκύλος και η γάτα"}])
    assert found.counts.hits == 0
    assert found.turned.hits == 2


def test_only_the_most_frequent_missing_words():
    # Letters of the alphabet after a, each as often as its place.
    text = " ".join((chr(97 + number) + "x ") * number for number in range(1, 26))
    missing = text_coverage(make(), [{"text": text}]).missing
    assert len(missing) == MISSING == 20
    assert missing[0] == ("zx", 25)
    assert missing[-1] == ("gx", 6)


# Of MUSE: pairs, sources, percent of identity pairs, of sources with identity only.
PEERS = {
    "en-hi": (38_221, 31_719, 19.6, 21.5), "en-el": (56_070, 45_152, 19.1, 21.6), "en-th": (24_658, 22_386, 62.1, 66.3),
    "hi-en": (31_046, 25_732, 0.2, 0.3), "el-en": (45_515, 37_186, 0.1, 0.1), "th-en": (25_332, 21_567, 62.5, 73.3),
}  # fmt: skip


@pytest.mark.parametrize(
    "pair", [pair if pair in ("en-el", "en-th") else pytest.param(pair, marks=pytest.mark.slow) for pair in PEERS]
)
def test_muse(shared, pair):
    found = inspect(CodeMixer(BilingualDictionary.load(shared.data(f"muse/{pair}.txt")), ratio=1.0))
    shares = round(100 * found.identity_pairs / found.pairs, 1), round(100 * found.identity_only / found.sources, 1)
    assert (found.pairs, found.sources, *shares) == pytest.approx(PEERS[pair], abs=0.1001)
    assert found.languages[:2] == tuple(pair.split("-"))
    assert found.words <= found.translations <= found.pairs
