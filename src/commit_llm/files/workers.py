"""Work shared among processes: results in the order of the work, and only little of it in memory at a time."""

import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from typing import Any, TypeVar

from commit_llm.errors import UserError

Item = TypeVar("Item")
Result = TypeVar("Result")


class WorkerKilledError(UserError):
    """A worker has gone without a word."""


def map_in_order(
    prepare: Callable[[], Callable[[Item], Result]], items: Iterable[Item], workers: int
) -> Generator[tuple[Item, Result]]:
    """Every item, with the result of what `prepare` gives; each worker calls prepare once.

    One worker is this process itself.
    At most workers + 1 items are under way. Close the iterator to stop. Raises WorkerKilledError where a
    worker was killed.
    """
    if workers == 1:
        work = prepare()
        for item in items:
            yield item, work(item)
            del item  # while the next one is read
        return
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
            f"the same command goes on (with fewer than --workers {workers}, in less memory)"
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)


def _first(pending: deque[tuple[Item, Future[Result]]]) -> tuple[Item, Result]:
    item, future = pending.popleft()
    return item, future.result()


_prepared: Callable[[Any], Any] | None = None


def _start(prepare: Callable[[], Callable[[Any], Any]]) -> None:
    """Once in every worker. Only the parent is to be interrupted, and a worker without a parent is to end."""
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
