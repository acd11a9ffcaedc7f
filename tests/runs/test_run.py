"""A run directory: what is one, and what its files may not be."""

import dataclasses
import json
import re
from pathlib import Path

import pytest

from commit_llm.codemix import settings
from commit_llm.errors import UserError
from commit_llm.recipes import RECIPES, dump_recipe
from commit_llm.runs.run import begun_recipe, file_hashes, find_run, hub_changes, read_provenance, require_same_files


@pytest.mark.parametrize("text", ["{", "[1]", "[" * 100_000])
def test_a_malformed_provenance(tmp_path, text):
    (tmp_path / "provenance.json").write_text(text)
    with pytest.raises(UserError, match=r"provenance\.json: "):
        read_provenance(tmp_path)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (["config.json", "model.safetensors"], "it is a model folder"),
        (["results.json", "predictions.jsonl"], "it is an evaluation directory"),
        (["config.yaml"], "no provenance.json in it"),
        ([], "no config.yaml and provenance.json in it"),
    ],
)
def test_no_run(tmp_path, files, message):
    for file in files:
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text("")
    with pytest.raises(UserError, match=re.escape(message)):
        find_run(tmp_path)


def begun(folder, **changes):
    """Write a recipe and a provenance into a folder: all that is looked at; give what the same flags ask for today."""
    recipe = dataclasses.replace(RECIPES["commit"][1], **changes)
    (folder / "config.yaml").write_text(dump_recipe(recipe))
    (folder / "provenance.json").write_text("{}")
    return dataclasses.replace(recipe, clean_version=settings.CLEAN_VERSION)


@pytest.mark.parametrize("amount", [{}, {"ratio": 0.0, "target_share": 0.2}])
def test_a_run_of_another_version_of_clean_is_refused_with_the_version_to_use(tmp_path, monkeypatch, amount):
    monkeypatch.setitem(settings.LAST_WITH, 0, "0.0.9")
    asked = begun(tmp_path, clean_version=0, **amount)
    with pytest.raises(
        UserError, match=r"--clean-version 0: .* use commit-llm 0\.0\.9 of the .* history; otherwise start again"
    ):
        begun_recipe(tmp_path, asked)


@pytest.mark.parametrize("changes", [{"style": "original"}, {"ratio": 0.0}])
def test_what_does_not_mix_in_style_clean_goes_on_under_any_version_of_it(tmp_path, changes):
    asked = begun(tmp_path, clean_version=0, **changes)
    assert begun_recipe(tmp_path, asked).style == asked.style


def test_the_recipe_that_a_run_keeps_asks_for_the_same_run(tmp_path):
    """With what its flags came to: a ratio, steps, a bos, commits."""
    recipe = RECIPES["commit"][1]
    resolved = dataclasses.replace(recipe, ratio=0.7, bos="never", model_revision="1" * 40)
    asked = dataclasses.replace(recipe, target_share=0.3)
    (tmp_path / "config.yaml").write_text(dump_recipe(resolved, asked))
    (tmp_path / "provenance.json").write_text("{}")
    assert begun_recipe(tmp_path, asked) == begun_recipe(tmp_path, resolved) == resolved
    for other in (recipe, dataclasses.replace(resolved, seed=1), dataclasses.replace(asked, model_revision="1" * 40)):
        with pytest.raises(UserError, match="holds a run of another recipe"):
            begun_recipe(tmp_path, other)


@pytest.mark.parametrize(
    ("at_first", "now", "way"),
    [
        ({"steps": 8}, {"steps": 16}, "--steps N"),
        ({"steps": 8}, {"steps": 16, "warmup_steps": 9, "decay_steps": 16}, "--steps N"),
        ({"epochs": 2}, {"epochs": 3}, "--epochs N"),
    ],
)
def test_a_finished_run_that_should_be_longer_names_the_way(tmp_path, at_first, now, way):
    asked = dataclasses.replace(RECIPES["commit"][1], **at_first)
    (tmp_path / "config.yaml").write_text(dump_recipe(dataclasses.replace(asked, steps=8), asked))
    (tmp_path / "provenance.json").write_text("{}")
    longer = dataclasses.replace(asked, **now)
    with pytest.raises(UserError, match=r"holds a run of another recipe .*; give the same, or choose another"):
        begun_recipe(tmp_path, longer)  # it is not finished
    (tmp_path / "checkpoints" / "8").mkdir(parents=True)
    with pytest.raises(UserError, match=f"is finished, .* a new run from it: --model {tmp_path} {way} --out ANOTHER"):
        begun_recipe(tmp_path, longer)
    for other in ({"seed": 1}, {"steps": 4, "epochs": None}):
        with pytest.raises(UserError, match="holds a run of another recipe"):
            begun_recipe(tmp_path, dataclasses.replace(longer, **other))


def test_a_file_may_be_named_from_anywhere(tmp_path, monkeypatch):
    (tmp_path / "run").mkdir()
    (tmp_path / "data.jsonl").write_text("")
    asked = begun(tmp_path / "run", data="data.jsonl", dictionary=("en-el.txt=2",))
    monkeypatch.chdir(tmp_path)
    absolute = dataclasses.replace(asked, data=str(tmp_path / "data.jsonl"))
    assert begun_recipe(tmp_path / "run", absolute).data == "data.jsonl"
    with pytest.raises(UserError, match=r"\(data: data\.jsonl -> /elsewhere/data\.jsonl\)"):
        begun_recipe(tmp_path / "run", dataclasses.replace(asked, data="/elsewhere/data.jsonl"))


def test_what_remat_auto_came_to_stays(tmp_path):
    """Also where another value was asked for at the start; whoever names a value now gets it."""
    recipe = RECIPES["commit"][1]
    auto, dots = (dataclasses.replace(recipe, remat=value) for value in ("auto", "dots"))
    (tmp_path / "provenance.json").write_text("{}")
    for before in (auto, recipe):
        (tmp_path / "config.yaml").write_text(dump_recipe(dots, before))
        assert begun_recipe(tmp_path, auto).remat == "dots"
        assert begun_recipe(tmp_path, recipe).remat == "nothing"


@pytest.mark.parametrize(
    ("before", "now", "changes"),
    [
        ({"commit": "a"}, {"commit": "a"}, ""),
        ({"commit": "a"}, {"commit": "b"}, "commit: 'a' -> 'b'"),
        ({"commit": "a"}, {}, "commit: 'a' -> null"),
        ({"commit": None, "records": 3}, {"commit": "b", "records": 3}, ""),
        ({"commit": "a", "records": 3}, {"commit": None, "records": 4}, "records: 3 -> 4"),
        ("damaged", {"commit": "b"}, ""),
    ],
)
def test_what_has_changed_on_the_hub(before, now, changes):
    assert hub_changes(before, now) == changes


def test_a_run_below_a_folder_whose_name_is_no_utf_8(tmp_path, monkeypatch):
    """Orbax takes no such name."""
    (tmp_path / "caf\udce9").mkdir()
    monkeypatch.chdir(tmp_path / "caf\udce9")
    with pytest.raises(UserError, match="a name that is not UTF-8"):
        begun_recipe(Path("run"), RECIPES["commit"][1])


@pytest.mark.parametrize("changed", ["data.jsonl", "en-el.txt", "en-de.txt", "keep.txt", "de.txt", "tokenizer.json"])
def test_a_file_that_has_changed_since_the_run_began(tmp_path, changed):
    names = ("data.jsonl", "en-el.txt", "en-de.txt", "keep.txt", "el.txt", "de.txt", "tokenizer.json")
    for name in names:
        (tmp_path / name).write_text(name)
    data, *dictionaries, skip_words, greek, german, tokenizer = (tmp_path / name for name in names)
    recipe = dataclasses.replace(
        RECIPES["commit"][1],
        data=str(data),
        dictionary=tuple(map(str, dictionaries)),
        skip_words=str(skip_words),
        choice="frequent",
        target_text=(str(greek), str(german)),
    )
    files = {role: {"sha256": digest} for role, digest in file_hashes(recipe, tokenizer).items()}
    (tmp_path / "provenance.json").write_text(json.dumps({"files": files}))
    require_same_files(tmp_path, recipe, tokenizer)
    (tmp_path / changed).write_text("another")
    with pytest.raises(UserError, match=rf"its [\w -]+ {tmp_path / changed} has changed since the run began"):
        require_same_files(tmp_path, recipe, tokenizer)


@pytest.mark.parametrize("text", ["{}", '{"files": 3}', '{"files": {"data": "x"}}'])
def test_a_provenance_that_says_nothing_of_files(tmp_path, text):
    (tmp_path / "provenance.json").write_text(text)
    with pytest.raises(UserError, match=r"provenance\.json: malformed: does not describe the files"):
        require_same_files(tmp_path, RECIPES["commit"][1], tmp_path / "tokenizer.json")
