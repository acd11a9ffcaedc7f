"""What the mixer does with texts, and what it is made of."""

import dataclasses
import pickle

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commit_llm.codemix import BilingualDictionary, CodeMixer, Counts, MixingSettings, Outcome
from commit_llm.codemix.dictionaries.case import Case, written
from commit_llm.codemix.finding.spelling import spelling
from commit_llm.errors import UserError
from tests.codemix.toy import DICTIONARY, EVERY, TEXTS


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
            key = spelling(text[word.start : word.end]).lower()
            case = Case.CAPITALS if word.translation.isupper() else Case.EXACT
            translation = word.translation if case is Case.CAPITALS else word.translation.lower()
            assert translation in {written(target, case) for target in DICTIONARY.translations[key]} - {key}


@given(st.text(st.characters()))
def test_half_characters_are_no_reason_to_stop(text):
    """Python's texts may hold lone surrogates."""
    assert EVERY.mix_example({"text": text}, row=0).texts["text"] == EVERY.mix(text).text


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


def test_nulls_and_no_fields():
    texts = {"a": "dog", "b": None}
    assert EVERY.mix_example(texts, row=0).texts == {"a": "σκύλος", "b": None}
    assert EVERY.mix_example({}, row=0).texts == {}
    with pytest.raises(UserError, match="field 'b': holds int 3, not a text"):
        EVERY.mix_example({"b": 3}, row=0)
    with pytest.raises(UserError, match="mixed_fields c: no such field is mixed here; there are a, b"):
        EVERY.mix_example(texts, row=0, mixed_fields=["c"])
    with pytest.raises(TypeError, match="a list of names"):
        EVERY.mix_columns({"a": pa.array(["dog"])}, mixed_fields="a")


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


def test_a_mixer_in_a_line():
    greek = BilingualDictionary.from_pairs([("dog", "σκύλος"), ("cat", "γάτα")], "en-el.txt")
    german = BilingualDictionary.from_pairs([("dog", "Hund")], "words.txt")
    assert repr(CodeMixer(greek, ratio=0.5)) == (
        "CodeMixer(en-el.txt (2 words); ratio 0.5, style clean, languages en-el)"
    )
    assert repr(CodeMixer([greek, german])) == (
        "CodeMixer(en-el.txt (2 words), words.txt (1 words); ratio 0.7, style clean, languages en-el, ?-?)"
    )
    assert repr(greek) == "BilingualDictionary(en-el.txt, 2 words)"


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


def test_sentences_are_no_names_of_files():
    with pytest.raises(TypeError, match="sentences are SentencePairs"):
        CodeMixer((), sentences=["en-el.tsv"])
