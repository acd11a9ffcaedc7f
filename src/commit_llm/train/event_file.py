"""TensorBoard's file of a run, written in the thread that trains, so that an error of the disk is not lost in another.

The writer that TensorBoard's users know has a thread of its own: where that one ends on a full disk, the next figures
wait for it without end.
"""

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tensorboardX.proto.event_pb2 import Event

FLUSH_SECONDS = 120  # between two flushes, which wait for the disk


class EventFile:
    """Write figures by step into a new file of a folder, as a context manager.

    first: the step that comes first. Later ones of earlier files are hidden: they will be written again.
    """

    def __init__(self, folder: Path, first: int) -> None:
        from tensorboardX.event_file_writer import EventsWriter
        from tensorboardX.proto.event_pb2 import Event, SessionLog

        folder.mkdir(exist_ok=True)
        # The name has the second in it; a run that goes on within the same one must not write over its own file.
        self.writer = EventsWriter(str(folder / "events"), f".{os.getpid()}")
        self.flushed = time.monotonic()
        self._write(Event(step=first, file_version="brain.Event:2"))
        self._write(Event(step=first, session_log=SessionLog(status=SessionLog.START)))

    def __enter__(self) -> "EventFile":
        return self

    def __exit__(self, *exc_info: object) -> None:
        try:
            self.writer.flush()
        finally:
            self.writer._py_recordio_writer.close()  # which `close` of the writer leaves open where it cannot flush

    def add(self, step: int, figures: Mapping[str, float]) -> None:
        """Write the figures of a step, by name."""
        from tensorboardX.proto.event_pb2 import Event
        from tensorboardX.summary import scalar

        for name, value in figures.items():
            self._write(Event(step=step, summary=scalar(name, value)))
        if time.monotonic() - self.flushed > FLUSH_SECONDS:
            self.writer.flush()
            self.flushed = time.monotonic()

    def _write(self, event: "Event") -> None:
        event.wall_time = time.time()
        self.writer.write_event(event)
