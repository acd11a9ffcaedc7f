"""Work shared among processes: results in the order of the work, and little of it in memory at a time."""

import ctypes
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from typing import Any, TypeVar

from commit_llm.errors import UserError

SAFE_PATH = "PYTHONSAFEPATH"
M_MMAP_THRESHOLD, LARGE_BLOCK = -3, 128 << 10  # the option of mallopt(3), and its value in bytes

Item = TypeVar("Item")
Result = TypeVar("Result")


class WorkerKilledError(UserError):
    """Tell that a worker was killed."""


def map_in_order(
    prepare: Callable[[], Callable[[Item], Result]], items: Iterable[Item], workers: int
) -> Generator[tuple[Item, Result]]:
    """Give every item with its result, in order. `prepare` gives the function of an item; each worker calls it once.

    One worker is this process itself. At most workers + 1 items are under way. Close the iterator to stop. Raises
    WorkerKilledError where a worker was killed.
    """
    if workers == 1:
        work = prepare()
        for item in items:
            yield item, work(item)
            del item  # while the next one is read
        return
    # A worker's Python would look for its own modules in the current folder first, and run what it finds there.
    before = os.environ.get(SAFE_PATH)
    os.environ[SAFE_PATH] = "1"
    pool = ProcessPoolExecutor(workers, get_context("spawn"), _start, (prepare,))
    pending: deque[tuple[Item, Future[Result]]] = deque()
    try:
        for item in items:
            pending.append((item, pool.submit(_work, item)))
            del item
            if len(pending) > workers:
                yield _first(pending)
        while pending:
            yield _first(pending)
    except BrokenProcessPool:
        raise WorkerKilledError(
            "a worker was killed, perhaps for lack of memory; what is finished is kept: "
            f"the same command resumes (with fewer than --workers {workers}, in less memory)"
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)
        if before is None:
            del os.environ[SAFE_PATH]
        else:
            os.environ[SAFE_PATH] = before


def _first(pending: deque[tuple[Item, Future[Result]]]) -> tuple[Item, Result]:
    item, future = pending.popleft()
    return item, future.result()


_prepared: Callable[[Any], Any] | None = None


def _start(prepare: Callable[[], Callable[[Any], Any]]) -> None:
    """Prepare a worker. Only the parent is to be interrupted, and a worker without a parent is to end."""
    global _prepared
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _prepared = prepare()


def _work(item: Any) -> Any:
    if _prepared is None:
        raise RuntimeError("a worker that was not prepared")
    return _prepared(item)


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def give_back_freed_memory() -> None:
    """Let this process, and Arrow in those it starts, keep no large block of memory for later.

    Otherwise Arrow's pool keeps several times of what is in use, and so does the C library as soon as it has seen a
    large block freed. Call it before pyarrow is imported. ARROW_DEFAULT_MEMORY_POOL in the environment is obeyed; a C
    library without `mallopt` (GNU's has it) is left as it is.
    """
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    if sys.platform == "linux" and hasattr(library := ctypes.CDLL(None), "mallopt"):
        library.mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK)
