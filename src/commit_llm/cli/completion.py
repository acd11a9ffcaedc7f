"""Run `commit-llm completion`: print a script with which a shell completes commands, flags and their choices.

The script holds all words, so that a shell starts no Python at a press of the tab key. tyro's own script
(`--tyro-print-completion`) starts one, knows one command alone, and completes no file behind a command's name.
"""

import dataclasses
import importlib
import typing
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import tyro

from commit_llm.cli.flag_groups import in_groups
from commit_llm.cli.lines import say
from commit_llm.cli.main import COMMANDS
from commit_llm.cli.parse import parse
from commit_llm.errors import flag
from commit_llm.recipes import RECIPES, Recipe

Flag = tuple[str, tuple[str, ...]]  # and its choices

# The dataclass of each command's flags, in its module.
FLAGS_OF = {
    "quickstart": "Quickstart", "recipes": "RecipesCommand", "completion": "Completion",
    "dictionary": "Dictionary", "tokenizer": "TokenizerCommand", "mix": "Mix", "preview": "Preview",
    "plan": "PlanCommand", "train": "TrainCommand", "run": "RunCommand",
    "generate": "Generate", "chat": "Chat", "export": "ExportCommand", "import": "Import",
    "eval": "Eval", "score": "ScoreFile", "compare": "Compare", "study": "StudyCommand", "tasks": "Tasks",
    "report": "ReportCommand", "batches": "Batches",
}  # fmt: skip

# Where no word of ours fits, `-o default` completes files. Bash makes three words of --flag=value.
SCRIPT = """\
{start}_commit_llm() {{
    local word="${{COMP_WORDS[COMP_CWORD]}}" before="${{COMP_WORDS[COMP_CWORD-1]}}" place="${{COMP_WORDS[1]}}" words=""
    if [ "$word" = "=" ]; then
        word=""
    elif [ "$before" = "=" ]; then
        before="${{COMP_WORDS[COMP_CWORD-2]}}"
    fi
    if [ "$COMP_CWORD" = 1 ]; then
        words="{commands} --help --version"
    else
        case "$COMP_CWORD $place ${{COMP_WORDS[2]}}" in
            "2 "*) ;;
            {subcommands}) place="$place ${{COMP_WORDS[2]}}" ;;
        esac
        case "$COMP_CWORD $place" in
{firsts}
        esac
        case "$place $before" in
{choices}
        esac
        case "$word" in
            -*) case "$place" in
{flags}
                esac ;;
        esac
    fi
    COMPREPLY=($(compgen -W "$words" -- "$word"))
}}
complete -o default -F _commit_llm commit-llm
"""
STARTS = {
    "bash": "",
    "zsh": "autoload -Uz compinit bashcompinit\nwhence compdef > /dev/null || compinit\nbashcompinit\n",
}


@dataclass(frozen=True)
class Completion:
    """Print a script that completes commands, flags and their choices. docs/installation.md says where it goes."""

    shell: Annotated[Literal["bash", "zsh"], tyro.conf.Positional]
    """The shell that reads it."""


def run(argv: list[str]) -> None:
    say(script(parse(Completion, "completion", argv).shell), end="")


def script(shell: str) -> str:
    """Write the script of a shell: a `case` for what stands first, for a flag's choices, and for the flags."""
    places = {place: (first, dict(of_place)) for name in COMMANDS for place, first, of_place in places_of(name)}
    return SCRIPT.format(
        start=STARTS[shell],
        commands=" ".join(COMMANDS),
        subcommands="|".join(f'*" {place}"' for place in places if " " in place),
        firsts=_cases({f"2 {place}": first for place, (first, _) in places.items() if first}, 12),
        choices=_cases(
            {
                f"{place} {name}": choices
                for place, (_, of_place) in places.items()
                for name, choices in of_place.items()
                if choices
            },
            12,
        ),
        flags=_cases({place: (*of_place, "--help") for place, (_, of_place) in places.items()}, 16),
    )


def _cases(words: dict[str, Iterable[str]], indent: int) -> str:
    return "\n".join(f'{"":{indent}}"{pattern}") words="{" ".join(those)}" ;;' for pattern, those in words.items())


def places_of(name: str) -> Iterator[tuple[str, tuple[str, ...], Iterator[Flag]]]:
    """Give a command, and each of its subcommands: what it is called by, what may stand first, and its flags."""
    kind: Any = getattr(importlib.import_module(COMMANDS[name][0]), FLAGS_OF[name])
    hints = typing.get_type_hints(kind, include_extras=True)
    if parts := {config.name: part for hint in hints.values() for part, config in _subcommands(hint)}:
        yield name, tuple(parts), iter(())
        for key, part in parts.items():
            yield f"{name} {key}", (), flags_of(part)
    elif "recipe" in hints:
        yield name, tuple(RECIPES), flags_of(in_groups(kind, name, Recipe()))
    elif name == "recipes":
        yield name, tuple(RECIPES), flags_of(kind)
    else:
        yield name, next((_choices(hint) for hint in hints.values() if _is_positional(hint)), ()), flags_of(kind)


def flags_of(kind: Any) -> Iterator[Flag]:
    """Give each flag of a dataclass, and of those within it, with its choices."""
    for name, hint in typing.get_type_hints(kind, include_extras=True).items():
        plain = _plain(hint)
        if _is_positional(hint):
            continue
        if dataclasses.is_dataclass(plain):
            yield from flags_of(plain)
        elif plain is bool:
            yield flag(name), ()
            yield flag(f"no_{name}"), ()
        else:
            yield flag(name), _choices(hint)


def _plain(hint: Any) -> Any:
    """Take what annotates a type away from it."""
    return typing.get_args(hint)[0] if typing.get_origin(hint) is Annotated else hint


def _is_positional(hint: Any) -> bool:
    return tyro.conf.Positional in getattr(hint, "__metadata__", ())


def _choices(hint: Any) -> tuple[str, ...]:
    """Give the words that a type allows; nothing where it allows any."""
    if typing.get_origin(hint) is Literal:
        return tuple(choice for choice in typing.get_args(hint) if choice is not None)
    return tuple(choice for part in typing.get_args(hint) for choice in _choices(part))


def _subcommands(hint: Any) -> Iterator[tuple[Any, Any]]:
    """Give each dataclass of a union that is a subcommand, and how it is configured."""
    for part in typing.get_args(_plain(hint)):
        if dataclasses.is_dataclass(_plain(part)) and typing.get_origin(part) is Annotated:
            yield _plain(part), part.__metadata__[0]
