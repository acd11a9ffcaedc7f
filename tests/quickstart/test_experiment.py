"""The recipes of the experiment."""

from commit_llm.quickstart import experiment
from commit_llm.recipes import differences


def test_the_arms_differ_in_the_mixing_alone(tmp_path):
    made = {arm: experiment.arm_recipe(arm, tmp_path, 0, experiment.SETTINGS) for arm in experiment.ARMS}
    for recipe in made.values():
        recipe.check()
    assert differences(made["codemix-naive"], made["commit"]) == ["block_template: False -> True"]
    changed = [line.split(":")[0] for line in differences(made["alpaca"], made["commit"])]
    assert changed == ["dictionary", "ratio"]
