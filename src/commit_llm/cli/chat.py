"""`commit-llm chat`: a conversation with a model in the terminal, or line by line in a pipe."""

import sys
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Annotated

import tyro

from commit_llm.cli.answering import USUAL, AnsweringFlags, answerer, opened
from commit_llm.cli.lines import say
from commit_llm.cli.parse import parse
from commit_llm.errors import UserError, shown

if TYPE_CHECKING:
    from commit_llm.generate.answer_stream import AnswerStream, StreamedAnswer
    from commit_llm.generate.dialogue import Dialogue

MAX_NEW_TOKENS = 512
COMMANDS = ("/reset", "/system", "/help", "/exit")
NEAR = 0.75  # of difflib's ratio: /rest is near to /reset, /etc to none
HELP = """\
/reset         forget the conversation, and begin a new one
/system TEXT   set the system message, and begin a new conversation; without TEXT, remove it
/help          show this list
/exit          leave; Ctrl-D does the same
//TEXT         send the message /TEXT, if it looks like a command
Ctrl-C stops an answer; at the prompt it leaves."""


@dataclass(frozen=True)
class Chat:
    """Talk with a model. Answers go to standard output token by token, everything else to standard error.
    If standard input is not a terminal, each of its lines is a turn."""

    model: Annotated[str, tyro.conf.Positional]
    """Model folder, PEFT adapter folder, hub id, or run directory."""
    system: str | None = None
    """The system message, before all others."""
    answering: AnsweringFlags = USUAL


def run(argv: list[str]) -> None:
    command = parse(Chat, "chat", argv)
    from commit_llm.data.requests import RequestError
    from commit_llm.generate.answer_stream import AnswerStream
    from commit_llm.generate.dialogue import Dialogue

    source, form, choice, new_tokens, longest = opened(command.model, command.answering, MAX_NEW_TOKENS)
    dialogue = Dialogue(form, source.tokenizer, longest)
    if not form.takes_conversations:
        note("each message is asked alone: this prompt takes no conversation")
    if command.system:
        try:
            dialogue.set_system(command.system)
        except RequestError as error:
            raise UserError(f"--system: {error}") from None
    stream = AnswerStream(answerer(source, command.answering), choice, new_tokens, longest)
    interactive = sys.stdin.isatty()
    if interactive:
        note("/help lists commands; Ctrl-C stops an answer, Ctrl-D leaves")
    for number, line in _lines(interactive):
        try:
            message = _obeyed(line, dialogue, interactive)
            if message is not None:
                _answer(message, dialogue, stream, interactive)
        except RequestError as error:
            if not interactive:  # who reads the answers would take the next one for this one's
                raise UserError(f"standard input:{number}: {error}") from None
            note(str(error))


def note(text: str, end: str = "\n") -> None:
    """Say what is not an answer."""
    say(text, to_stderr=True, end=end)


def _lines(interactive: bool) -> Iterator[tuple[int, str]]:
    """Give each line that is not blank, with its number, up to /exit or the end."""
    if interactive:
        import readline  # noqa: F401 (input() then edits lines, and knows the earlier ones)
    elif hasattr(sys.stdin, "reconfigure"):
        sys.stdin.reconfigure(errors="replace")
    for number in count(1):
        line = _typed_line() if interactive else sys.stdin.readline() or None
        if line is None or line.split()[:1] == ["/exit"]:
            return
        if line.strip():
            yield number, line.strip()


def _typed_line() -> str | None:
    """Ask for a line; None where Ctrl-D ends them."""
    try:
        if sys.stdout.isatty():
            return input("> ")
        note("> ", end="")  # answers go to a file, and the sign does not
        return sys.stdin.readline() or None
    except EOFError:
        note("")
        return None


def _obeyed(line: str, dialogue: "Dialogue", interactive: bool) -> str | None:
    """Do what a command says, and give None; any other line is a message, and is given. Raises RequestError.

    On a terminal a word that is nearly a command is asked about: it was probably mistyped.
    """
    word, rest = (*line.split(None, 1), "")[:2]
    if word.startswith("//"):
        return line[1:] if _near(word[1:]) else line
    if word == "/reset":
        dialogue.reset()
        note("forgotten; a new conversation")
    elif word == "/system":
        dialogue.set_system(rest)
        note("a new conversation, with that message of the system" if rest else "no message of the system")
    elif word == "/help":
        note(HELP)
    elif interactive and (near := _near(word)):
        note(f"no command {shown(word)}: is it {near}? To say it, type /{shown(word)[1:-1]}")
    else:
        return line
    return None


def _near(word: str) -> str | None:
    """Give the command that a word is, or was probably meant to be."""
    from difflib import get_close_matches

    return next(iter(get_close_matches(word, COMMANDS, 1, NEAR)), None) if word.startswith("/") else None


def _answer(message: str, dialogue: "Dialogue", stream: "AnswerStream", interactive: bool) -> None:
    """Answer a message as it is written. Ctrl-C stops the answer; what there is of it stays in the conversation."""
    from commit_llm.parallel.signals import first_interrupt_noted

    ids = dialogue.ask(message)
    with first_interrupt_noted() if interactive else nullcontext() as interrupted:
        stopped = (lambda: False) if interrupted is None else interrupted.is_set
        answer = stream.answer(ids, lambda text: say(text, end=""), stopped)
    say()
    dialogue.answered(message, answer.text)
    note(_summary(answer, stream))


def _summary(answer: "StreamedAnswer", stream: "AnswerStream") -> str:
    ends = {"stop": "", "length": f"; cut at --max-new-tokens {stream.max_new_tokens:,}", "stopped": "; stopped"}
    speed = "" if answer.speed is None else f", {answer.speed:,.1f} a second"
    return f"[{answer.tokens:,} tokens{speed}{ends[answer.reason]}]"
