"""How many steps an arm takes: counted by its own batches, which are left as they were."""

import dataclasses

import pytest

from commit_llm.data.loader import open_batches, open_examples
from commit_llm.data.tokenizer import load_tokenizer
from commit_llm.recipes import find_recipe
from commit_llm.study.budget import in_one_pass, steps_for, with_sample
from commit_llm.study.study_file import Amount
from commit_llm.train.recipe_data import RecipeData

RECORDS = [{"instruction": f"say {'hi ' * (n % 5)}", "input": "", "output": "hi"} for n in range(40)]


@pytest.fixture
def opened(example):
    tokenizer = load_tokenizer(example / "model" / "tokenizer.json")

    def data(equal, **changes):
        recipe = dataclasses.replace(find_recipe("alpaca"), seq_len=400, batch_size=1, **changes)
        recipe = with_sample(recipe, equal)
        makes = [open_examples(recipe, RECORDS, tokenizer, None)]
        return RecipeData(recipe, open_batches(recipe, *makes), [], None, makes, None)

    return data


def totals(data, steps):
    batches = [next(data.batches) for _ in range(steps)]
    ids = {int(number) for batch in batches for number in batch["example_ids"].flat} - {-1}
    tokens = sum(int((batch["segment_ids"] > 0).sum()) for batch in batches)
    return len(ids), tokens, sum(int(batch["loss_masks"].sum()) for batch in batches)


def test_examples_are_a_sample_in_one_pass(opened):
    equal = Amount("examples", 9)
    data = opened(equal, seed=3)
    steps = steps_for(data, equal)
    assert totals(data, steps)[0] == 9
    assert totals(opened(equal, seed=3), steps - 1)[0] < 9
    assert data.recipe.max_train_samples == 9


@pytest.mark.parametrize(("unit", "place"), [("tokens", 1), ("supervised_tokens", 2)])
def test_tokens_are_reached_and_no_step_more(opened, unit, place):
    equal = Amount(unit, 500 if unit == "tokens" else 30)
    data = opened(equal)
    steps = steps_for(data, equal)
    assert totals(data, steps)[place] >= equal.number > totals(opened(equal), steps - 1)[place]
    assert data.recipe.max_train_samples is None


def test_what_one_pass_has(opened):
    data = opened(Amount("tokens", 10**9))
    whole = in_one_pass(data, Amount("tokens", 10**9))
    assert whole >= sum(len(data.makes[0](0, number).tokens) - 1 for number in range(len(RECORDS)))
    assert whole // 2 <= in_one_pass(data, Amount("tokens", whole // 2)) < whole
    # Steps go on into the next pass.
    assert totals(data, steps_for(data, Amount("tokens", 2 * whole)))[1] >= 2 * whole
