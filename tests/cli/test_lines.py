"""Lines on the terminal: none that acts; notes on standard error, each once, and only while a command runs."""

import ast
import json
import logging
from pathlib import Path
from types import SimpleNamespace

from commit_llm.cli import lines
from commit_llm.cli.lines import notes_shown, pass_over_late_errors, say, say_json

LOGGER = logging.getLogger("commit_llm")


def test_facts_and_warnings_are_told_once_on_standard_error(capsys):
    with notes_shown():
        for line in ("a fact", "a fact", "another"):
            LOGGER.info("%s", line)
        LOGGER.warning("look here")
    LOGGER.info("not now")
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", "a fact\nanother\nlook here\n")
    with notes_shown():
        LOGGER.info("a fact")
    assert capsys.readouterr().err == "a fact\n"


def test_control_characters_become_signs(capsys):
    with notes_shown():
        LOGGER.warning("from host \x1b[2Jone\x9b31m")
    say("a word \x1b]0;title\x07 of a dictionary\nand \udce9")
    printed = capsys.readouterr()
    assert (printed.err, printed.out) == (
        "from host ␛[2Jone\N{REPLACEMENT CHARACTER}31m\n",
        "a word ␛]0;title␇ of a dictionary\nand \N{REPLACEMENT CHARACTER}\n",
    )


def test_json_keeps_every_value(capsys):
    value = {"λ": "\x1b\x7f\x9b\udce9 'é'"}
    say_json(value)
    printed = capsys.readouterr().out
    assert json.loads(printed) == value
    assert printed.replace("\n", "").isprintable()
    assert "λ" in printed


def test_commands_print_through_these():
    printing = {
        path.name
        for path in Path(lines.__file__).parent.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    }
    assert printing == {"lines.py"}


def test_of_arrays_after_a_failed_one_nothing_is_shown():
    shown = []
    hook = pass_over_late_errors(shown.append)
    late, other = RuntimeError("Event loop is closed"), RuntimeError("another")
    of_orbax, of_ours = (
        SimpleNamespace(cr_code=SimpleNamespace(co_filename=f"/lib/{room}/a.py")) for room in ("orbax", "commit_llm")
    )
    for error, where in ((late, None), (other, of_orbax), (other, None), (other, of_ours)):
        hook(SimpleNamespace(exc_type=type(error), exc_value=error, object=where))
    assert [(untaken.exc_value, untaken.object) for untaken in shown] == [(other, None), (other, of_ours)]
