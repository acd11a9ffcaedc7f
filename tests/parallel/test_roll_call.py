"""The processes meet before jax is started; threads stand for them here."""

import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict

import pytest

from commit_llm import __version__
from commit_llm.errors import UserError
from commit_llm.parallel import roll_call
from commit_llm.parallel.detection import Place
from commit_llm.parallel.roll_call import call_roll
from tests.parallel.processes import free_port

PATIENCE = 60.0  # seconds: no test takes them, however busy the machine is


def call(*places, timeout=PATIENCE, late=0.0):
    """The error message of each process, "" for none. The first process is late."""

    def one(number):
        time.sleep(0 if number else late)
        try:
            call_roll(places[number], timeout)
        except UserError as error:
            return str(error)
        return ""

    with ThreadPoolExecutor(len(places)) as pool:
        return list(pool.map(one, range(len(places))))


def of(count, port):
    return [Place(f"127.0.0.1:{port}", count, index, "flags") for index in range(count)]


def test_all_come():
    assert call(*of(4, free_port())) == ["", "", "", ""]


def test_process_0_comes_last():
    assert call(*of(3, free_port()), late=0.5) == ["", "", ""]


def test_one_is_missing():
    port, began = free_port(), time.monotonic()
    messages = call(*of(3, port)[:2], timeout=1.0)
    assert time.monotonic() - began < PATIENCE
    assert len(set(messages)) == 1
    assert f"2 of 3 processes came to 127.0.0.1:{port} in 1 s, missing is process 2 (from flags)" in messages[0]


def test_no_coordinator():
    port = free_port()
    (message,) = call(of(2, port)[1], timeout=0.5)
    assert message.startswith(
        f"no answer from the coordinator at 127.0.0.1:{port} in 0.5 s (process 1 of 2, from flags; Connection refused)"
    )


def test_processes_that_do_not_fit_together(monkeypatch):
    port = free_port()
    first, second, third = of(3, port)
    assert set(call(first, second, of(4, port)[2])) == {"process 2 expects 4 processes, process 0 expects 3"}
    assert set(call(first, second, second)) == {"two processes were given --process-id 1"}
    encode = roll_call._encode

    def newer(values):
        return encode(values | {"version": "9"} if values.get("index") else values)

    monkeypatch.setattr(roll_call, "_encode", newer)
    assert "runs commit-llm 9" in call(first, second, third)[0]


HTTP = b"GET / HTTP/1.1\r\n\r\n"
NOT_OURS = [
    HTTP,
    b"[" * 4000 + b"\n",
    b"[]\n",
    b"{}\n",
    b'{"index": Infinity, "count": 2, "version": "", "token": ""}\n',
    b'{"index": 77, "count": 2, "version": "", "token": ""}\n',
    b'{"index": 1, "count": "\\u001b[2J", "version": "", "token": ""}\n',
    b'{"index": 1, "count": 2, "version": "\\u001b[2J", "token": ""}\n',
]


@pytest.mark.parametrize("content", NOT_OURS)
def test_strangers_are_not_counted(content):
    first, second = of(2, free_port())
    with ThreadPoolExecutor(1) as pool:
        calling = pool.submit(call_roll, first, PATIENCE)
        with connected(first.coordinator) as stranger:  # before process 1 is
            stranger.sendall(content)
            call_roll(second, PATIENCE)
            assert stranger.recv(100) == b""
        calling.result()


def connected(address):
    host, port = address.split(":")
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return socket.create_connection((host, int(port)), timeout=PATIENCE)
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.02)


@pytest.mark.parametrize("content", [HTTP, b"[" * 4000 + b"\n", b"3\n", b"{}\n"])
def test_something_else_answers(content):
    server = socket.create_server(("127.0.0.1", 0))

    def answer_once():
        with server, server.accept()[0] as peer:
            peer.recv(4096)
            peer.sendall(content)

    with ThreadPoolExecutor(1) as pool:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        pool.submit(answer_once)
        with pytest.raises(UserError, match=f"no answer from the coordinator at {address} in 0.5 s"):
            call_roll(Place(address, 2, 1, "flags"), 0.5)


def test_where_process_0_cannot_be():
    with pytest.raises(UserError, match="process 0 does not reach itself there"):
        call_roll(Place(f"no-such-host.invalid:{free_port()}", 2, 0, "flags"), 1.0)
    with pytest.raises(UserError, match="process 0 does not reach itself there"):
        call_roll(Place(f"a..b:{free_port()}", 2, 0, "flags"), 1.0)
    with socket.create_server(("", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UserError, match=f"process 0 cannot listen on port {port}"):
            call_roll(Place(f"127.0.0.1:{port}", 2, 0, "flags"), 1.0)


def test_idle_strangers_keep_nobody_waiting(monkeypatch):
    """More than may wait at a time, none of which says anything: awaited one after another, they took half an hour."""
    monkeypatch.setattr(roll_call, "MOST_CALLERS", 8)
    monkeypatch.setattr(roll_call, "HELLO_SECONDS", PATIENCE)
    first, second = of(2, free_port())
    with ThreadPoolExecutor(1) as pool, ExitStack() as strangers:
        calling = pool.submit(call_roll, first, PATIENCE)
        idle = [strangers.enter_context(connected(first.coordinator)) for _ in range(30)]
        idle[-1].sendall(b'{"index"')
        assert call_roll(second, PATIENCE) is calling.result() is None  # both have come


def test_a_stranger_is_closed_while_others_are_awaited(monkeypatch):
    monkeypatch.setattr(roll_call, "HELLO_SECONDS", 0.2)
    first = of(2, free_port())[0]
    with ThreadPoolExecutor(1) as pool:
        calling = pool.submit(call, first, timeout=1.8)
        with connected(first.coordinator) as stranger, connected(first.coordinator) as idle:
            stranger.sendall(HTTP)
            assert stranger.recv(100) == b""
            assert idle.recv(100) == b""
            assert not calling.done()
        assert "1 of 2 processes came" in calling.result()[0]


def test_a_hello_may_come_in_pieces():
    first, second = of(2, free_port())
    with ThreadPoolExecutor(1) as pool:
        calling = pool.submit(call_roll, first, PATIENCE)
        line = roll_call._encode(asdict(roll_call.Hello(1, 2, __version__, "")))
        with connected(second.coordinator) as peer:
            for part in (line[:5], line[5:]):
                peer.sendall(part)
                time.sleep(0.1)
            assert json.loads(peer.recv(100)) == {"trouble": ""}
        calling.result()
