"""Runs that train an adapter: what they hold, going on, the base they need, and what stands on them."""

import json
import shutil

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from commit_llm.errors import UserError
from commit_llm.model.adapter import frozen_part, joined, merged
from commit_llm.model.decoder import forward
from commit_llm.recipes import load_recipe
from commit_llm.runs.logs import read_metrics
from commit_llm.train.adapted import adapter_of, describe_adapter
from commit_llm.train.checkpoint import Checkpoints
from commit_llm.train.dry_run import dry_run
from commit_llm.train.export import export
from commit_llm.train.loop import train
from commit_llm.train.model_source import open_model
from commit_llm.train.prepare import prepare
from commit_llm.train.weights import load_params
from tests.tiers import in_long_tier
from tests.train.test_loop import StopHereError, params_of, stop_at

pytestmark = pytest.mark.slow


def test_a_checkpoint_holds_the_adapter_alone(adapted, lora_recipe):
    training = prepare(lora_recipe(), open_model(str(adapted)).config)
    with Checkpoints(adapted) as checkpoints:
        state, _ = checkpoints.restore(8, training.abstract_state())
    trained = set(state.params["layers"])
    kernels = ("query", "key", "value", "output", "gate", "down")
    assert trained == {f"{kernel}_lora_{part}" for kernel in kernels for part in "ab"}
    assert set(state.params) == {"layers"}
    count = sum(array.size for array in jax.tree.leaves(state.params))
    scalars = [leaf for leaf in jax.tree.leaves(state.opt_state) if leaf.ndim == 0]
    assert sum(leaf.size for leaf in jax.tree.leaves(state.opt_state)) == 2 * count + len(scalars)
    assert all(array.any() for array in jax.tree.leaves(state.params))


def test_what_it_computes_is_the_base_in_bfloat16_with_its_adapter(adapted, base, lora_recipe):
    source = open_model(str(adapted))
    training = prepare(lora_recipe(), source.config)
    with Checkpoints(adapted) as checkpoints:
        trained = checkpoints.restore(8, training.abstract_state())[0].params
    original, _ = load_params(open_model(str(base)), dtype=jnp.bfloat16)
    adapter = adapter_of(lora_recipe())
    tokens = jnp.arange(2, 26).reshape(2, 12)
    expected = forward(source.config, joined(frozen_part(original, adapter), trained, adapter), tokens)
    whole = params_of(adapted)
    np.testing.assert_allclose(forward(source.config, whole, tokens), expected, atol=1e-4)
    for name, array in load_params(open_model(str(base)))[0]["layers"].items():
        is_target = name in adapter.targets
        assert np.array_equal(array, whole["layers"][name]) != is_target, name


def test_a_stopped_run_of_adapters_goes_on_to_the_same_bits(adapted, lora_recipe, tmp_path):
    run = tmp_path / "run"
    with pytest.raises(StopHereError):
        train(lora_recipe(), run, stop_at(5))
    assert train(lora_recipe(), run)[:2] == (3, 8)
    for name in ("metrics.jsonl", "held_out.jsonl"):
        assert (run / name).read_bytes() == (adapted / name).read_bytes()
    for one, other in zip(*map(jax.tree.leaves, (params_of(run), params_of(adapted))), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_learning_rate_follows_and_is_told(adapted, lora_recipe, base, caplog):
    assert load_recipe(adapted / "config.yaml").learning_rate == pytest.approx(2e-4)
    assert read_metrics(adapted)[1]["learning_rate"] == pytest.approx(2e-4)  # the end of the warm-up
    assert lora_recipe(lora_r=None, lora_target_modules=("all-linear",)).peak_learning_rate == 2e-5
    recipe, config = lora_recipe(modules_to_save=("lm_head",)), open_model(str(base)).config
    told = describe_adapter(adapter_of(recipe), config, recipe)
    assert told.startswith(
        "LoRA: rank 4, alpha 8, on down_proj, gate_proj, k_proj, o_proj, q_proj, v_proj, and lm_head"
    )
    assert told.endswith(" M frozen in bfloat16; learning rate 0.0002")
    recipe = lora_recipe(learning_rate=2e-5)
    told = describe_adapter(adapter_of(recipe), config, recipe)
    assert told.endswith("learning rate 2e-05, that of full fine-tuning; 0.0002 is usual here")
    assert recipe.settled().learning_rate == 2e-5


def test_what_is_trained_whole_is_not_kept_twice(lora_recipe, base):
    recipe = lora_recipe(modules_to_save=("embed_tokens",))
    training = prepare(recipe, open_model(str(base)).config)
    params, _ = load_params(open_model(str(base)), training.param_shardings, dtype=training.param_dtype)
    state, frozen = training.place(params)
    assert params["embedding"].is_deleted()
    assert state.params["embedding"].dtype == jnp.float32
    assert set(frozen) == {"layers", "final_norm", "head"}
    assert not any(leaf.is_deleted() for leaf in jax.tree.leaves(frozen))


def test_a_base_without_a_tokenizer(base, lora_recipe, tmp_path):
    place = shutil.copytree(base, tmp_path / "model", ignore=shutil.ignore_patterns("tokenizer*"))
    train(lora_recipe(model=str(place), tokenizer=str(base), steps=1, warmup_steps=0), tmp_path / "run")
    export(tmp_path / "run", tmp_path / "exported")
    assert open_model(str(tmp_path / "exported")).config == open_model(str(base)).config


def test_a_dry_run_of_adapters(lora_recipe, adapted, tmp_path):
    assert dry_run(lora_recipe(), tmp_path / "run").new
    assert not dry_run(lora_recipe(), adapted).new
    with pytest.raises(UserError, match=r"no module is named 'q'; known are q_proj"):
        dry_run(lora_recipe(lora_target_modules=("q",)), tmp_path / "run")
    with pytest.raises(UserError, match=r"another recipe \(lora_r: 4 -> 2\)"):
        dry_run(lora_recipe(lora_r=2), adapted)


def test_a_base_that_is_gone_or_changed_is_told_with_its_hashes(base, lora_recipe, tmp_path):
    place = shutil.copytree(base, tmp_path / "model")
    run, recipe = tmp_path / "run", lora_recipe(model=str(place), steps=4)
    with pytest.raises(StopHereError):
        train(recipe, run, stop_at(3))
    digest = json.loads((run / "provenance.json").read_text())["weights"]["sha256"]["model.safetensors"]
    place.rename(tmp_path / "elsewhere")
    message = rf"(?s)run: the base of its adapter cannot be opened \(.*model: .*\); put .*{digest[:16]}"
    for opens in (lambda: params_of(run), lambda: train(recipe, run)):
        with pytest.raises(UserError, match=message):
            opens()
    shutil.copytree(base, place)
    params_of(run)
    weights = place / "model.safetensors"
    raw = bytearray(weights.read_bytes())
    raw[-3] ^= 1
    weights.write_bytes(raw)
    with pytest.raises(
        UserError, match=rf"model', has other weights .*\(model.safetensors has changed; .*{digest[:16]}"
    ):
        params_of(run)
    with pytest.raises(
        UserError, match=rf"have changed since the run began \(model.safetensors; .*{digest[:16]}.*, now"
    ):
        train(recipe, run, stop_at(4))


def test_a_base_is_found_from_another_folder(adapted, lora_recipe, base, tmp_path, monkeypatch):
    monkeypatch.chdir(base.parent)
    run = tmp_path / "run"
    train(lora_recipe(model="model", steps=1, warmup_steps=0), run)
    monkeypatch.chdir(tmp_path)
    assert params_of(run)["layers"]["query"].any()


@pytest.mark.parametrize("saved", ["embed_tokens lm_head", *in_long_tier("")], ids=["and both ends", "kernels"])
def test_the_next_stage_stands_on_the_adapter(adapted, lora_recipe, tmp_path, saved, caplog):
    recipe = lora_recipe(model=str(adapted), modules_to_save=tuple(saved.split()), steps=3)
    train(recipe, tmp_path / "next")
    assert "run: the adapter needs its checkpoint from now on; train it no further" in caplog.text
    adapter = adapter_of(recipe)
    under, over = params_of(adapted), params_of(tmp_path / "next")
    assert np.array_equal(under["layers"]["up"], over["layers"]["up"])
    assert not np.array_equal(under["layers"]["gate"], over["layers"]["gate"])
    for name in ("embedding", "head"):
        assert np.array_equal(under[name], over[name]) != (name in adapter.saved)
    with Checkpoints(tmp_path / "next") as checkpoints:
        training = prepare(recipe, open_model(str(adapted)).config)
        trained = checkpoints.restore(3, training.abstract_state())[0].params
    for one, other in zip(*map(jax.tree.leaves, (merged(under, trained, adapter), over)), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
    export(tmp_path / "next", tmp_path / "model")
    assert open_model(str(tmp_path / "model")).config == open_model(str(adapted)).config


@pytest.mark.parametrize("name", ["align-2024", *in_long_tier("alpaca", "codemix-naive", "clm-naive", "commit-2024")])
def test_adapters_go_with_every_recipe(name, lora_recipe, example, tmp_path):
    changes = {"dictionary": ()} if name in ("alpaca", "clm-naive") else {}
    if name.startswith(("align", "clm")):
        changes["data"] = str(example / "texts.jsonl")
    recipe = lora_recipe(name, steps=2, warmup_steps=1, mesh="1,-1,1", **changes)
    train(recipe, tmp_path / "run")
    assert read_metrics(tmp_path / "run")[-1]["grad_norm"] > 0
    before, after = load_params(open_model(recipe.model))[0], params_of(tmp_path / "run")
    changed = {
        kernel for kernel in before["layers"] if not np.array_equal(before["layers"][kernel], after["layers"][kernel])
    }
    assert changed == set(adapter_of(recipe).targets)
