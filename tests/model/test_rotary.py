"""Queries and keys are turned by position, or by nothing."""

import jax.numpy as jnp
import numpy as np

from commit_llm.model.config import ModelConfig
from commit_llm.model.layer_kinds import LayerKind, Rope
from commit_llm.model.rotary import rotary_tables, rotate, tables_of_kinds

POSITIONS = jnp.array([[0, 1, 2, 7]])
X = jnp.array(np.random.default_rng(0).normal(size=(1, 2, 4, 8)), "f4")


def test_a_product_depends_on_the_distance_alone():
    turned = np.asarray(rotate(X, rotary_tables(POSITIONS, 8, Rope())))
    later = np.asarray(rotate(X, rotary_tables(POSITIONS + 100, 8, Rope())))
    products = [np.einsum("bhtd,bhsd->bhts", x, x) for x in (turned, later)]
    np.testing.assert_allclose(*products, atol=1e-4)
    np.testing.assert_array_equal(turned[:, :, 0], X[:, :, 0])
    assert abs(turned[:, :, 1] - X[:, :, 1]).max() > 0.1


def test_pairs_are_half_a_head_apart():
    angle = 7 * 10000.0 ** (-1 / 4)  # of pair 1 of a head of 8
    turned = rotate(X, rotary_tables(POSITIONS, 8, Rope()))[0, 0, 3]
    expected = X[0, 0, 3, 1] * np.cos(angle) - X[0, 0, 3, 5] * np.sin(angle)
    np.testing.assert_allclose(turned[1], expected, rtol=1e-5)


def test_without_a_rotary_embedding_nothing_turns():
    np.testing.assert_array_equal(rotate(X, rotary_tables(POSITIONS, 8, None)), X)


def test_yarn_stretches_what_it_turns():
    yarn = Rope(rope_type="yarn", factor=4.0, original_max_position_embeddings=64, attention_factor=1.25)
    turned = rotate(X, rotary_tables(POSITIONS, 8, yarn))
    np.testing.assert_allclose(np.linalg.norm(turned, axis=-1), 1.25 * np.linalg.norm(X, axis=-1), rtol=1e-5)


def test_kinds_of_one_embedding_share_its_tables():
    kinds = (LayerKind(), LayerKind(5), LayerKind(rope=None))
    config = ModelConfig(9, 32, 8, 3, 4, 4, 8, kinds=kinds, pattern=(0, 1, 2))
    full, sliding, unturned = tables_of_kinds(config, POSITIONS)
    assert full is sliding
    assert unturned is not full
