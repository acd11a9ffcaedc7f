"""The documentation: every command in it parses, README's run, and no flag of the original is left out."""

import contextlib
import json
import re
import shlex
import shutil
from xml.etree import ElementTree

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
from commit_llm.evaluate.tasks import TASKS
from tests.conftest import ROOT
from tests.test_chain import MODEL

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]

# A command that is not run by a test at full size has one of these on the line before it, and no other excuse.
MARKERS = ("# needs an accelerator", "# needs the hub")

# What runs the other commands: all but README's five, which run below.
RUN_BY = {
    "--version": "tests/cli/test_commands.py",
    "mix": "tests/test_mixing_docs.py",
    "quickstart": "tests/cli/test_quickstart.py",
    "dictionary": "tests/cli/test_dictionary.py",
    "export": "tests/train/test_adapter_export.py",
    "import": "tests/convert/test_streaming.py",
    "tasks": "tests/cli/test_commands.py",
    "plan": "tests/cli/test_plan.py",
    "preview": "tests/cli/test_preview.py",
    "report": "tests/cli/test_report.py",
    "compare": "tests/cli/test_compare.py",
    "eval": "tests/cli/test_commands.py",
    "generate": "tests/cli/test_generate.py",
    "chat": "tests/cli/test_chat.py",
    "tokenizer": "tests/cli/test_tokenizer.py",
    "completion": "tests/cli/test_completion.py",
}

# Pages all of whose commands one test runs, in their order.
RUN_WHOLE = {"tutorial.md": "tests/long/test_tutorial.py"}

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


def blocks(text):
    """The fenced bash blocks of a page."""
    return re.findall(r"^```bash\n(.*?)^```", text, re.M | re.S)


def commands(block):
    """(words after `commit-llm`, marker or None) of each of its commands in a block, continued lines joined."""
    found, marker = [], None
    for line in block.replace("\\\n", " ").splitlines():
        if line.startswith("#"):
            marker = line.strip() if line.startswith("# needs") else marker
            continue
        for piece in re.split(r"&&|\$\(|\)|;", line):
            words = shlex.split(piece, comments=True) if "commit-llm" in piece else []
            if words and words[0].endswith("commit-llm"):
                found.append((words[1:], marker))
        marker = None
    return found


def documented():
    """(page, words, marker) of every command of the documentation."""
    return [
        (page.name, words, marker)
        for page in PAGES
        for block in blocks(page.read_text(encoding="utf-8"))
        for words, marker in commands(block)
    ]


def of_your_language():
    """README's five commands."""
    section = (ROOT / "README.md").read_text(encoding="utf-8").split("## Your model, your language")[1]
    return [words for words, _ in commands(blocks(section)[0])]


def test_how_commands_are_found():
    block = "# Look\ncommit-llm tasks \\\n  --json\n# needs the hub\na && .venv/bin/commit-llm eval x  # y\n"
    assert commands(block) == [(["tasks", "--json"], None), (["eval", "x"], "# needs the hub")]
    assert commands("lm_eval --include_path $(commit-llm tasks --path) --tasks a\n") == [(["tasks", "--path"], None)]


def test_every_command_has_a_parser_here():
    assert set(PARSERS) == set(COMMANDS)


def test_a_documented_command_is_run_by_a_test_or_marked():
    """As needing an accelerator or the hub, on the line before it."""
    faults = []
    for page, words, marker in documented():
        if marker is None and words not in of_your_language():
            tests, named = (
                (ROOT / RUN_WHOLE[page], page) if page in RUN_WHOLE else (ROOT / RUN_BY.get(words[0], ""), words[0])
            )
            if not tests.is_file() or named not in tests.read_text(encoding="utf-8"):
                faults.append(f"{page}: {' '.join(words)}")
    assert faults == [], f"run it in a test, or put one of {MARKERS} before it"


def fault_of(words, marker, capsys):
    """What is wrong with a documented command; None where it parses, and its tasks exist."""
    if marker not in (None, *MARKERS):
        return f"no such marker: {marker}"
    if words == ["--version"]:
        return None
    reads, dataclass = PARSERS[words[0]]
    try:
        parsed = reads(dataclass, words[0], words[1:])
    except SystemExit:
        return capsys.readouterr().err
    ours = ("ogx_", "xquad_instruct", "mlqa_instruct", "xquad_chat", "mlqa_chat")
    unknown = [task for task in getattr(parsed, "tasks", ()) if task.startswith(ours) and task not in TASKS]
    return f"no such task: {unknown}" if unknown else None


def test_a_documented_command_parses(capsys):
    """A flag, a recipe or a task that was renamed fails here."""
    commands = documented()
    assert len(commands) > 30
    faults = {f"{page}: {' '.join(words)}": fault_of(words, marker, capsys) for page, words, marker in commands}
    assert {command: fault for command, fault in faults.items() if fault} == {}


def test_a_renamed_flag_would_be_noticed():
    with pytest.raises(SystemExit), contextlib.redirect_stderr(None):
        parse_with_recipe(train.TrainCommand, "train", ["commit", "--dictionari", "en-el.txt", "--out", "x"])


def test_every_flag_of_the_original_is_mapped(shared):
    text = (shared.path / "reference" / "ORIGINAL.md").read_text(encoding="utf-8")
    flags = set(re.findall(r"(?<!\S)`?(--[a-z][\w.]*)", text))
    assert len(flags) == 40
    ours = (ROOT / "docs" / "from-easylm.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1] for line in ours.splitlines() if line.startswith("|")]
    mapped = set(re.findall(r"`(--[\w.]+)`", " ".join(rows)))
    assert flags - mapped == set()
    assert mapped - flags == set()


def test_the_picture_is_true(shared, tmp_path):
    """Its mixed example is what `commit-llm mix` makes of its English one, the first row of a file."""
    example = {
        "instruction": "Answer the question about the text.",
        "input": "Where does the doctor live? Anna is a doctor. She lives near the sea with two cats.",
        "output": "The doctor lives near the sea.",
    }
    (tmp_path / "english.jsonl").write_text(json.dumps(example) + "\n", encoding="utf-8")
    argv = ["mix", str(tmp_path / "english.jsonl"), "--dictionary", str(shared.data("muse/en-el.txt"))]
    assert main([*argv, "--ratio", "0.9", "--out", str(tmp_path / "mixed.jsonl")]) == 0
    mixed = json.loads((tmp_path / "mixed.jsonl").read_text(encoding="utf-8"))
    svg = "{http://www.w3.org/2000/svg}"
    picture = ElementTree.parse(ROOT / "docs" / "commit.svg").getroot()
    groups = {group.get("id"): group for group in picture.iter(f"{svg}g")}
    for field, text in mixed.items():
        lines = ["".join(line.itertext()) for line in groups[f"mixed-{field}"].iter(f"{svg}text")]
        assert " ".join(lines) == text
    drawn = " ".join("".join(line.itertext()) for line in picture.iter(f"{svg}text"))
    assert all(text in drawn for text in example.values())


def anchors(page):
    """The anchors of a page's sections, as forges and the site make them of the titles."""
    without_code = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    titles = re.findall(r"^#+ (.+)$", without_code, re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_how_anchors_are_made(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# Rows, `--ratio` & more\n```bash\n# a comment\n```\n## llama.cpp, well-kept\n", encoding="utf-8")
    assert anchors(page) == {"rows---ratio--more", "llamacpp-well-kept"}


def test_links_lead_somewhere():
    """Links and pictures inside the repository, to the section where they name one."""
    for page in [*PAGES, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]:
        text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
        for target, _, anchor in re.findall(r"\]\(([^)#\s]*)(#([^)]*))?\)", text):
            if not target.startswith("http"):
                linked = page.parent / target if target else page
                assert linked.exists(), f"{page.name}: {target}"
                assert not anchor or anchor in anchors(linked), f"{page.name}: {target}#{anchor}"


@pytest.mark.slow
def test_the_commands_for_your_model_and_language_run(shared, tmp_path, monkeypatch, capsys):
    """README's five commands, in order, in a folder that holds the files they name.

    The files are real, but for `my-llama`: a folder with a two-layer configuration and the LLaMA
    tokenizer, so that the first training starts from scratch. What makes them tiny is appended.
    """
    found = of_your_language()
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
