"""`--remat auto`: the least recomputation that fits the memory, by arithmetic, with a margin."""

import dataclasses

import pytest

from commit_llm.train.plan.estimate import GIB, estimate_memory
from commit_llm.train.plan.remat import LADDER, SHARES, choose_remat, most_recomputed
from tests.train.plan.recipes_of_7b import LLAMA_7B, SPREAD

AUTO = dataclasses.replace(SPREAD, remat="auto")
MESH = {"data": 1, "fsdp": 8, "tensor": 1}


def choose(available, recipe=AUTO, platform="gpu", scores=True):
    return choose_remat(recipe, LLAMA_7B, MESH, 2, scores=scores, platform=platform, available=available)


def needed(value, scores=True):
    return estimate_memory(dataclasses.replace(AUTO, remat=value), LLAMA_7B, MESH, 2, scores=scores).needed


@pytest.mark.parametrize("platform", ["cpu", "gpu", "tpu"])
def test_the_first_that_fits_is_taken(platform):
    """A byte less than the least memory that a value may have makes it the next one."""
    for value, harder in zip(LADDER, [*LADDER[1:], LADDER[-1]], strict=True):
        sizes = range(int(needed(value) / SHARES[platform]), 2**50)
        least = next(size for size in sizes if size * SHARES[platform] >= needed(value))
        assert choose(least, platform=platform).value == value
        assert choose(least - 1, platform=platform).value == harder


def test_what_the_user_reads():
    amount = f"{needed('none') / GIB:.3g} GiB by arithmetic"
    assert str(choose(200 * GIB)) == f"remat: none (auto: {amount}, of 170 that it may take on each device)"
    assert choose(GIB).reason.endswith(" GiB by arithmetic, above 0.85 that it may take on each device")
    assert str(choose(None)) == "remat: nothing (auto: the device does not say how much memory it has)"


def test_a_recipe_that_says_a_value_keeps_it_whatever_the_memory():
    for value in LADDER:
        choice = choose(1, dataclasses.replace(AUTO, remat=value))
        assert (choice.value, choice.reason) == (value, "")


def test_attention_that_keeps_no_scores_leaves_room():
    available = int(needed("none", scores=False) / SHARES["gpu"]) + 2
    assert choose(available, scores=False).value == "none"
    assert choose(available).value != "none"


def test_processes_take_what_fits_all_of_them():
    assert most_recomputed(["none", "dots", "none"]) == "dots"
    assert most_recomputed(["nothing", "none"]) == "nothing"
