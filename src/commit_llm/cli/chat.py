"""`commit-llm chat`: a conversation with a model in the terminal, or line by line in a pipe."""

import sys
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Annotated

import tyro

from commit_llm.cli.answering import USUAL, AnsweringFlags, opened
from commit_llm.cli.lines import say
from commit_llm.cli.parse import parse
from commit_llm.errors import UserError, shown

if TYPE_CHECKING:
    from commit_llm.generate.answer_stream import AnswerStream, StreamedAnswer
    from commit_llm.generate.dialogue import Dialogue

MAX_NEW_TOKENS = 512
HELP = """\
/reset         forget what was said, and begin anew
/system TEXT   set the message of the system, and begin anew; without TEXT there is none
/help          this
/exit          leave, as Ctrl-D does
Ctrl-C stops an answer; where none is being written, it leaves."""


@dataclass(frozen=True)
class Chat:
    """Talk with a model. Answers go to standard output as they are written, everything else to standard error.
    Where standard input is no terminal, each of its lines is a turn."""

    model: Annotated[str, tyro.conf.Positional]
    """Model folder, adapter folder of PEFT's, hub id, or run directory."""
    system: str | None = None
    """The message of the system, which stands before all others."""
    answering: AnsweringFlags = USUAL


def run(argv: list[str]) -> None:
    command = parse(Chat, "chat", argv)
    from commit_llm.data.requests import RequestError
    from commit_llm.generate.answer_stream import AnswerStream
    from commit_llm.generate.dialogue import Dialogue

    model, form, choice, new_tokens, longest = opened(command.model, command.answering, MAX_NEW_TOKENS)
    dialogue = Dialogue(form, model.tokenizer, longest)
    stream = AnswerStream(model, choice, new_tokens, longest)
    if not form.takes_conversations:
        note("each message is asked alone: this prompt takes no conversation")
    if command.system:
        try:
            dialogue.set_system(command.system)
        except RequestError as error:
            raise UserError(f"--system: {error}") from None
    interactive = sys.stdin.isatty()
    if interactive:
        note("/help lists commands; Ctrl-C stops an answer, Ctrl-D leaves")
    for number, line in _lines(interactive):
        try:
            if not _obeyed(line, dialogue):
                _answer(line, dialogue, stream, interactive)
        except RequestError as error:
            if not interactive:  # who reads the answers would take the next one for this one's
                raise UserError(f"standard input:{number}: {error}") from None
            note(str(error))


def note(text: str, end: str = "\n") -> None:
    """Say what is no answer."""
    say(text, to_stderr=True, end=end)


def _lines(interactive: bool) -> Iterator[tuple[int, str]]:
    """Give each line that is not blank, with its number, up to /exit or the end."""
    if interactive:
        import readline  # noqa: F401 (input() then edits lines, and knows the earlier ones)
    elif hasattr(sys.stdin, "reconfigure"):
        sys.stdin.reconfigure(errors="replace")
    for number in count(1):
        line = _typed_line() if interactive else sys.stdin.readline() or None
        if line is None or line.strip() == "/exit":
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


def _obeyed(line: str, dialogue: "Dialogue") -> bool:
    """Do what a line that begins with a slash says; False where it is a message. Raises RequestError."""
    from commit_llm.data.requests import RequestError

    if not line.startswith("/"):
        return False
    word, _, rest = line.partition(" ")
    if word == "/reset":
        dialogue.reset()
        note("forgotten; a new conversation")
    elif word == "/system":
        dialogue.set_system(rest.strip())
        note("a new conversation, with that message of the system" if rest.strip() else "no message of the system")
    elif word == "/help":
        note(HELP)
    else:
        raise RequestError(f"no command {shown(word)}; /help lists them")
    return True


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
