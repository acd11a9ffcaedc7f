"""A ratio that moves: piecewise linear in passes over the data."""

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from commit_llm.errors import SettingError, SettingName

EXAMPLE = "0.1@0 0.9@2"


@dataclass(frozen=True)
class RatioSchedule:
    """Give the ratio at a place of the training, which is counted in passes over the data.

    points: (ratio, passes), in the order of the passes. Between two points the ratio is on the line that joins them;
        before the first and after the last it stays.

    Raises SettingError for fewer than two points, points that are not in order, a ratio outside 0 to 1, and passes
    below 0.

    >>> schedule = RatioSchedule.parse(["0.1@0", "0.9@2"])
    >>> [round(schedule.at(passes), 3) for passes in (0, 0.5, 1, 2, 5)]
    [0.1, 0.3, 0.5, 0.9, 0.9]
    """

    points: Sequence[tuple[float, float]]

    def __post_init__(self) -> None:
        object.__setattr__(self, "points", tuple((float(ratio), float(passes)) for ratio, passes in self.points))
        for point in self.points:
            ratio, passes = point
            if not 0.0 <= ratio <= 1.0:
                raise _refused(_written(point), "the probability of a replacement is between 0 and 1")
            if not 0.0 <= passes < math.inf:
                raise _refused(_written(point), "passes over the data are a number, at least 0")
        if len(self.points) < 2:
            raise _refused(str(self), f"a changing ratio has two points or more, such as {EXAMPLE}")
        for (_, before), (_, after) in zip(self.points, self.points[1:], strict=False):
            if after <= before:
                order = f"{_number(after)} does not come after {_number(before)}"
                raise _refused(str(self), f"points must be in the order of their passes, but {order}")

    @classmethod
    def parse(cls, points: Sequence[str]) -> "RatioSchedule":
        """Read points as they are written, `RATIO@PASSES` each. Raises SettingError for one that is not."""
        return cls([_point(text) for text in points])

    def __str__(self) -> str:
        return " ".join(self.written)

    @property
    def written(self) -> tuple[str, ...]:
        """Give the points as `parse` reads them."""
        return tuple(map(_written, self.points))

    @property
    def highest(self) -> float:
        """Give the highest ratio that it comes to."""
        return max(ratio for ratio, _ in self.points)

    @property
    def last(self) -> float:
        """Give the ratio at which it stays."""
        return self.points[-1][0]

    def at(self, passes: float) -> float:
        """Give the ratio after so many passes over the data, whole ones and a part of the next."""
        place = bisect_right(self.points, passes, key=lambda point: point[1])
        if place in (0, len(self.points)):
            return self.points[max(0, place - 1)][0]
        (low, before), (high, after) = self.points[place - 1 : place + 1]
        ratio = low + (high - low) * ((passes - before) / (after - before))
        return min(max(ratio, min(low, high)), max(low, high))  # rounding leads to no ratio that is not between them


def ratio_text(ratio: float | RatioSchedule | Sequence[str]) -> str:
    """Write a ratio for a reader: a fixed one, a schedule, or the points of one as they are written.

    >>> ratio_text(0.5), ratio_text(RatioSchedule([(0.1, 0), (0.9, 2)])), ratio_text(["0@0", "1@1"])
    ('0.5', '0.1@0 0.9@2', '0@0 1@1')
    """
    if isinstance(ratio, RatioSchedule):
        return str(ratio)
    return f"{ratio:g}" if isinstance(ratio, int | float) else " ".join(ratio)


def is_written_ratio(value: Any) -> bool:
    """Say whether a value of a file is a ratio: a number from 0 to 1, or the points of a schedule in a list."""
    if not isinstance(value, list):
        return type(value) in (int, float) and 0 <= value <= 1
    try:
        return all(isinstance(point, str) for point in value) and bool(RatioSchedule.parse(value))
    except SettingError:
        return False


def _point(text: str) -> tuple[float, float]:
    ratio, _, passes = text.partition("@")
    try:
        return float(ratio), float(passes)
    except ValueError:
        raise _refused(text, f"write one number, or points RATIO@PASSES, such as {EXAMPLE}") from None


def _refused(value: str, reason: str) -> SettingError:
    return SettingError(SettingName("ratio"), f" {value}: {reason}")


def _written(point: tuple[float, float]) -> str:
    return "@".join(map(_number, point))


def _number(value: float) -> str:
    """Write a number so that it reads back, a whole one without a point."""
    return repr(value).removesuffix(".0")
