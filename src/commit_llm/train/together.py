"""What the processes of one run decide together: when to stop, and who makes which examples."""

from collections.abc import Iterator
from contextlib import contextmanager

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from commit_llm.data.packing import FirstFitPacker, StreamPacker
from commit_llm.data.sharing import SharedExamples
from commit_llm.parallel.arrays import place
from commit_llm.parallel.processes import Exchange, agree_all, count, index
from commit_llm.train.stop import Reason, Stop

REASONS = (None, *Reason)


class CommonStop:
    """Asked after every step, in every process: all find the same reason at the same step.

    Among several processes the greatest of their reasons is found by a tiny program on all devices, and
    looked at one step later, so that no step waits for it.
    """

    def __init__(self, stop: Stop) -> None:
        self.stop = stop
        self._before: jax.Array | None = None
        if count() > 1:
            devices = Mesh(np.asarray(jax.devices()), "devices")
            self._each = NamedSharding(devices, PartitionSpec("devices"))
            self._greatest = jax.jit(jnp.max, out_shardings=NamedSharding(devices, PartitionSpec()))

    def reason(self) -> Reason | None:
        """Why to stop now, if at all."""
        if count() == 1:
            return self.stop.reason()
        mine = np.full(jax.device_count(), REASONS.index(self.stop.reason()), np.int32)
        before, self._before = self._before, self._greatest(place(mine, self._each))
        return None if before is None else REASONS[int(before)]

    def signalled(self) -> Reason | None:
        """A signal that any process has had; all wait here for one another."""
        mine = self.stop.signalled
        if count() == 1:
            return mine
        heard = [value for value in agree_all("signals", mine.value if mine else "") if value]
        return Reason(heard[0]) if heard else None


@contextmanager
def shared_examples(batches: StreamPacker | FirstFitPacker) -> Iterator[None]:
    """Inside, the examples of the batches are made by all processes together, from where the batches stand."""
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
