"""From a recipe to its step: every setting reaches its place, and the attention is chosen and told."""

import dataclasses
import re
from pathlib import Path

import jax.numpy as jnp
import pytest

from commit_llm.cli.main import main
from commit_llm.errors import UserError
from commit_llm.model.families.config_json import read_config
from commit_llm.model.regularisation import Regularisation
from commit_llm.parallel.topologies import absent_devices, find_topology
from commit_llm.recipes import dump_recipe
from commit_llm.train import prepare as prepare_module
from commit_llm.train.recipe_data import open_recipe_model


@pytest.fixture
def prepared(small_recipe, monkeypatch):
    """What `prepare` hands to the functions that it calls, for a recipe."""

    def call(recipe, **changes):
        seen = {}
        for name in ("learning_rate_schedule", "make_optimizer", "make_train_step", "make_held_out_step"):
            real = getattr(prepare_module, name)

            def spy(*args, name=name, real=real, **options):
                seen[name] = (args, options)
                return real(*args, **options)

            monkeypatch.setattr(prepare_module, name, spy)
        prepare_module.prepare(recipe, dataclasses.replace(read_config(Path(recipe.model)), **changes))
        monkeypatch.undo()
        return seen

    return call


def test_every_setting_reaches_its_place(small_recipe, prepared):
    recipe = small_recipe(
        "commit-2024", mesh="1,1,-1", beta1=0.8, beta2=0.95, weight_decay=0.1, clip_norm=0.5, decay_steps=20,
        gradient_accumulation=2, attn_pdrop=0.3, fcm_min_ratio=0.02, seed=7, remat="dots",
    )  # fmt: skip
    seen = prepared(recipe)
    assert seen["learning_rate_schedule"] == ((1e-3, 1e-7, 2, 20), {"first_step_at_zero": True})
    options = seen["make_optimizer"][1]
    names = ("beta1", "beta2", "weight_decay", "clip_norm", "momentum_dtype", "round_beta1")
    assert [options[name] for name in names] == [0.8, 0.95, 0.1, 0.5, jnp.bfloat16, True]
    options = seen["make_train_step"][1]
    assert [options[name] for name in ("reduction", "gradient_accumulation", "seed")] == ["row", 2, 7]
    assert (options["execution"].remat, options["execution"].dtype) == ("dots", jnp.float32)
    assert options["regularisation"] == Regularisation(0.05, 0.05, 0.3, 0.02, 0.1, shared_attention_mask=True)


def test_what_the_mended_recipes_do_otherwise(small_recipe, prepared):
    seen = prepared(small_recipe(momentum_dtype="float32", dtype="bfloat16"))
    assert seen["learning_rate_schedule"] == ((1e-3, 1e-7, 2, 8), {"first_step_at_zero": False})
    assert seen["make_optimizer"][1]["round_beta1"] is False
    assert seen["make_optimizer"][1]["momentum_dtype"] == jnp.float32
    options = seen["make_train_step"][1]
    assert (options["reduction"], options["execution"].dtype) == ("token", jnp.bfloat16)
    assert options["regularisation"] == Regularisation(0.05, 0.05, 0.0, 0.0, 0.1, shared_attention_mask=False)


@pytest.mark.parametrize(
    ("layers", "remat", "step", "held_out"),
    [(8, "nothing", True, True), (9, "nothing", False, False), (9, "dots", False, False), (9, "none", True, False)],
)
def test_which_layers_are_compiled_one_by_one(small_recipe, prepared, layers, remat, step, held_out):
    seen = prepared(small_recipe(remat=remat), num_hidden_layers=layers)
    assert seen["make_train_step"][1]["execution"].unroll is step
    assert seen["make_held_out_step"][0][1].unroll is held_out


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, "attention: by row (a block's scores stay in a CPU's cache)"),
        ({"attention": "reference"}, "attention: reference (asked for)"),
    ],
)
def test_a_recipe_comes_to_an_attention(small_recipe, changes, told):
    recipe = small_recipe(**changes)
    assert str(prepare_module.prepare(recipe, open_recipe_model(recipe).config).attention) == told


def test_the_attention_is_told_at_the_start(small_recipe, tmp_path, monkeypatch, capsys):
    def enough(*asked):
        raise UserError("enough")

    monkeypatch.setattr("commit_llm.train.loop._first_params", enough)  # what comes after is not looked at
    config = tmp_path / "config.yaml"
    config.write_text(dump_recipe(small_recipe()))
    assert main(["train", str(config), "--out", str(tmp_path / "run")]) == 2
    told = capsys.readouterr().err
    assert told.endswith(
        "\n1 x cpu, mesh data 1, fsdp 1, tensor 1; float32 products; "
        "attention: by row (a block's scores stay in a CPU's cache)\ncommit-llm train: enough\n"
    )


def test_why_the_products_are_float32_is_told(small_recipe):
    """On a T4, and not on an L4, whose products are bfloat16."""
    config = open_recipe_model(small_recipe()).config
    t4, l4 = (absent_devices(find_topology(name)) for name in ("t4:1", "l4:1"))
    told = prepare_module.prepare(small_recipe(), config, t4).summary
    assert "1 x Tesla T4, " in told
    assert "; float32 products (auto: compute capability 7.5 of Tesla T4 is below 8.0); attention: reference" in told
    assert "; bfloat16 products; attention: " in prepare_module.prepare(small_recipe(), config, l4).summary


def test_remat_auto_is_resolved_and_told(small_recipe, monkeypatch):
    """By the memory that is given, or by that of this machine."""
    recipe, config = small_recipe(remat="auto"), open_recipe_model(small_recipe()).config
    training = prepare_module.prepare(recipe, config, memory=2**30)
    assert (training.recipe, training.remat.value) == (dataclasses.replace(recipe, remat="none"), "none")
    assert re.search(r"; remat: none \(auto: 0\.\d+ GiB by arithmetic, of 0\.5 that it may take", training.summary)
    monkeypatch.setattr("commit_llm.parallel.device_memory._bytes_of_machine", lambda: 2**20)
    assert prepare_module.prepare(recipe, config).recipe.remat == "nothing"
    assert "remat" not in prepare_module.prepare(small_recipe(), config).summary


def test_processes_agree_on_what_is_computed_again(small_recipe, monkeypatch):
    from commit_llm.train import loop

    source = open_recipe_model(small_recipe())
    monkeypatch.setattr(loop, "from_all", lambda name, own: [own, "dots"])
    for asked, remat in (("auto", "dots"), ("nothing", "nothing")):
        recipe = small_recipe(remat=asked)
        assert loop._prepare(recipe, source, recipe).recipe.remat == remat
