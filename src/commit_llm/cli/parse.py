"""Reading a command's flags into its dataclass, with tyro: field docstrings are the help."""

import dataclasses
import re
import typing
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, TypeVar

from commit_llm.cli.flag_groups import in_groups, is_repeatable, ungrouped
from commit_llm.errors import UserError, flag
from commit_llm.parallel.processes import TIMEOUT_SECONDS, joined
from commit_llm.recipes import RECIPES, Recipe, find_recipe
from commit_llm.train.stop import Reason

Command = TypeVar("Command")
NUMBER = r"[-+]?[0-9.]+(?:e[-+]?[0-9]+)?"
POINT = re.compile(rf"(?i:{NUMBER}(@.*)?|.*@{NUMBER})")  # what is meant as RATIO@PASSES, right or wrong


def parse(command: type[Command], name: str, argv: list[str], default: Any = None) -> Command:
    """Parse argv; tyro prints help and its own message for a mistyped flag, and exits."""
    import tyro

    argv = _with_points_joined(argv)
    _refuse_two_of_a_flag(command, argv)
    flags = {word.split("=")[0].replace("_", "-") for word in argv}
    if "--ratio" in flags and flags & {"--target-share", "--target-cmi"}:
        raise UserError("--ratio, and an amount to find it for: leave out one of them")
    tyro.extras.set_accent_color("cyan")
    parsed = tyro.cli(
        command,
        prog=f"commit-llm {name}",
        args=argv,
        default=default,
        config=(
            tyro.conf.OmitArgPrefixes,
            tyro.conf.DisallowNone,
            tyro.conf.PositionalMetavarFromFieldName,
            tyro.conf.HelptextFromCommentsOff,
        ),
    )
    _refuse_endless_numbers(parsed)
    if "--sentence-ratio" in flags and not getattr(parsed, "recipe", parsed).sentences:
        raise UserError("--sentence-ratio: there are no sentences; name a file of them with --sentences")
    return parsed


def _with_data_gathered(argv: list[str]) -> list[str]:
    """Gather what stands behind each --data behind the first one.

    >>> _with_data_gathered(["--data", "a.jsonl=3", "--seed", "1", "--data=b.jsonl=1"])
    ['--data', 'a.jsonl=3', 'b.jsonl=1', '--seed', '1']
    """
    data: list[str] = []
    others: list[str] = []
    first = is_data = None
    for place, word in enumerate(argv):
        if word == "--data" or word.startswith("--data="):
            first, is_data = place if first is None else first, True
            data += [word.removeprefix("--data=")] if word != "--data" else []
        elif is_data and not word.startswith("--"):
            data.append(word)
        else:
            is_data = False
            others.append(word)
    return argv if first is None else [*others[:first], "--data", *data, *others[first:]]


def _with_points_joined(argv: list[str]) -> list[str]:
    """Join the points of a ratio into one word, so that what follows them is not taken for one.

    >>> _with_points_joined(["--ratio", "0.1@0", "0.9@2", "me@home.jsonl", "--seed", "1"])
    ['--ratio', '0.1@0 0.9@2', 'me@home.jsonl', '--seed', '1']
    """
    joined: list[str] = []
    is_ratio = False  # the last word
    for word in argv:
        if is_ratio and POINT.fullmatch(word):
            joined[-1] += f" {word}"
            continue
        is_ratio = joined[-1:] == ["--ratio"] or word.startswith("--ratio=")
        joined.append(word)
    return joined


def _refuse_two_of_a_flag(command: type, argv: list[str]) -> None:
    """Raise UserError where a flag stands twice of which only the last would count, such as --json and --no-json."""
    several = {flag(name) for name in _names_for_several(command)}
    given: set[str] = set()
    for word in argv:
        if word == "--":
            return
        if word.startswith("--"):
            name = "--" + word.split("=")[0].replace("_", "-").lstrip("-").removeprefix("no-")
            if name in given and name not in several:
                raise UserError(f"{name}: given twice, but it takes one value; leave out one")
            given.add(name)


def _refuse_endless_numbers(command: Any) -> None:
    """Raise UserError for a whole number that no library can count to."""
    for field in dataclasses.fields(command):
        value = getattr(command, field.name)
        if dataclasses.is_dataclass(value):
            _refuse_endless_numbers(value)
        elif isinstance(value, int) and abs(value) >= 2**63:
            raise UserError(
                f"{flag(field.name)}: a whole number of over 18 digits, which no flag takes; give a smaller one"
            )


def _names_for_several(command: type) -> Iterator[str]:
    """Give the fields of a command, and of the dataclasses in it, whose flag may be repeated."""
    for name, kind in typing.get_type_hints(command, include_extras=True).items():
        for part in (kind, *_subcommands(kind)):
            if dataclasses.is_dataclass(group := getattr(part, "__origin__", part)):
                yield from _names_for_several(group)  # type: ignore[arg-type]
        if is_repeatable(kind):
            yield name


def _subcommands(kind: Any) -> tuple[Any, ...]:
    """Give the types of a field that is one of several dataclasses."""
    return typing.get_args(getattr(kind, "__origin__", kind))


def parse_with_recipe(command: type[Command], name: str, argv: list[str]) -> Command:
    """Parse `RECIPE flags...` for a command with a field `recipe`, whose defaults are that recipe's.

    Raises UserError, which lists the recipes, where none is named.
    """
    if argv and not argv[0].startswith("-"):
        recipe, rest, shown = find_recipe(argv[0]), argv[1:], argv[0]
    elif "--help" in argv or "-h" in argv:
        recipe, rest, shown = Recipe(), argv, "RECIPE"
    else:
        raise UserError(f"name a recipe first: {', '.join(RECIPES)}, or a config.yaml")
    rest = _with_data_gathered(rest)
    flags = {word.split("=")[0].replace("_", "-") for word in rest}
    if "--dictionary" in flags:
        # Those of the command line replace the recipe's own, and each dictionary has its text.
        recipe = dataclasses.replace(recipe, dictionary=(), target_text=())
    if "--data-unmixed" in flags:
        recipe = dataclasses.replace(recipe, data_unmixed=())
    if "--sentences" in flags:
        recipe = dataclasses.replace(recipe, sentences=())
    if "--target-text" in flags or ("--choice" in flags and not {"frequent", "--choice=frequent"} & {*rest}):
        recipe = dataclasses.replace(recipe, target_text=())
    if any(word.split("=")[0] == "--ratio" for word in rest):
        recipe = dataclasses.replace(recipe, target_share=None, target_cmi=None)
    if any(word.split("=")[0] == "--model" for word in rest):
        recipe = dataclasses.replace(recipe, model_revision=None)  # which is one of the recipe's own model
    if any(word.split("=")[0] == "--data" for word in rest):
        recipe = dataclasses.replace(recipe, data_revision=None)
    return ungrouped(command, parse(in_groups(command, name, recipe), f"{name} {shown}", rest))


@dataclass(frozen=True)
class Processes:
    """Several processes: found in the environment (docs/scaling.md), or given here."""

    coordinator: str | None = None
    """HOST:PORT of process 0, if several processes run one command."""
    num_processes: int | None = None
    """Number of processes."""
    process_id: int | None = None
    """Number of this process, from 0."""
    coordinator_timeout: float = TIMEOUT_SECONDS
    """Seconds to wait for the other processes."""

    def join(self) -> AbstractContextManager[None]:
        """Be one of the processes; first of all, before anything uses jax."""
        return joined(self.coordinator, self.num_processes, self.process_id, self.coordinator_timeout)


ALONE = Processes()


DONE, MISTAKE, INTERRUPTED, TERMINATED = 0, 2, 130, 143


def of_stop(reason: Reason | None) -> int:
    """Give the status of a run that ended, or was stopped: the user's own clock is no failure."""
    return {Reason.SIGTERM: TERMINATED, Reason.INTERRUPT: INTERRUPTED}.get(reason, DONE) if reason else DONE
