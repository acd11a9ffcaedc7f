"""A training that goes over and over a little data is warned of, in one line with the flag."""

import logging
from dataclasses import replace

import pytest

from commit_llm.train.passes import MOST_PASSES, passes_over, warn_of_many_passes
from commit_llm.train.recipe_data import open_recipe_batches, open_recipe_model


@pytest.fixture
def opened(small_recipe):
    """The data of the small recipe, for so many steps."""
    recipe = small_recipe(seq_len=1024)  # which the examples fill
    data = open_recipe_batches(recipe, open_recipe_model(recipe, weights=False))
    return lambda **changes: data._replace(recipe=replace(data.recipe, **changes))


def test_the_passes_are_those_of_the_batches(opened):
    data = opened(steps=8)
    (passes,) = passes_over(data)
    assert passes.examples == 324
    assert passes.number == pytest.approx(8 / data.batches.count(324), rel=0.1)


def test_several_sources_have_their_own(several_sources):
    recipe = several_sources(steps=30)
    data = open_recipe_batches(recipe, open_recipe_model(recipe, weights=False))
    numbers = [passes.number for passes in passes_over(data)]
    assert numbers[0] == pytest.approx(4 * numbers[2])  # the same file, with four times the weight
    assert [passes.examples for passes in passes_over(data)] == [324, 100, 324]


def test_hundreds_of_passes_are_warned_of(opened, caplog):
    (once,) = passes_over(opened(steps=1))
    few, many = int(MOST_PASSES / once.number) - 1, int(400 / once.number)
    with caplog.at_level(logging.WARNING, "commit_llm"):
        warn_of_many_passes(opened(steps=few))
        assert caplog.messages == []
        warn_of_many_passes(opened(steps=many))
        warn_of_many_passes(opened(steps=many, epochs=400))
    steps, epochs = caplog.messages
    assert "instructions.jsonl: training goes about 400 times through its 324 examples; lower --steps (" in steps
    assert steps.endswith(" are one pass), or give more data")
    assert epochs.endswith("examples; lower --epochs, or give more data")


def test_where_no_example_has_a_place(opened, caplog):
    warn_of_many_passes(opened(seq_len=1, steps=10**6))
    assert caplog.messages == []
