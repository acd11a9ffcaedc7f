"""Properties of the mixer that hold for any text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commit_llm.codemix import BilingualDictionary, CodeMixer
from commit_llm.errors import UserError

DICTIONARY = BilingualDictionary.from_pairs([("dog", "σκύλος"), ("dog", "σκυλί"), ("house", "σπίτι"), ("same", "same")])
TEXTS = st.text() | st.lists(st.sampled_from(["dog", "house", " ", "\n", "(dog)", "same", ",", "Dog"])).map("".join)


@given(TEXTS)
def test_ratio_zero_is_the_identity(text):
    result = CodeMixer(DICTIONARY, 0.0).mix_field(text, seed=0, epoch=0, row=0, field="text")
    assert result.text == text
    assert result.replaced == 0


@given(TEXTS, st.floats(0, 1))
def test_only_dictionary_words_change(text, ratio):
    result = CodeMixer(DICTIONARY, ratio).mix_field(text, seed=1, epoch=0, row=3, field="text")
    before, after = text.split(" "), result.text.split(" ")
    assert len(before) == len(after)
    for old, new in zip(before, after, strict=True):
        allowed = {old}
        for word, targets in DICTIONARY.translations.items():
            allowed |= {old.replace(word, target, 1) for target in targets if old.strip("(),\n") == word}
        assert new in allowed
    assert sum(old != new for old, new in zip(before, after, strict=True)) == result.changed <= result.replaced
    assert result.replaced <= result.hits <= result.words


def test_identity_translations_count_as_replaced_and_not_as_changed():
    result = CodeMixer(DICTIONARY, 1.0).mix_field("same dog", seed=0, epoch=0, row=0, field="text")
    assert (result.words, result.hits, result.replaced, result.changed) == (2, 2, 2, 1)


def test_every_translation_is_drawn():
    mixer = CodeMixer(DICTIONARY, 1.0)
    drawn = {mixer.mix_field("dog", seed=0, epoch=0, row=row, field="text").text for row in range(50)}
    assert drawn == {"σκύλος", "σκυλί"}


@pytest.mark.parametrize("ratio", [-0.1, 1.01, float("nan")])
def test_ratio_out_of_range(ratio):
    with pytest.raises(UserError, match="between 0 and 1"):
        CodeMixer(DICTIONARY, ratio)
