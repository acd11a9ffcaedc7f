"""A look at what training would see: its figures are those of the data, and it leaves nothing behind."""

import json
import re

import numpy as np
import pytest

from commit_llm.cli.text.train import outlook_json, outlook_report
from commit_llm.codemix import Counts
from commit_llm.data.loader import open_examples
from commit_llm.data.training_mixer import make_mixer
from commit_llm.errors import UserError
from commit_llm.files.records import read_records
from commit_llm.train import dry_run as module
from commit_llm.train.dry_run import dry_run
from commit_llm.train.loop import train
from commit_llm.train.recipe_data import open_recipe_batches, open_recipe_model, resolve_steps


def all_examples(recipe):
    """The examples of the first epoch, and what became of their words."""
    source = open_recipe_model(recipe, weights=False)
    mixer = make_mixer(recipe)
    records = read_records(recipe.data)
    make = open_examples(recipe, records, source.tokenizer, mixer)
    counts = [mixer.mix_example(record, row=row).counts for row, record in enumerate(records)]
    return [make(0, row) for row in range(len(records))], Counts(*np.sum(counts, axis=0).tolist())


def test_several_sources_have_passes_of_their_own(several_sources, tmp_path):
    recipe = several_sources(steps=30)
    outlook = dry_run(recipe, tmp_path / "run")
    assert [(source.examples, round(source.share, 3)) for source in outlook.sources] == [
        (324, 0.571), (100, 0.286), (324, 0.143),
    ]  # fmt: skip
    packer = open_recipe_batches(recipe, open_recipe_model(recipe)).batches
    drawn = sum(int(next(packer)["segment_ids"].max(axis=1).sum()) for _ in range(30))
    for source in outlook.sources:
        assert source.passes == pytest.approx(source.share * drawn / source.examples, rel=0.2)
    text = outlook_report(outlook, tmp_path / "run")
    assert re.search(r"\n  contexts\.jsonl +28\.6 %, ~0\.\d+ passes over its 100\n", text)
    assert re.search(r"\nratio of mixing +0\.1@0 0\.9@0\.05\n", text)
    assert json.loads(json.dumps(outlook_json(outlook)))["sources"][1]["examples"] == 100


@pytest.mark.parametrize("name", ["commit", "commit-2024"])
def test_figures_of_a_whole_epoch_are_those_of_the_data(small_recipe, tmp_path, monkeypatch, name):
    monkeypatch.setattr(module, "MOST_BATCHES", 200)
    recipe = small_recipe(name, steps=200)
    examples, counts = all_examples(recipe)
    found = dry_run(recipe, tmp_path / "run")
    assert not found.estimated
    assert found.examples == found.looked_at == len(examples)
    assert found.tokens_an_epoch == sum(len(example.tokens) for example in examples)
    assert found.words == counts
    assert found.new
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["commit", "commit-2024"])
def test_a_part_of_an_epoch_tells_of_the_whole(small_recipe, tmp_path, monkeypatch, name):
    """The examples are much alike: a quarter of them says within some per cent what all of them say."""
    monkeypatch.setattr(module, "MOST_BATCHES", 30)
    recipe = small_recipe(name, epochs=2)
    source = open_recipe_model(recipe, weights=False)
    counted = resolve_steps(recipe, open_recipe_batches(recipe, source)[1]).steps
    found = dry_run(recipe, tmp_path / "run")
    assert (found.estimated, found.batches, found.epochs, found.asked_for_epochs) == (True, 30, 2, True)
    assert found.steps == pytest.approx(counted, rel=0.05)
    whole = dry_run(small_recipe(name, steps=found.steps), tmp_path / "run")
    assert whole.epochs == pytest.approx(2, rel=0.05)
    assert found.tokens_an_epoch == pytest.approx(sum(len(x.tokens) for x in all_examples(recipe)[0]), rel=0.05)


def test_the_batches_looked_at_are_those_of_training(small_recipe, tmp_path):
    recipe = small_recipe()
    found = dry_run(recipe, tmp_path / "run")
    batches = open_recipe_batches(recipe, open_recipe_model(recipe, weights=False))[1]
    made = [next(batches) for _ in range(recipe.steps)]
    assert found.batches == recipe.steps
    assert found.padding == pytest.approx(np.mean([batch["segment_ids"] == 0 for batch in made]))
    used = sum((batch["segment_ids"] > 0).sum() for batch in made)
    assert found.supervised == pytest.approx(sum(batch["loss_masks"].sum() for batch in made) / used)


def test_large_batches_are_few(small_recipe, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MOST_TOKENS", 3 * 256)
    assert dry_run(small_recipe(), tmp_path / "run").batches == 3
    monkeypatch.setattr(module, "MOST_TOKENS", 1)
    assert dry_run(small_recipe(), tmp_path / "run").batches == 1


def test_long_examples_are_told_with_the_length_that_keeps_them(small_recipe, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MOST_BATCHES", 200)
    lengths = sorted(len(example.tokens) - 1 for example in all_examples(small_recipe())[0])
    seq_len = lengths[-1] - 1  # the longest examples are longer
    recipe = small_recipe(seq_len=seq_len, steps=400)
    found = dry_run(recipe, tmp_path / "run")
    assert (found.longer, found.longest) == (sum(length > seq_len for length in lengths), lengths[-1])
    assert found.longer_are == "left out"
    assert found.tokens_an_epoch == sum(length + 1 for length in lengths if length <= seq_len)
    assert f"--seq-len {lengths[-1]} keeps them whole, --split-long cuts them" in outlook_report(
        found, tmp_path / "run"
    )
    assert dry_run(small_recipe(seq_len=lengths[-1], steps=400), tmp_path / "run").longer == 0
    split = dry_run(small_recipe(seq_len=seq_len, split_long=True, steps=400), tmp_path / "run")
    assert split.longer > 0
    assert split.longer_are == "cut"
    assert dry_run(small_recipe("commit-2024", seq_len=seq_len), tmp_path / "run").longer == 0  # cut anywhere


def test_the_amount_asked_for_and_reached(small_recipe, tmp_path):
    recipe = small_recipe(target_share=0.3, held_out_share=0.1, steps=400)
    found = dry_run(recipe, tmp_path / "run")
    told = json.loads(json.dumps(outlook_json(found)))
    assert told["asked"] == {"share": 0.3}
    assert told["words"]["replaced"] / told["words"]["words"] == pytest.approx(0.3, abs=0.02)
    assert told["held_out"] + told["examples"] == len(read_records(recipe.data))
    assert "share of words asked for" in outlook_report(found, tmp_path / "run")
    plain = dry_run(small_recipe("alpaca", dictionary=()), tmp_path / "run")
    assert plain.words is None
    assert "mixing" in outlook_report(plain, tmp_path / "run")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"batch_size": 3, "mesh": "2,1,1"}, "--mesh '2,1,1'"),
        ({"warmup_steps": 8}, "--warmup-steps 8: must be below --steps 8"),
        ({"epochs": 1, "warmup_steps": 9999}, "--warmup-steps 9999: must be below --steps"),
        ({"seq_len": 16}, "every example of an epoch is longer than a row of 16 tokens"),
        ({"data": "none.jsonl"}, "none.jsonl: no such data file"),
        ({"seq_len": 4096}, "--seq-len 4096: the model allows 2048"),
        ({"log_every": 0}, "--log-every 0"),
    ],
)
def test_mistakes_are_told_as_training_tells_them(small_recipe, tmp_path, changes, message):
    recipe = small_recipe(**changes)
    for attempt in (dry_run, train):
        with pytest.raises(UserError) as told:
            attempt(recipe, tmp_path / "run")
        assert message in str(told.value)
    assert not list(tmp_path.iterdir())
