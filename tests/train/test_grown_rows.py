"""LoRA beside a base whose vocabulary has grown: what is trained whole unasked, and all that follows from it."""

import dataclasses
import json
import logging
import shutil

import jax
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from commit_llm.cli.main import main
from commit_llm.convert.huggingface import to_hf
from commit_llm.errors import UserError
from commit_llm.model.adapter import Adapter
from commit_llm.model.families.config_json import read_config
from commit_llm.model.parameters import init_parameters
from commit_llm.recipes import find_recipe, load_recipe, load_stored_recipe
from commit_llm.train.adapted import adapter_of, adapter_of_run
from commit_llm.train.adapter_export import export_adapter
from commit_llm.train.adapter_folder import AdapterFolder
from commit_llm.train.checkpoint import Checkpoints
from commit_llm.train.dry_run import dry_run
from commit_llm.train.export import export
from commit_llm.train.grown_rows import describe_grown_rows, modules_with_grown_rows, saving_grown_rows
from commit_llm.train.loop import train
from commit_llm.train.model_source import find_model, open_model
from commit_llm.train.plan.changes import Conditions
from commit_llm.train.plan.estimate import GIB
from commit_llm.train.prepare import prepare
from tests.train.plan.recipes_of_7b import LLAMA_7B
from tests.train.test_loop import StopHereError, params_of, stop_at

PIECES = 40  # the last words of the example's vocabulary, which are Greek
BOTH = ("embed_tokens", "lm_head")
LORA = dataclasses.replace(find_recipe("commit"), lora_r=4)


def grow(folder, **changes):
    """Let a model folder say that its last pieces are new."""
    rows = json.loads((folder / "config.json").read_text())["vocab_size"]
    said = {"commit_llm": "1", "first_id": rows - PIECES, "pieces": PIECES, "initialise": "pieces"}
    (folder / "grown_vocabulary.json").write_text(json.dumps(said | changes))
    return folder


def with_weights(folder, tied=False):
    """Give random weights to a model folder that has none."""
    settings = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(settings | {"tie_word_embeddings": tied}))
    config = read_config(folder)
    tensors = dict(to_hf(init_parameters(config, jax.random.key(1)), config))
    save_file({name: np.ascontiguousarray(array) for name, array in tensors.items()}, folder / "model.safetensors")
    return folder


def quick_recipe(example, base, **changes):
    """Four steps of LoRA on one kernel, that compile fast."""
    values = {
        "model": str(base), "data": str(example / "instructions.jsonl"), "dictionary": (str(example / "en-el.txt"),),
        "lora_r": 4, "lora_target_modules": ("q_proj",), "steps": 4, "warmup_steps": 1, "learning_rate": 1e-3,
        "batch_size": 2, "seq_len": 128, "remat": "none", "checkpoint_every": 2, "log_every": 1,
    }  # fmt: skip
    return dataclasses.replace(find_recipe("commit"), **values | changes)


@pytest.fixture
def model(example, tmp_path):
    """A model folder without weights, whose vocabulary has grown."""
    return grow(shutil.copytree(example / "model", tmp_path / "model"))


def found(folder):
    return find_model(str(folder), weights=False)


def tied(folder):
    settings = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(settings | {"tie_word_embeddings": True}))
    return folder


def test_what_is_trained_whole_where_nobody_says_it(model):
    assert saving_grown_rows(LORA, found(model)) == dataclasses.replace(LORA, modules_to_save=BOTH)
    assert saving_grown_rows(LORA, found(tied(model))).modules_to_save == ("embed_tokens",)
    (model / "grown_vocabulary.json").unlink()
    assert saving_grown_rows(LORA, found(model)) == LORA


@pytest.mark.parametrize("fields", [{"modules_to_save": ("none",)}, {"modules_to_save": BOTH[1:]}, {"lora_r": None}])
def test_what_is_said_stays_and_the_file_is_not_read(model, fields):
    grow(model, pieces="many")
    recipe = dataclasses.replace(LORA, **fields)
    assert saving_grown_rows(recipe, found(model)) == recipe


def test_none_is_nothing():
    recipe = dataclasses.replace(LORA, modules_to_save=("none",))
    recipe.check()
    assert adapter_of(recipe) == adapter_of(LORA)


def test_rows_that_an_adapter_holds_are_no_guesses(model):
    base = found(model)

    def beside(*saved):
        folder = AdapterFolder(model, Adapter(4, 8.0, ("query",), saved), "base", base.config)
        return modules_with_grown_rows(base._replace(adapter=folder))

    assert beside() == BOTH
    assert beside("embedding", "head") == ()


def test_a_malformed_file_names_the_way_out(model, capsys):
    grow(model, first_id="high")
    message = (
        f"{model / 'grown_vocabulary.json'}: malformed: first_id is 'high'; it must be a whole number, 0 or more; with "
        "--modules-to-save it is not read (none: nothing is trained whole)"
    )
    with pytest.raises(UserError) as error:
        saving_grown_rows(LORA, found(model))
    assert str(error.value) == message
    out = model.parent / "run"
    flags = ["--model", str(model), "--data", "no-such-file", "--lora-r", "4"]
    for command in (["train", "--out", out], ["train", "--dry-run", "--out", out], ["plan", "--topology", "h100:8"]):
        assert main([command[0], "alpaca", *flags, *map(str, command[1:])]) == 2
        assert message in capsys.readouterr().err
    assert not out.exists()


def test_the_line_says_what_it_costs():
    """Of 32,000 rows of 4,096 numbers: 4 bytes of weights, 4 of gradients, 6 of moments, and 2 less that are frozen."""
    recipe = dataclasses.replace(LORA, modules_to_save=BOTH)
    line = describe_grown_rows(recipe, Conditions(LLAMA_7B, "bfloat16"), {"data": 1, "fsdp": 4, "tensor": 1})
    amount = 2 * 32000 * 4096 * (4 + 4 + 6 - 2) / 4 / GIB
    assert line == (
        "the base has rows of new pieces (grown_vocabulary.json), which are guesses until they are trained: so "
        f"embed_tokens and lm_head are trained whole, {amount:.2g} GiB more on each device by arithmetic; "
        "--modules-to-save none does without"
    )


@pytest.mark.slow
def test_plan_counts_it_and_says_so(model, capsys):
    """As it would be counted if it were asked for."""

    def plan(*flags):
        words = ["plan", "commit", "--model", str(model), "--topology", "h100:8", "--lora-r", "4", "--json", *flags]
        assert main(words) == 0
        return json.loads(capsys.readouterr().out)

    unasked, without = plan(), plan("--modules-to-save", "none")
    (note,) = set(unasked["notes"]) - set(without["notes"])
    assert "embed_tokens and lm_head are trained whole" in note
    rows = 2 * read_config(model).vocab_size * read_config(model).hidden_size / 8 / GIB
    assert unasked["parameters"] - without["parameters"] == pytest.approx(4 * rows, rel=0.05)
    assert without["frozen"] - unasked["frozen"] == pytest.approx(2 * rows, rel=0.05)


@pytest.fixture(scope="module")
def grown_base(example, tmp_path_factory):
    folder = shutil.copytree(example / "model", tmp_path_factory.mktemp("grown") / "model")
    return grow(with_weights(folder))


@pytest.fixture(scope="module")
def grown_run(grown_base, example, tmp_path_factory):
    """A run beside it, in which nothing is said of what is trained whole; nothing may change in it."""
    run = tmp_path_factory.mktemp("grown") / "run"
    train(quick_recipe(example, grown_base), run)
    return run


def changed_rows(before, after):
    """Which rows of new pieces are no longer the base's."""
    return (np.asarray(before) != np.asarray(after)).any(axis=1)[-PIECES:]


@pytest.mark.slow
def test_the_new_rows_are_trained_and_in_the_checkpoint(grown_run, grown_base, example, tmp_path):
    stored = load_stored_recipe(grown_run / "config.yaml")
    assert (stored.recipe.modules_to_save, stored.asked.modules_to_save) == (BOTH, ())
    with Checkpoints(grown_run) as checkpoints:
        training = prepare(stored.recipe, open_model(str(grown_run)).config)
        trained = checkpoints.restore(4, training.abstract_state())[0].params
    before, after = params_of(grown_base), params_of(grown_run)
    assert changed_rows(before["embedding"], trained["embedding"]).mean() > 0.5  # those that came up
    assert changed_rows(before["head"].T, trained["head"].T).all()
    for name in ("embedding", "head"):
        np.testing.assert_array_equal(after[name], trained[name])
    assert dry_run(quick_recipe(example, grown_base), tmp_path / "another").new
    assert not dry_run(quick_recipe(example, grown_base), grown_run).new


@pytest.mark.slow
def test_a_run_goes_on_to_the_same_bits_without_the_file(grown_run, grown_base, example, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    run, base = tmp_path / "run", shutil.copytree(grown_base, tmp_path / "model")
    with pytest.raises(StopHereError):
        train(quick_recipe(example, base), run, stop_at(3))
    (line,) = [record.getMessage() for record in caplog.records if "grown_vocabulary.json" in record.getMessage()]
    assert "so embed_tokens and lm_head are trained whole, 0.0" in line
    (base / "grown_vocabulary.json").unlink()
    assert train(quick_recipe(example, base), run)[:2] == (2, 4)
    assert (run / "metrics.jsonl").read_bytes() == (grown_run / "metrics.jsonl").read_bytes()
    for one, other in zip(*map(jax.tree.leaves, (params_of(run), params_of(grown_run))), strict=True):
        np.testing.assert_array_equal(one, other)
    assert train(load_recipe(run / "config.yaml"), run)[:2] == (4, 4)  # a run's own config.yaml asks for it


@pytest.mark.slow
def test_a_file_that_came_later_changes_nothing(grown_base, example, tmp_path):
    run, base = tmp_path / "run", shutil.copytree(grown_base, tmp_path / "model")
    (base / "grown_vocabulary.json").unlink()
    with pytest.raises(StopHereError):
        train(quick_recipe(example, base), run, stop_at(3))
    grow(base, pieces="many")
    assert train(quick_recipe(example, base), run)[:2] == (2, 4)
    for name in ("embedding", "head"):
        np.testing.assert_array_equal(params_of(run)[name], params_of(base)[name])


@pytest.mark.slow
def test_with_none_the_rows_stay(grown_base, example, tmp_path):
    run = tmp_path / "run"
    train(quick_recipe(example, grown_base, modules_to_save=("none",)), run)
    for name in ("embedding", "head"):
        np.testing.assert_array_equal(params_of(run)[name], params_of(grown_base)[name])
    export(run, tmp_path / "merged")
    assert "on q_proj; merged into the base" in (tmp_path / "merged" / "README.md").read_text()


@pytest.mark.slow
def test_exports_have_the_rows_and_no_vocabulary_json(grown_run, grown_base, tmp_path):
    export(grown_run, tmp_path / "merged")
    export_adapter(grown_run, tmp_path / "adapter")
    before, merged = (load_file(folder / "model.safetensors") for folder in (grown_base, tmp_path / "merged"))
    tensors = load_file(tmp_path / "adapter" / "adapter_model.safetensors")
    for name in ("model.embed_tokens.weight", "lm_head.weight"):
        assert changed_rows(before[name], merged[name]).mean() > 0.5
        np.testing.assert_array_equal(merged[name], tensors[f"base_model.model.{name}"].astype(merged[name].dtype))
    settings = json.loads((tmp_path / "adapter" / "adapter_config.json").read_text())
    assert settings["modules_to_save"] == list(BOTH)
    for folder in (grown_run, grown_run / "model", tmp_path / "merged", tmp_path / "adapter"):
        assert not (folder / "grown_vocabulary.json").exists()
        assert modules_with_grown_rows(find_model(str(folder))) == ()
    assert "embed_tokens and lm_head whole; merged" in (tmp_path / "merged" / "README.md").read_text()
    assert adapter_of_run(grown_run).saved == ("embedding", "head")
