"""The frequencies of each rotary embedding, by hand."""

import math

import numpy as np
import pytest

from commit_llm.errors import UserError
from commit_llm.model.layer_kinds import LayerKind, Rope

LENGTH = 64  # tokens of pre-training
LLAMA_3 = Rope(rope_type="llama3", factor=8.0, original_max_position_embeddings=LENGTH)
YARN = Rope(rope_type="yarn", factor=4.0, original_max_position_embeddings=LENGTH)


def test_the_plain_ones():
    expected = [10000.0 ** (-pair / 4) for pair in range(4)]
    np.testing.assert_allclose(Rope().frequencies(8), expected, rtol=1e-6)
    assert Rope().frequencies(8).dtype == np.float32
    np.testing.assert_allclose(Rope(rope_type="linear", factor=4.0).frequencies(8), np.array(expected) / 4, rtol=1e-6)


def test_llama_3_slows_down_what_turns_seldom():
    """In 64 tokens the pairs turn 10.2, 3.2, 1.02 and 0.32 times; from 4 on they stay, up to 1 they are slowed down."""
    plain, frequencies = Rope(theta := 1e2).frequencies(8), Rope(theta, *_after_theta(LLAMA_3)).frequencies(8)
    turns = LENGTH * plain / (2 * math.pi)
    assert turns[0] > 4 > turns[1] > turns[2] > 1 > turns[3]
    kept = (turns - 1) / 3
    expected = [plain[0], *(plain[n] * kept[n] + plain[n] / 8 * (1 - kept[n]) for n in (1, 2)), plain[3] / 8]
    np.testing.assert_allclose(frequencies, expected, rtol=1e-6)


def test_yarn_goes_from_the_fast_to_the_slow():
    """Of 16 pairs: bounds of 32 turns and of 1, in dimensions, whole ones unless they are not to be."""
    plain, frequencies = Rope().frequencies(32), YARN.frequencies(32)
    first, last = (32 * math.log(LENGTH / (turns * 2 * math.pi)) / (2 * math.log(10000.0)) for turns in (32.0, 1.0))
    assert first < 0 < 4 < last < 5
    kept = 1 - np.minimum(np.arange(16) / 5, 1)
    np.testing.assert_allclose(frequencies, plain * kept + plain / 4 * (1 - kept), rtol=1e-6)
    untruncated = Rope(rope_type="yarn", factor=4.0, original_max_position_embeddings=LENGTH, truncate=False)
    kept = 1 - np.minimum(np.arange(16) / last, 1)
    np.testing.assert_allclose(untruncated.frequencies(32), plain * kept + plain / 4 * (1 - kept), rtol=1e-5)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"rope_theta": 0.0}, "rope_theta is 0.0; it must be a number above 0"),
        ({"rope_type": "longrope"}, "rope_type is 'longrope'; it must be one of default, linear, llama3, yarn"),
        ({"rope_type": "yarn", "factor": 2.0}, "rope_type yarn needs original_max_position_embeddings"),
        ({"truncate": 1}, "truncate is 1; it must be true or false"),
    ],
)
def test_settings_that_are_refused(fields, message):
    with pytest.raises(UserError, match=f"^{message}"):
        Rope(**fields)


def test_a_window_is_a_number_of_tokens():
    with pytest.raises(UserError, match="sliding_window is 0; it must be a number above 0"):
        LayerKind(0)


def _after_theta(rope):
    return [getattr(rope, name) for name in Rope.__dataclass_fields__][1:]
