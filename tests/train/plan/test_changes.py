"""What is offered where a step does not fit."""

import dataclasses

import pytest

from commit_llm.errors import UserError
from commit_llm.parallel.topologies import find_topology
from commit_llm.train.plan.changes import Conditions, changes
from commit_llm.train.plan.estimate import GIB
from tests.train.plan.recipes_of_7b import COMMIT_2024, OF_7B, SPREAD


def test_parts_of_a_batch_are_not_offered_where_their_gradients_cost_more():
    offered = changes(COMMIT_2024, OF_7B, 8, find_topology("v3:2x2"), 10)
    assert not any("--batch-size 16 " in change.flags for change in offered)
    assert any("--batch-size 1 " in change.flags for change in offered)


def test_the_mildest_way_of_training_that_fits_is_offered_with_what_it_costs():
    """A batch of 16 rows of 512 tokens on 8 devices: by arithmetic 13.7, 10.7 and 7.5 GiB, and 2.5 with LoRA."""

    def offer(available, **fields):
        (change,) = (
            change
            for change in changes(dataclasses.replace(SPREAD, **fields), OF_7B, 8, None, available)
            if change.costs
        )
        return change

    offered = {available: offer(available) for available in (12.0, 9.0, 5.0, 1.0)}
    assert [change.flags for change in offered.values()] == [
        "--optimizer adamw-split", "--optimizer adamw-lean", "--lora-r 16", "--lora-r 16",
    ]  # fmt: skip
    assert [change.fits for change in offered.values()] == [True, True, True, False]
    assert offer(5.0, optimizer="adamw-split").flags == "--optimizer adamw --lora-r 16"
    assert offer(5.0, from_scratch=True).flags == "--optimizer adamw-lean"
    split = "bf16 weights and gradients"
    lean = f"{split}, factored second moments"
    adapters = "trains only adapters, with bf16 weights"
    assert [change.costs for change in offered.values()] == [split, lean, adapters, adapters]


def test_what_lora_trains_unasked_beside_new_rows_is_counted():
    beside_new_rows = dataclasses.replace(OF_7B, saved=("embed_tokens", "lm_head"))
    recipe = dataclasses.replace(SPREAD, optimizer="adamw-lean")
    plain, grown = (
        next(one for one in changes(recipe, conditions, 8, None, 1.0) if "--lora-r" in one.flags)
        for conditions in (OF_7B, beside_new_rows)
    )
    assert plain.flags == grown.flags
    assert grown.costs == "trains only adapters and embed_tokens and lm_head, with bf16 weights"
    state = 2 * 32000 * 4096 / 8 * (4 + 4 + 4 + 2 - 2)  # weights, gradients and moments, and no copy in bfloat16
    assert (grown.needed - plain.needed) * GIB > 0.99 * state


def test_nothing_is_offered_where_nothing_is_leaner():
    for fields in ({"optimizer": "adamw-lean", "from_scratch": True}, {"lora_r": 8}):
        offered = changes(dataclasses.replace(SPREAD, **fields), OF_7B, 8, None, 1.0)
        assert offered
        assert not any("--optimizer" in change.flags or change.costs for change in offered)


def test_bfloat16_is_not_offered_where_the_devices_do_not_multiply_in_it():
    recipe = dataclasses.replace(SPREAD, batch_size=64)
    conditions = dataclasses.replace(OF_7B, dtype="float32")
    for dtype in ("auto", "float32"):
        offered = changes(dataclasses.replace(recipe, dtype=dtype), conditions, 8, find_topology("t4:8"), 15)
        flags = " ".join(change.flags for change in offered)
        assert "--seq-len 256" in flags
        assert "bfloat16" not in flags


def test_a_larger_machine_is_filled_with_rows_where_the_model_does_not_divide():
    """Four rows; tensor could split 32 heads, and of one key-value head nothing."""
    recipe = dataclasses.replace(SPREAD, mesh="auto", batch_size=4)
    last = changes(recipe, OF_7B, 4, find_topology("v3:2x2"), 10)[-1]
    assert (last.flags, last.fits) == ("--topology v3:4x4", True)
    one = dataclasses.replace(OF_7B, config=dataclasses.replace(OF_7B.config, num_key_value_heads=1))
    last = changes(recipe, one, 4, find_topology("v3:2x2"), 10)[-1]
    assert (last.flags, last.fits) == ("--topology v3:4x4 --batch-size 32 --gradient-accumulation 1", True)


def of_three_heads(**fields):
    """Conditions of a model with 24 heads and 3 key-value heads, so that tensor is 1 or 3."""
    sizes = {"hidden_size": 3072, "intermediate_size": 8064, "vocab_size": 32256, "num_attention_heads": 24}
    config = dataclasses.replace(OF_7B.config, num_key_value_heads=3, **sizes)
    return Conditions(config, "bfloat16", **fields)


def test_the_advice_for_tpus_is_of_the_meshes_that_run_there():
    """Four rows on eight devices: GPUs take 1,2,3, and the devices of one TPU host a part that divides them."""
    recipe = dataclasses.replace(SPREAD, mesh="auto", batch_size=4)
    assert dict(of_three_heads().mesh(recipe, 8)) == {"data": 1, "fsdp": 2, "tensor": 3}
    one_host = of_three_heads(platform="tpu", devices_a_host=8)
    assert dict(one_host.mesh(recipe, 8)) == {"data": 1, "fsdp": 4, "tensor": 1}
    with pytest.raises(UserError, match="no equal parts for 8 TPU devices of 2 hosts"):
        of_three_heads(platform="tpu", devices_a_host=4).mesh(recipe, 8)


def test_a_larger_machine_that_refuses_the_recipe_is_not_offered():
    """Four rows on one host of four v5e; the larger have several hosts, of which no device may be idle."""
    recipe = dataclasses.replace(SPREAD, mesh="auto", batch_size=4)
    as_gpus, as_tpus = of_three_heads(), of_three_heads(platform="tpu", devices_a_host=4)

    def larger(conditions, available):
        return changes(recipe, conditions, 4, find_topology("v5e:2x2"), available)[-1].flags

    enough = as_gpus.estimate(recipe, 8).needed / GIB
    assert larger(as_gpus, enough) == "--topology v5e:2x4"
    assert larger(as_tpus, enough) == "--topology v5e:2x4 --batch-size 8 --gradient-accumulation 1"
    less = as_tpus.estimate(dataclasses.replace(recipe, batch_size=16), 16).needed / GIB
    assert larger(as_tpus, less) == "--topology v5e:4x4 --batch-size 16 --gradient-accumulation 1"


def test_a_value_that_no_recipe_may_have_is_not_offered():
    offered = changes(dataclasses.replace(SPREAD, seq_len=1), OF_7B, 8, None, 1.0)
    assert offered
    assert not any("--seq-len" in change.flags for change in offered)


def test_changes_are_less_than_what_there_is():
    """remat dots, fp32 products: each is offered, and every change needs less than the recipe."""
    recipe = dataclasses.replace(SPREAD, remat="dots", dtype="float32", batch_size=64)
    offered = changes(recipe, OF_7B, 8, find_topology("v3:2x2"), 16)
    flags = " ".join(change.flags for change in offered)
    assert all(flag in flags for flag in ("--remat nothing", "--dtype bfloat16", "--seq-len 256", "--batch-size 8 "))
    assert "--mesh" not in offered[0].flags
    now = OF_7B.estimate(recipe, 8).needed / GIB
    assert all(change.needed < now for change in offered)
