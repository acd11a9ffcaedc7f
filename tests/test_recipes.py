"""Recipes: what each sets, and what is said of values that make no sense."""

import dataclasses
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from commit_llm.errors import UserError
from commit_llm.recipes import (
    BEFORE_IT_EXISTED,
    FIELDS,
    RECIPES,
    Recipe,
    differences,
    dump_recipe,
    files_of,
    find_recipe,
    load_recipe,
    nearest_recipe,
    parse_recipe,
)

FIELDS_OF_THE_FIRST_VERSION = 56

# The original's values (docs/behaviour.md, "Model and training"), for the two -2024 stages.
BOTH = {
    "learning_rate": 2e-5, "end_learning_rate": 1e-7, "weight_decay": 0.0, "beta1": 0.9, "beta2": 0.999,
    "momentum_dtype": "bfloat16", "gradient_accumulation": 1, "seq_len": 512, "batch_size": 16, "resid_pdrop": 0.05,
    "embd_pdrop": 0.05, "attn_pdrop": 0.05, "fcm_max_ratio": 0.1, "mesh": "1,1,-1", "log_every": 10,
    "decay_steps": None, "loss_reduction": "row", "behaviour": "original", "remat": "nothing", "clip_norm": 1.0,
    "fcm_min_ratio": 0.0, "split_long": False, "seed": 0, "epochs": None, "dtype": "auto", "style": "original",
    "held_out_share": 0.0, "from_scratch": False, "bos": "always",
}  # fmt: skip
COMMIT = BOTH | {
    "data": "tatsu-lab/alpaca", "form": "instruction", "ratio": 0.9, "block_template": True, "steps": 1210,
    "warmup_steps": 36, "checkpoint_every": 1210,
}  # fmt: skip
ALIGN = BOTH | {
    "data": "graelo/wikipedia", "form": "text", "fields": "text", "ratio": 0.5, "steps": 10000, "warmup_steps": 300,
    "checkpoint_every": 10000,
}  # fmt: skip
TABLE = {
    "commit-2024": COMMIT,
    "align-2024": ALIGN,
    "alpaca-2024": COMMIT | {"ratio": 0.0},
    "codemix-naive-2024": COMMIT | {"block_template": False},
    "clm-naive-2024": ALIGN | {"ratio": 0.0},
}


@pytest.mark.parametrize("name", TABLE)
def test_the_original_s_values(name):
    values = dataclasses.asdict(find_recipe(name).settled())
    assert {field: values[field] for field in TABLE[name]} == TABLE[name]


@pytest.mark.parametrize("name", TABLE)
def test_mended_recipes_see_as_many_tokens(name):
    original, mended = find_recipe(name), find_recipe(name.removesuffix("-2024"))
    assert mended.batch_size * mended.seq_len == original.batch_size * original.seq_len
    assert (mended.ratio == original.ratio) == (original.ratio in (0.0, 0.5))
    changed = {line.split(":")[0] for line in differences(original, mended)} - {"ratio"}
    allowed = {
        "behaviour",
        "seq_len",
        "batch_size",
        "loss_reduction",
        "embd_pdrop",
        "resid_pdrop",
        "attn_pdrop",
        "fcm_max_ratio",
        "mesh",
        "checkpoint_every",
        "data",
        "style",
        "bos",
    }
    assert changed <= allowed


def test_a_ratio_that_moves_is_a_list_of_its_points():
    moving = dataclasses.replace(find_recipe("commit"), ratio=("0.1@0", "0.9@2"))
    text = dump_recipe(moving)
    assert "\nratio:\n- 0.1@0\n- 0.9@2\n" in text
    assert parse_recipe(text, "config.yaml").recipe == moving
    assert "\nratio: 0.7\n" in dump_recipe(find_recipe("commit"))
    assert parse_recipe("ratio: 1\n", "mine.yaml").recipe.ratio == 1.0
    assert parse_recipe("ratio: 5e-1\n", "mine.yaml").recipe.ratio == 0.5
    assert parse_recipe("ratio: [0.1@0, 0.9@2]\n", "mine.yaml").recipe == moving
    for wrong in ("much", "[0.1, 0.9]", "{0.1: 0}", "true"):
        with pytest.raises(UserError, match=r"mine\.yaml: ratio is "):
            parse_recipe(f"ratio: {wrong}\n", "mine.yaml")


def test_several_sources_are_a_list():
    several = dataclasses.replace(find_recipe("commit"), data=("a.jsonl=3", "b.jsonl=1:text"), data_unmixed=("c.txt",))
    text = dump_recipe(several)
    assert "\ndata:\n- a.jsonl=3\n- b.jsonl=1:text\ndata_unmixed:\n- c.txt\n" in text
    assert parse_recipe(text, "config.yaml").recipe == several
    assert [source.name for source in several.sources] == ["a.jsonl", "b.jsonl", "c.txt"]
    assert "\ndata: tatsu-lab/alpaca\n" in dump_recipe(find_recipe("commit"))
    assert parse_recipe("data: null\n", "mine.yaml").recipe.data is None
    with pytest.raises(UserError, match=r"mine\.yaml: data is 3"):
        parse_recipe("data: 3\n", "mine.yaml")
    with pytest.raises(UserError, match=r"--data b\.jsonl=none: 'none' is not a weight"):
        dataclasses.replace(several, data="b.jsonl=none").check()


@pytest.mark.parametrize("name", RECIPES)
def test_config_yaml_round_trip(tmp_path, name):
    recipe = find_recipe(name)
    (tmp_path / "config.yaml").write_text(dump_recipe(recipe), encoding="utf-8")
    assert find_recipe(str(tmp_path / "config.yaml")) == recipe


def test_paths_of_a_recipe_file_begin_beside_it_and_then_at_the_current_folder(tmp_path, monkeypatch):
    """So that the same file means the same from any folder, and the run that is begun with it too."""
    beside, current = tmp_path / "recipes", tmp_path / "current"
    names = ("both.jsonl", "en-el.txt", "prompt.jinja", "tokenizer.json", "skip.txt", "el.txt")
    for folder, files in ((beside, names), (current, ("both.jsonl", "here.jsonl", "el-en.txt"))):
        folder.mkdir()
        for name in files:
            (folder / name).write_text("")
    (beside / "model").mkdir()
    written = {
        "model": "model", "tokenizer": "tokenizer.json", "skip_words": "skip.txt", "prompt": "prompt.jinja",
        "target_text": ["el.txt"], "choice": "frequent",
        "data": ["both.jsonl=3", "here.jsonl=1:text", "someone/texts"], "dictionary": ["en-el.txt=2", "el-en.txt"],
    }  # fmt: skip
    (beside / "mine.yaml").write_text(yaml.safe_dump(written))
    recipes = []
    for folder, name in ((current, "../recipes/mine.yaml"), (beside, "mine.yaml")):
        monkeypatch.chdir(folder)
        recipes.append(find_recipe(name))
    assert recipes[0] == recipes[1]
    recipe = recipes[0]
    assert (recipe.model, recipe.tokenizer) == (str(beside / "model"), str(beside / "tokenizer.json"))
    assert (recipe.skip_words, recipe.prompt) == (str(beside / "skip.txt"), str(beside / "prompt.jinja"))
    assert recipe.target_text == (str(beside / "el.txt"),)
    assert recipe.data == (f"{beside / 'both.jsonl'}=3", "here.jsonl=1:text", "someone/texts")
    assert recipe.dictionary == (f"{beside / 'en-el.txt'}=2", "el-en.txt")


def test_the_recipe_of_a_run_names_what_stood_where_it_was_begun(tmp_path):
    (tmp_path / "model").mkdir()  # which is another than the one that was named
    (tmp_path / "provenance.json").write_text("{}")
    (tmp_path / "config.yaml").write_text(dump_recipe(dataclasses.replace(find_recipe("commit"), model="model")))
    assert find_recipe(str(tmp_path / "config.yaml")).model == "model"


def test_what_was_asked_for_stands_beside_what_it_came_to():
    asked = dataclasses.replace(find_recipe("commit"), target_share=0.3, dictionary=("a.txt", "b.txt"))
    recipe = dataclasses.replace(asked, target_share=None, ratio=0.4)
    text = dump_recipe(recipe, asked)
    assert parse_recipe(text, "config.yaml") == (recipe, asked)
    assert "asked:\n  ratio: 0.7\n  target_share: 0.3\n" in text
    assert "asked" not in dump_recipe(asked, asked)
    assert parse_recipe(dump_recipe(recipe), "config.yaml") == (recipe, recipe)


def test_a_stored_recipe_has_the_values_of_the_version_that_wrote_it(monkeypatch):
    """A file by hand has today's defaults; a field that stands there counts in both."""
    monkeypatch.setattr("commit_llm.recipes.BEFORE_IT_EXISTED", {"choice": "first", "clip_norm": 9.0})
    stored = yaml.safe_load(dump_recipe(find_recipe("align")))
    del stored["choice"], stored["clip_norm"]
    old = parse_recipe(yaml.safe_dump(stored), "config.yaml").recipe
    assert differences(find_recipe("align"), old) == ["choice: uniform -> first", "clip_norm: 1.0 -> 9.0"]
    later = parse_recipe(yaml.safe_dump(stored | {"choice": "uniform"}), "config.yaml")
    assert (later.recipe.choice, later.recipe.clip_norm, later.asked) == ("uniform", 9.0, later.recipe)
    by_hand = parse_recipe("ratio: 0.5\nsteps: 20\n", "mine.yaml").recipe
    assert (by_hand.choice, by_hand.clip_norm) == ("uniform", 1.0)


def test_every_field_of_today_is_of_the_first_version_or_has_a_value_before_it():
    """A new field makes this fail: give it a line in BEFORE_IT_EXISTED, with its value in older runs."""
    assert len(FIELDS) - len(BEFORE_IT_EXISTED) == FIELDS_OF_THE_FIRST_VERSION
    assert set(BEFORE_IT_EXISTED) <= FIELDS


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("asked: 3", "asked holds no mapping"),
        ("asked: {stepz: 5}", "unknown field 'stepz'"),
        ("stepz: 5", "unknown field 'stepz'"),
        ("steps: many", "steps is 'many', which is not of type int"),
        ("steps: true", "steps is true, which is not of type int"),
        ("form: poem", "form is 'poem'"),
        ("ratio: [1]", r"ratio is \[1\], which is not of type float"),
        ("- a", "holds no mapping"),
        ("a: [", "not readable YAML"),
        ("!!python/object/apply:os.system ['true']", "not readable YAML"),
    ],
)
def test_a_broken_config_yaml(tmp_path, text, message):
    path = tmp_path / "config.yaml"
    path.write_text(text)
    with pytest.raises(UserError, match=message) as error:
        load_recipe(path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(("text", "value"), [("1", 1.0), ("5e-1", 0.5), ("0.5", 0.5)])
def test_whatever_a_person_writes_for_a_float(tmp_path, text, value):
    (tmp_path / "c.yaml").write_text(f"ratio: {text}\n")
    ratio = load_recipe(tmp_path / "c.yaml").ratio
    assert (ratio, type(ratio)) == (value, float)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"steps": 0}, "--steps 0: must be a number above 0"),
        ({"steps": 10**400}, r"--steps 10+ \.\.\. 0+: must be below 2\^31"),
        ({"epochs": 2**31}, r"--epochs 2147483648: must be below 2\^31"),
        ({"warmup_steps": -1}, "--warmup-steps -1"),
        ({"warmup_steps": 1210}, "--warmup-steps 1210: must be below --steps 1210"),
        ({"decay_steps": 20}, "--warmup-steps 36: must be below --decay-steps 20"),
        ({"attn_pdrop": 1.0}, "--attn-pdrop 1.0"),
        ({"fcm_min_ratio": 0.5}, "--fcm-min-ratio 0.5: above --fcm-max-ratio 0.0"),
        ({"gradient_accumulation": 3}, "--gradient-accumulation 3: does not divide --batch-size 4"),
        ({"epochs": 0}, "--epochs 0"),
        ({"max_train_samples": 0}, "--max-train-samples 0: must be at least 1"),
        ({"seed": 10**20}, "--seed 100000000000000000000"),
        ({"learning_rate": float("inf")}, "--learning-rate inf"),
        ({"held_out_share": 1.0}, "--held-out-share 1.0"),
        ({"learning_rate": float("nan")}, "--learning-rate nan"),
        ({"lora_r": 0}, "--lora-r 0: must be at least 1"),
        ({"lora_r": 4, "lora_alpha": 0.0}, r"--lora-alpha 0\.0: must be a number above 0"),
        ({"lora_r": 4, "lora_alpha": float("inf")}, "--lora-alpha inf: must be"),
        ({"lora_r": 4, "from_scratch": True}, "--lora-r 4: needs existing weights, and --from-scratch"),
        ({"lora_r": 4, "optimizer": "adamw-lean"}, "--optimizer adamw-lean: saves memory if all weights"),
        ({"lora_alpha": 8.0}, r"--lora-alpha 8\.0: is for LoRA; name its rank with --lora-r"),
        ({"lora_target_modules": ("q_proj",)}, "--lora-target-modules 'q_proj': is for LoRA"),
        ({"columns": ("instruction=q", "inptu=c")}, "columns inptu=c: 'inptu' is not a field; write input=c"),
        (
            {"columns": ("text=body",), "fields": "[title],body"},
            "columns text=body: 'text' is not a field; there are .*",
        ),
        ({"modules_to_save": ("lm_head",)}, "--modules-to-save 'lm_head': is for LoRA"),
        (
            {"lora_r": 4, "modules_to_save": ("none", "lm_head")},
            "--modules-to-save 'none lm_head': none excludes other names; leave out it or the others",
        ),
    ],
)
def test_values_out_of_range(change, message):
    recipe = dataclasses.replace(Recipe(), **change)
    with pytest.raises(UserError, match=message):  # noqa: PT012
        recipe.check()
        recipe.check_schedule()


def test_sentences_are_files_of_a_recipe_and_mix_it():
    recipe = replace(RECIPES["alpaca"][1], sentences=("en-el.tsv=2", "folder/en-de.tsv"))
    assert list(files_of(recipe))[1:] == [("sentences", Path("en-el.tsv")), ("sentences 2", Path("folder/en-de.tsv"))]
    assert nearest_recipe(recipe) == "commit"
    assert nearest_recipe(replace(recipe, sentence_ratio=0.0)) == "alpaca"


def test_unknown_recipe():
    with pytest.raises(UserError, match="no recipe 'comit'; choose one of alpaca"):
        find_recipe("comit")
