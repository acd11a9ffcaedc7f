"""The batches to come: made ahead, by all processes together, with the time that the steps wait for them."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from commit_llm.data.loader import prefetched
from commit_llm.data.packing.batch import Batch, BatchStream, Packer, State
from commit_llm.data.packing.sharing import SharedExamples
from commit_llm.errors import UserError
from commit_llm.parallel.processes import Exchange, count, index


class AwaitedBatches:
    """Hand on batches, and measure how long the steps wait for them.

    seconds: waited so far, on the wall clock.
    """

    def __init__(self, batches: BatchStream) -> None:
        self.batches, self.seconds = batches, 0.0
        self._taken = 0
        self._second_asked = self._seconds_of_first = 0.0

    def __next__(self) -> Batch:
        asked = time.perf_counter()
        if self._taken == 1:
            self._second_asked, self._seconds_of_first = asked, self.seconds
        batch = next(self.batches)
        self.seconds += time.perf_counter() - asked
        self._taken += 1
        return batch

    def get_state(self) -> State:
        return self.batches.get_state()

    def set_state(self, state: State) -> None:
        self.batches.set_state(state)

    def share(self) -> float:
        """Give the share of the time, 0 to 1, that went into waiting.

        The first step is left out, since everything is compiled in it.
        """
        if self._taken < 2:
            return 0.0
        return (self.seconds - self._seconds_of_first) / (time.perf_counter() - self._second_asked)


def go_on_from(batches: Packer, state: State, run: Path, step: int) -> None:
    """Go on with the batches behind those of a checkpoint. Raises UserError where it says no place in the data."""
    try:
        batches.set_state(state)
    except UserError as error:
        raise UserError(
            f"{run}: training cannot go on from the checkpoint of step {step}: {error}; move checkpoints/{step} away, "
            "or choose another --out"
        ) from None


@contextmanager
def upcoming_batches(batches: Packer) -> Iterator[AwaitedBatches]:
    """Make the batches in a thread ahead of the steps, from where they stand, each process its share of the examples.

    The state is that of the batch last taken: what was made ahead does not count.
    """
    with prefetched(batches) as ahead, shared_examples(batches):
        yield AwaitedBatches(ahead)


@contextmanager
def shared_examples(batches: Packer) -> Iterator[None]:
    """Let all processes make the examples of the batches together while inside."""
    if count() == 1:
        yield
        return
    alone, exchange = batches.examples, Exchange("examples")
    batches.examples = SharedExamples(alone, index(), count(), exchange)
    try:
        yield
    finally:
        exchange.close()
        batches.examples = alone
