"""Without a network the answer comes soon: the hub is asked once, and its libraries do not try again and again."""

import socket
import sys
import threading
import time
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace

import pytest

from commit_llm.cli.main import main
from commit_llm.files import hub_reach
from commit_llm.files.hub_reach import hub_answers, hub_or_cache


@pytest.fixture(autouse=True)
def asked_in_earnest(monkeypatch):
    monkeypatch.setattr(hub_reach, "hub_answers", hub_answers)


@pytest.fixture
def endpoint(monkeypatch):
    """Takes another address for the hub."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    return lambda port: monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", f"http://127.0.0.1:{port}")


@pytest.fixture
def closed_port():
    """A port that nobody listens on."""
    with closing(socket.socket()) as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


class Refusing(BaseHTTPRequestHandler):
    """Answers that it has nothing."""

    def do_HEAD(self):
        self.send_error(503)

    def log_message(self, *message):
        pass


def test_whatever_the_hub_answers_it_is_there(endpoint):
    server = HTTPServer(("127.0.0.1", 0), Refusing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with closing(server.socket):
        endpoint(server.server_port)
        assert hub_answers()
        server.shutdown()


def test_a_hub_that_refuses_or_says_nothing(endpoint, closed_port):
    endpoint(closed_port)
    assert not hub_answers()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        endpoint(silent.getsockname()[1])
        began = time.monotonic()
        assert not hub_answers(0.2)
        assert time.monotonic() - began < 10


@pytest.mark.parametrize("answers", [True, False])
def test_the_libraries_are_told_for_as_long_as_it_lasts(monkeypatch, answers):
    from huggingface_hub import constants

    of_datasets = SimpleNamespace(HF_HUB_OFFLINE=False)
    monkeypatch.setitem(sys.modules, "datasets.config", of_datasets)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr("commit_llm.files.hub_reach.hub_answers", lambda: answers)
    libraries = (constants, of_datasets)
    with hub_or_cache():
        assert [library.HF_HUB_OFFLINE for library in libraries] == [not answers, not answers]
    assert [library.HF_HUB_OFFLINE for library in libraries] == [False, False]


def test_a_hub_that_says_nothing_is_waited_for_once(endpoint, monkeypatch, caplog):
    """A model and its data together take no longer than one of them; some minutes later it is asked again."""
    caplog.set_level("INFO", "commit_llm")
    seconds = []

    def asked():
        seconds.append(hub_reach.SECONDS)
        return hub_answers(0.2)

    monkeypatch.setattr(hub_reach, "hub_answers", asked)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        endpoint(port := silent.getsockname()[1])
        with pytest.raises(FileNotFoundError), hub_or_cache():
            raise FileNotFoundError  # its line says so
        assert caplog.messages == []
        for _ in range(2):
            with hub_or_cache():
                pass
        assert sum(seconds) < 5
        assert len(seconds) == 1
        assert caplog.messages == [f"http://127.0.0.1:{port} does not answer; this machine's copies are taken"]
        monkeypatch.setattr(hub_reach, "REMEMBERED", -1.0)
        with hub_or_cache():
            pass
        assert len(seconds) == 2


@pytest.mark.slow
@pytest.mark.parametrize("flags", [(), ("--data", "some/data"), ("--model", "some/model")])
def test_one_line_without_a_network(endpoint, closed_port, monkeypatch, example, tmp_path, capfd, flags):
    """Between its tries huggingface_hub sleeps for 23 seconds."""
    import datasets.config

    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", False)
    monkeypatch.chdir(tmp_path)
    endpoint(closed_port)
    given = [] if "--model" in flags else ["--model", str(example / "model")]
    paths = ["--dictionary", str(example / "en-el.txt"), "--out", str(tmp_path / "run")]
    slept = []
    monkeypatch.setattr("time.sleep", slept.append)
    assert main(["train", "commit", *given, *flags, *paths, "--seq-len", "64"]) == 2
    assert sum(slept) < 1
    lines = [line for line in capfd.readouterr().err.splitlines() if not line.startswith("config.json")]
    (line,) = lines
    assert "the hub cannot be reached" in line
    assert ("or name a file with --data" in line) == ("--model" not in flags)
