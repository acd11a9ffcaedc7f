"""One stop for all processes: whichever is asked to stop, all of them stop after the same step."""

from collections.abc import Callable
from functools import cached_property

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from commit_llm.parallel.mesh import place
from commit_llm.parallel.processes import count, from_all
from commit_llm.train.stop import Reason, Stop

REASONS = (None, *Reason)


class CommonStop:
    """Answer after every step whether to stop: the same in all processes.

    Among several processes a tiny program on all devices takes the greatest of their reasons. Its result is looked at
    one step later, so that no step waits for it.
    """

    def __init__(self, stop: Stop) -> None:
        self.stop = stop
        self._before: jax.Array | None = None

    def take_requests(self) -> None:
        """Let signals ask for a stop from now on, where they ended this process until now."""
        self.stop.take_requests()

    def reason(self) -> Reason | None:
        """Give the reason to stop now, if there is one."""
        if count() == 1:
            return self.stop.reason()
        each, greatest = self._on_devices
        own = np.full(jax.device_count(), REASONS.index(self.stop.reason()), np.int32)
        before, self._before = self._before, greatest(place(own, each))
        return None if before is None else REASONS[int(before)]

    @cached_property
    def _on_devices(self) -> tuple[NamedSharding, Callable[[jax.Array], jax.Array]]:
        """Give the sharding of a number a device, and the program that takes the greatest of them."""
        mesh = Mesh(np.asarray(jax.devices()), "devices")
        greatest = jax.jit(jnp.max, out_shardings=NamedSharding(mesh, PartitionSpec()))
        return NamedSharding(mesh, PartitionSpec("devices")), greatest

    def signalled(self) -> Reason | None:
        """Give a signal that any process has had; all wait here for one another."""
        own = self.stop.signalled
        signals = from_all("signals", None if own is None else own.value)
        return next((Reason(signal) for signal in signals if signal is not None), None)
