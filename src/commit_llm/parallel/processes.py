"""Several processes, one a host or a device, that do one piece of work together: started, numbered, kept in step.

Nothing here does anything in a single process. The processes exchange a few bytes now and then through the store of
jax's coordination service, which process 0 keeps; arrays go through jax.
"""

import json
import logging
import os
import signal
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from typing import Any, TypeVar

from commit_llm.errors import UserError
from commit_llm.parallel.detection import Place, find_place
from commit_llm.parallel.roll_call import call_roll
from commit_llm.parallel.signals import farewell

TIMEOUT_SECONDS = 300.0
LONGEST_TIMEOUT = 1e6
POLL_MS = 1000  # between two looks at whether another process has failed
# A process that is at its end waits so long for the others, before jax ends them all.
SHUTDOWN_SECONDS = 30
FAILED = "commit_llm/failed/"
SAME_FILES = "start every process with the same command, on the same files"  # the way out of most differences

Entered = TypeVar("Entered")
Value = TypeVar("Value")

_counters: dict[str, int] = defaultdict(int)
_joined: list[Place] = []  # what `start` has joined, if anything


class ElsewhereError(UserError):
    """Tell of a mistake that another process has made out, in its words."""


def start(
    coordinator: str | None = None,
    num_processes: int | None = None,
    process_id: int | None = None,
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> None:
    """Join the other processes, where there are any; before anything else that uses jax.

    An argument that is None is looked up in the environment (parallel/detection.py). Raises UserError where something
    is missing, and where the others do not come within timeout_seconds: then in every process that came.
    """
    if not 0 < timeout_seconds <= LONGEST_TIMEOUT:
        raise UserError(f"--coordinator-timeout {timeout_seconds:g}: must be above 0, and at most {LONGEST_TIMEOUT:g}")
    place = find_place(coordinator, num_processes, process_id, os.environ)
    if place is not None:
        call_roll(place, timeout_seconds)
        _initialize(place)
        _joined.append(place)


def _initialize(place: Place) -> None:
    import jax

    main = threading.current_thread() is threading.main_thread()
    handler = signal.getsignal(signal.SIGTERM) if main else None
    jax.distributed.initialize(
        place.coordinator,
        place.count,
        place.index,
        local_device_ids=place.devices,
        cluster_detection_method="deactivate",  # detected already
        shutdown_timeout_seconds=SHUTDOWN_SECONDS,
    )
    if handler is not None:
        signal.signal(signal.SIGTERM, handler)  # jax has set its own, which would only take note
    if place.index != 0:
        logging.getLogger("commit_llm").setLevel(logging.ERROR)  # process 0 alone tells what all of them see


@contextmanager
def joined(
    coordinator: str | None = None,
    num_processes: int | None = None,
    process_id: int | None = None,
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> Iterator[None]:
    """Do as `start`; where this process fails inside, let the others know, so that they end too."""
    start(coordinator, num_processes, process_id, timeout_seconds)
    try:
        with farewell(_tell_failure):
            yield
    except BaseException as error:
        if not isinstance(error, ElsewhereError):
            message = error.for_command() if isinstance(error, UserError) else f"ended with {type(error).__name__}"
            with suppress(Exception):  # the store may be what has failed
                _tell_failure(message, linger=isinstance(error, KeyboardInterrupt | SystemExit))
        raise


def _tell_failure(message: str, linger: bool = True) -> None:
    """Let the other processes know why this one ends.

    linger: whether it ends at once. The store ends with process 0, which then waits until the others have looked.
    """
    if count() > 1:
        _store().key_value_set(f"{FAILED}{index()}", message, allow_overwrite=True)
        if linger and is_first():
            time.sleep(1.2 * POLL_MS / 1000)


def count() -> int:
    """Count the processes."""
    return _joined[0].count if _joined else _of_jax("process_count", 1)


def index() -> int:
    """Give the number of this process, from 0."""
    return _joined[0].index if _joined else _of_jax("process_index", 0)


def is_first() -> bool:
    """Say whether this is process 0, which alone writes files and speaks."""
    return index() == 0


def _of_jax(name: str, alone: int) -> int:
    """Ask jax, where somebody else has started the processes; it then takes hold of all devices."""
    jax = sys.modules.get("jax")  # whoever has not imported it has no other processes either
    return int(getattr(jax, name)()) if jax is not None and jax.distributed.is_initialized() else alone


def from_all(name: str, value: Value) -> list[Value]:
    """Give every process's value, by process; wait for all of them.

    name: of the exchange. All processes make the same exchanges in the same order.
    value: plain JSON: texts, numbers, truth values, None, and lists and dictionaries of them.

    Raises ElsewhereError where one of them has failed meanwhile.
    """
    if count() == 1:
        return [value]
    key = _next_key(name)
    post(f"{key}/{index()}", _packed(value))
    return [_unpacked(wait_for(f"{key}/{process}")) for process in range(count())]


def from_first(name: str, value: Value) -> Value:
    """Give the value of process 0, whatever the others give; else as `from_all`."""
    if count() == 1:
        return value
    key = _next_key(name)
    if is_first():
        post(key, _packed(value))
        return value
    return _unpacked(wait_for(key))


def barrier(name: str) -> None:
    """Wait until all processes are here."""
    from_all(name, None)


@contextmanager
def together(name: str) -> Iterator[None]:
    """Let all processes leave a section together: the first of their user's mistakes is raised in each of them."""
    mistake: UserError | None = None
    try:
        yield
    except UserError as error:
        if count() == 1:
            raise
        mistake = error
    messages = from_all(name, None if mistake is None else mistake.for_command())
    for process, message in enumerate(messages):
        if message is not None:
            own = mistake is not None and process == index()
            raise (mistake if own else _elsewhere(process, message)) from None  # type: ignore[misc]


def require_same(name: str, values: Mapping[str, Any], way_out: str) -> None:
    """Raise the same UserError in every process where one of them has other values than process 0."""
    if count() == 1:
        return
    by_process = from_all(name, dict(values))
    first = by_process[0]
    for process, own in enumerate(by_process):
        different = [field for field in {**first, **own} if first.get(field) != own.get(field)]
        if different:
            shown = "; ".join(f"{field}: {first.get(field)} -> {own.get(field)}" for field in different)
            raise UserError(f"process {process} of {count()} has another {name} than process 0 ({shown}); {way_out}")


def wait_for(key: str, closed: threading.Event | None = None) -> bytes:
    """Give what some process puts under a key, as soon as it stands there.

    Raises ElsewhereError where a process has failed meanwhile, InterruptedError where closed is set. Where a process
    has died without a word, jax notices it and ends the others.
    """
    from jax.errors import JaxRuntimeError

    while True:
        try:
            return _store().blocking_key_value_get_bytes(key, POLL_MS)
        except JaxRuntimeError as error:
            if "DEADLINE_EXCEEDED" not in str(error):
                raise
        for name, message in sorted(_store().key_value_dir_get(FAILED)):
            raise _elsewhere(int(name.rsplit("/", 1)[1]), message)
        if closed is not None and closed.is_set():
            raise InterruptedError(key)


def post(key: str, value: bytes) -> None:
    """Put bytes under a key that no other process uses."""
    _store().key_value_set_bytes(key, value)


def seen_by_all(name: str, seen: Any, what: str, seconds: float = 30.0) -> None:
    """Wait until every process sees what process 0 has made; UserError where its files are not shared."""
    if count() == 1:
        return
    with together(name):
        deadline = time.monotonic() + seconds  # network file systems show new files late
        while not seen():
            if time.monotonic() > deadline:
                raise UserError(
                    f"{what}: was made by process 0 and is not seen by process {index()}; "
                    "name a folder that all hosts share"
                )
            time.sleep(0.1)


def _packed(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _unpacked(value: bytes) -> Any:
    return json.loads(value.decode("utf-8", "surrogatepass"))


def _next_key(name: str) -> str:
    _counters[name] += 1
    return f"commit_llm/{name}/{_counters[name]}"


def _elsewhere(process: int, message: str) -> ElsewhereError:
    return ElsewhereError(f"process {process}: {message}")


def _store() -> Any:
    """Give the client of jax's coordination service.

    jax has no public way to its store of keys; Orbax and others reach it by this name too. Exchanging through
    devices instead (multihost_utils) would run a program of its own among those of the training step, in a thread of
    its own.
    """
    from jax._src import distributed

    return distributed.global_state.client


class Exchange:
    """Send bytes from every process to every process, again and again; in any one thread, beside the rest.

    Waiting ends with InterruptedError once the exchange is closed.
    """

    def __init__(self, name: str) -> None:
        self.key, self.number, self.closed = _next_key(name), 0, threading.Event()

    def __call__(self, value: bytes) -> list[bytes]:
        """Give the bytes of all processes in this round, by process."""
        post(f"{self.key}/{self.number}/{index()}", value)
        received = [
            value if process == index() else wait_for(f"{self.key}/{self.number}/{process}", self.closed)
            for process in range(count())
        ]
        if self.number:  # who has posted this round has read all of the one before
            _store().key_value_delete(f"{self.key}/{self.number - 1}/{index()}")
        self.number += 1
        return received

    def close(self) -> None:
        """Let a thread that waits go."""
        self.closed.set()


@contextmanager
def entered_by_first(name: str, context: AbstractContextManager[Entered]) -> Iterator[Entered | None]:
    """Enter a context in process 0 only (None in the others); raise a user's mistake on the way in in all of them."""
    with ExitStack() as stack:
        entered = None
        with together(name):
            if is_first():
                entered = stack.enter_context(context)
        yield entered
