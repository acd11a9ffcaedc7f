"""The processes of a run meet at the coordinator's address, over plain TCP, before jax is started.

jax ends a process from C++, with a stack trace, where the others do not come in time; here the user is told
in one line who is missing, and nobody waits longer than asked.
"""

import json
import secrets
import socket
import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import Any

from commit_llm import __version__
from commit_llm.errors import UserError
from commit_llm.parallel.detection import Place, split_address

RETRY = 0.2  # seconds between two tries to reach process 0
LINGER = 3.0  # seconds in which process 0, where something is wrong, tells so to those that come late
HELLO_SECONDS = 1.0  # in which who has connected must have said who it is: it says so at once
LONGEST = 4096  # bytes of a line
LONGEST_TEXT = 64  # characters of a version or a token


@dataclass(frozen=True)
class Hello:
    """What a process says of itself. token tells process 0 its own call from that of another process 0."""

    index: int
    count: int
    version: str
    token: str


def call_roll(place: Place, timeout_seconds: float) -> None:
    """Return in every process when all of them are there.

    Raises UserError in those that came where one is missing after the timeout, or came twice, or was told
    another number of processes, or runs another version.
    """
    deadline = time.monotonic() + timeout_seconds
    if place.index == 0:
        _call(place, deadline, timeout_seconds)
    else:
        _answer(place, deadline, timeout_seconds)


def _call(place: Place, deadline: float, timeout: float) -> None:
    """Process 0: listen until every other process has come, then tell all of them to go on."""
    token = secrets.token_hex(8)
    with ExitStack() as opened:
        listener = opened.enter_context(_listen(place))
        own = opened.enter_context(_reach_oneself(place, min(timeout, 5.0)))
        own.sendall(_said(asdict(Hello(place.index, place.count, __version__, token))))
        came: set[int] = set()
        peers: list[socket.socket] = []
        trouble = ""
        while len(peers) < place.count and (left := deadline - time.monotonic()) > 0:
            listener.settimeout(left)
            try:
                peer = opened.enter_context(listener.accept()[0])
                hello = _hello(_heard(peer, time.monotonic() + min(left, HELLO_SECONDS)))
            except (OSError, ValueError):
                continue  # nobody came, or somebody who is none of us
            found = _complaint(place, hello, came, token)
            came.add(hello.index)
            peers.append(peer)
            if found and not trouble:
                trouble, deadline = found, min(deadline, time.monotonic() + LINGER)
        if not trouble and len(came) < place.count:
            missing = sorted(set(range(place.count)) - came)
            shown = ", ".join(map(str, missing[:8])) + (", ..." if len(missing) > 8 else "")
            trouble = (
                f"{len(came)} of {place.count} processes came to {place.coordinator} in {timeout:g} s, missing is "
                f"process {shown} (from {place.source}); look whether it runs and reaches this host and port, or wait "
                "longer with --coordinator-timeout"
            )
        for peer in peers:
            _tell(peer, trouble)
        if trouble:
            raise UserError(trouble)


def _answer(place: Place, deadline: float, timeout: float) -> None:
    """Another process: come to process 0, and wait for its word."""
    address, last = split_address(place.coordinator), "no answer"
    while (left := deadline - time.monotonic()) > 0:
        try:
            with socket.create_connection(address, timeout=left) as peer:
                peer.sendall(_said(asdict(Hello(place.index, place.count, __version__, ""))))
                # Process 0 has its own clock, and tells at its end who is missing: it is given time to say so.
                trouble = _heard(peer, deadline + 5).get("trouble")
                if not isinstance(trouble, str):
                    raise ValueError("something else answers there")
        except (OSError, ValueError) as error:
            last = getattr(error, "strerror", None) or str(error) or "no answer"
            time.sleep(min(RETRY, max(0.0, deadline - time.monotonic())))
            continue
        if trouble:
            raise UserError(trouble)
        return
    raise UserError(
        f"no answer from the coordinator at {place.coordinator} in {timeout:g} s (process {place.index} of "
        f"{place.count}, from {place.source}; {last}); look whether process 0 runs there and its host lets the port "
        "through, or wait longer with --coordinator-timeout"
    )


def _hello(said: dict[str, Any]) -> Hello:
    """The call of a process; ValueError where it is none of ours: what it says would reach a user's terminal."""
    try:
        hello = Hello(**said)
    except TypeError:
        raise ValueError("other fields") from None
    numbers, texts = (hello.index, hello.count), (hello.version, hello.token)
    if any(type(number) is not int for number in numbers) or not 0 <= hello.index < hello.count:
        raise ValueError("no place")
    if any(not isinstance(text, str) or len(text) > LONGEST_TEXT or not text.isprintable() for text in texts):
        raise ValueError("no texts")
    return hello


def _complaint(place: Place, hello: Hello, came: set[int], token: str) -> str:
    if hello.count != place.count:
        return f"process {hello.index} was told of {hello.count} processes, process 0 of {place.count}"
    if hello.index in came or (hello.index == 0 and hello.token != token):
        return f"two processes were given --process-id {hello.index}"
    if hello.version != __version__:
        return f"process {hello.index} runs commit-llm {hello.version}, process 0 {__version__}"
    return ""


def _listen(place: Place) -> socket.socket:
    _, port = split_address(place.coordinator)
    both = socket.has_dualstack_ipv6()
    try:
        return socket.create_server(
            ("", port), family=socket.AF_INET6 if both else socket.AF_INET, dualstack_ipv6=both, backlog=place.count
        )
    except OSError as error:
        raise UserError(
            f"--coordinator {place.coordinator}: process 0 cannot listen on port {port} ({error.strerror}); "
            "another process may have --process-id 0; if not, choose another port"
        ) from None


def _reach_oneself(place: Place, timeout: float) -> socket.socket:
    """Process 0 is a client of its own service: started on another host than the address names, it would not come."""
    try:
        return socket.create_connection(split_address(place.coordinator), timeout=timeout)
    except (OSError, UnicodeError) as error:  # UnicodeError: no name of a host
        reason = getattr(error, "strerror", None) or "no answer"
        raise UserError(
            f"--coordinator {place.coordinator}: process 0 does not reach itself there ({reason}); "
            f"name the host that process 0 runs on (from {place.source})"
        ) from None


def _said(values: dict[str, Any]) -> bytes:
    return json.dumps(values).encode() + b"\n"


def _tell(peer: socket.socket, trouble: str) -> None:
    try:
        peer.sendall(_said({"trouble": trouble}))
    except OSError:  # it has gone meanwhile, and says so itself
        return


def _heard(peer: socket.socket, deadline: float) -> dict[str, Any]:
    """The line of JSON that a peer sends; OSError where it goes or the time is over, ValueError for anything else."""
    text = b""
    while not text.endswith(b"\n"):
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("no answer")
        peer.settimeout(left)
        part = peer.recv(LONGEST)
        text += part
        if not part or len(text) > LONGEST:
            raise OSError("connection closed")
    try:
        said = json.loads(text)
    except RecursionError:
        raise ValueError("too deep") from None
    if not isinstance(said, dict):
        raise ValueError("something else answers there")
    return said
