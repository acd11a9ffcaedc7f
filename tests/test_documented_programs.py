"""The commands of other programs in the documentation: what they name is there, or a marker says what they need."""

import importlib.util
import re
import tomllib

import pytest

from tests.conftest import ROOT
from tests.documented_commands import Block, commands, documented, is_test
from tests.test_documented_commands import RUN_WHOLE, runs_it

# The one-liners that make dictionaries: test_languages_docs.py runs them.
ONE_LINERS = {
    ("python3", "-c"): "tests/test_languages_docs.py::test_a_one_liner_makes_a_dictionary",
    ("gzip", "-dc"): "tests/test_languages_docs.py::test_a_one_liner_makes_a_dictionary",
    ("awk", r"-F\t"): "tests/test_languages_docs.py::test_the_other_way_round",
}

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
MARKS = {line.partition(":")[0] for line in PROJECT["tool"]["pytest"]["ini_options"]["markers"]}


def fault_of_pytest(words, config):
    """What is wrong with words behind `pytest`: a mark, an option or a test that is not there."""
    words = iter(words)
    for word in words:
        if word == "-m":
            unknown = set(re.findall(r"\w+", next(words))) - {"and", "or", "not"} - MARKS
            if unknown:
                return f"no mark {unknown}"
        elif word.startswith("--"):
            if config.getoption(word, None) is None:
                return f"no option {word}"
            next(words)
        elif word == "-n":
            next(words)
        elif word not in ("-q", "-s") and not is_test(word):
            return f"no test {word}"
    return None


def fault_of_pip(words):
    """What is wrong with an installation of this repository: an extra that is not there."""
    assert words[0] == "install"
    (what,) = (word for word in words[1:] if not word.startswith("-"))
    folder, _, extras = what.partition("[")
    unknown = set(filter(None, extras.rstrip("]").split(","))) - set(PROJECT["project"]["optional-dependencies"])
    return None if folder == "." and not unknown else f"not this repository, or no extra {unknown}"


def fault_of_python(words, config):
    """What is wrong with words behind `python`: a module, a file or a flag of it that is not there."""
    if words[:2] == ("-m", "pytest"):
        return fault_of_pytest(words[2:], config)
    if words[0] == "-m":
        return None if importlib.util.find_spec(words[1]) else f"no module {words[1]}"
    file = ROOT / words[0]
    if not file.is_file():
        return f"no file {words[0]}"
    text = file.read_text(encoding="utf-8")
    return next((f"no {word} in {words[0]}" for word in words[1:] if f'"{word}"' not in text), None)


def fault_of_another(command, config):
    """Why a command of another program, without a marker, is neither run nor checked."""
    words = command.words
    if (command.page == "languages.md" and (command.program, *words[:1]) in ONE_LINERS) or runs_it(
        command, [RUN_WHOLE]
    ):
        return None
    if command.program in ("python", "python3"):
        return fault_of_python(words, config)
    if command.program == "pip":
        return fault_of_pip(words)
    if command.program == "source":  # of an environment that README makes
        made = f"python3 -m venv {words[0].removesuffix('/bin/activate')} "
        return None if made in (ROOT / "README.md").read_text(encoding="utf-8") else "nobody makes it"
    if command.program in ("ruff", "mypy"):  # as .ci/run calls them
        text = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
        return None if f"-m {' '.join([command.program, *words])}" in text else "not in .ci/run"
    return "run it in a test, or mark it"


def test_a_command_of_another_program_is_there_or_marked(request):
    """Tests, marks, options, extras, files and their flags exist; what only another machine has is marked."""
    others = [one for one in documented() if one.program != "commit-llm" and one.marker is None]
    assert {"python", "pip", "ruff", "awk"} <= {one.program for one in others}
    faults = {str(one): fault_of_another(one, request.config) for one in others}
    assert {command: fault for command, fault in faults.items() if fault} == {}


@pytest.mark.parametrize(
    "text",
    [
        "python -m pytest -m fast", "python -m pytest --seed 1", "python -m pytest tests/test_docs.py::test_none",
        "python benchmarks/none.sh", "python benchmarks/soak.py walk", "python -m none", "pip install '.[none]'",
        "pip install numpy", "ruff fix .", "vllm serve x", "curl x", "source .other/bin/activate",
    ],
)  # fmt: skip
def test_what_is_not_there_would_be_noticed(text, request):
    (command,) = commands(Block("page.md", 1, "Title", "bash", text))
    assert fault_of_another(command, request.config)


def test_what_runs_a_one_liner_is_there():
    assert [place for place in ONE_LINERS.values() if not is_test(place)] == []
    assert not is_test("tests/test_docs.py::test_none")
    assert not is_test("tests/none")
