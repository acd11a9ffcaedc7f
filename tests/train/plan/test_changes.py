"""What is offered where a step does not fit."""

import dataclasses

from commit_llm.parallel.topologies import (
    find_topology,
)
from commit_llm.train.plan.changes import changes
from commit_llm.train.plan.estimate import GIB
from tests.train.plan.recipes_of_7b import COMMIT_2024, OF_7B, SPREAD


def test_parts_of_a_batch_are_not_offered_where_their_gradients_cost_more():
    offered = changes(COMMIT_2024, OF_7B, 8, find_topology("v3:2x2"), 10)
    assert not any("--batch-size 16 " in change.flags for change in offered)
    assert any("--batch-size 1 " in change.flags for change in offered)


def test_bfloat16_is_not_offered_where_the_devices_do_not_multiply_in_it():
    recipe = dataclasses.replace(SPREAD, batch_size=64)
    conditions = dataclasses.replace(OF_7B, dtype="float32")
    for dtype in ("auto", "float32"):
        offered = changes(dataclasses.replace(recipe, dtype=dtype), conditions, 8, find_topology("t4:8"), 15)
        flags = " ".join(change.flags for change in offered)
        assert "--seq-len 256" in flags
        assert "bfloat16" not in flags


def test_changes_are_less_than_what_there_is():
    """remat dots, fp32 products: each is offered, and every change needs less than the recipe."""
    recipe = dataclasses.replace(SPREAD, remat="dots", dtype="float32", batch_size=64)
    offered = changes(recipe, OF_7B, 8, find_topology("v3:2x2"), 16)
    flags = " ".join(change.flags for change in offered)
    assert all(flag in flags for flag in ("--remat nothing", "--dtype bfloat16", "--seq-len 256", "--batch-size 8 "))
    assert "--mesh 1,-1,1" not in offered[0].flags
    now = OF_7B.estimate(recipe, 8).needed / GIB
    assert all(change.needed < now for change in offered)
