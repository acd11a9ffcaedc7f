"""Runs on split weights, from the first step to what is read of their checkpoints."""

import json
import shutil

import jax
import numpy as np
import pytest

from commit_llm.errors import UserError
from commit_llm.recipes import find_recipe
from commit_llm.train.checkpoint import Checkpoints
from commit_llm.train.export import export
from commit_llm.train.loop import train
from commit_llm.train.manifest import MANIFEST
from commit_llm.train.model_source import open_model
from commit_llm.train.prepare import prepare
from commit_llm.train.split_weights import join
from commit_llm.train.weights import load_params

LEAN = "adamw-lean"


@pytest.fixture(scope="module")
def lean_run(small_recipe, tmp_path_factory):
    """A run of the small recipe with held-out examples; nothing may change in it."""
    run = tmp_path_factory.mktemp("lean") / "run"
    assert train(recipe_of(small_recipe), run)[:2] == (0, 8)
    return run


def recipe_of(small_recipe, optimizer=LEAN):
    return small_recipe(optimizer=optimizer, held_out_share=0.1, eval_every=4)


def state_of(run, recipe, step):
    training = prepare(recipe, open_model(str(run)).config)
    with Checkpoints(run) as checkpoints:
        return checkpoints.restore(step, training.abstract_state())


@pytest.mark.slow
def test_a_run_that_goes_on_ends_with_the_same_bits(small_recipe, lean_run, tmp_path):
    recipe, run = recipe_of(small_recipe), tmp_path / "run"
    shutil.copytree(lean_run, run)
    shutil.rmtree(run / "checkpoints" / "8")
    assert train(recipe, run)[:2] == (6, 8)
    assert (run / "metrics.jsonl").read_bytes() == (lean_run / "metrics.jsonl").read_bytes()
    assert (run / "held_out.jsonl").read_bytes() == (lean_run / "held_out.jsonl").read_bytes()
    (one, _), (other, _) = state_of(run, recipe, 8), state_of(lean_run, recipe, 8)
    for ours, theirs in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", ["adamw", "adamw-split"])
def test_a_run_does_not_go_on_with_another_optimizer(small_recipe, lean_run, optimizer):
    before = sorted(path.name for path in lean_run.rglob("*"))
    with pytest.raises(UserError, match=f"another recipe \\(optimizer: {LEAN} -> {optimizer}\\)"):
        train(recipe_of(small_recipe, optimizer), lean_run)
    assert sorted(path.name for path in lean_run.rglob("*")) == before


@pytest.mark.slow
def test_everything_reads_the_fp32_weights_that_both_halves_are(small_recipe, lean_run, tmp_path):
    """What is loaded, an fp32 export, and the first weights of a run that begins with this one."""
    (state, _) = state_of(lean_run, recipe_of(small_recipe), 8)
    whole = jax.tree.map(lambda high, low: np.asarray(join(high, low)), state.params.high, state.params.low)
    loaded, _ = load_params(open_model(str(lean_run)))
    jax.tree.map(np.testing.assert_array_equal, loaded, whole)
    assert any(np.any(x != x.astype(jax.numpy.bfloat16).astype(x.dtype)) for x in jax.tree.leaves(whole))
    export(lean_run, tmp_path / "exported", dtype="float32")
    jax.tree.map(np.testing.assert_array_equal, load_params(open_model(str(tmp_path / "exported")))[0], whole)
    changes = {"from_scratch": False, "learning_rate": 1e-30, "end_learning_rate": 0.0}
    further = small_recipe(model=str(lean_run), steps=1, warmup_steps=0, decay_steps=2, **changes)
    train(further, tmp_path / "further")
    jax.tree.map(np.testing.assert_array_equal, load_params(open_model(str(tmp_path / "further")))[0], whole)


def change_progress(run, change):
    """Change what the newest checkpoint says of itself, as another version may have written it."""
    folder = run / "checkpoints" / "8"
    path = folder / "progress" / "metadata"
    path.write_text(json.dumps(change(json.loads(path.read_text()))))
    (folder / MANIFEST).unlink()


@pytest.mark.slow
def test_a_checkpoint_says_its_format_and_one_that_is_not_known_is_refused(small_recipe, lean_run, tmp_path):
    with Checkpoints(lean_run) as checkpoints:
        assert checkpoints.progress(None)[1]["format"] == 2
    run = tmp_path / "run"
    shutil.copytree(lean_run, run)
    change_progress(run, lambda progress: progress | {"format": 99})
    message = "the checkpoint of step 8 has format 99, but this version knows 1, 2; use the version"
    with pytest.raises(UserError, match=message):
        load_params(open_model(str(run)))
    with pytest.raises(UserError, match=message):
        train(recipe_of(small_recipe), run)
    assert not (run / "unreadable").exists()


@pytest.mark.parametrize(
    ("progress", "message"),
    [
        ({"format": []}, r"has format \[\], but this version knows 1, 2"),
        ({"format": {"1": 1}}, "has format .*, but this version knows 1, 2"),
        ({"format": True}, "has format true, but"),
        ({"format": 1.0}, r"has format 1\.0, but"),
        ({"format": None}, "has format null, but"),
        ([1], r"step 8 says \[1\] of its progress, which is not a JSON object; there is no other; train again with"),
    ],
)
def test_a_format_that_is_no_number_and_a_progress_that_is_no_object_are_one_line(tmp_path, progress, message):
    """A checkpoint of a progress alone, since it is read first."""
    (tmp_path / "checkpoints" / "8" / "progress").mkdir(parents=True)
    (tmp_path / "checkpoints" / "8" / "progress" / "metadata").write_text(json.dumps(progress))
    with Checkpoints(tmp_path) as checkpoints:
        reads = [lambda: checkpoints.restore_params(8, {})]
        if isinstance(progress, dict):  # training sets the other aside, as all that cannot be read
            reads.append(lambda: checkpoints.require_known_format(8))
        for read in reads:
            with pytest.raises(UserError, match=message) as error:
                read()
            assert "\n" not in str(error.value)


@pytest.mark.slow
def test_a_checkpoint_of_fp32_weights_has_format_1_also_where_it_does_not_say_so(undisturbed, tmp_path):
    with Checkpoints(undisturbed) as checkpoints:
        assert checkpoints.progress(None)[1]["format"] == 1
    run = tmp_path / "run"
    shutil.copytree(undisturbed, run)
    change_progress(run, lambda progress: {name: value for name, value in progress.items() if name != "format"})
    jax.tree.map(np.testing.assert_array_equal, *(load_params(open_model(str(one)))[0] for one in (run, undisturbed)))


def test_no_recipe_changes_its_optimizer():
    assert {find_recipe(name).optimizer for name in ("commit", "align", "commit-2024")} == {"adamw"}
