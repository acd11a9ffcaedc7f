"""Let the processes of a run meet at the coordinator's address, over plain TCP, before jax starts.

Where some do not come in time, jax would end the others from C++ with a stack trace. Here one line tells the user
who is missing, and nobody waits longer than asked.
"""

import json
import secrets
import selectors
import socket
import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import Any

from commit_llm import __version__
from commit_llm.errors import UserError
from commit_llm.parallel.detection import Place, split_address

RETRY_SECONDS = 0.2  # between two tries to reach process 0
LINGER_SECONDS = 3.0  # for which process 0 still tells a fault to processes that come late
HELLO_SECONDS = 1.0  # in which a process that has connected must say who it is; it does so at once
MOST_CALLERS = 128  # that have not said yet who they are
LONGEST_LINE = 4096  # bytes
LONGEST_TEXT = 64  # characters of a version or a token


@dataclass(frozen=True)
class Hello:
    """Hold what a process says of itself.

    index, count: its place, as in `Place`.
    version: of commit-llm.
    token: a secret by which process 0 knows its own call from the call of another process 0.
    """

    index: int
    count: int
    version: str
    token: str


def call_roll(place: Place, timeout_seconds: float) -> None:
    """Return in every process when all of them have come.

    Raise UserError in those that came where a process is missing after the timeout, came twice, counts another
    number of processes, or runs another version.
    """
    deadline = time.monotonic() + timeout_seconds
    if place.index == 0:
        _call(place, deadline, timeout_seconds)
    else:
        _answer(place, deadline, timeout_seconds)


def _call(place: Place, deadline: float, timeout: float) -> None:
    """Listen, as process 0, until every process has come; then tell all of them to go on, or what is wrong."""
    token = secrets.token_hex(8)
    with ExitStack() as opened:
        listener = opened.enter_context(_listen(place))
        own = opened.enter_context(_reach_oneself(place, min(timeout, 5.0)))
        own.sendall(_encode(asdict(Hello(place.index, place.count, __version__, token))))
        callers = opened.enter_context(_Callers(listener))
        arrived: set[int] = set()
        peers: list[socket.socket] = []
        trouble = ""
        while len(peers) < place.count and (caller := callers.next(deadline)) is not None:
            peer, hello = opened.enter_context(caller[0]), caller[1]
            complaint = _complaint(place, hello, arrived, token)
            arrived.add(hello.index)
            peers.append(peer)
            if complaint and not trouble:
                trouble, deadline = complaint, min(deadline, time.monotonic() + LINGER_SECONDS)
        if not trouble and len(arrived) < place.count:
            missing = sorted(set(range(place.count)) - arrived)
            shown = ", ".join(map(str, missing[:8])) + (", ..." if len(missing) > 8 else "")
            trouble = (
                f"{len(arrived)} of {place.count} processes came to {place.coordinator} in {timeout:g} s, missing is "
                f"process {shown} (from {place.source}); look whether it runs and reaches this host and port, or wait "
                "longer with --coordinator-timeout"
            )
        for peer in peers:
            _send_verdict(peer, trouble)
        if trouble:
            raise UserError(trouble)


class _Callers:
    """Hold the connections that have not said yet who they are, as a context manager: leaving it closes them.

    All are listened to at once, so that strangers who say nothing keep nobody waiting.
    """

    def __init__(self, listener: socket.socket) -> None:
        self.listener, self.selector = listener, selectors.DefaultSelector()
        self.lines: dict[socket.socket, bytes] = {}
        self.deadlines: dict[socket.socket, float] = {}  # in the order of their coming
        listener.setblocking(False)
        self.selector.register(listener, selectors.EVENT_READ)

    def __enter__(self) -> "_Callers":
        return self

    def __exit__(self, *exc_info: object) -> None:
        for peer in list(self.deadlines):
            self._close(peer)
        self.selector.close()

    def next(self, deadline: float) -> tuple[socket.socket, Hello] | None:
        """Give the next process that has said who it is; None where time runs out. A stranger is closed."""
        while (now := time.monotonic()) < deadline:
            for peer in [peer for peer, until in self.deadlines.items() if until <= now]:
                self._close(peer)
            for key, _ in self.selector.select(min([deadline, *self.deadlines.values()]) - time.monotonic()):
                if key.fileobj is self.listener:
                    self._accept()
                elif isinstance(key.fileobj, socket.socket) and (hello := self._hello(key.fileobj)) is not None:
                    return key.fileobj, hello
        return None

    def _accept(self) -> None:
        try:
            peer = self.listener.accept()[0]
        except OSError:  # it has gone again
            return
        if len(self.deadlines) == MOST_CALLERS:
            self._close(next(iter(self.deadlines)))  # a process says at once who it is
        peer.setblocking(False)
        self.lines[peer], self.deadlines[peer] = b"", time.monotonic() + HELLO_SECONDS
        self.selector.register(peer, selectors.EVENT_READ)

    def _hello(self, peer: socket.socket) -> Hello | None:
        """Read what a connection says: None where that is not all yet, or it is a stranger."""
        try:
            part = peer.recv(LONGEST_LINE)
            line = self.lines[peer] = self.lines[peer] + part
            if part and not line.endswith(b"\n") and len(line) <= LONGEST_LINE:
                return None
            hello = _parse_hello(_parse(line))
        except (OSError, ValueError):
            self._close(peer)
            return None
        self._forget(peer)
        peer.setblocking(True)
        return hello

    def _forget(self, peer: socket.socket) -> None:
        self.selector.unregister(peer)
        del self.lines[peer], self.deadlines[peer]

    def _close(self, peer: socket.socket) -> None:
        self._forget(peer)
        peer.close()


def _answer(place: Place, deadline: float, timeout: float) -> None:
    """Come to process 0, as another process, and wait for its verdict."""
    address, reason = split_address(place.coordinator), "no answer"
    while (left := deadline - time.monotonic()) > 0:
        try:
            with socket.create_connection(address, timeout=left) as peer:
                peer.sendall(_encode(asdict(Hello(place.index, place.count, __version__, ""))))
                # Process 0 says at the end of its own clock who is missing: it gets 5 seconds more to say so.
                trouble = _receive(peer, deadline + 5).get("trouble")
                if not isinstance(trouble, str):
                    raise ValueError("something else answers there")
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error) or "no answer"
            time.sleep(min(RETRY_SECONDS, max(0.0, deadline - time.monotonic())))
            continue
        if trouble:
            raise UserError(trouble)
        return
    raise UserError(
        f"no answer from the coordinator at {place.coordinator} in {timeout:g} s (process {place.index} of "
        f"{place.count}, from {place.source}; {reason}); look whether process 0 runs there and its host lets the port "
        "through, or wait longer with --coordinator-timeout"
    )


def _parse_hello(fields: dict[str, Any]) -> Hello:
    """Check what a process says of itself, which may reach a user's terminal; raise ValueError for a stranger."""
    try:
        hello = Hello(**fields)
    except TypeError:
        raise ValueError("other fields") from None
    numbers, texts = (hello.index, hello.count), (hello.version, hello.token)
    if any(type(number) is not int for number in numbers) or not 0 <= hello.index < hello.count:
        raise ValueError("no place")
    if any(not isinstance(text, str) or len(text) > LONGEST_TEXT or not text.isprintable() for text in texts):
        raise ValueError("no texts")
    return hello


def _complaint(place: Place, hello: Hello, arrived: set[int], token: str) -> str:
    """Say what is wrong with a process that has come; "" where nothing is."""
    if hello.count != place.count:
        return f"process {hello.index} expects {hello.count} processes, process 0 expects {place.count}"
    if hello.index in arrived or (hello.index == 0 and hello.token != token):
        return f"two processes were given --process-id {hello.index}"
    if hello.version != __version__:
        return f"process {hello.index} runs commit-llm {hello.version}, process 0 {__version__}"
    return ""


def _listen(place: Place) -> socket.socket:
    """Open the coordinator's port in process 0; raise UserError where that cannot be done."""
    _, port = split_address(place.coordinator)
    dualstack = socket.has_dualstack_ipv6()
    try:
        return socket.create_server(
            ("", port),
            family=socket.AF_INET6 if dualstack else socket.AF_INET,
            dualstack_ipv6=dualstack,
            backlog=place.count + MOST_CALLERS,
        )
    except OSError as error:
        raise UserError(
            f"--coordinator {place.coordinator}: process 0 cannot listen on port {port} ({error.strerror}); "
            "another process may have --process-id 0; if not, choose another port"
        ) from None


def _reach_oneself(place: Place, timeout: float) -> socket.socket:
    """Connect process 0 to its own service; raise UserError where it runs on another host than the address names."""
    try:
        return socket.create_connection(split_address(place.coordinator), timeout=timeout)
    except (OSError, UnicodeError) as error:  # UnicodeError: not the name of a host
        reason = getattr(error, "strerror", None) or "no answer"
        raise UserError(
            f"--coordinator {place.coordinator}: process 0 does not reach itself there ({reason}); "
            f"name the host that process 0 runs on (from {place.source})"
        ) from None


def _encode(values: dict[str, Any]) -> bytes:
    """Write a message as one line of JSON."""
    return json.dumps(values).encode() + b"\n"


def _send_verdict(peer: socket.socket, trouble: str) -> None:
    """Send a process what is wrong, or "" to let it go on."""
    try:
        peer.sendall(_encode({"trouble": trouble}))
    except OSError:  # it has gone meanwhile, and says so itself
        return


def _receive(peer: socket.socket, deadline: float) -> dict[str, Any]:
    """Read one line of JSON; raise OSError where the peer goes or time runs out, ValueError for anything else."""
    line = b""
    while not line.endswith(b"\n"):
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("no answer")
        peer.settimeout(left)
        part = peer.recv(LONGEST_LINE)
        line += part
        if not part or len(line) > LONGEST_LINE:
            raise OSError("connection closed")
    return _parse(line)


def _parse(line: bytes) -> dict[str, Any]:
    """Parse a line of JSON that holds an object; raise ValueError for anything else."""
    try:
        message = json.loads(line)
    except RecursionError:
        raise ValueError("too deep") from None
    if not isinstance(message, dict):
        raise ValueError("something else answers there")
    return message
