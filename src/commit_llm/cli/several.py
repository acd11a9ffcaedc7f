"""The flags of commands that several processes may run together."""

from contextlib import AbstractContextManager
from dataclasses import dataclass

from commit_llm.parallel.processes import TIMEOUT_SECONDS, joined


@dataclass(frozen=True)
class Processes:
    """Several processes: found in the environment (docs/scaling.md), or given here."""

    coordinator: str | None = None
    """HOST:PORT of process 0, where several processes run one command."""
    num_processes: int | None = None
    """How many processes there are."""
    process_id: int | None = None
    """Which of them this is, from 0."""
    coordinator_timeout: float = TIMEOUT_SECONDS
    """Seconds to wait for the other processes to come."""

    def join(self) -> AbstractContextManager[None]:
        """Be one of the processes; first of all, before anything uses jax."""
        return joined(self.coordinator, self.num_processes, self.process_id, self.coordinator_timeout)


ALONE = Processes()
