"""A run: its files, going on after a stop, and what is refused before anything is written."""

import fcntl
import json
import shutil
from dataclasses import replace

import jax
import numpy as np
import pytest

from commit_llm.cli.main import main
from commit_llm.cli.text.train import outlook_report
from commit_llm.data.document_hashes import document_hash, from_json
from commit_llm.errors import UserError
from commit_llm.files.records import read_records
from commit_llm.recipes import differences, load_recipe, load_stored_recipe
from commit_llm.runs.history import TRAINING, read_history
from commit_llm.runs.logs import read_metrics
from commit_llm.runs.run import read_provenance
from commit_llm.train.dry_run import dry_run
from commit_llm.train.export import export
from commit_llm.train.lineage import stage
from commit_llm.train.loop import TrainingResult, train
from commit_llm.train.model_card import model_card
from commit_llm.train.model_source import open_model, require_same_model
from commit_llm.train.weights import load_params


class StopHereError(Exception):
    """Raised by a report, to stop a run where a user might."""


def stop_at(wanted):
    def report(step, steps, logged):
        if step == wanted:
            raise StopHereError

    return report


def params_of(run):
    return load_params(open_model(str(run)))[0]


def test_the_files_of_a_run(undisturbed, small_recipe):
    lines = read_metrics(undisturbed)
    assert [line["step"] for line in lines] == [1, 2, 4, 6, 8]
    assert list(lines[0]) == ["step", "loss", "accuracy", "learning_rate", "grad_norm", "tokens"]
    assert lines[0]["learning_rate"] == pytest.approx(5e-4)  # mended: the first warm-up value, not 0
    assert [line["tokens"] for line in lines] == sorted(line["tokens"] for line in lines)
    assert 0.5 * 8 * 256 < lines[-1]["tokens"] <= 8 * 256
    assert load_recipe(undisturbed / "config.yaml") == small_recipe(bos="always")
    provenance = read_provenance(undisturbed)
    assert set(provenance["files"]) == {"data", "dictionary", "tokenizer"}
    assert (undisturbed / "model" / "tokenizer.json").is_file()
    timing = [json.loads(line) for line in (undisturbed / "timing.jsonl").read_text().splitlines()]
    assert [line["step"] for line in timing] == [1, 2, 4, 6, 8]
    assert all(0 < line["waiting_seconds"] < line["seconds"] for line in timing)


@pytest.mark.parametrize(
    "stopped", [pytest.param(2, marks=pytest.mark.slow), 5, pytest.param(7, marks=pytest.mark.slow)]
)
def test_a_stopped_run_goes_on_to_the_same_metrics_and_weights(undisturbed, small_recipe, tmp_path, stopped):
    run = tmp_path / "run"
    with pytest.raises(StopHereError):
        train(small_recipe(), run, stop_at(stopped))
    assert train(small_recipe(), run)[:2] == (stopped // 3 * 3, 8)
    assert (run / "metrics.jsonl").read_bytes() == (undisturbed / "metrics.jsonl").read_bytes()
    for one, other in zip(*map(jax.tree.leaves, (params_of(run), params_of(undisturbed))), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_finished_run_says_so_and_another_recipe_is_refused(undisturbed, small_recipe):
    before = (undisturbed / "metrics.jsonl").read_bytes()
    assert train(small_recipe(), undisturbed) == TrainingResult(8, 8)
    with pytest.raises(
        UserError, match=r"another recipe \(seed: 0 -> 1; ratio: 0\.7 -> 0\.5\)|ratio: 0\.7 -> 0\.5; seed: 0 -> 1"
    ):
        train(small_recipe(seed=1, ratio=0.5), undisturbed)
    assert (undisturbed / "metrics.jsonl").read_bytes() == before


def test_a_dry_run_of_a_run_changes_nothing_in_it(undisturbed, small_recipe):
    before = {path: path.read_bytes() for path in undisturbed.rglob("*") if path.is_file()}
    found = dry_run(small_recipe(), undisturbed)
    assert not found.new
    assert f"resumes {undisturbed}" in outlook_report(found, undisturbed)
    with pytest.raises(UserError, match="is finished, and over its 8 steps"):
        dry_run(small_recipe(steps=9), undisturbed)
    assert {path: path.read_bytes() for path in undisturbed.rglob("*") if path.is_file()} == before


@pytest.mark.slow
def test_the_next_stage_starts_from_a_run(undisturbed, small_recipe, tmp_path):
    recipe = small_recipe("commit-2024", model=str(undisturbed), from_scratch=False, mesh="1,1,-1")
    assert train(recipe, tmp_path / "next")[:2] == (0, 8)
    lines = read_metrics(tmp_path / "next")
    assert lines[0]["learning_rate"] == 0.0  # as the original
    assert lines[0]["loss"] < read_metrics(undisturbed)[0]["loss"]


@pytest.mark.slow
def test_epochs_become_steps(small_recipe, tmp_path, monkeypatch):
    asked = small_recipe(epochs=1, batch_size=8, seq_len=256, warmup_steps=1)
    train(asked, tmp_path / "run")
    recipe = load_recipe(tmp_path / "run" / "config.yaml")
    assert recipe.epochs == 1
    lines = read_metrics(tmp_path / "run")
    assert lines[-1]["step"] == recipe.steps
    assert recipe.steps * 8 * 256 >= lines[-1]["tokens"] > 0
    monkeypatch.setattr("commit_llm.data.packing.first_fit_packer.FirstFitPacker.count", None)  # they are counted once
    for again in (asked, replace(asked, steps=asked.steps + 1)):  # --steps is not looked at
        assert train(again, tmp_path / "run") == TrainingResult(recipe.steps, recipe.steps)
    assert dry_run(asked, tmp_path / "run").steps == recipe.steps
    with pytest.raises(UserError, match=r"is finished, .* --epochs N --out ANOTHER"):
        train(replace(asked, epochs=2), tmp_path / "run")


@pytest.mark.slow
def test_a_run_of_several_sources(several_sources, example, tmp_path):
    """Each is in provenance, card, page and history; a run goes on, and another weight is another recipe."""
    run, recipe = tmp_path / "run", several_sources(steps=3, warmup_steps=1)
    assert train(recipe, run)[:2] == (0, 3)
    assert load_recipe(run / "config.yaml") == replace(recipe, bos="always")
    assert train(recipe, run)[:2] == (3, 3)
    instructions, contexts = recipe.data
    with pytest.raises(UserError, match=r"holds a run of another recipe \(data: "):
        train(replace(recipe, data=(instructions, contexts.replace("=1", "=2"))), run)
    provenance = read_provenance(run)
    assert set(provenance["files"]) == {"data", "data 2", "data 3", "dictionary", "sentences", "tokenizer"}
    facts = [[source[name] for name in ("share", "form", "mixed", "records")] for source in provenance["sources"]]
    assert facts == [
        [0.571429, "instruction", True, 324], [0.285714, "text", True, 100], [0.142857, "text", False, 324],
    ]  # fmt: skip
    documents = from_json(provenance["documents"]).tolist()
    records = [read_records(example / name)[5] for name in ("instructions.jsonl", "texts.jsonl")]
    assert all(document_hash(text) in documents for text in (records[0]["input"], records[1]["text"]))
    named = stage(run)
    assert named["data"] == "instructions.jsonl 57.1 %, contexts.jsonl 28.6 %, texts.jsonl 14.3 % unmixed"
    assert (named["form"], named["ratio"]) == ("instruction and text", ["0.1@0", "0.9@0.05"])
    export(run, tmp_path / "model")
    assert read_history(tmp_path / "model" / "provenance.json", TRAINING).stages == [named]
    card = (tmp_path / "model" / "README.md").read_text(encoding="utf-8")
    mixed = "code-mixed at ratio 0.1@0 0.9@0.05 with en-el.txt and at ratio 0.5 of sentences with en-el.tsv"
    assert f"| instructions.jsonl, 57.1 % of the examples, instruction, {mixed}; contexts.jsonl, 28.6 % of" in card
    assert "texts.jsonl, 14.3 % of the examples, text, not code-mixed |" in card
    assert str(tmp_path) not in card
    assert main(["report", str(run)]) == 0
    page = (run / "report.html").read_text(encoding="utf-8")
    assert page.count("contexts.jsonl") >= 3
    assert str(tmp_path) not in page


@pytest.mark.slow
def test_an_amount_of_mixing_becomes_a_ratio(small_recipe, tmp_path, example, monkeypatch):
    """With two dictionaries, some fields and some examples left alone; and the run goes on."""
    other = tmp_path / "en-hi.txt"
    other.write_text("lives\tरहता\nworks\tकाम\n", encoding="utf-8")
    recipe = small_recipe(
        target_share=0.2, dictionary=(str(example / "en-el.txt"), f"{other}=0.5"), mix_fields=("input", "output"),
        unmixed_share=0.1, steps=2, warmup_steps=1,
    )  # fmt: skip
    assert train(recipe, tmp_path / "run").last == 2
    resolved = load_recipe(tmp_path / "run" / "config.yaml")
    assert 0 < resolved.ratio < 1
    came_to = [f"ratio: 0.7 -> {resolved.ratio}", "target_share: 0.2 -> None", f"bos: auto -> {resolved.bos}"]
    assert differences(recipe, resolved) == came_to
    assert load_stored_recipe(tmp_path / "run" / "config.yaml").asked == recipe
    provenance = json.loads((tmp_path / "run" / "provenance.json").read_text())
    assert {"dictionary", "dictionary 2"} < set(provenance["files"])
    monkeypatch.setattr("commit_llm.train.recipe_data.fit_mixer", None)  # what the share came to is known
    assert train(recipe, tmp_path / "run") == TrainingResult(2, 2)
    assert dry_run(recipe, tmp_path / "run").ratio == resolved.ratio
    with pytest.raises(UserError, match=r"another recipe \(target_share: 0\.2 -> 0\.3\)"):
        train(replace(recipe, target_share=0.3), tmp_path / "run")


@pytest.mark.slow
def test_sentences_alone_are_mixed_and_kept_in_provenance(small_recipe, tmp_path, example):
    pairs, run = tmp_path / "en-el.tsv", tmp_path / "run"
    record = json.loads((example / "instructions.jsonl").read_text(encoding="utf-8").splitlines()[0])
    pairs.write_text(f"{record['instruction']}\tΜια ερώτηση;\n", encoding="utf-8")
    recipe = small_recipe(
        dictionary=(), ratio=0.0, sentences=(str(pairs),), sentence_ratio=1.0, steps=2, warmup_steps=1
    )
    assert train(recipe, run).last == 2
    provenance = read_provenance(run)
    assert set(provenance["files"]) == {"data", "sentences", "tokenizer"}
    assert (provenance["languages"], provenance["clean_version"]) == (["en", "el"], recipe.clean_version)
    assert "code-mixed at ratio 1 of sentences with en-el.tsv" in model_card(
        run, 2, "float32", open_model(str(run)), False
    )
    assert stage(run)["ways"] == "1 of sentences"
    with pairs.open("a", encoding="utf-8") as file:
        file.write("Go.\tΠήγαινε.\n")
    with pytest.raises(UserError, match=r"its sentences .*en-el\.tsv has changed since the run began"):
        train(recipe, run)


def test_an_amount_that_cannot_be_reached(small_recipe, tmp_path):
    with pytest.raises(UserError, match=r"target_share 1: the highest that can be reached is 0\.\d+ \(of the words"):
        train(small_recipe(target_share=1), tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model": "no/where/at/all"}, "no such model folder"),
        ({"model": None}, "name a model folder"),
        ({"data": "none.jsonl"}, "no such data file"),
        ({"dictionary": ("none.txt",)}, "no such dictionary file"),
        ({"seq_len": 4096}, "--seq-len 4096: the model allows 2048"),
        ({"seq_len": 16}, "longer than a row of 16 tokens; --seq-len"),
        ({"mesh": "2,1,1"}, "there is 1 to lay out, and this makes 2"),
        ({"mesh": "1,1"}, "give three sizes"),
        ({"from_scratch": False}, r"no model\.safetensors in it"),
        ({"form": "text"}, "record 1 of the data: no field 'text'"),
    ],
)
def test_nothing_is_written_for_a_mistake(small_recipe, tmp_path, change, message):
    with pytest.raises(UserError, match=message) as error:
        train(small_recipe(**change), tmp_path / "run")
    assert "\n" not in str(error.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_run_whose_data_has_changed_does_not_go_on(small_recipe, example, tmp_path):
    data = tmp_path / "data.jsonl"
    shutil.copy(example / "instructions.jsonl", data)
    recipe = small_recipe(data=str(data))
    train(recipe, tmp_path / "run", stop_after_minutes=0)
    data.write_text(data.read_text(encoding="utf-8").replace("anna", "bella"), encoding="utf-8")
    with pytest.raises(UserError, match=r"its data .*data\.jsonl has changed since the run began"):
        train(recipe, tmp_path / "run")


@pytest.mark.slow
def test_a_run_whose_model_has_changed_does_not_go_on(small_recipe, example, tmp_path):
    shutil.copytree(example / "model", tmp_path / "model")
    recipe = small_recipe(model=str(tmp_path / "model"))
    train(recipe, tmp_path / "run", stop_after_minutes=0)
    config = json.loads((tmp_path / "model" / "config.json").read_text())
    (tmp_path / "model" / "config.json").write_text(json.dumps(config | {"rope_theta": 5e5}))
    with pytest.raises(UserError, match=r"the configuration of .* has changed since the run began"):
        train(recipe, tmp_path / "run")


@pytest.mark.parametrize(
    ("bos", "stops", "message"), [((1,), (2, 0), r"stops: \[2\] -> \[2, 0\]"), ((), (2,), r"bos: \[1\] -> \[\]")]
)
def test_a_run_whose_special_tokens_have_changed_does_not_go_on(undisturbed, small_recipe, bos, stops, message):
    source = open_model(str(small_recipe().model), weights=False)
    require_same_model(undisturbed, source)
    changed = replace(source, tokenizer=replace(source.tokenizer, bos=bos), stops=stops)
    with pytest.raises(UserError, match=rf"special tokens of .* have changed since the run began \({message}\)"):
        require_same_model(undisturbed, changed)


def test_only_the_newest_checkpoints_are_kept(undisturbed):
    assert sorted(path.name for path in (undisturbed / "checkpoints").iterdir() if path.name.isdigit()) == ["6", "8"]


@pytest.mark.slow
def test_examples_that_are_too_long_are_told_once(small_recipe, tmp_path):
    recipe = small_recipe(seq_len=70, batch_size=32, steps=8)
    outcome = train(recipe, tmp_path / "run")
    assert 0 < outcome.left_out < outcome.seen == 324
    assert outcome.longest > 70


def test_a_folder_of_something_else_is_refused(small_recipe, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UserError, match="exists already"):
        train(small_recipe(), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_tokenizer_that_is_too_large_for_the_model(small_recipe, example, tmp_path):
    shutil.copytree(example / "model", tmp_path / "model")
    config = json.loads((tmp_path / "model" / "config.json").read_text())
    (tmp_path / "model" / "config.json").write_text(json.dumps(config | {"vocab_size": 100}))
    with pytest.raises(UserError, match="the model's vocabulary only 100"):
        train(small_recipe(model=str(tmp_path / "model")), tmp_path / "run")


def test_what_processes_compare_before_they_make_an_example_together(small_recipe, example, tmp_path, monkeypatch):
    """One that differs in what stands beside the weights or the tokenizer's file would train on other tokens."""
    compared = []

    def compare(name, values, way_out):
        compared.append(values)
        if "data" in values and "stops" in values:
            raise UserError("compared")

    monkeypatch.setattr("commit_llm.train.loop.require_same", compare)
    monkeypatch.setattr("commit_llm.train.loop.count", lambda: 2)
    monkeypatch.setattr("commit_llm.train.loop.resolve_steps", None)
    shutil.copytree(example / "model", tmp_path / "model")
    (tmp_path / "model" / "generation_config.json").write_text('{"eos_token_id": [2, 0]}')
    shutil.copy(example / "instructions.jsonl", tmp_path)
    for changes in ({}, {"model": str(tmp_path / "model")}):
        with pytest.raises(UserError, match="compared"):
            train(small_recipe(**changes), tmp_path / "run")
    first, second = compared[1::2]
    assert {"data", "dictionary", "tokenizer", "tokenizer with its settings", "seed", "hidden_size"} < set(first)
    assert {name for name in first if first[name] != second[name]} == {"model", "stops"}
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_two_processes_in_one_run_directory(small_recipe, tmp_path):
    run = tmp_path / "run"
    train(small_recipe(), run, stop_after_minutes=0)
    with (run / ".lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        other.write("process 1 on elsewhere")
        other.flush()
        with pytest.raises(UserError, match="process 1 on elsewhere is training here"):
            train(small_recipe(), run)
    assert train(small_recipe(), run)[:2] == (1, 8)


@pytest.mark.slow
def test_a_run_keeps_what_remat_auto_came_to(small_recipe, tmp_path, monkeypatch, caplog):
    """Also on a machine with less memory, on which it would come to something else."""
    recipe, run = small_recipe(remat="auto", checkpoint_every=1, steps=3), tmp_path / "run"
    assert dry_run(recipe, run).remat == "none"
    with pytest.raises(StopHereError):
        train(recipe, run, stop_at(2))
    assert load_stored_recipe(run / "config.yaml") == (
        small_recipe(remat="none", checkpoint_every=1, steps=3, bos="always"),
        recipe,
    )
    monkeypatch.setattr("commit_llm.parallel.device_memory._bytes_of_machine", lambda: 2**20)
    assert dry_run(recipe, tmp_path / "other").remat == "nothing"
    assert dry_run(recipe, run).remat == "none"
    assert train(recipe, run)[:2] == (2, 3)
