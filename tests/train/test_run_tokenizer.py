"""The tokenizer of a run: which file, with or without a bos, and that it stays so in all that follows."""

import dataclasses
import json
import shutil

import numpy as np
import pytest

from commit_llm.data.tokenizer import load_tokenizer
from commit_llm.errors import UserError
from commit_llm.recipes import load_recipe, load_stored_recipe
from commit_llm.runs.run import read_provenance
from commit_llm.runs.sources import open_run_sources
from commit_llm.train.export import export
from commit_llm.train.loop import train
from commit_llm.train.model_source import open_model
from commit_llm.train.recipe_data import open_recipe_batches, open_recipe_model
from tests.data.tokenizer_folders import template, write_bytes_tokenizer, write_pieces


@pytest.fixture
def both(example, tmp_path):
    """A model folder with a tokenizer.model, and a tokenizer.json of other ids, which puts a bos before a text."""
    folder = tmp_path / "both"
    write_bytes_tokenizer(folder, template())
    write_pieces(folder)
    shutil.copy(example / "model" / "config.json", folder)
    return folder


@pytest.fixture
def recipe(small_recipe, both):
    def make(name="commit", **changes):
        return small_recipe(name, model=str(both), split_long=True, **changes)

    return make


def batches_of(recipe):
    batches = open_recipe_batches(recipe, open_recipe_model(recipe)).batches
    return [next(batches) for _ in range(3)]


@pytest.mark.parametrize("name", ["commit", "align"])
def test_the_original_s_batches_are_those_of_the_sentencepiece_model_alone(
    shared, small_recipe, example, tmp_path, name
):
    data = example / ("texts.jsonl" if name == "align" else "instructions.jsonl")
    folders = {kind: tmp_path / kind for kind in ("alone", "both")}
    for folder in folders.values():
        shutil.copytree(example / "model", folder, ignore=shutil.ignore_patterns("tokenizer*"))
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps(config | {"vocab_size": 32000}))
        shutil.copy(shared.data("tokenizer/tokenizer.model"), folder)
    write_bytes_tokenizer(folders["both"], settings={"eos_token": "</s>", "bos_token": "<s>", "add_bos_token": False})
    original, mended = (
        [
            batches_of(small_recipe(f"{name}{end}", model=str(folder), data=str(data), seq_len=512))
            for folder in folders.values()
        ]
        for end in ("-2024", "")
    )
    for one, other in zip(*original, strict=True):
        for key in one:
            np.testing.assert_array_equal(one[key], other[key])
    assert any((one["input_tokens"] != other["input_tokens"]).any() for one, other in zip(*mended, strict=True))


@pytest.mark.parametrize(("asked", "stored"), [("auto", "always"), ("always", "always"), ("never", "never")])
@pytest.mark.slow
def test_what_a_bos_resolves_to_is_stored_beside_what_was_asked(recipe, tmp_path, asked, stored):
    run = tmp_path / "run"
    train(recipe(bos=asked), run)
    kept = load_stored_recipe(run / "config.yaml")
    assert (kept.recipe.bos, kept.asked.bos) == (stored, asked)
    assert read_provenance(run)["special_tokens"] == {"bos": [1] if stored == "always" else [], "stops": [2]}
    assert open_model(str(run)).tokenizer.resolved_bos == stored
    following = open_recipe_model(recipe(), weights=False)
    assert following.tokenizer.resolved_bos == "always"
    following = open_recipe_model(dataclasses.replace(recipe(), model=str(run)), weights=False)
    assert following.tokenizer.resolved_bos == stored
    assert train(recipe(bos=asked), run)[:2] == (8, 8)
    with pytest.raises(UserError, match="bos: "):
        train(recipe(bos="never" if asked != "never" else "always"), run)


@pytest.mark.parametrize(
    ("post_processor", "choice", "puts"), [(template(), "auto", True), (None, "auto", False), (None, "always", True)]
)
def test_a_folder_decides_on_the_bos_of_its_batches(recipe, both, post_processor, choice, puts):
    write_bytes_tokenizer(both, post_processor)
    batch = batches_of(recipe(bos=choice))[0]
    assert (batch["input_tokens"] == 1).any() == puts


@pytest.mark.parametrize("file", ["tokenizer.model", "tokenizer.json"])
@pytest.mark.slow
def test_a_run_keeps_to_its_tokenizer_file(recipe, both, tmp_path, file):
    run, out = tmp_path / "run", tmp_path / "out"
    kind = "sentencepiece" if file == "tokenizer.model" else "tokenizers"
    train(recipe(tokenizer=str(both / file)), run)
    for name in ("tokenizer.model", "tokenizer.json"):
        assert (run / "model" / name).read_bytes() == (both / name).read_bytes()
    assert open_model(str(run)).tokenizer.kind == kind
    assert train(recipe(tokenizer=str(both / file)), run)[:2] == (8, 8)
    stored = load_recipe(run / "config.yaml")
    assert open_run_sources(run, stored, read_provenance(run)["files"])[0].tokenizer.kind == kind
    export(run, out)
    assert open_model(str(out)).tokenizer.kind == kind
    assert open_model(str(out), str(out / "tokenizer.model")).tokenizer.kind == "sentencepiece"


@pytest.mark.slow
def test_a_run_of_before_goes_on_with_the_tokenizer_model_that_was_preferred_then(recipe, both, tmp_path):
    run = tmp_path / "run"
    train(recipe(tokenizer=str(both / "tokenizer.model")), run)
    config, provenance = (run / name for name in ("config.yaml", "provenance.json"))
    config.write_text(config.read_text().replace(f"tokenizer: {both / 'tokenizer.model'}", "tokenizer: null"))
    kept = read_provenance(run)
    del kept["tokenizer"], kept["special_tokens"]
    provenance.write_text(json.dumps(kept))
    (run / "model" / "tokenizer.json").unlink()
    assert train(recipe(), run)[:2] == (8, 8)
    assert open_model(str(run)).tokenizer.kind == "sentencepiece"


@pytest.mark.slow
def test_an_export_has_the_files_of_the_source_and_its_stops(recipe, both, tmp_path):
    (both / "chat_template.jinja").write_bytes(b"{{ x }}\r\n")
    (both / "generation_config.json").write_text('{"eos_token_id": [9, 2],  "temperature": 0.6}')
    train(recipe(), tmp_path / "run")
    export(tmp_path / "run", tmp_path / "out")
    for folder in (tmp_path / "run" / "model", tmp_path / "out"):
        for file in both.iterdir():
            if file.name != "config.json":
                assert (folder / file.name).read_bytes() == file.read_bytes(), file.name
    assert open_model(str(tmp_path / "run")).stops == open_model(str(tmp_path / "out")).stops == (2, 9)


@pytest.mark.parametrize("bos", ["always", "never"])
@pytest.mark.slow
def test_an_export_puts_a_bos_as_in_training_and_says_what_it_changed(recipe, both, tmp_path, caplog, bos):
    write_bytes_tokenizer(both, None if bos == "always" else template())
    run, out = tmp_path / "run", tmp_path / "out"
    train(recipe(bos=bos), run)
    caplog.set_level("INFO", "commit_llm")
    caplog.clear()
    export(run, out, dtype="float32")
    assert [message for message in caplog.messages if "changed post_processor" in message] == caplog.messages
    assert len(caplog.messages) == 1
    for file in ("tokenizer.json", "tokenizer.model"):
        assert load_tokenizer(out / file).resolved_bos == open_model(str(out)).tokenizer.resolved_bos == bos
    assert json.loads((out / "tokenizer_config.json").read_text())["add_bos_token"] == (bos == "always")
    assert (run / "model" / "tokenizer.json").read_bytes() == (both / "tokenizer.json").read_bytes()


def test_what_is_fetched_from_the_hub(monkeypatch, example):
    from huggingface_hub.utils import filter_repo_objects

    def snapshot_download(name, revision, allow_patterns, ignore_patterns):
        files = [
            "config.json", "generation_config.json", "tokenizer.json", "tokenizer.model", "merges.txt", "vocab.json",
            "chat_template.jinja", "additional_chat_templates/tool_use.jinja", "model-00001-of-00002.safetensors",
            "model.safetensors.index.json", "original/params.json", "original/tokenizer.model", "onnx/config.json",
            "consolidated.safetensors", "pytorch_model.bin", "README.md",
        ]  # fmt: skip
        asked.append(list(filter_repo_objects(files, allow_patterns=allow_patterns, ignore_patterns=ignore_patterns)))
        return str(example / "model")

    asked: list[list[str]] = []
    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot_download)
    open_model("someone/a-model", weights=False)
    open_model("someone/a-model")
    assert asked[0] == [
        "config.json", "generation_config.json", "tokenizer.json", "tokenizer.model", "merges.txt", "vocab.json",
        "chat_template.jinja", "additional_chat_templates/tool_use.jinja", "model.safetensors.index.json",
    ]  # fmt: skip
    assert set(asked[1]) - set(asked[0]) == {"model-00001-of-00002.safetensors"}
