"""The data of a recipe: what is held out of training, and what came from the hub."""

import dataclasses

import pytest

from commit_llm.data.packing.example_order import held_out_indices
from commit_llm.errors import UserError
from commit_llm.files.hub_data import HubRecords
from commit_llm.files.records import read_records
from commit_llm.recipes import load_stored_recipe
from commit_llm.runs.run import read_provenance
from commit_llm.train.dry_run import dry_run
from commit_llm.train.loop import train
from commit_llm.train.recipe_data import from_hub, open_recipe_batches, open_recipe_model, pinned, resolve_steps
from tests.train.conftest import BEFORE, NOW


def test_held_out_examples_are_not_trained_and_are_all_there(small_recipe, example):
    recipe = small_recipe(held_out_share=0.2)
    _, batches, held_out, *_ = open_recipe_batches(recipe, open_recipe_model(recipe))
    records = read_records(example / "instructions.jsonl")
    rows = set(held_out_indices(recipe.held_out_share, recipe.seed, len(records)).tolist())
    assert abs(len(rows) / len(records) - 0.2) < 0.05
    assert {int(id) for batch in held_out for id in batch["example_ids"].flat} - {-1} == rows
    trained = {int(id) for _ in range(60) for id in next(batches)["example_ids"].flat} - {-1}
    assert len(trained) > 100
    assert not trained & rows
    supervised = sum(int(batch["loss_masks"].sum()) for batch in held_out)
    assert supervised >= 2 * len(rows)  # each answer and its eos, once


@pytest.fixture
def hub_recipe(small_recipe, hub_model, example, monkeypatch):
    """A recipe of a model and of data of the hub, and the records that the hub gives, with their commit."""
    hub = {"records": read_records(example / "instructions.jsonl"), "commit": NOW, "asked": []}

    def load_hub(name, config, split, revision):
        hub["asked"].append(revision)
        return HubRecords(hub["records"], hub["commit"])

    monkeypatch.setattr("commit_llm.files.training_data.load_hub", load_hub)
    return small_recipe(model=hub_model.name, data="someone/texts"), hub


def test_what_came_from_the_hub_pins_the_recipe(hub_recipe):
    recipe, hub = hub_recipe
    source = open_recipe_model(recipe)
    described = from_hub(source, open_recipe_batches(recipe, source))
    assert described["model"] == {"commit": NOW}
    assert described["data"] == HubRecords(hub["records"], NOW).describe()
    again = pinned(recipe, described)
    assert (again.model_revision, again.data_revision) == (NOW, NOW)
    hub["commit"] = None  # of an old version of `datasets`
    described = from_hub(source, open_recipe_batches(recipe, source))
    assert pinned(recipe, described).data_revision is None


def test_of_several_sources_the_only_one_of_the_hub_is_pinned(hub_recipe, example):
    """Of two, provenance keeps the commits; the recipe has no field for them."""
    recipe, hub = hub_recipe
    source = open_recipe_model(recipe)
    data = HubRecords(hub["records"], NOW).describe()
    with_a_file = dataclasses.replace(recipe, data=(f"{example / 'instructions.jsonl'}=2", "someone/texts=1"))
    described = from_hub(source, open_recipe_batches(with_a_file, source))
    assert described == {"model": {"commit": NOW}, "data 2": data}
    assert pinned(with_a_file, described).data_revision == NOW
    assert from_hub(source, open_recipe_batches(pinned(with_a_file, described), source)) == described
    assert hub["asked"] == [None, NOW]
    two = dataclasses.replace(recipe, data="someone/texts", data_unmixed=("someone/texts=2",))
    described = from_hub(source, open_recipe_batches(two, source))
    assert described == {"model": {"commit": NOW}, "data": data, "data 2": data}
    assert pinned(two, described).data_revision is None


def test_that_an_epoch_is_counted_is_said_before(small_recipe, monkeypatch, caplog):
    caplog.set_level("INFO", "commit_llm")
    recipe = small_recipe(epochs=2, steps=None)
    batches = open_recipe_batches(recipe, open_recipe_model(recipe, weights=False)).batches
    before = []
    monkeypatch.setattr(type(batches), "count", lambda batches, examples: before.extend(caplog.messages) or 7)
    assert resolve_steps(recipe, batches).steps == 7
    assert before[-1] == "counting the steps of --epochs 2, by making each example once"
    resolve_steps(dataclasses.replace(recipe, epochs=None, steps=3), batches)
    assert caplog.messages == before


def test_what_is_here_pins_nothing(small_recipe):
    recipe = small_recipe()
    source = open_recipe_model(recipe)
    assert from_hub(source, open_recipe_batches(recipe, source)) == {}
    assert pinned(recipe, {}) == recipe


@pytest.mark.slow
def test_a_run_goes_on_with_the_commits_that_it_began_with(hub_recipe, hub_model, tmp_path):
    recipe, hub = hub_recipe
    run = tmp_path / "run"
    train(recipe, run, stop_after_minutes=0)
    stored = load_stored_recipe(run / "config.yaml")
    assert (stored.recipe.model_revision, stored.recipe.data_revision) == (NOW, NOW)
    assert stored.asked == recipe
    provenance = read_provenance(run)["hub"]
    assert provenance == {"model": {"commit": NOW}, "data": HubRecords(hub["records"], NOW).describe()}
    hub_model.main.write_text(BEFORE)  # the branches move
    assert train(recipe, run, stop_after_minutes=0).last == 2
    assert hub["asked"] == [None, NOW]
    with pytest.raises(UserError, match=r"another recipe \(model_revision: None -> v2\)"):
        train(dataclasses.replace(recipe, model_revision="v2"), run)
    hub["records"] = hub["records"][:-1]
    for again in (train, dry_run):
        with pytest.raises(UserError, match=r"its data from the hub has changed since .*records: 324 -> 323\)"):
            again(recipe, run)
