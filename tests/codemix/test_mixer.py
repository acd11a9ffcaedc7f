"""What the mixer does, and refuses to do."""

import dataclasses
import pickle

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commit_llm.codemix import BilingualDictionary, CodeMixer, Counts, Outcome
from commit_llm.codemix.engine.clean import replace
from commit_llm.codemix.settings import MixingSettings
from commit_llm.errors import UserError

DICTIONARY = BilingualDictionary.from_pairs(
    [
        ("dog", "σκύλος"), ("dog", "σκυλί"), ("house", "σπίτι"), ("house", "house"), ("same", "same"), ("will", "θα"),
        ("us", "εμάς"), ("don't", "μην"),
    ]
)  # fmt: skip
EVERY = CodeMixer(DICTIONARY, ratio=1.0, choice="first")
TEXTS = st.text() | st.lists(
    st.sampled_from(
        ["dog", "house", "Dog", "DOG", "will", "Will", "same", "don't", "don’t", " ", "\n", "(", ")", ".", "!", '"',
         "`", "```", "$", "{", "}", "\\", "www.", "://", "@", "_", "-", "'", "1", "é", "e\u0301", "\u200d", "ไทย", "א"]
    ), max_size=30,
).map("".join)  # fmt: skip
MIXERS = [
    CodeMixer(DICTIONARY, ratio=0.5, style="original"),
    CodeMixer(DICTIONARY, ratio=0.5),
    CodeMixer(
        DICTIONARY, ratio=0.5, all_capitals=True, draw="occurrence", unmixed_share=0.3, skip_words=frozenset({"us"})
    ),
]


@pytest.mark.parametrize("mixer", MIXERS, ids=["original", "clean", "clean with options"])
@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=4))
def test_the_kernel_gives_what_python_gives(mixer, examples):
    """Bytes and counts, for columns, for single examples, and with one field only looked at."""
    for mixed_fields in (None, ["b"]):
        columns = {"a": pa.array([a for a, _ in examples]), "b": pa.array([b for _, b in examples])}
        mixed, counts = mixer.mix_columns(columns, first_row=7, epoch=2, mixed_fields=mixed_fields)
        for row, (a, b) in enumerate(examples):
            texts = {"a": a, "b": b}
            explained = mixer.explain(texts, row=7 + row, epoch=2, mixed_fields=mixed_fields)
            expected = {name: replace(text, explained.get(name, []), False) for name, text in texts.items()}
            assert {name: mixed[name][row].as_py() for name in texts} == expected
            example = mixer.mix_example(texts, row=7 + row, epoch=2, mixed_fields=mixed_fields)
            assert example.texts == expected
            assert tuple(example.counts) == tuple(counts[row])
            outcomes = [word.outcome for words in explained.values() for word in words]
            assert counts[row, :7].tolist() == [outcomes.count(outcome) for outcome in Outcome]


@pytest.mark.parametrize("style", ["clean", "original"])
@given(TEXTS)
def test_ratio_zero_is_the_identity(style, text):
    result = CodeMixer(DICTIONARY, ratio=0.0, style=style).mix(text)
    assert result.text == text
    assert result.counts.replaced == 0


@given(TEXTS, st.floats(0, 1))
def test_only_dictionary_words_change(text, ratio):
    words = CodeMixer(DICTIONARY, ratio=ratio, all_capitals=True).explain({"text": text})["text"]
    end = 0
    for word in words:
        assert end <= word.start < word.end
        end = word.end
        if word.outcome is Outcome.REPLACED:
            key = text[word.start : word.end].lower().replace("’", "'")
            assert word.translation.lower() in {target.lower() for target in DICTIONARY.translations[key]} - {key}


@given(st.text(st.characters()))
def test_half_characters_are_no_reason_to_stop(text):
    """Python's texts may hold lone surrogates."""
    assert EVERY.mix_example({"text": text}, row=0).texts["text"] == EVERY.mix(text).text


@pytest.mark.parametrize(
    ("text", "mixed"),
    [
        ("the\tdog\nDog-house/dog, don't don’t", "the\tσκύλος\nΣκύλος-σπίτι/σκύλος, μην μην"),
        ("Will sings. (Will) Will!", "Will sings. (Will) Will!"),  # the third stands within a sentence: a name
        ("Will sings. Will!\n- Will", "Θα sings. Θα!\n- Θα"),
        ('He said: "No." Will you?', 'He said: "No." Θα you?'),
        ("end.Will", "end.Will"),  # no white space: an address, for all one knows
        ("US dogs: us", "US dogs: εμάς"),
        ("same house", "same σπίτι"),
        ("dog2 2dog my_dog _dog_ dog.house e.g. 3.dog", "dog2 2dog my_dog _σκύλος_ dog.house e.g. 3.dog"),
        ("`dog` dog ``a ` dog`` ```dog\ndog``` dog", "`dog` σκύλος ``a ` dog`` ```dog\ndog``` σκύλος"),
        ("```dog\nhouse", "```dog\nhouse"),
        ("http://a.b/dog www.dog.gr dog@house.gr dog", "http://a.b/dog www.dog.gr dog@house.gr σκύλος"),
        ("$dog$ $5 dog $6", "$dog$ $5 σκύλος $6"),
        ("\\dog{house} {dog} {{dog}} \\(dog\\) dog", "\\dog{house} {dog} {{dog}} \\(dog\\) σκύλος"),
        ("dogs hotdog", "dogs hotdog"),
        ("", ""),
    ],
)  # fmt: skip
def test_clean(text, mixed):
    assert EVERY.mix(text).text == mixed


def test_all_capitals_on_request():
    assert CodeMixer(DICTIONARY, ratio=1.0, choice="first", all_capitals=True).mix("See Will, US DOG").text == (
        "See Θα, ΕΜΆΣ ΣΚΎΛΟΣ"
    )


def test_the_whole_example_decides_on_names():
    texts = {"question": "Will he come?", "context": "Ask Will Smith."}
    assert EVERY.mix_example(texts, row=0).texts == texts
    # ... also where the context is looked at only.
    assert EVERY.mix_example(texts, row=0, mixed_fields=["question"]).texts == texts
    assert EVERY.mix_example({"question": "Will he come?"}, row=0).texts == {"question": "Θα he come?"}


def test_a_word_has_one_fate_in_an_example():
    mixer = CodeMixer(DICTIONARY, ratio=0.5)
    text = "dog house " * 30
    drawn = {mixer.mix(text, row=row).text for row in range(40)}
    assert len(drawn) == 6  # dog: left, or one of two; house: left, or its only one
    assert all(len(set(one.split())) <= 2 for one in drawn)
    several = CodeMixer(DICTIONARY, ratio=0.5, draw="occurrence").mix(text).text
    assert set(several.split()) == {"dog", "σκύλος", "σκυλί", "house", "σπίτι"}


def test_the_counts():
    text = "dog `dog` house same Will ask Will cat dog"
    counts = CodeMixer(DICTIONARY, ratio=1.0, skip_words=frozenset({"House"})).mix(text).counts
    assert counts == Counts(
        replaced=2, not_drawn=0, not_in_dictionary=2, identity_only=1, name=2, skipped=1, protected=1, changed=2
    )
    assert (counts.words, counts.hits) == (8, 2)


def test_identity_translations_of_style_original():
    counts = CodeMixer(DICTIONARY, ratio=1.0, style="original").mix("same dog").counts
    assert (counts.words, counts.hits, counts.replaced, counts.changed) == (2, 2, 2, 1)


def test_every_translation_is_drawn():
    for style in ("clean", "original"):
        mixer = CodeMixer(DICTIONARY, ratio=1.0, style=style)
        assert {mixer.mix("dog", row=row).text for row in range(50)} == {"σκύλος", "σκυλί"}


def test_several_dictionaries():
    hindi = BilingualDictionary.from_pairs([("dog", "कुत्ता"), ("cat", "बिल्ली")])
    mixer = CodeMixer([DICTIONARY, hindi], ratio=1.0, weights=[3, 1])
    assert mixer.mix("cat house").text == "बिल्ली σπίτι"
    drawn = [mixer.mix("dog", row=row).text for row in range(4000)]
    assert abs(drawn.count("कुत्ता") / 4000 - 1 / 4) < 0.03
    assert abs(drawn.count("σκυλί") / 4000 - 3 / 8) < 0.03


def test_a_share_of_the_examples_is_left_alone():
    mixer = CodeMixer(DICTIONARY, ratio=1.0, unmixed_share=0.25)
    texts = pa.array(["dog"] * 4000)
    columns, counts = mixer.mix_columns({"text": texts})
    left = columns["text"].to_pylist().count("dog")
    assert abs(left / 4000 - 0.25) < 0.03
    assert counts[:, Outcome.NOT_DRAWN].sum() == left


def test_columns_of_any_kind():
    texts = ["dog " * 2000, None, "", "no", "dog"] * 1000
    plain = EVERY.mix_columns({"text": pa.array(texts)}, first_row=3)
    expected = [text and text.replace("dog", "σκύλος") for text in texts]
    assert plain[0]["text"].to_pylist() == expected
    kinds = [
        pa.array(texts, pa.large_string()),
        pa.chunked_array([pa.array(["cut"]), pa.array(texts[:7]), pa.array(texts[7:])]).slice(1),
        pa.array(["off", *texts])[1:],
        pa.array(texts).dictionary_encode(),
    ]
    for column in kinds:
        mixed, counts = EVERY.mix_columns({"text": column}, first_row=3)
        assert mixed["text"].to_pylist() == expected
        assert np.array_equal(counts, plain[1])
        mixed["text"].validate(full=True)
    assert EVERY.mix_columns({"text": pa.array([], pa.string())})[0]["text"].to_pylist() == []
    assert EVERY.mix_columns({"text": pa.array([None, None])})[0]["text"].to_pylist() == [None, None]


def test_output_that_grows_beyond_its_room():
    long = CodeMixer(BilingualDictionary.from_pairs([("a", "β" * 500)]), ratio=1.0)
    mixed, _ = long.mix_columns({"x": pa.array(["a a", "b", "a"]), "y": pa.array(["a", "a a a a", ""])})
    assert mixed["x"].to_pylist() == [f"{'β' * 500} {'β' * 500}", "b", "β" * 500]
    assert mixed["y"].to_pylist() == ["β" * 500, " ".join(["β" * 500] * 4), ""]


def test_columns_that_hold_no_text():
    with pytest.raises(UserError, match="column 'n': holds int64, not text"):
        EVERY.mix_columns({"n": pa.array([1])})
    broken = pa.StringArray.from_buffers(1, pa.py_buffer(np.array([0, 2], np.int32)), pa.py_buffer(b"\xc3("))
    with pytest.raises(UserError, match="column 'text', rows 1 to 1: no valid text"):
        EVERY.mix_columns({"text": broken})


def test_no_place_for_numba_s_cache(monkeypatch):
    """As in a container where neither this package nor the user's folder can be written to."""
    from commit_llm.codemix.engine import kernel

    def njit(cache=False, **options):
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return lambda function: function

    monkeypatch.setattr(kernel, "njit", njit)
    assert kernel.compiled(len) is len


def test_nulls_and_no_fields():
    texts = {"a": "dog", "b": None}
    assert EVERY.mix_example(texts, row=0).texts == {"a": "σκύλος", "b": None}
    assert EVERY.mix_example({}, row=0).texts == {}
    with pytest.raises(UserError, match="field 'b': holds int '3', not a text"):
        EVERY.mix_example({"b": 3}, row=0)
    with pytest.raises(UserError, match="mixed_fields c: no such field is mixed here; there are a, b"):
        EVERY.mix_example(texts, row=0, mixed_fields=["c"])
    with pytest.raises(TypeError, match="a list of names"):
        EVERY.mix_columns({"a": pa.array(["dog"])}, mixed_fields="a")


def test_a_mixer_in_a_line():
    greek = BilingualDictionary.from_pairs([("dog", "σκύλος"), ("cat", "γάτα")], "en-el.txt")
    german = BilingualDictionary.from_pairs([("dog", "Hund")], "words.txt")
    assert repr(CodeMixer(greek, ratio=0.5)) == (
        "CodeMixer(en-el.txt (2 words); ratio 0.5, style clean, languages en-el)"
    )
    assert repr(CodeMixer([greek, german])) == (
        "CodeMixer(en-el.txt (2 words), words.txt (1 words); ratio 0.9, style clean, languages en-el, ?-?)"
    )
    assert repr(greek) == "BilingualDictionary(en-el.txt, 2 words)"


def test_the_short_form_is_a_mixer_with_settings():
    settings = MixingSettings(ratio=0.5, seed=3)
    assert CodeMixer(DICTIONARY, ratio=0.5, seed=3).settings == CodeMixer(DICTIONARY, settings).settings == settings
    assert CodeMixer(DICTIONARY, settings, seed=4).settings == MixingSettings(ratio=0.5, seed=4)
    with pytest.raises(TypeError, match="ratios"):
        CodeMixer(DICTIONARY, ratios=0.5)
    with pytest.raises(TypeError, match="takes dictionaries"):
        CodeMixer(["en-el.txt"])
    with pytest.raises(dataclasses.FrozenInstanceError):
        EVERY.settings = settings


def test_another_ratio_shares_what_was_made_of_the_dictionaries():
    every, none = CodeMixer(DICTIONARY, ratio=1.0), CodeMixer(DICTIONARY, ratio=1.0).with_ratio(0.0)
    assert none.mix_example({"text": "dog"}, row=0).texts == {"text": "dog"}
    assert every.with_ratio(0.5).vocabulary is every.vocabulary
    assert every.with_ratio(0.5).settings == MixingSettings(ratio=0.5)


def test_another_process_gets_the_arguments_alone():
    packed = pickle.dumps(EVERY)
    EVERY.mix_example({"text": "dog"}, row=0)
    assert pickle.dumps(EVERY) == packed
    assert pickle.loads(packed).mix("dog house") == EVERY.mix("dog house")
