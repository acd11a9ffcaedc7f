"""How long the steps wait for their batches."""

import time

from commit_llm.data.packing import Batch, Batches, State


class Awaited:
    """The same batches, and how long was waited for them: `seconds` so far, on the wall clock."""

    def __init__(self, batches: Batches) -> None:
        self.batches, self.seconds = batches, 0.0
        self._taken, self._begun, self._before = 0, 0.0, 0.0

    def __next__(self) -> Batch:
        begun = time.perf_counter()
        if self._taken == 1:
            self._begun, self._before = begun, self.seconds
        batch = next(self.batches)
        self.seconds += time.perf_counter() - begun
        self._taken += 1
        return batch

    def get_state(self) -> State:
        return self.batches.get_state()

    def set_state(self, state: State) -> None:
        self.batches.set_state(state)

    def share(self) -> float:
        """Of the time since the first step, in which all is compiled, the share that was waited, 0 to 1."""
        if self._taken < 2:
            return 0.0
        return (self.seconds - self._before) / (time.perf_counter() - self._begun)
