"""The arithmetic of a step: hours and memory."""

import dataclasses

import pytest

from commit_llm.model.layer_kinds import LayerKind
from commit_llm.train.plan.changes import Conditions
from commit_llm.train.plan.estimate import GIB, hours
from tests.train.plan.recipes_of_7b import COMMIT_2024, LLAMA_7B, OF_7B, SPREAD


def test_hours():
    assert hours(0.4 * 2e12 * 3 * 3600 * 5, peak=2, devices=3, mfu=0.4) == pytest.approx(5)


@pytest.mark.parametrize(("mesh", "share"), [("1,-1,1", 8), ("1,1,-1", 8), ("2,2,2", 4), ("-1,1,1", 1)])
def test_the_state_is_split_over_the_mesh(mesh, share):
    """Parameters 4 bytes, moments 2 + 4, gradients 4, over fsdp and tensor; norms are on every device."""
    memory = OF_7B.estimate(dataclasses.replace(COMMIT_2024, mesh=mesh), 8)
    norms = 4096 * 65
    numbers = (6738415616 - norms) // share + norms
    assert (memory.parameters, memory.optimizer, memory.gradients) == (4 * numbers, 6 * numbers, 4 * numbers)


def test_what_moves_the_estimate():
    def needed(**fields):
        return OF_7B.estimate(dataclasses.replace(SPREAD, **fields), 8).needed

    assert needed() < needed(remat="dots") < needed(remat="none")
    fast = Conditions(LLAMA_7B, "bfloat16", scores=False)
    assert needed() - fast.estimate(SPREAD, 8).needed == 2 * 32 * 512**2 * 6  # rows x heads x scores
    assert needed(seq_len=256) < needed() < needed(batch_size=32)
    assert needed(momentum_dtype="float32") - needed() == pytest.approx(2 * 6738415616 / 8, rel=1e-3)
    in_parts = needed(batch_size=512, gradient_accumulation=32)  # a second copy of the gradients, and few rows
    assert needed() < in_parts < needed(batch_size=512)


def test_what_other_families_need():
    """On each of 8 devices 2 rows of 512; a layer under way, and what is beside the layers."""

    def needed(scores=True, remat="nothing", **fields):
        conditions = Conditions(dataclasses.replace(LLAMA_7B, **fields), "bfloat16", scores=scores)
        return conditions.estimate(dataclasses.replace(SPREAD, remat=remat), 8)

    plain, square, stream = needed().rest, 2 * 512**2, 2 * 512 * 4096 * 2
    two_kinds = {"kinds": (LayerKind(100), LayerKind()), "pattern": (0, 1) * 16}
    assert needed(**two_kinds).rest - plain == square  # a second mask
    assert needed(scores=False, **two_kinds).rest == needed(scores=False).rest
    assert needed(kinds=(LayerKind(512), LayerKind()), pattern=(0, 1) * 16).rest == plain  # which hides nothing
    assert needed(attn_logit_softcapping=50.0).rest - plain == 32 * square * 4
    assert needed(scores=False, attn_logit_softcapping=50.0).rest == needed(scores=False).rest
    norms = needed(qk_norm="head").rest - plain
    assert norms == pytest.approx(2 * stream, rel=1e-2)  # and few parameters
    assert needed(norms="around").rest - plain == pytest.approx(2 * stream, rel=5e-2)
    all_kept = needed(remat="none", norms="around").rest - needed(remat="none").rest
    assert all_kept == pytest.approx(33 * 2 * stream, rel=5e-2)
    biases = ("query", "key", "value")
    assert needed(biases=biases).parameters - needed().parameters == 4 * 32 * 3 * 4096


@pytest.mark.parametrize(
    ("fields", "compiled"),
    [
        ({}, 13.46), ({"mesh": "1,1,-1"}, 15.08), ({"batch_size": 64}, 15.07), ({"batch_size": 512}, 28.92),
        ({"batch_size": 32, "gradient_accumulation": 2}, 16.67),
    ],
)  # fmt: skip
def test_the_estimate_is_near_the_compiler_s_figure(fields, compiled):
    """GiB that the compiler gave for LLaMA-7B on v3:2x2 (docs/planning.md)."""
    needed = OF_7B.estimate(dataclasses.replace(SPREAD, **fields), 8).needed / GIB
    assert needed == pytest.approx(compiled, rel=0.05)
