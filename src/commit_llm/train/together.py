"""What the processes of one run decide together: when to stop, and who makes which examples."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from commit_llm.data.packing import FirstFitPacker, StreamPacker
from commit_llm.data.sharing import SharedExamples
from commit_llm.parallel.mesh import place
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

    def reason(self) -> Reason | None:
        """Why to stop now, if at all."""
        if count() == 1:
            return self.stop.reason()
        each, greatest = self._on_devices
        mine = np.full(jax.device_count(), REASONS.index(self.stop.reason()), np.int32)
        before, self._before = self._before, greatest(place(mine, each))
        return None if before is None else REASONS[int(before)]

    @cached_property
    def _on_devices(self) -> tuple[NamedSharding, Callable[[jax.Array], jax.Array]]:
        """A number a device, and the program that finds the greatest of them."""
        mesh = Mesh(np.asarray(jax.devices()), "devices")
        greatest = jax.jit(jnp.max, out_shardings=NamedSharding(mesh, PartitionSpec()))
        return NamedSharding(mesh, PartitionSpec("devices")), greatest

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
