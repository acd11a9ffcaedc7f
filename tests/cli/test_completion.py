"""The scripts of `commit-llm completion`, sourced by the shells that they are for."""

import re
import shutil
import subprocess

import pytest

from commit_llm.cli.completion import FLAGS_OF, places_of, script
from commit_llm.cli.main import COMMANDS
from commit_llm.recipes import RECIPES

# What is typed, the last word being completed: some of the answers, and what is none.
TYPED = [
    (["tr"], {"train"}, {"plan"}),
    (["--ve"], {"--version"}, set()),
    (["t"], {"train", "tasks", "tokenizer"}, {"mix"}),
    (["dictionary", ""], {"fetch", "inspect"}, {"--json"}),
    (["dictionary", "inspect", "--ta"], {"--target-text"}, {"--target-share"}),
    (["dictionary", "fetch", "--"], {"--url", "--help"}, {"--parallel"}),
    (["tokenizer", "extend", "--initialise", "p"], {"pieces"}, set()),
    (["train", ""], set(RECIPES), {"--out"}),
    (["train", "commit", "--lora-r"], {"--lora-r"}, {"--lora-alpha"}),
    (["train", "commit", "--out", "x", "--opt"], {"--optimizer"}, set()),
    (["train", "commit", "--optimizer", ""], {"adamw", "adamw-lean", "adamw-split"}, {"--out"}),
    (["train", "commit", "--optimizer", "=", "adamw-l"], {"adamw-lean"}, {"adamw"}),
    (["train", "commit", "--optimizer", "="], {"adamw", "adamw-lean", "adamw-split"}, set()),
    (["mix", "--json"], {"--json"}, {"--no-json"}),
    (["mix", "--no-"], {"--no-json", "--no-overwrite"}, {"--json"}),
    (["mix", "data"], set(), set(COMMANDS)),  # a file: nothing of ours, and the shell completes it
    (["mix", "a.jsonl", "--out", ""], set(), set(COMMANDS)),
    (["completion", "z"], {"zsh"}, set()),
    (["nonsense", "--"], set(), {"--out"}),
]
# How each shell is asked: bash itself fills these variables; so does zsh's bashcompinit, with arrays as in ksh.
ASK = 'COMP_WORDS=(commit-llm {words}); COMP_CWORD={last}; COMPREPLY=(); _commit_llm; echo "${{COMPREPLY[*]}}"\n'
BEFORE = {"bash": "", "zsh": "emulate ksh\n"}
PROGRAM = {"bash": ["bash", "--norc"], "zsh": ["zsh", "-f"]}


def answers(shell, folder):
    """The completions of each row of the table."""
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell} here")
    path = folder / "completion"
    path.write_text(script(shell), encoding="utf-8")
    asks = [ASK.format(words=" ".join(f"'{word}'" for word in words), last=len(words)) for words, _, _ in TYPED]
    program = (
        f"set -u\nsource {path}\n"
        if shell == "bash"
        else f"autoload -Uz compinit; compinit -u -d {folder}/dump\nsource {path}\n"
    )
    process = subprocess.run(
        PROGRAM[shell], input=program + BEFORE[shell] + "".join(asks), capture_output=True, text=True, check=True
    )
    assert process.stderr == ""
    lines = process.stdout.split("\n")[:-1]
    assert len(lines) == len(TYPED)
    return [set(line.split()) for line in lines]


@pytest.mark.slow
@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_a_shell_completes(shell, tmp_path):
    for (words, some, none), given in zip(TYPED, answers(shell, tmp_path), strict=True):
        if shell == "zsh":  # which chooses among the words itself, and leaves --flag=value whole
            given = {word for word in given if word.startswith(words[-1])}
            if "=" in words:
                continue
        assert some <= given, words
        assert not none & given, words
        assert some or not given, words


@pytest.mark.slow
def test_bash_takes_it_for_the_command():
    """Files are completed where no word of ours fits."""
    program = script("bash") + "complete -p commit-llm\n"
    process = subprocess.run(["bash", "--norc"], input=program, capture_output=True, text=True, check=True)
    assert process.stdout == "complete -o default -F _commit_llm commit-llm\n"


def test_every_command_is_completed():
    assert set(FLAGS_OF) == set(COMMANDS)


def flags_of_help(text):
    """The flags that begin a line of a help, with those beside them."""
    heads = re.findall(r"^[│ ] (?:-h, )?(--[a-z][\w-]*(?:, --[\w-]+)*)", text, re.M)
    return {name for head in heads for name in head.split(", ")}


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_the_flags_are_those_of_the_help(run, command):
    for place, _, flags in places_of(command):
        _, text, _ = run(*place.split(), "--help")
        assert {*dict(flags), "--help"} == flags_of_help(text), place


def test_a_mistyped_shell_is_one_line(run):
    status, out, err = run("completion", "tcsh")
    assert (status, out) == (2, "")
    assert "tcsh" in err
