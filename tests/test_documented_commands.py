"""Each documented command parses, and a test runs it as it is written, or a marker says what it needs.

A marker is a comment on the line before a command, `# needs ...`, and holds for this one command. Those of other
programs are in test_documented_programs.py.
"""

import contextlib
import io
import json
import re
import shutil
import sys
from pathlib import Path

import pytest

from commit_llm.cli import (
    batches,
    chat,
    compare,
    completion,
    dictionary,
    eval,
    export,
    generate,
    import_,
    mix,
    plan,
    preview,
    quickstart,
    recipes,
    report,
    run,
    score,
    study,
    tasks,
    tokenizer,
    train,
)
from commit_llm.cli.main import COMMANDS, main
from commit_llm.cli.parse import parse, parse_with_recipe
from commit_llm.convert.easylm import LLAMA_1
from commit_llm.errors import UserError
from commit_llm.evaluate.tasks import split_tasks
from tests.conftest import ROOT
from tests.documented_commands import PAGES, Block, bash_blocks, blocks, commands, documented, is_test
from tests.documented_world import TINY, write_world
from tests.test_chain import MODEL

# What a marker may say that a command needs: nothing that the tests have.
NEEDS = {"an accelerator", "the hub", "a network", "the extra tpu", "llama.cpp", "Ollama"}
NEEDS |= {"cosmic-ray (pip install cosmic-ray), and about an hour", "the data of the plan"}

# Sections, or pages, whose commands another test runs; every other one of `commit-llm` runs below, in a small world.
RUN_WHOLE = {  # in a shell, with what other programs stand there
    ("README.md", "Two commands"): ".ci/run",
    ("tutorial.md", None): "tests/long/test_tutorial.py::test_every_command_of_the_page",
}
RUN_OURS = {
    ("README.md", "Your model, your language"): "tests/test_documented_commands.py::test_the_five_of_your_language_run",
    ("README.md", "Mixing"): "tests/test_mixing_docs.py::test_the_commands_run",
    ("mixing.md", None): "tests/test_mixing_docs.py::test_the_commands_run",
}

# What each command reads its flags into, and with which of the two parsers.
PARSERS = {
    "quickstart": (parse, quickstart.Quickstart), "recipes": (parse, recipes.RecipesCommand), "mix": (parse, mix.Mix),
    "train": (parse_with_recipe, train.TrainCommand), "batches": (parse_with_recipe, batches.Batches),
    "run": (parse_with_recipe, run.RunCommand), "import": (parse, import_.Import),
    "export": (parse, export.ExportCommand), "dictionary": (parse, dictionary.Dictionary),
    "eval": (parse, eval.Eval), "score": (parse, score.ScoreFile), "tasks": (parse, tasks.Tasks),
    "preview": (parse, preview.Preview), "plan": (parse_with_recipe, plan.PlanCommand),
    "report": (parse, report.ReportCommand), "compare": (parse, compare.Compare),
    "study": (parse, study.StudyCommand), "generate": (parse, generate.Generate), "chat": (parse, chat.Chat),
    "tokenizer": (parse, tokenizer.TokenizerCommand), "completion": (parse, completion.Completion),
}  # fmt: skip


def of_text(text):
    """(program, words, marker) of each command of a bash block."""
    found = commands(Block("page.md", 1, "Title", "bash", text))
    return [(command.program, list(command.words), command.marker) for command in found]


def test_how_commands_are_found():
    text = "# Look\nX=1 Y='2 3' commit-llm tasks \\\n  --json # yes\n"
    text += "# needs the hub\na | .venv/bin/commit-llm eval x > y\n"
    assert of_text(text) == [("commit-llm", ["tasks", "--json"], None), ("a", [], "the hub"),
                             ("commit-llm", ["eval", "x"], None)]  # fmt: skip
    inner = ("commit-llm", ["tasks", "--path"], None)
    assert of_text('lm_eval --a "$(commit-llm tasks --path)" -b $(commit-llm tasks --path)')[1:] == [inner, inner]
    assert of_text("python3 -c '\nimport a; b(\"c\")\n# needs\n' x && awk -F'\\t' '{ print $2 }'") == [
        ("python3", ["-c", '\nimport a; b("c")\n# needs\n', "x"], None), ("awk", ["-F\\t", "{ print $2 }"], None)
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["# needs a\n# needs b\nc\n", "a\n# needs b\n", "a 'b\n"])
def test_what_cannot_be_read_or_marks_nothing_is_refused(text):
    with pytest.raises(ValueError, match=r"page\.md"):
        of_text(text)


def test_where_a_command_stands(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("## One\n```bash\n## No title\na\n```\n### Two\n\n```\n$ x\n```\n```bash\nb\n\nc d\n```\n")
    found = [(str(one), one.section) for block in bash_blocks(page) for one in commands(block)]
    assert found == [("page.md:4: a", "One"), ("page.md:12: b", "Two"), ("page.md:14: c d", "Two")]


def test_no_command_hides_in_a_block_of_another_language():
    found = [block for page in PAGES for block in blocks(page)]
    assert {block.language for block in found} == {"", "bash", "python", "text", "json", "yaml", "jinja"}
    shown = [block for block in found if block.language in ("", "text")]
    assert [block for block in shown if re.search(r"^\$? ?commit-llm [\w-]+(\s|$)", block.text, re.M)] == []
    fences = sum(len(re.findall(r"^ *(?:```|~~~)", page.read_text(encoding="utf-8"), re.M)) for page in PAGES)
    assert fences == 2 * len(found)


def test_a_marker_says_what_is_known():
    assert [str(one) for one in documented() if one.marker and one.marker not in NEEDS] == []
    assert {one.marker for one in documented()} - {None} == NEEDS


def runs_it(command, tables):
    """Give the test that runs the section or the page of a command; None where there is none."""
    places = ((command.page, command.section), (command.page, None))
    return next((table[place] for table in tables for place in places if place in table), None)


def test_what_runs_a_section_is_there():
    tables = RUN_WHOLE | RUN_OURS
    assert [place for place in tables.values() if not is_test(place)] == []
    documented_places = {place for one in documented() for place in ((one.page, one.section), (one.page, None))}
    assert set(tables) - documented_places == set()
    assert "readme_command quickstart" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_every_command_has_a_parser_here():
    assert set(PARSERS) == set(COMMANDS)


def fault_of(words, capsys):
    """What is wrong with a documented command; None where it parses, and its tasks exist."""
    reads, dataclass = PARSERS[words[0]]
    try:
        parsed = reads(dataclass, words[0], list(words[1:]))
    except SystemExit:
        return capsys.readouterr().err
    try:
        split_tasks(getattr(parsed, "tasks", ()))
    except UserError as error:
        return str(error)
    return None


def test_a_documented_command_parses(capsys):
    """A flag, a recipe or a task that was renamed fails here, marked or not."""
    ours = [one for one in documented() if one.program == "commit-llm"]
    assert len(ours) > 60
    faults = {str(one): fault_of(one.words, capsys) for one in ours}
    assert {command: fault for command, fault in faults.items() if fault} == {}


def test_a_renamed_flag_would_be_noticed():
    with pytest.raises(SystemExit), contextlib.redirect_stderr(None):
        parse_with_recipe(train.TrainCommand, "train", ["commit", "--dictionari", "en-el.txt", "--out", "x"])


def blocks_run_here():
    """The blocks with a command of ours that has no marker, and that no other test runs; those commands."""
    ours_by_block = [
        [one for one in commands(block) if one.program == "commit-llm" and one.marker is None]
        for page in PAGES
        for block in bash_blocks(page)
    ]
    return [ours for ours in ours_by_block if ours and runs_it(ours[0], (RUN_WHOLE, RUN_OURS)) is None]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("world")
    with contextlib.chdir(folder):
        write_world(folder)
    return folder


def prepare_import(folder, shared, monkeypatch):
    """A checkpoint of EasyLM is there, and small, as is the size that is named with it."""
    shutil.copy(shared.golden("tiny_streaming_params"), folder / "streaming_params_1210")
    shutil.copy(shared.data("tokenizer/tokenizer.model"), folder)
    monkeypatch.setitem(LLAMA_1, "7b", (64, 128, 2, 4, 1e-6))


@pytest.mark.slow
@pytest.mark.parametrize("ours", blocks_run_here(), ids=lambda ours: f"{ours[0].page}:{ours[0].line}")
def test_the_commands_of_a_block_run(ours, world, tmp_path, monkeypatch, capsys, request):
    """In order, as they are written, in a world that has the files that they name; trainings are made tiny."""
    folder = tmp_path / "world"
    shutil.copytree(world, folder)
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "stdin", io.StringIO("Where does the road begin?\n"))
    if any(command.words[0] == "import" for command in ours):
        prepare_import(folder, request.getfixturevalue("shared"), monkeypatch)
    outs = [
        Path(out) for one in ours for before, out in zip(one.words, one.words[1:], strict=False) if before == "--out"
    ]
    for out in outs:  # what the block writes itself
        shutil.rmtree(out) if out.is_dir() else out.unlink(missing_ok=True)
    for command in ours:
        assert main([*command.words, *TINY.get(command.words[0], ())]) == 0, (str(command), capsys.readouterr().err)
    assert [str(out) for out in outs if not out.exists()] == []


@pytest.mark.slow
def test_the_five_of_your_language_run(shared, tmp_path, monkeypatch, capsys):
    """README's five commands, in order, in a folder that holds the files they name.

    The files are real, but for `my-llama`: a folder with a two-layer configuration and the LLaMA
    tokenizer, so that the first training starts from scratch. What makes them tiny is appended.
    """
    section = "Your model, your language"
    found = [
        list(one.words)
        for one in documented()
        if (one.page, one.section, one.program) == ("README.md", section, "commit-llm")
    ]
    assert [words[0] for words in found] == ["mix", "train", "train", "export", "eval"]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my-llama").mkdir()
    (tmp_path / "my-llama" / "config.json").write_text(json.dumps(MODEL))
    shutil.copy(shared.data("tokenizer/tokenizer.model"), "my-llama")
    shutil.copy(shared.data("alpaca/alpaca_1807.jsonl"), "alpaca.jsonl")
    for name in ("en-el", "el-en"):
        shutil.copy(shared.data(f"muse/{name}.txt"), f"{name}.txt")
    contexts = [record["text"].replace("\n", " ") for record in shared.contexts("el")]
    (tmp_path / "greek.txt").write_text("\n".join(contexts) + "\n", encoding="utf-8")
    shutil.copytree(shared.data("xquad"), "xquad")
    tiny = ["--steps", "4", "--warmup-steps", "1", "--batch-size", "4", "--seq-len", "128"]
    for words in found:
        if words[0] == "train":
            words = [*words, *tiny, *(["--from-scratch"] if "my-llama" in words else [])]
        if words[0] == "eval":
            words = [*words, "--limit", "2"]
        assert main(words) == 0, (words, capsys.readouterr().err)
    results = json.loads((tmp_path / "greek-eval" / "results.json").read_text(encoding="utf-8"))["tasks"]
    assert {task: result["items"] for task, result in results.items()} == {"ogx_xquad_el": 2, "xquad_instruct_el": 2}
    assert (tmp_path / "greek-model" / "model.safetensors").is_file()
    assert len((tmp_path / "mixed.jsonl").read_text(encoding="utf-8").splitlines()) == 1807
