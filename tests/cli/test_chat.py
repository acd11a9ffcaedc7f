"""`commit-llm chat`: in a pipe each line is a turn; in a terminal Ctrl-C stops an answer, and Ctrl-D leaves."""

import io
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time

import pytest

from commit_llm.cli.chat import HELP, _obeyed
from commit_llm.errors import visible
from tests.generate.models import write_chat_model

pytestmark = pytest.mark.slow
FEW = ("--max-new-tokens", 12)


@pytest.fixture(scope="module")
def chat_model(tmp_path_factory):
    return write_chat_model(tmp_path_factory.mktemp("chat") / "model")


@pytest.fixture
def talk(run, monkeypatch):
    """Give a command the lines of a conversation, as a pipe does."""

    def call(model, *lines, flags=FEW):
        monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
        return run("chat", model, *flags)

    return call


def test_a_conversation_in_a_pipe(run, talk, chat_model, tmp_path):
    """Each answer is that of `generate` to the conversation so far; standard output has nothing else."""
    said = [{"role": "user", "content": "Where?"}]
    expected = []
    for message in ("When?", "Why?"):
        (tmp_path / "said.jsonl").write_text(json.dumps({"messages": said}))
        answer = json.loads(run("generate", chat_model, "--prompts", tmp_path / "said.jsonl", *FEW)[1])["answer"]
        expected.append(answer)
        said += [{"role": "assistant", "content": answer}, {"role": "user", "content": message}]
    status, out, err = talk(chat_model, "Where?", "", "When?", "/reset", "Where?", "/exit", "Who?")
    assert status == 0
    assert out == visible(f"{expected[0]}\n{expected[1]}\n{expected[0]}\n")
    assert expected[0] != expected[1]
    assert "\x1b" not in err
    notes = err.splitlines()
    assert notes[-5] == "compiling the answering of prompts of up to 256 tokens"
    assert re.fullmatch(r"\[\d+ tokens(, [\d.,]+ a second)?(; cut at --max-new-tokens 12)?\]", notes[-4])
    assert notes[-2] == "forgotten; a new conversation"


def test_a_message_of_the_system(talk, chat_model):
    plain, kind = talk(chat_model, "Where?")[1], talk(chat_model, "Where?", flags=(*FEW, "--system", "Be kind."))[1]
    status, out, err = talk(chat_model, "Where?", "/system Be kind.", "Where?", "/system", "Where?", "/help")
    assert (status, out) == (0, plain + kind + plain)
    assert plain != kind
    assert "a new conversation, with that message of the system\n" in err
    assert "no message of the system\n" in err
    assert err.endswith(f"{HELP}\n")


@pytest.mark.parametrize(
    ("line", "interactive", "message"),
    [
        ("/etc/hosts: what is it?", True, "/etc/hosts: what is it?"),
        ("/resetting a router", False, "/resetting a router"),
        ("/sytem Be kind.", False, "/sytem Be kind."),
        ("/sytem Be kind.", True, None),
        ("//sytem Be kind.", True, "/sytem Be kind."),
        ("//help", False, "/help"),
        ("// is a comment in C", True, "// is a comment in C"),
        ("reset", True, "reset"),
        ("/help", False, None),
        ("/", True, "/"),
    ],
)
def test_only_known_words_are_commands(capsys, line, interactive, message):
    assert _obeyed(line, None, interactive) == message
    notes = {"/help": f"{HELP}\n", "/sytem Be kind.": "no command '/sytem': is it /system? To say it, type //sytem\n"}
    assert capsys.readouterr().err == ("" if message else notes[line])


def test_a_message_that_begins_with_a_slash(talk, chat_model):
    status, _, err = talk(chat_model, "/etc/hosts: what is it?", "/reset", "//reset", "/exit now")
    assert (status, sum(line.startswith("[") for line in err.splitlines())) == (0, 2)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "a<end>b",
            "it has what a model reads as a control token, such as the end of a turn; take that out of the text",
        ),
        ("a" * 1100, "the message has 1,119 tokens, and the model has room for 1,012 beside an answer; shorten it"),
    ],
)
def test_what_is_refused_ends_a_pipe(talk, chat_model, line, message):
    """Whoever reads the answers would take the next one for that of the refused line."""
    status, out, err = talk(chat_model, "/reset", line, "Where?")
    assert (status, out) == (2, "")
    assert err.splitlines()[-1] == f"commit-llm chat: standard input:2: {message}"


def test_a_system_that_the_template_refuses(talk, tmp_path):
    model = write_chat_model(tmp_path / "model", "strict")
    status, _, err = talk(model, flags=("--system", "Be kind."))
    assert (status, err.splitlines()[-1]) == (
        2,
        "commit-llm chat: --system: the chat template refuses it: No system here.; change it, or name "
        "another --chat-template",
    )


def test_a_model_that_was_tuned_on_instructions_is_asked_each_alone(talk, tmp_path):
    model = write_chat_model(tmp_path / "model", prompt={"kind": "alpaca"})
    status, out, err = talk(model, "Where?", "Where?")
    first, second = out[: len(out) // 2], out[len(out) // 2 :]
    assert (status, first) == (0, second)
    assert "asked with the Alpaca prompt (as it was tuned)\n" in err
    assert "each message is asked alone: this prompt takes no conversation\n" in err


# Ctrl-C is ignored where the tests run in the background.
PROGRAM = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from commit_llm.cli.main import entry
entry()
"""


class Terminal:
    """A command in a terminal of 80 columns, with what it has written."""

    def __init__(self, *argv):
        self.leader, follower = pty.openpty()
        environment = os.environ | {"TERM": "dumb", "NO_COLOR": "1", "COLUMNS": "80"}
        command = [sys.executable, "-c", PROGRAM, *map(str, argv)]
        self.process = subprocess.Popen(
            command, stdin=follower, stdout=follower, stderr=follower, start_new_session=True, env=environment
        )  # fmt: skip
        os.close(follower)
        self.text = ""

    def wait_for(self, pattern, seconds=60):
        """Read until a pattern stands behind what was read before; give the match."""
        start, end = len(self.text), time.monotonic() + seconds
        while time.monotonic() < end:
            if match := re.compile(pattern).search(self.text, start):
                return match
            if not select.select([self.leader], [], [], 1.0)[0]:
                continue
            try:
                self.text += os.read(self.leader, 4096).decode("utf-8", "replace").replace("\r", "")
            except OSError:  # it has ended
                break
        raise AssertionError(f"no {pattern!r} in {self.text[start:]!r}")

    def type(self, text):
        os.write(self.leader, text.encode())


def test_ctrl_c_stops_an_answer_and_not_the_program(tmp_path):
    """Then another answer comes, and Ctrl-D leaves. What is written fits in 80 columns, without colour."""
    model = write_chat_model(tmp_path / "model", endless=True)
    terminal = Terminal("chat", model, "--max-new-tokens", 900)
    try:
        terminal.wait_for("Ctrl-D leaves\n> ")
        terminal.type("Where?\n")
        terminal.wait_for(r"up to 124 tokens\n[^>]")
        terminal.process.send_signal(signal.SIGINT)
        terminal.wait_for(r"\[[\d,]+ tokens(, [\d.,]+ a second)?; stopped\]\n> ")
        terminal.type("/rest\n")
        terminal.wait_for(r"no command '/rest': is it /reset\? To say it, type //rest\n> ")
        terminal.type("/reset\n")
        terminal.wait_for("a new conversation\n> ")
        terminal.type("\x04")
        assert terminal.process.wait(60) == 0
    finally:
        terminal.process.kill()
        terminal.process.wait()
        os.close(terminal.leader)
    assert "Traceback" not in terminal.text
    assert "\x1b" not in terminal.text
