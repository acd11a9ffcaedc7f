"""Continuations of one prompt in one row: each is as if it stood alone behind the prompt."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from commit_llm.model.likelihood import token_log_probabilities
from commit_llm.model.tree_likelihood import CHUNK, tree_log_probabilities, tree_mask
from tests.model.test_decoder import SMALL, draw_parameters

SEGMENTS, PARENTS = [1, 1, 1, 2, 2, 3, 4, 4, 5, 0], [1, 1, 1, 1, 1, 1, 4, 4, 4, 0]


@pytest.mark.slow
def test_the_mask_of_the_row_in_the_docstring():
    mask = tree_mask(jnp.array([SEGMENTS]), jnp.array([PARENTS]), jnp.zeros((1, 10), int))[0, 0]
    seen = ["".join(str(place) for place in np.flatnonzero(row)) for row in np.asarray(mask)]
    assert seen == ["0", "01", "012", "0123", "01234", "0125", "6", "67", "678", "9"]


def test_a_window_counts_positions():
    """The second continuation, at place 5, has position 3: it sees as far back in its prompt as the first one does."""
    positions = jnp.array([[0, 1, 2, 3, 4, 3, 0, 1, 2, 0]])
    mask = tree_mask(jnp.array([SEGMENTS]), jnp.array([PARENTS]), positions, 3)[0, 0]
    seen = ["".join(str(place) for place in np.flatnonzero(row)) for row in np.asarray(mask)]
    assert seen == ["0", "01", "012", "123", "234", "125", "6", "67", "678", "9"]


@pytest.mark.slow
@pytest.mark.parametrize("by_row", [False, True])
def test_it_is_the_plain_computation(by_row):
    """Of two prompts with two continuations and one, whose first tokens follow the prompt's last."""
    params = draw_parameters(SMALL, jax.random.key(1))
    row, positions = [5, 6, 7, 8, 9, 10, 11, 12, 13, 0], [0, 1, 2, 3, 4, 3, 0, 1, 2, 0]
    texts = [([5, 6, 7], [8, 9, 3]), ([5, 6, 7], [10, 4]), ([11, 12], [13, 2])]
    places, targets = [2, 3, 4, 2, 5, 7, 8], [8, 9, 3, 10, 4, 13, 2]
    arrays = (np.array([line, line], np.int32) for line in (row, SEGMENTS, PARENTS, positions))
    padding = (0, CHUNK - len(places))
    found = tree_log_probabilities(
        SMALL, params, *arrays, np.pad(np.array(places) + len(row), padding), np.pad(targets, padding), by_row=by_row
    )
    expected = []
    for prompt, answer in texts:
        ids = np.array([prompt + answer], np.int32)
        values, _ = token_log_probabilities(SMALL, params, ids[:, :-1], ids[:, 1:])
        expected += np.asarray(values)[0, len(prompt) - 1 :].tolist()
    np.testing.assert_allclose(found[: len(places)], expected, atol=1e-5)
