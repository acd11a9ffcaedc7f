"""How fast a piece of work goes and how long the rest of it takes, by what is finished."""

from collections import deque
from collections.abc import Callable

LOOKED_BACK = 600.0  # seconds: what was before tells less about what comes


class Pace:
    """Measure the time from one finished piece to the next.

    The time until the first one is left out: everything is compiled in it.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self._before: int | None = None  # what was done when the work began
        self._readings: deque[tuple[float, int]] = deque()

    def reached(self, done: int) -> None:
        """Note how much is done now."""
        if self._before is None:
            self._before = done
        if done == (self._readings[-1][1] if self._readings else self._before):
            return
        now = self.clock()
        self._readings.append((now, done))
        while len(self._readings) > 2 and self._readings[1][0] <= now - LOOKED_BACK:
            self._readings.popleft()

    @property
    def seconds_each(self) -> float | None:
        """Give the seconds from one finished piece to the next; None while fewer than two are."""
        if len(self._readings) < 2:
            return None
        (since, before), (until, done) = self._readings[0], self._readings[-1]
        return (until - since) / (done - before)

    def seconds_left(self, total: int) -> float | None:
        """Give the seconds until all pieces are finished; None where that cannot be told yet."""
        each = self.seconds_each
        return None if each is None else each * max(0, total - self._readings[-1][1])


def duration(seconds: float) -> str:
    """Write a time as one reads it out.

    >>> duration(4.4), duration(59.6), duration(780), duration(3900), duration(7200)
    ('4 s', '1 min', '13 min', '1 h 5 min', '2 h')
    """
    if round(seconds) < 60:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours and minutes else f"{hours} h" if hours else f"{minutes} min"


def each(seconds: float | None, unit: str) -> str:
    """Write the time that a piece takes; nothing where it is too short to be of interest, or is not known.

    >>> each(9.23, "step"), each(0.318, "question"), each(95.4, "step"), each(0.0004, "row"), each(None, "step")
    ('9.2 s a step', '0.32 s a question', '95 s a step', '', '')
    """
    if seconds is None or seconds < 0.01 or not unit:
        return ""
    digits = 2 if seconds < 1 else 1 if seconds < 10 else 0
    return f"{seconds:.{digits}f} s a {unit}"
