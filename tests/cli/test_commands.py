"""The command line: what it prints, what it answers to a mistake, and that nothing half-written stays."""

# ruff: noqa: E501 (the table of mistakes)

import dataclasses
import json
import os
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest

from commit_llm.cli.main import COMMANDS
from commit_llm.cli.parse import parse_with_recipe
from commit_llm.cli.train import TrainCommand
from commit_llm.recipes import RECIPES, dump_recipe


@pytest.fixture
def recipe_flags(example):
    flags = {
        "model": example / "model", "data": example / "instructions.jsonl", "dictionary": example / "en-el.txt",
        "steps": 4, "warmup-steps": 1, "batch-size": 2, "seq-len": 128, "learning-rate": 1e-3,
    }  # fmt: skip
    return [word for name, value in flags.items() for word in (f"--{name}", value)] + ["--from-scratch"]


def test_overview(run):
    status, out, _ = run("--help")
    assert status == 0
    assert all(f"\n  {command} " in out for command in COMMANDS)
    assert run()[0] == 2
    assert run("--version")[1].startswith("commit-llm ")


def test_unknown_command(run):
    assert run("trian") == (2, "", "commit-llm trian: no command 'trian'; did you mean 'train'?\n")


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_every_command(run, command):
    status, out, _ = run(command, "--help")
    assert status == 0
    assert f"usage: commit-llm {command}" in out


def test_flags_of_a_recipe_are_frozen(run):
    """The flags of docs/from-easylm.md, "Every flag", and ours: a change here breaks a user's scripts."""
    _, out, _ = run("train", "commit", "--help")
    promised = (
        "model tokenizer data data-config data-split fields dictionary ratio style block-template steps epochs "
        "batch-size seq-len learning-rate end-learning-rate warmup-steps decay-steps weight-decay beta1 beta2 "
        "momentum-dtype clip-norm gradient-accumulation loss-reduction split-long seed mesh dtype remat embd-pdrop "
        "resid-pdrop attn-pdrop fcm-min-ratio fcm-max-ratio checkpoint-every keep-checkpoints log-every from-scratch out"
    )
    for flag in promised.split():
        assert f"--{flag}" in out, flag


def test_a_mistyped_flag(run, tmp_path):
    status, _, err = run("train", "commit", "--stepz", "5", "--out", tmp_path / "run")
    assert status == 2
    assert "--steps" in err


@pytest.mark.parametrize(
    ("argv", "name"),
    [
        (["train", "commit", "--data-config", "a", "--data-config", "b"], "--data-config"),
        (["train", "commit", "--tokenizer", "a", "--tokenizer=b"], "--tokenizer"),
        (["train", "commit", "--batch-size", "1", "--batch_size", "2"], "--batch-size"),
        (["train", "commit", "--block-template", "--no-block-template"], "--block-template"),
        (["eval", "model", "--tasks", "a", "--tasks", "b"], "--tasks"),
        (["mix", "a.jsonl", "--out", "b.jsonl", "--out", "c.jsonl"], "--out"),
    ],
)
def test_two_of_a_flag_that_takes_one_value_are_refused(run, argv, name):
    status, _, err = run(*argv)
    assert (status, err) == (
        2,
        f"commit-llm {argv[0]}: {name}: given twice, but it takes one value; leave out one\n",
    )


def test_data_may_stand_twice(tmp_path):
    """The sources of the command line take the place of the recipe's own, all of them."""
    stored = dataclasses.replace(RECIPES["commit"][1], data=("old.jsonl=1", "older.jsonl=2"), data_unmixed=("c.txt",))
    (tmp_path / "config.yaml").write_text(dump_recipe(stored))
    argv = [str(tmp_path / "config.yaml"), "--out", "run"]
    for words, data, unmixed in (
        ([], stored.data, stored.data_unmixed),
        (["--data", "a.jsonl=3", "--seed", "1", "--data=b.jsonl"], ("a.jsonl=3", "b.jsonl"), stored.data_unmixed),
        (["--data", "a.jsonl"], "a.jsonl", stored.data_unmixed),
        (["--data_unmixed", "x=1", "--data-unmixed=y"], stored.data, ("x=1", "y")),
    ):
        recipe = parse_with_recipe(TrainCommand, "train", [*argv, *words]).recipe
        assert (recipe.data, recipe.data_unmixed) == (data, unmixed)


def test_the_text_of_a_choice_belongs_to_it_and_to_the_dictionaries(tmp_path):
    """Another choice needs none of the recipe's, and other dictionaries need their own."""
    stored = dataclasses.replace(
        RECIPES["commit"][1], dictionary=("en-el.txt",), choice="frequent", target_text=("el.txt",)
    )
    (tmp_path / "config.yaml").write_text(dump_recipe(stored))
    argv = [str(tmp_path / "config.yaml"), "--out", "run"]
    for words, texts in (
        ([], stored.target_text),
        (["--choice", "frequent"], stored.target_text),
        (["--choice=frequent", "--seed", "1"], stored.target_text),
        (["--choice", "uniform"], ()),
        (["--target-text", "a.txt"], ("a.txt",)),
        (["--dictionary", "a.txt"], ()),
        (["--dictionary", "a.txt", "--dictionary=b.txt", "--target-text=c", "--target_text", "d"], ("c", "d")),
    ):
        assert parse_with_recipe(TrainCommand, "train", [*argv, *words]).recipe.target_text == texts


def test_a_dictionary_may_stand_twice(run, tmp_path):
    for name, line in (("en-el.txt", "dog\tσκύλος"), ("en-de.txt", "cat\tKatze")):
        (tmp_path / name).write_text(f"{line}\n", encoding="utf-8")
    (tmp_path / "in.txt").write_text("dog cat\n")
    dictionaries = ("--dictionary", tmp_path / "en-el.txt", "--dictionary", tmp_path / "en-de.txt")
    status, _, _ = run("mix", tmp_path / "in.txt", *dictionaries, "--ratio", "1", "--out", tmp_path / "out.txt")
    assert (status, (tmp_path / "out.txt").read_text(encoding="utf-8")) == (0, "σκύλος Katze\n")


def test_recipes(run):
    status, out, _ = run("recipes")
    assert status == 0
    assert "commit-2024" in out
    assert "ratio: 0.5" in run("recipes", "align")[1]
    assert json.loads(run("recipes", "commit-2024", "--json")[1])["batch_size"] == 16
    assert len(json.loads(run("recipes", "--json")[1])) == 10
    assert run("recipes", "comit")[0] == 2


def test_tasks(run):
    lines = [line.split() for line in run("tasks")[1].splitlines()]
    assert ["ogx_xquad_enel", "xquad", "el", "en", "validation"] in lines
    assert len(json.loads(run("tasks", "--json")[1])) == 25 + 19 + 19 + 12


def test_mix(run, example, tmp_path):
    out = tmp_path / "mixed.jsonl"
    command = [
        "mix",
        example / "instructions.jsonl",
        "--dictionary",
        example / "en-el.txt",
        "--ratio",
        "1",
        "--out",
        out,
    ]
    status, printed, _ = run(*command)
    assert status == 0
    assert "in the dictionary" in printed
    mixed = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert mixed[0]["input"].startswith("anna christou αγαπά αυγά, μένει στην αθήνα,")
    assert run(*command)[0] == 2  # exists
    before = out.read_bytes()
    counts = json.loads(run(*command, "--overwrite", "--json", "--fields", "output")[1])
    assert counts["rows"] == len(mixed)
    assert counts["replaced"] == counts["hits"]
    assert out.read_bytes() != before


def test_mix_goes_on_after_an_interrupt(run, example, tmp_path, monkeypatch):
    out = tmp_path / "mixed.jsonl"
    command = ["mix", example / "instructions.jsonl", "--dictionary", example / "en-el.txt", "--out", out]

    def interrupt(*args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("commit_llm.data.mix_file._join", interrupt)
        status, printed, err = run(*command)
    assert (status, printed) == (130, "")
    assert err == f"commit-llm mix: {out}: finished parts are kept; the same command resumes\n"
    status, _, err = run(*command, "--ratio", "0.5")
    assert status == 2
    assert "unfinished, and begun with ratio 0.7 (now 0.5)" in err
    status, printed, _ = run(*command)
    assert status == 0
    assert "finished before" in printed
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mixed.jsonl", "mixed.jsonl.provenance.json"]


def test_mix_to_an_amount(run, example, tmp_path):
    command = [
        "mix",
        example / "instructions.jsonl",
        "--dictionary",
        example / "en-el.txt",
        "--out",
        tmp_path / "a.jsonl",
    ]
    counts = json.loads(run(*command, "--target-share", "0.3", "--json")[1])
    assert abs(counts["replaced"] / counts["words"] - 0.3) < 0.001
    told = json.loads((tmp_path / "a.jsonl.provenance.json").read_text())["recipe"]
    assert (told["target_share"], told["ratio"]) == (0.3, counts["ratio"])
    status, _, err = run(*command, "--overwrite", "--mix-fields", "answer")
    assert (status, "--mix-fields answer: no such field" in err) == (2, True)


def test_batches(run, recipe_flags, tmp_path):
    out = tmp_path / "batches.npz"
    status, printed, _ = run("batches", "commit", *recipe_flags, "--num-batches", 3, "--out", out)
    assert status == 0
    assert printed.startswith("3 x 2 x 128 (batches x rows x tokens)")
    arrays = np.load(out)
    assert {name: arrays[name].shape for name in arrays.files} == dict.fromkeys(
        ["input_tokens", "target_tokens", "loss_masks", "segment_ids", "positions"], (3, 2, 128)
    )


def test_train_without_training(run, recipe_flags, tmp_path):
    command = ["train", "commit", *recipe_flags, "--out", tmp_path / "run"]
    status, printed, err = run(*command, "--dry-run")
    assert (status, err) == (0, "")
    lines = printed.splitlines()
    assert lines[0].split() == ["examples", "an", "epoch", "324"]
    assert lines[-1] == f"wrote nothing; without --dry-run trains {tmp_path / 'run'}"
    assert any(line.startswith("looked at the first 4 batches, with ") for line in lines)
    told = json.loads(run(*command, "--dry-run", "--json")[1])
    assert (told["examples"], told["batches"], told["steps"], told["estimated"]) == (324, 4, 4, True)
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_train_export_eval(run, recipe_flags, example, tmp_path):
    """The three commands one after another, and that each refuses to do its work twice."""
    status, printed, err = run("train", "commit", *recipe_flags, "--out", tmp_path / "run")
    assert status == 0
    model, running, compiled = err.splitlines()
    assert compiled == "compiling the training step"
    assert re.fullmatch(r"model: llama, [\d,]+ parameters, 2 layers", model)
    assert re.fullmatch(r"1 x cpu, mesh data 1, fsdp 1, tensor 1; float32 products; attention: by row \(.*\)", running)
    assert "to step 4: loss" in printed
    assert "finished already, at step 4" in run("train", "commit", *recipe_flags, "--out", tmp_path / "run")[1]
    status, printed, _ = run("export", tmp_path / "run", "--out", tmp_path / "model")
    assert status == 0
    assert "(bfloat16)" in printed
    assert run("export", tmp_path / "run", "--out", tmp_path / "model")[0] == 2
    tasks = ["--tasks", "ogx_xquad_el", "ogx_xquad_en", "--data-dir", example, "--limit", 2, "--batch-size", 2]
    for model in ("model", "run"):
        status, printed, _ = run("eval", tmp_path / model, *tasks, "--out", tmp_path / f"eval-{model}")
        assert status == 0
        assert printed.splitlines()[2].startswith("ogx_xquad_el")
    assert run("eval", tmp_path / "model", *tasks, "--out", tmp_path / "eval-model")[0] == 2
    status, printed, _ = run("eval", "--prompts-only", *tasks, "--out", tmp_path / "prompts")
    assert (status, printed.split()[:3]) == (0, ["wrote", "4", "prompts"])


@pytest.mark.slow
def test_run_goes_on_where_it_was(run, recipe_flags, example, tmp_path):
    command = ["run", "commit-2024", *recipe_flags, "--out", tmp_path / "all", "--tasks", "ogx_xquad_el"]
    command += ["--data-dir", example, "--eval-batch-size", 2]
    status, printed, _ = run(*command, "--limit", 2)
    assert status == 0
    assert "ogx_xquad_el" in printed
    assert json.loads((tmp_path / "all" / "model" / "config.json").read_text())["torch_dtype"] == "float16"
    again = run(*command, "--limit", 2)
    assert again[0] == 0
    assert "finished already" in again[1]
    assert again[1].splitlines()[-1] == printed.splitlines()[-1]
    status, _, err = run(*command, "--limit", 3)
    assert status == 2
    assert "holds an evaluation of other --tasks, --limit, --per-context or data" in err
    shutil.rmtree(tmp_path / "all" / "run")
    status, _, err = run(*command, "--limit", 2)  # a model and an evaluation of who knows what
    assert (status, "exists already" in err) == (2, True)


@pytest.mark.slow
def test_run_does_not_take_another_run_s_model(run, recipe_flags, tmp_path):
    for name, seed in (("one", 1), ("other", 2)):
        assert run("run", "commit", *recipe_flags, "--seed", seed, "--out", tmp_path / name)[0] == 0
    shutil.rmtree(tmp_path / "one" / "model")
    shutil.copytree(tmp_path / "other" / "model", tmp_path / "one" / "model")
    status, _, err = run("run", "commit", *recipe_flags, "--seed", 1, "--out", tmp_path / "one")
    assert (status, "was not exported from this run" in err) == (2, True)


@pytest.mark.slow
def test_the_model_card_names_no_folder(run, recipe_flags, tmp_path):
    assert run("run", "commit", *recipe_flags, "--out", tmp_path / "one")[0] == 0
    card = (tmp_path / "one" / "model" / "README.md").read_text(encoding="utf-8")
    assert "| training data | instructions.jsonl, instruction, code-mixed at ratio 0.7 with en-el.txt |" in card
    assert "| weights | bfloat16, trained from float32 |" in card
    assert "| language | en, el |" in card
    assert "| recipe | commit (behaviour: mended) |" in card
    assert "| prompt | the English Alpaca template; chat_template.jinja puts one user message into it |" in card
    assert "/" not in card.split("| what |")[1].split("## How")[0].replace("</s>", "")


@pytest.mark.slow
def test_an_export_tells_of_a_run_that_stopped_early_and_of_another_dtype(run, recipe_flags, tmp_path):
    command = ["train", "commit", *recipe_flags, "--checkpoint-every", 2, "--out", tmp_path / "run"]
    assert run(*command)[0] == 0
    early = run("export", tmp_path / "run", "--step", 2, "--out", tmp_path / "early")[2]
    assert f"{tmp_path / 'run'}: exported at step 2 of 4; the run is not at its end" in early
    assert "trained from float32 weights, written as bfloat16; `export --dtype` chooses" in early
    assert "| training | 2 of 4 steps" in (tmp_path / "early" / "README.md").read_text(encoding="utf-8")
    at_its_end = run("export", tmp_path / "run", "--dtype", "float32", "--out", tmp_path / "end")[2]
    assert "exported at" not in at_its_end
    assert "written as" not in at_its_end


@pytest.mark.slow
def test_export_does_not_overwrite_a_run(run, recipe_flags, tmp_path):
    assert run("train", "commit", *recipe_flags, "--out", tmp_path / "run")[0] == 0
    status, _, err = run("export", tmp_path / "run", "--out", tmp_path / "run", "--overwrite")
    assert (status, "holds something else (no config.json)" in err) == (2, True)
    assert (tmp_path / "run" / "checkpoints" / "4").is_dir()


def test_an_interrupt_is_130(run, monkeypatch):
    def stop(argv):
        raise KeyboardInterrupt

    monkeypatch.setattr("commit_llm.cli.tasks.run", stop)
    assert run("tasks") == (130, "", "commit-llm tasks: interrupted\n")


def test_a_fault_of_ours_is_a_traceback(run, monkeypatch):
    def fail(argv):
        raise ZeroDivisionError

    monkeypatch.setattr("commit_llm.cli.tasks.run", fail)
    with pytest.raises(ZeroDivisionError):
        run("tasks")


def test_the_seed_of_mix(run, example, tmp_path):
    command = ["mix", example / "instructions.jsonl", "--dictionary", example / "en-el.txt", "--ratio", "0.5"]
    for name, seed in (("a", 1), ("b", 2), ("c", 1)):
        assert run(*command, "--seed", seed, "--out", tmp_path / f"{name}.jsonl")[0] == 0
    a, b, c = ((tmp_path / f"{name}.jsonl").read_bytes() for name in "abc")
    assert a == c != b


def test_score(run, example, tmp_path):
    run("eval", "--prompts-only", "--tasks", "ogx_xquad_el", "--data-dir", example, "--out", tmp_path / "p")
    rows = [json.loads(line) for line in (tmp_path / "p" / "prompts.jsonl").read_text(encoding="utf-8").splitlines()]
    answers = tmp_path / "answers.jsonl"
    answers.write_text("\n".join(json.dumps({"id": row["id"], "prediction": row["references"][0]}) for row in rows))
    status, out, _ = run("score", answers, "--task", "ogx_xquad_el", "--data-dir", example)
    assert status == 0
    assert "100.00" in out


MISTAKES = [
    (["mix", "none.jsonl", "--dictionary", "{en-el}", "--ratio", 1, "--out", "{out}"], "none.jsonl: no such data file"),
    (["mix", "{bad}", "--dictionary", "{en-el}", "--ratio", 1, "--out", "{out}"], "bad.jsonl:2: malformed JSON"),
    (["mix", "{data}", "--dictionary", "{data}", "--ratio", 1, "--out", "{out}"], "instructions.jsonl:1: no 'source' and 'target'"),
    (["mix", "{data}", "--dictionary", "{el-en}", "--ratio", 1, "--out", "{out}"], "el-en.txt: has none of the data's words"),
    (["mix", "{data}", "--dictionary", "{en-el}", "--out", "{data}", "--overwrite"], "is the input; choose another"),
    (["mix", "{data}", "--dictionary", "{en-el}", "--out", "{out}", "--ratio", 1, "--target-share", 0.2], "leave out one"),
    (["mix", "{data}", "--dictionary", "{en-el}", "--out", "{out}", "--target-share", 2], "--target-share 2.0: the share"),
    (["mix", "{data}", "--dictionary", "{en-el}", "--out", "{out}", "--mix-fields", "x"], "--mix-fields x: no such field"),
    (["mix", "{data}", "--out", "{out}"], "no dictionary; name one with --dictionary"),
    (["mix", "{data}", "--dictionary", "{en-el}", "--ratio", 2, "--out", "{out}"], "--ratio 2.0"),
    (["mix", "{data}", "--dictionary", "{en-el}", "--ratio", "0.1@0", "0.9@2", "--out", "{out}"], "--ratio 0.1@0 0.9@2: changes with the passes"),
    (["mix", "--ratio", "0.9@1", "0.1@0", "{data}", "--dictionary", "{en-el}", "--out", "{out}"], "--ratio 0.9@1 0.1@0: points must be in the order"),
    (["mix", "{data}", "--dictionary", "{en-el}", "--ratio", "0.5@0", "--out", "{out}"], "--ratio 0.5@0: a changing ratio has two points"),
    (["preview", "{data}", "--dictionary", "{en-el}", "--ratio=0.5@0", "1.5@1"], "--ratio 1.5@1: the probability"),
    (["preview", "{data}", "--dictionary", "{en-el}", "--ratio", "0.5@0", "0.6"], "--ratio 0.6: write one number, or points RATIO@PASSES"),
    (["preview", "{data}", "--dictionary", "{en-el}", "--ratio", "much"], "--ratio much: write one number, or points"),
    (["preview", "{data}", "--dictionary", "{en-el}", "--at", "-1"], "--at -1: passes over the data are a number, at least 0"),
    (["preview", "{data}", "--dictionary", "{en-el}", "--at", "inf"], "--at inf: passes over the data"),
    (["train", "commit", "--ratio", "0.5@0", "0.6@-1", "--out", "{out}"], "--ratio 0.6@-1: passes over the data"),
    (["train", "commit", "--model", "{model}", "--data", "{data}", "--ratio", "0.5@0", "0.6@1", "--out", "{out}"], "--ratio 0.5@0 0.6@1: mixing needs a --dictionary"),
    (["mix", "{data}", "--dictionary", "{en-el}", "--ratio", 1, "--out", "{out}.csv"], "unknown suffix '.csv'"),
    (["mix", "{data}", "--dictionary", "{en-el}", "--ratio", 1, "--out", "{out}", "--fields", "x"], "record 1 of the data: no field 'x'"),
    (["mix", "{data}", "--dictionary", "{en-el}", "--ratio", 1, "--out", "{out}", "--workers", 0], "--workers 0"),
    (["mix", "{empty}", "--dictionary", "{en-el}", "--ratio", 1, "--out", "{out}"], "empty.jsonl: holds no record"),
    (["train", "--out", "{out}"], "name a recipe first"),
    (["train", "commit", "--model", "{empty}", "--dictionary", "{en-el}", "--out", "{out}"], "is a file; a model is a folder"),
    (["train", "alpaca", "--model", "{folder}", "--out", "{out}"], "not a model folder"),
    (["train", "alpaca", "--model", "{folder}", "--out", "{out}", "--dry-run"], "not a model folder"),
    (["train", "alpaca", "--model", "{folder}", "--out", "{out}", "--json"], "--json: goes with --dry-run"),
    (["train", "alpaca", "--model", "{model}", "--data", "{data}=0", "--data", "{data}=1", "--out", "{out}"], "'0' is not a weight, which is a number above 0"),
    (["train", "alpaca", "--model", "{model}", "--data", "{data}=2", "--data-unmixed", "{data}=x", "--out", "{out}"], "instructions.jsonl=x: 'x' is not a weight"),
    (["train", "alpaca", "--model", "{model}", "--data", "{data}=2", "--data=none.jsonl", "--out", "{out}"], "none.jsonl: no such data file"),
    (["train", "alpaca", "--model", "{model}", "--data", "{data}", "--data", "{data}", "--epochs", "2", "--out", "{out}"], "--epochs 2: counts passes over one source"),
    (["train", "alpaca-2024", "--model", "{model}", "--data", "{data}", "--data", "{data}", "--out", "{out}"], "does not go with behaviour original"),
    (["batches", "alpaca-2024", "--model", "{model}", "--data", "{data}", "--data", "{data}", "--out", "{out}.npz"], "does not go with behaviour original"),
    (["plan", "alpaca", "--model", "{model}", "--data", "{data}=1:prose"], "'prose' is not a form; it is instruction or text"),
    (["batches", "alpaca", "--model", "{model}", "--data", "{data}", "--data", "{empty}", "--out", "{out}.npz"], "empty.jsonl: holds no record"),
    (["train", "alpaca", "--data", "--out", "{out}"], "--data: names nothing"),
    (["batches", "alpaca", "--model", "{model}", "--data", "{bad}", "--out", "{out}.npz"], "malformed JSON"),
    (["batches", "alpaca", "--model", "{model}", "--data", "{data}", "--out", "{out}.zip"], "go into an .npz file"),
    (["export", "{folder}", "--out", "{out}"], "not a run directory"),
    (["eval", "{folder}", "--tasks", "ogx_xquad_el", "--data-dir", "{folder}", "--out", "{out}"], "not a model folder"),
    (["eval", "{model}", "--tasks", "ogx_xquad_ell", "--out", "{out}"], "no task 'ogx_xquad_ell'; near it are ogx_xquad_el"),
    (["eval", "--tasks", "ogx_xquad_el", "--out", "{out}"], "name a model folder"),
    (["eval", "{model}", "--tasks", "xquad_instruct_el", "--max-length", "2049", "--out", "{out}"], "the model has 2,048 positions"),
    (["eval", "{model}", "--tasks", "xquad_instruct_el", "--max-length", "200", "--out", "{out}"], "too few tokens for a prompt"),
    (["eval", "{model}", "--tasks", "ogx_xquad_el", "--max-length", "2000", "--out", "{out}"], "is for _instruct_, _chat_ and _rank_ tasks"),
    (["eval", "{model}", "--tasks", "xquad_chat_el", "--out", "{out}"], "model: has no chat template, and xquad_chat_el asks through it; put"),
    (["eval", "--prompts-only", "--tasks", "mlqa_instruct_hi", "--max-length", "2000", "--out", "{out}"], "written whole"),
    (["score", "{empty}", "--task", "ogx_xquad_el", "--data-dir", "{folder}"], "no xquad.el.json in"),
    (["run", "alpaca", "--model", "{model}", "--tasks", "ogx_xquad_el", "--data-dir", "{folder}", "--out", "{out}"],
     "no xquad.el.json in"),
]  # fmt: skip


@pytest.mark.parametrize(("argv", "message"), MISTAKES, ids=lambda value: value if isinstance(value, str) else value[0])
def test_a_mistake_is_one_line_and_leaves_nothing(run, example, tmp_path, argv, message):
    given, out = tmp_path / "given", tmp_path / "out"
    (given / "folder").mkdir(parents=True)
    out.mkdir()
    (given / "bad.jsonl").write_text('{"instruction": "a", "output": "b"}\n{"instruction": \n')
    (given / "empty.jsonl").write_text("")
    (given / "el-en.txt").write_text("γάτα\tcat\n", encoding="utf-8")
    places = {
        "{bad}": given / "bad.jsonl", "{empty}": given / "empty.jsonl", "{folder}": given / "folder",
        "{el-en}": given / "el-en.txt", "{en-el}": example / "en-el.txt", "{data}": example / "instructions.jsonl",
        "{model}": example / "model", "{out}": out / "result.jsonl" if argv[0] == "mix" else out / "result",
    }  # fmt: skip

    def fill(word):
        for name, place in places.items():
            word = str(word).replace(name, str(place))
        return word

    before = sorted(given.rglob("*"))
    status, printed, err = run(*map(fill, argv))
    assert status == 2
    assert printed == ""
    assert message in err
    assert err.count("\n") == 1
    assert list(out.iterdir()) == []
    assert sorted(given.rglob("*")) == before


def test_a_name_that_no_file_can_have(run, tmp_path):
    """Told in one line, as a folder without rights is."""
    status, _, err = run("compare", "a", "b", "--out", tmp_path / ("x" * 300))
    assert (status, err.count("\n")) == (2, 1)
    assert "File name too long" in err


def test_another_model_or_data_has_not_the_revision_of_the_recipe_s_own(tmp_path):
    """As the config.yaml of a run has it, where no flag could take it away."""
    recipe = dataclasses.replace(RECIPES["commit"][1], model="a/b", model_revision="1" * 40, data_revision="2" * 40)
    (tmp_path / "config.yaml").write_text(dump_recipe(recipe))
    argv = [str(tmp_path / "config.yaml"), "--out", "run"]
    assert parse_with_recipe(TrainCommand, "train", argv).recipe == recipe
    parsed = parse_with_recipe(TrainCommand, "train", [*argv, "--model", "./here", "--data=./here.jsonl"]).recipe
    assert (parsed.model_revision, parsed.data_revision) == (None, None)
    parsed = parse_with_recipe(TrainCommand, "train", [*argv, "--model", "c/d", "--model-revision", "v1"]).recipe
    assert (parsed.model_revision, parsed.data_revision) == ("v1", "2" * 40)


def test_a_name_that_is_no_utf_8(run, tmp_path):
    """It could stand in no provenance."""
    (tmp_path / "caf\udce9.jsonl").write_text('{"text": "dog"}\n')
    argv = ("mix", tmp_path / "caf\udce9.jsonl", "--dictionary", "en-el.txt", "--out", tmp_path / "out.jsonl")
    status, _, err = run(*argv)
    assert (status, err.count("\n")) == (2, 1)
    assert "caf\N{REPLACEMENT CHARACTER}.jsonl: a name that is not UTF-8; rename" in err


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (
            ["preview", "a.jsonl", "--dictionary", "b.txt", "--rows", "1" + "0" * 400],
            "--rows: a whole number of over 18",
        ),
        (
            ["eval", "model", "--tasks", "a", "--out", "b", "--limit", "1" + "0" * 400],
            "--limit: a whole number of over 18 digits",
        ),
        (
            ["mix", "a.jsonl", "--out", "b.jsonl", "--workers", "1" + "0" * 9],
            "--workers 1000000000: must be 1 to 1,024",
        ),
    ],
)
def test_a_number_that_no_library_can_count_to(run, argv, message):
    status, _, err = run(*argv)
    assert (status, err.count("\n")) == (2, 1)
    assert message in err


@pytest.mark.slow
@pytest.mark.parametrize("words", [["--help"], ["--version"], ["tasks"], ["recipes"]])
def test_a_reader_that_has_gone_is_no_fault(words):
    """As with `commit-llm --help | head -1`."""
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "commit_llm", *words]
    process = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    assert (process.returncode, process.stderr) == (0, "")
