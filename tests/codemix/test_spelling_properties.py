"""What holds for any spelling of a text: canonically equivalent texts are mixed alike, and no letter is cut."""

import re
import unicodedata
from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commit_llm.codemix import BilingualDictionary, CodeMixer, Outcome

PAIRS = {
    "en-el": [("café", "καφές"), ("don't", "μην"), ("forest", "δάσος"), ("Å", "μονάδα"), ("ệ", "ε")],
    "hi-en": [("लड़का", "boy"), ("ज़मीन", "land"), ("क", "k")],
    "he-en": [('צה"ל', "army"), ("שָׁלוֹם", "peace"), ("ג'", "three")],
    "ko-en": [("고양이", "cat"), ("가", "a")],
    "th-en": [("น้ำ", "water"), ("แมว", "cat"), ("ที่", "that")],
    "ja-en": [("がっこう", "school"), ("猫", "cat"), ("ﾊﾟ", "pa")],
    "my-en": [("ကြောင်", "cat"), ("ဦး", "head"), ("စက္ကူ", "paper")],
    "km-en": [("ឆ្មា", "cat"), ("ឆ", "chha")],
    "sv-en": [("EU:s", "the EU's"), ("å", "river")],
}
MARKS = ["\u0301", "\u0323", "\u0302", "\u093c", "\u09bc", "\u0e48", "\u3099", "\u05bc", "\u0338", "\u1039", "\u17d2"]
UNSEEN = ["\u00ad", "\u2060", "\ufeff", "\u200c", "\u200d", "\u200f", "\u200b", "\ufe0f", "\u061c", "\U000e0041"]
SIGNS = [
    "'",
    "’",
    '"',
    "״",
    "׳",
    "·",
    "\u0387",
    ":",
    ".",
    "_",
    "-",
    " ",
    "\n",
    "1",
    "१",
    ";",
    "\u037e",
    "🏽",
    "ำ",
    "ﾟ",
    "e",
    "A",
]
# Letters that NFC changes, or whose parts it puts together.
LETTERS = [
    "\u095c",
    "\u09dc",
    "\u212b",
    "\u1e69",
    "\ufb2a",
    "각",
    "\u1100",
    "\u1161",
    "\u11a8",
    "\uf900",
    "\u1f71",
    "\u0958",
]
PLAIN = st.characters(exclude_categories=["Cn", "Cs", "Co"])
FEWER = settings(max_examples=30)  # of each language
# With one of these a cluster begins, whatever follows: the end of any word would be within one.
PREPENDED = frozenset(
    "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u0890\u0891\u08e2\U000110bd\U000110cd"
    "\u070f\u0d4e\U000111c2\U000111c3\U0001193f\U00011941\U00011a3a\U00011d46\U00011f02"
    "\U00011a84\U00011a85\U00011a86\U00011a87\U00011a88\U00011a89"
)


# A sign that stacks Burmese or Khmer letters, beside a letter of another script: no text of any language.
NONSENSE = re.compile("(?<![\u1000-\u109f\u1780-\u17ff])[\u1039\u17d2]|[\u1039\u17d2](?![\u1000-\u109f\u1780-\u17ff])")


def texts(pairs):
    parts = [word for word, _ in pairs] + [word.capitalize() for word, _ in pairs]
    snippets = st.sampled_from([*parts * 4, *(LETTERS + MARKS + UNSEEN + SIGNS)])
    return st.lists(snippets | PLAIN, max_size=16).map("".join).filter(lambda text: not NONSENSE.search(text))


@st.composite
def spellings(draw, pairs):
    """A text, and the same in another canonical spelling: parts composed, parts decomposed."""
    text = draw(texts(pairs))
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=3)))
    forms = draw(st.lists(st.sampled_from(["NFC", "NFD", ""]), min_size=4, max_size=4))
    other = "".join(
        unicodedata.normalize(form, text[one:two]) if form else text[one:two]
        for form, one, two in zip(forms, [0, *cuts], [*cuts, len(text)], strict=False)
    )
    return text, other


CUT = ("th-en", "ja-en", "my-en", "km-en")  # written without spaces
METHODS = [(name, "icu") for name in CUT] + [(name, "longest") for name in PAIRS]


@pytest.fixture(scope="module", params=METHODS, ids="-".join)
def mixer(request):
    name, method = request.param
    if method == "icu":
        pytest.importorskip("icu4py", reason="no ICU: extra seg")
    return CodeMixer(BilingualDictionary.from_pairs(PAIRS[name], name), ratio=1.0, segmentation=method)


def composed(text):
    return unicodedata.normalize("NFC", text)


@FEWER
@given(data=st.data())
def test_equivalent_texts_are_mixed_alike(mixer, data):
    name = mixer.dictionaries[0].name
    one, two = data.draw(spellings(PAIRS[name]))
    if composed(one) != composed(two):  # a cut within a letter
        return
    assert composed(mixer.mix(one).text) == composed(mixer.mix(two).text)
    assert mixer.mix(one).counts == mixer.mix(two).counts
    for text in (one, two):
        assert mixer.mix_example({"text": text}, row=0).texts["text"] == mixer.mix(text).text


@FEWER
@given(data=st.data())
def test_no_word_begins_or_ends_within_a_letter(mixer, data):
    breakers = pytest.importorskip("icu4py.breakers", reason="no ICU: extra seg")
    text = data.draw(texts(PAIRS[mixer.dictionaries[0].name]))
    if PREPENDED & set(text):
        return
    borders = {0, *accumulate(map(len, breakers.CharacterBreaker(text, "en")))}
    for word in mixer.explain({"text": text})["text"]:
        if word.outcome is not Outcome.PROTECTED:
            assert {word.start, word.end} <= borders, (text, word)
