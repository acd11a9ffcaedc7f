"""Scripts without spaces: the pieces joined are the text, and a Latin word is set off by spaces."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commit_llm.codemix import BilingualDictionary, CodeMixer, Outcome
from commit_llm.codemix.finding.segmentation import SHORT, LongestMatch, icu_pieces, make_cut, merged

PAIRS = [("แมว", "cat"), ("หมา", "dog"), ("และ", "and"), ("ประเทศไทย", "Thailand"), ("ดำ", "black")]
SAMPLES = {
    "th": ([("แมว", "cat"), ("หมา", "dog"), ("และ", "and")], "แมวและหมา", "cat and dog"),
    "lo": ([("ແມວ", "cat"), ("ແລະ", "and"), ("ໝາ", "dog")], "ແມວແລະໝາ", "cat and dog"),
    "km": ([("ឆ្មា", "cat"), ("និង", "and"), ("ឆ្កែ", "dog")], "ឆ្មានិងឆ្កែ", "cat and dog"),
    "my": ([("ကြောင်", "cat"), ("နှင့်", "and"), ("ခွေး", "dog")], "ကြောင်နှင့်ခွေး", "cat and dog"),
    "zh": ([("猫", "cat"), ("和", "and"), ("狗", "dog")], "猫和狗", "cat and dog"),
    "ja": ([("猫", "cat"), ("と", "and"), ("いぬ", "dog")], "猫といぬ", "cat and dog"),
}
METHODS = ["icu", "longest"]


def mixer(pairs=PAIRS, method="longest", **settings):
    return CodeMixer(BilingualDictionary.from_pairs(pairs), ratio=1.0, segmentation=method, **settings)


@pytest.fixture(params=METHODS)
def method(request):
    if request.param == "icu":
        pytest.importorskip("icu4py", reason="no ICU: extra seg")
    return request.param


@pytest.mark.parametrize("language", SAMPLES)
def test_every_script(language, method):
    pairs, text, mixed = SAMPLES[language]
    done = mixer(pairs, method, languages=f"{language}-en").mix(text)
    assert (done.text, done.counts.replaced) == (mixed, 3)


@pytest.mark.parametrize(
    ("text", "mixed"),
    [
        ("แมวดำ", "cat black"),
        ("(แมว)ดำ", "(cat)black"),
        ("แมว ดำ", "cat black"),
        ("ปี2004แมว3ตัว", "ปี2004 cat 3ตัว"),
        ("GPSแมวX", "GPS cat X"),
        ("ก็แมวก็", "ก็ cat ก็"),  # what is not replaced is set off from what is
        ("`แมว` แมว", "`แมว` cat"),
    ],
)
def test_spaces(method, text, mixed):
    assert mixer(method=method).mix(text).text == mixed


def test_a_sign_with_a_mark_is_no_letter():
    for sign in ("≯", ">\u0338"):
        assert mixer().mix(sign + "แมว").text == sign + "cat"


def test_korean_has_spaces():
    assert not CodeMixer(BilingualDictionary.from_pairs([("고양이", "cat"), ("猫", "cat")], "ko-en")).unspaced


def test_a_target_without_spaces_needs_none(method):
    done = mixer([("แมว", "猫"), ("ดำ", "黑")], method, languages="th-zh").mix("แมวดำ2ตัว")
    assert done.text == "猫黑 2ตัว"


def test_adjacent_pieces_are_merged_where_the_dictionary_knows_the_longer_word():
    pytest.importorskip("icu4py", reason="no ICU: extra seg")
    assert icu_pieces("แมวดำ") == ["แมว", "ดำ"]
    assert mixer(method="icu").mix("แมวดำ").text == "cat black"
    assert mixer([*PAIRS, ("แมวดำ", "panther")], method="icu").mix("แมวดำ").text == "panther"


@given(st.text(st.sampled_from("แมวหาดำละก็ประเทศไ่้ า1aกັນ漢字かなカナ\u200b"), max_size=40))
def test_the_pieces_joined_are_the_run(run):
    for method in METHODS:
        lengths = list(make_cut({"แมว", "ดำ", "漢字"}, method)(run))
        assert sum(lengths) == len(run)
        assert all(length > 0 for length in lengths)


@given(st.text(st.sampled_from("แมวหาดำละก็ประเทศไ่้ า1aกັນ漢字かなカナ.\n`{}"), max_size=40))
def test_nothing_but_replaced_words_changes(text):
    words = mixer().explain({"text": text})["text"]
    end = 0
    for word in words:
        assert end <= word.start < word.end <= len(text)
        end = word.end
        if word.outcome is Outcome.REPLACED:
            assert (text[word.start : word.end], word.translation) in PAIRS


def test_no_piece_ends_before_a_mark():
    assert list(LongestMatch({"ก", "าง"})("ก้าง")) == [2, 2]
    assert list(merged(["ก", "ข"], {"กข"})) == [2]


def test_columns_are_mixed_too(method):
    import pyarrow as pa

    texts = ["แมวและหมา", None, "x", "แมวดำ"]
    columns, counts = mixer(method=method).mix_columns({"text": pa.array(texts)}, first_row=5)
    expected = [text and mixer(method=method).mix(text, row=5 + row).text for row, text in enumerate(texts)]
    assert columns["text"].to_pylist() == expected
    assert counts[:, Outcome.REPLACED].tolist() == [3, 0, 0, 2]


def test_without_icu_the_longest_words_are_taken(monkeypatch):
    monkeypatch.setattr("commit_llm.codemix.finding.segmentation.find_spec", lambda name: None)
    assert mixer(method="auto").mix("แมว").text == "cat"


def longest_by_definition(run, words):
    """At each place the longest word that ends before no mark; for runs without marks."""
    while run:
        length = max((len(word) for word in words if run.startswith(word)), default=1)
        yield length
        run = run[length:]


@pytest.mark.parametrize("seed", range(20))
def test_the_longest_word_is_taken_whatever_its_length(seed):
    rng = random.Random(seed)
    words = {"".join(rng.choices("กข", k=rng.choice([1, 2, 3, SHORT - 1, SHORT, SHORT + 1, 90]))) for _ in range(30)}
    run = "".join(rng.choices([*words, "ก", "ข"], k=40))
    assert list(LongestMatch(words)(run)) == list(longest_by_definition(run, words))


@pytest.mark.slow
def test_words_of_60_000_letters():
    """A word that is nearly the text, at each of its places: by comparing all that could be a word it took for ever."""
    long, run = "ก" * 59_999 + "ข", "ก" * 60_000
    pairs = [(long, "x"), *(("ก" * number + "ค", "y") for number in range(2, 99))]
    mixer = CodeMixer(BilingualDictionary.from_pairs(pairs), ratio=1.0, languages="th-en", segmentation="longest")
    assert mixer.mix(run + "ข").text == "ก x"
    assert mixer.mix(run).text == run
