"""Asking for an amount of mixing."""

import numpy as np
import pyarrow as pa
import pytest

from commit_llm.codemix import BilingualDictionary, CodeMixer
from commit_llm.codemix.fit import fit_ratio, mean_cmi, share
from commit_llm.codemix.outcome import Counts
from commit_llm.codemix.settings import MixingSettings
from commit_llm.errors import UserError

WORDS = [f"{a}{b}{c}" for a in "bcdfg" for b in "aeiou" for c in "lmnrs"]
MIXER = CodeMixer(BilingualDictionary.from_pairs([(word, word[::-1]) for word in WORDS[:100]]), ratio=1.0)
COLUMNS = {
    "text": pa.array([" ".join(WORDS[(7 * row + 11 * n) % 125] for n in range(1 + row % 30)) for row in range(4000)])
}


@pytest.mark.parametrize("requested", [0.01, 0.3, 0.5, 0.75])
def test_a_share_is_reached(requested):
    done = fit_ratio(MIXER, COLUMNS, target_share=requested)
    assert abs(done.reached - requested) <= 0.001
    assert 0.79 < done.highest < 0.81
    assert abs(share(done.mixer.mix_columns(COLUMNS)[1]) - requested) <= 0.001
    # Near on texts that were not looked at too.
    assert abs(share(done.mixer.mix_columns(COLUMNS, epoch=1)[1]) - requested) <= 0.01


@pytest.mark.parametrize("requested", [5, 20])
def test_a_mean_code_mixing_index_is_reached(requested):
    done = fit_ratio(MIXER, COLUMNS, target_cmi=requested)
    assert abs(mean_cmi(done.mixer.mix_columns(COLUMNS)[1]) - requested) <= 0.1
    assert done.mixer.settings.ratio < 0.6  # the lower of the two ratios that give it


def test_all_that_can_be_reached_can_be_asked_for():
    highest = fit_ratio(MIXER, COLUMNS, target_share=0.1).highest
    assert fit_ratio(MIXER, COLUMNS, target_share=highest).reached == highest


def test_more_than_can_be_reached_is_refused_naming_the_highest():
    with pytest.raises(UserError, match=r"target_share 0\.9: the highest that can be reached is 0\.8.*dictionary"):
        fit_ratio(MIXER, COLUMNS, target_share=0.9)
    with pytest.raises(UserError, match=r"target_cmi 50: the highest that can be reached is 3"):
        fit_ratio(MIXER, COLUMNS, target_cmi=50)


@pytest.mark.parametrize("wrong", [{}, {"target_share": 0.5, "target_cmi": 5}, {"target_share": 0}, {"target_cmi": 60}])
def test_what_is_no_amount(wrong):
    with pytest.raises(UserError, match="target_"):
        fit_ratio(MIXER, COLUMNS, **wrong)


def test_measures_by_hand():
    counts = np.array(
        [
            Counts(replaced=2, not_drawn=1, not_in_dictionary=1, protected=9, changed=2),
            Counts(replaced=3, name=1, changed=3),
            Counts(protected=5),
        ]
    )
    assert share(counts) == 5 / 8
    assert mean_cmi(counts) == 100 * (2 / 4 + 1 / 4) / 2


def test_the_index_of_annotated_words_is_refused():
    annotating = CodeMixer(MIXER.dictionaries, surface="annotate")
    with pytest.raises(UserError, match="target_cmi: annotated words stand beside their translations"):
        fit_ratio(annotating, COLUMNS, target_cmi=20)


class OfSentences:
    """A mixer of 100 examples of 100 words; sentences are 20 of them, at any ratio."""

    settings = MixingSettings()

    def __init__(self, ratio=0.0):
        self.ratio = ratio

    def with_ratio(self, ratio):
        return OfSentences(ratio)

    def mix_columns(self, columns, mixed_fields):
        replaced = 20 + round(80 * self.ratio)
        return {}, np.array([Counts(replaced=replaced, not_drawn=100 - replaced, changed=replaced)] * 100)


def test_less_than_sentences_come_to_is_refused_naming_the_lowest():
    assert fit_ratio(OfSentences(), {}, target_share=0.6).reached == 0.6
    with pytest.raises(UserError, match=r"target_share 0.1: the lowest that can be reached is 0.2, .* sentence_ratio"):
        fit_ratio(OfSentences(), {}, target_share=0.1)
