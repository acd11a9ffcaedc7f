"""The processes meet before jax is started; threads stand for them here."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from commit_llm.errors import UserError
from commit_llm.parallel import roll_call
from commit_llm.parallel.detection import Place
from commit_llm.parallel.roll_call import call_roll
from tests.parallel.processes import free_port


def call(*places, timeout=10.0, late=0.0):
    """What becomes of each: "" or its user's mistake. The first ones are late."""

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
    told = call(*of(3, port)[:2], timeout=1.0)
    assert time.monotonic() - began < 5
    assert len(set(told)) == 1
    assert f"2 of 3 processes came to 127.0.0.1:{port} in 1 s, missing is process 2 (from flags)" in told[0]


def test_no_coordinator():
    port = free_port()
    (told,) = call(of(2, port)[1], timeout=0.5)
    assert told.startswith(
        f"no answer from the coordinator at 127.0.0.1:{port} in 0.5 s (process 1 of 2, from flags; Connection refused)"
    )


def test_processes_that_were_told_different_things(monkeypatch):
    port = free_port()
    first, second, third = of(3, port)
    assert set(call(first, second, of(4, port)[2], timeout=3.0)) == {
        "process 2 was told of 4 processes, process 0 of 3"
    }
    assert set(call(first, second, second, timeout=3.0)) == {"two processes were given --process-id 1"}
    hello = roll_call._hello

    def newer(place, token):
        said = hello(place, token)
        return said if place.index == 0 else said.replace(b'"version": "', b'"version": "9')

    monkeypatch.setattr(roll_call, "_hello", newer)
    assert "runs commit-llm 9" in call(first, second, third)[0]


def test_strangers_are_not_counted():
    port = free_port()

    def stranger():
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            try:
                with socket.create_connection(("127.0.0.1", port)) as peer:
                    peer.sendall(b"GET / HTTP/1.1\r\n\r\n")
                    return
            except OSError:
                time.sleep(0.05)

    with ThreadPoolExecutor(1) as pool:
        pool.submit(stranger)
        assert call(*of(2, port), late=0.2) == ["", ""]


def test_where_process_0_cannot_be():
    with pytest.raises(UserError, match="process 0 does not reach itself there"):
        call_roll(Place(f"no-such-host.invalid:{free_port()}", 2, 0, "flags"), 1.0)
    with socket.create_server(("", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UserError, match=f"process 0 cannot listen on port {port}"):
            call_roll(Place(f"127.0.0.1:{port}", 2, 0, "flags"), 1.0)
