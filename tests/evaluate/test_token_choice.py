"""How tokens are chosen: what is refused, and keys that seed and prompt alone decide on."""

import pytest

from commit_llm.errors import UserError
from commit_llm.evaluate.token_choice import GREEDY, TokenChoice

FROZEN = [2154205319, 2761880658]


def test_a_key_is_a_function_of_seed_and_prompt():
    """Frozen: a change gives everybody other answers."""
    choice = TokenChoice(0.8, seed=3)
    assert choice.key([1, 5, 9]).tolist() == FROZEN
    assert TokenChoice(0.1, 0.5, 3).key([1, 5, 9]).tolist() == FROZEN
    others = [TokenChoice(0.8, seed=4).key([1, 5, 9]), choice.key([1, 59]), choice.key([1, 5]), choice.key([15, 9])]
    assert len({tuple(key.tolist()) for key in [*others, choice.key([1, 5, 9])]}) == 5


def test_what_draws_a_batch():
    sampling = TokenChoice(0.8, 0.9, seed=3).sampling([[1, 5, 9], [2], [1, 5, 9]])
    assert sampling.keys[0].tolist() == sampling.keys[2].tolist() == FROZEN != sampling.keys[1].tolist()
    assert (sampling.temperature, sampling.top_p) == (pytest.approx(0.8), pytest.approx(0.9))
    assert TokenChoice(0.8).sampling([[1]]).top_p is None
    assert GREEDY.sampling([[1]]) is None


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        (TokenChoice(-1.0), "--temperature -1.0: is 0, for the likeliest tokens, or from 0.01 to 100"),
        (TokenChoice(0.001), "--temperature 0.001: is 0"),
        (TokenChoice(float("nan")), "--temperature nan: is 0"),
        (TokenChoice(float("inf")), "--temperature inf: is 0"),
        (TokenChoice(1.0, 0.0), "--top-p 0.0: is a probability, above 0 and at most 1"),
        (TokenChoice(1.0, 1.5), "--top-p 1.5: is a probability"),
        (TokenChoice(1.0, float("nan")), "--top-p nan: is a probability"),
        (TokenChoice(top_p=0.9), "--top-p 0.9: is for tokens that are drawn; add --temperature, such as 0.8"),
        (TokenChoice(seed=7), "--seed 7: is for tokens that are drawn"),
    ],
)
def test_what_is_refused(choice, message):
    with pytest.raises(UserError, match=f"^{message}"):
        choice.require_usable()


def test_what_is_not():
    for choice in (GREEDY, TokenChoice(0.01), TokenChoice(100.0, 0.1, -5), TokenChoice(1.0, 1.0, 2**62)):
        choice.require_usable()
