"""The arithmetic of a step: hours and memory."""

import dataclasses

import pytest

from commit_llm.model.config import ModelConfig
from commit_llm.model.layer_kinds import LayerKind
from commit_llm.recipes import find_recipe
from commit_llm.train.plan.changes import Conditions
from commit_llm.train.plan.estimate import GIB, hours
from tests.train.plan.recipes_of_7b import COMMIT_2024, LLAMA_7B, OF_7B, SPREAD

LLAMA_8B = ModelConfig(128256, 4096, 14336, 32, 32, 8, 128)
LLAMA_1B = ModelConfig(128256, 2048, 8192, 16, 32, 8, 64, tie_word_embeddings=True)


def test_hours():
    assert hours(0.4 * 2e12 * 3 * 3600 * 5, peak=2, devices=3, mfu=0.4) == pytest.approx(5)


@pytest.mark.parametrize(("mesh", "share"), [("1,-1,1", 8), ("1,1,-1", 8), ("2,2,2", 4), ("-1,1,1", 1)])
def test_the_state_is_split_over_the_mesh(mesh, share):
    """Parameters 4 bytes, moments 2 + 4, gradients 4, over fsdp and tensor; norms are on every device."""
    memory = OF_7B.estimate(dataclasses.replace(COMMIT_2024, mesh=mesh), 8)
    norms = 4096 * 65
    numbers = (6738415616 - norms) // share + norms
    assert (memory.parameters, memory.optimizer, memory.gradients) == (4 * numbers, 6 * numbers, 4 * numbers)


@pytest.mark.parametrize(("fields", "gradients"), [({}, 2), ({"gradient_accumulation": 2}, 6)])
@pytest.mark.parametrize("mesh", ["1,8,1", "2,2,2"])
def test_split_weights_have_bf16_gradients_that_are_summed_in_fp32(fields, gradients, mesh):
    """Two halves are 4 bytes. Means of rows and columns are split as their matrix is; norms have a moment each."""
    sizes = [int(size) for size in mesh.split(",")]
    numbers = 6738415616 // (sizes[1] * sizes[2])

    def memory(optimizer):
        recipe = dataclasses.replace(COMMIT_2024, mesh=mesh, optimizer=optimizer, **fields)
        return OF_7B.estimate(recipe, 8)

    split, lean = memory("adamw-split"), memory("adamw-lean")
    assert (split.parameters, split.optimizer) == (memory("adamw").parameters, memory("adamw").optimizer)
    assert split.parameters == lean.parameters
    assert split.gradients == lean.gradients == gradients * split.parameters // 4
    embed, mlp, vocab = 4096 // sizes[1], 11008 // sizes[2], 32000 // sizes[2]
    heads = 4096 // sizes[2]
    means = 32 * (4 * (embed + heads) + 3 * (embed + mlp)) + 2 * (embed + vocab)
    assert lean.optimizer == 2 * lean.parameters // 4 + 4 * (means + 65 * 4096)
    assert lean.optimizer < 2.1 * numbers


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


def test_the_estimate_of_split_weights_is_near_the_compiler_s_figure():
    """GiB that the compiler gave for Llama-3.1-8B, 4 rows of 2,048 tokens on one TPU v5p (docs/planning.md)."""
    conditions = Conditions(LLAMA_8B, "bfloat16", scores=False)
    for optimizer, compiled in (("adamw-lean", 63.79), ("adamw-split", 92.83)):
        recipe = dataclasses.replace(find_recipe("commit"), optimizer=optimizer)
        assert conditions.estimate(recipe, 1).needed / GIB == pytest.approx(compiled, rel=0.05)


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


def adapted(config=LLAMA_8B, dtype="bfloat16", devices=1, scores=False, **fields):
    recipe = dataclasses.replace(find_recipe("commit"), **{"lora_r": 16, "batch_size": 4, "seq_len": 2048} | fields)
    return Conditions(config, dtype, scores=scores).estimate(recipe, devices)


def test_what_is_frozen_and_what_is_trained_beside_it():
    memory = adapted()
    kernels = ((4096, 4096), (4096, 1024), (4096, 1024), (4096, 4096), *((4096, 14336),) * 2, (14336, 4096))
    trained = 32 * 16 * sum(map(sum, kernels))
    assert (memory.frozen, memory.parameters, memory.optimizer) == (2 * 8030261248, 4 * trained, 6 * trained)
    spread = adapted(devices=4, mesh="1,2,2")
    assert 4 * spread.frozen == pytest.approx(memory.frozen, rel=1e-3)
    assert spread.parameters < memory.parameters
    whole = adapted(modules_to_save=("lm_head",))
    assert memory.frozen - whole.frozen == 2 * 128256 * 4096
    assert whole.parameters - memory.parameters == 4 * 128256 * 4096
    assert whole.rest > memory.rest  # the head has a gradient


def test_a_low_rank_adapter_of_8b_is_near_the_compiler_s_figure():
    """Of one v5p device, attention splash (docs/planning.md)."""
    assert adapted().needed / GIB == pytest.approx(19.61, rel=0.05)


def test_a_low_rank_adapter_of_1b_fits_a_t4():
    assert adapted(LLAMA_1B, "float32", scores=True).needed / GIB < 0.92 * 15
