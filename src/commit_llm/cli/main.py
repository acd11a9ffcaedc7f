"""The command `commit-llm`: it finds the subcommand, and turns a user's mistake into one line."""

import difflib
import errno
import importlib
import itertools
import os
import signal
import sys

from commit_llm.cli.lines import notes_shown, pass_over_late_errors, say
from commit_llm.cli.parse import DONE, INTERRUPTED, MISTAKE, TERMINATED
from commit_llm.errors import UserError
from commit_llm.files.disk import disk_reason, message
from commit_llm.files.whole import require_utf8_name
from commit_llm.parallel.device_memory import claim_gpu_memory
from commit_llm.parallel.signals import ENDED_BY, TerminatedError, end_where_signalled, ended_by_signals

# Errors of a file that the user named: no right to it, a folder or a file in its place, a name too long, links in a
# circle.
NAMED_WRONGLY = {errno.EACCES, errno.EPERM, errno.EISDIR, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP}

# What a command is for: its name: (module, what it does). Each module has run(argv), which may give an exit status. A
# module is imported only for its own command.
GROUPS = {
    "start": {
        "quickstart": (
            "commit_llm.cli.quickstart",
            "try COMMIT on an embedded example, offline, in under five minutes",
        ),
        "recipes": ("commit_llm.cli.recipes", "list the recipes, or print the values of one"),
        "completion": ("commit_llm.cli.completion", "write a script that completes commands and flags in bash or zsh"),
    },
    "data": {
        "dictionary": ("commit_llm.cli.dictionary", "fetch a bilingual dictionary, or inspect one"),
        "tokenizer": ("commit_llm.cli.tokenizer", "count the tokens of a language; add pieces of it"),
        "mix": ("commit_llm.cli.mix", "code-mix the texts of a data file"),
        "preview": ("commit_llm.cli.preview", "see how mixing changes a few rows, and why, here or as a page"),
    },
    "train": {
        "plan": ("commit_llm.cli.plan", "check whether a recipe fits a machine, and how long it takes"),
        "train": ("commit_llm.cli.train", "train a model by a recipe, or resume a run"),
        "run": ("commit_llm.cli.run", "train, export and evaluate in one go"),
    },
    "use": {
        "generate": ("commit_llm.cli.generate", "answer a file of prompts or conversations, as JSON lines"),
        "chat": ("commit_llm.cli.chat", "talk with a model in the terminal, or line by line in a pipe"),
        "export": ("commit_llm.cli.export", "write a run's model as a Hugging Face folder"),
        "import": ("commit_llm.cli.import_", "turn a streaming checkpoint of EasyLM into a Hugging Face folder"),
    },
    "measure": {
        "eval": ("commit_llm.cli.eval", "answer and score questions: our tasks, lm-eval's, or your own"),
        "score": ("commit_llm.cli.score", "score answers that another program wrote"),
        "compare": ("commit_llm.cli.compare", "compare evaluations: intervals, tests, charts, all answers"),
        "study": ("commit_llm.cli.study", "train, evaluate and compare arms x seeds x languages"),
        "tasks": ("commit_llm.cli.tasks", "list the evaluation tasks"),
    },
    "look inside": {
        "report": ("commit_llm.cli.report", "write a run's page: curves, recipe, mixing, examples, provenance"),
        "batches": ("commit_llm.cli.batches", "write the batches that training would see, as arrays"),
    },
}
COMMANDS = {name: command for commands in GROUPS.values() for name, command in commands.items()}


def main(argv: list[str] | None = None) -> int:
    """Run one command and give its exit status.

    0 done, 2 the user's mistake, 130 interrupted, 143 stopped or ended by SIGTERM.
    A fault of ours is not caught: Python prints its traceback and exits with 1.
    """
    argv = sys.argv[1:] if argv is None else argv
    try:
        if not argv or argv[0] in ("-h", "--help", "help"):
            say(overview())
            return DONE if argv else MISTAKE
        if argv[0] == "--version":
            from commit_llm.cli.text.version import version_text  # which imports jax

            say(version_text())
            return DONE
        for word in argv:
            require_utf8_name(word)
        if argv[0] not in COMMANDS:
            near = difflib.get_close_matches(argv[0], COMMANDS, n=1)
            hint = f"did you mean {near[0]!r}?" if near else "`commit-llm --help` lists the commands"
            raise UserError(f"no command {argv[0]!r}; {hint}")
        with ended_by_signals(ignored_too=argv[0] in ("train", "run", "study")), notes_shown():
            status: int | None = importlib.import_module(COMMANDS[argv[0]][0]).run(argv[1:])
        return status or DONE
    except UserError as error:
        say(f"commit-llm {argv[0]}: {error.for_command()}", to_stderr=True)
        return MISTAKE
    except BrokenPipeError:  # the reader of our output, such as `head`, has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (KeyboardInterrupt, TerminatedError) as error:
        interrupted = isinstance(error, KeyboardInterrupt)
        reason = ENDED_BY[signal.SIGINT if interrupted else signal.SIGTERM]
        say(f"commit-llm {argv[0]}: {reason}", to_stderr=True)
        return INTERRUPTED if interrupted else TERMINATED
    except Exception as error:
        if (line := one_line(error)) is None:
            raise
        say(f"commit-llm {argv[0]}: {line}", to_stderr=True)
        return MISTAKE
    return DONE


def one_line(error: Exception) -> str | None:
    """Say what is wrong where it is the disk, or a file that the user named; None for a fault of ours."""
    file = getattr(error, "filename", None)
    if reason := disk_reason(error):
        return message(file or "a file", reason)
    if isinstance(error, OSError) and file is not None and error.errno in NAMED_WRONGLY:
        return f"{file}: {error.strerror}"
    return None


def overview() -> str:
    """Write the help of the command itself."""
    width = max(map(len, COMMANDS))
    groups = [
        [f"{title}:", *(f"  {name:<{width}}  {summary}" for name, (_, summary) in commands.items()), ""]
        for title, commands in GROUPS.items()
    ]
    return "\n".join(
        [
            "usage: commit-llm COMMAND ...",
            "",
            "Adapt an English-centric language model to another language by code-mixed",
            "instruction tuning.",
            "",
            *itertools.chain(*groups),
            "`commit-llm COMMAND --help` says what a command takes.",
            "Start with `commit-llm quickstart`.",
        ]
    )


def entry() -> None:
    """Run as the console script."""
    claim_gpu_memory(os.environ)
    sys.unraisablehook = pass_over_late_errors(sys.unraisablehook)
    status = main()
    end_where_signalled()
    sys.exit(status)
