"""A run's curves by step: small pictures side by side, and notes on what they do not show."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from commit_llm.report.charts import MARKERS, Size, Theme, picture
from commit_llm.report.page import text
from commit_llm.runs.logs import Lines, Logs

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIZE: Size = (3.75, 2.4)  # 360 px wide: as wide as a phone, and three stand beside one another on a desk
LARGEST = 3.5e38  # no number of float32 is above; a chart of larger ones would overflow
FEW = 40  # points; so many have a marker each


@dataclass(frozen=True)
class Curve:
    """Hold a figure by step, in ascending steps: numbers only.

    left_out: how many logged values are no finite number.
    """

    steps: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    left_out: int = 0


def curve(lines: Lines, name: str) -> Curve:
    """Take one figure from the lines that have it."""
    logged = {step: _number(line[name]) for step, line in lines.items() if name in line}
    numbers = {step: value for step, value in logged.items() if value is not None}
    return Curve(list(numbers), list(numbers.values()), len(logged) - len(numbers))


@dataclass(frozen=True)
class Line:
    """Hold a curve and its name."""

    name: str
    curve: Curve


@dataclass(frozen=True)
class CurveChart:
    """Hold the curves of one figure.

    level: name and value of a horizontal line to draw.
    from_zero: the axis of values begins at 0.
    """

    title: str
    lines: Sequence[Line]
    level: tuple[str, float] | None = None
    from_zero: bool = False

    @property
    def drawn(self) -> list[tuple[int, Line]]:
        """Give the lines that have a point, with their number, which sets the colour."""
        return [(number, line) for number, line in enumerate(self.lines) if line.curve.steps]


def charts(logs: Logs, clip_norm: float) -> list[CurveChart]:
    """Make the charts of a run."""
    train, held_out = partial(curve, logs.metrics), partial(curve, logs.held_out)
    level = (f"clipped to {clip_norm:g}", clip_norm)
    return [
        CurveChart("loss", [Line("training", train("loss")), Line("held out", held_out("loss"))]),
        CurveChart(
            "accuracy", [Line("training", train("accuracy")), Line("held out", held_out("accuracy"))], None, True
        ),
        CurveChart("learning rate", [Line("learning rate", train("learning_rate"))], None, True),
        CurveChart("gradient norm", [Line("before clipping", train("grad_norm"))], level, True),
        CurveChart("tokens a second", [Line("tokens a second", curve(logs.timing, "tokens_per_second"))], None, True),
    ]


def curves(logs: Logs, clip_norm: float, holds_out: bool) -> str:
    """Draw the pictures, and write lines on what they do not show. holds_out: whether the run has held-out examples."""
    all_charts = charts(logs, clip_norm)
    pictures = [
        f"<figure>{picture(partial(_draw, chart), SIZE, description(chart))}</figure>\n"
        for chart in all_charts
        if chart.drawn
    ]
    missing = [chart.title for chart in all_charts if not chart.drawn]
    notes = []
    if missing:
        notes.append(f"Nothing is logged{'' if logs.step else ' yet'} of: {', '.join(missing)}.")
    if not logs.held_out:
        reason = "it is not computed yet" if holds_out else "this run holds out no examples"
        notes.append(f"No held-out loss: {reason}.")
    for chart in all_charts:
        lost = sum(line.curve.left_out for line in chart.lines)
        if lost:
            values = "value is not a finite number" if lost == 1 else "values are no finite numbers"
            notes.append(f"{chart.title}: {lost:,} logged {values}, and not drawn.")
    if len(logs.metrics) == 1:
        notes.append("One step is logged so far.")
    lines = "".join(f"<p class='quiet note'>{text(note)}</p>\n" for note in notes)
    return f"<div class='curves'>\n{''.join(pictures)}</div>\n{lines}" if pictures else lines


def description(chart: CurveChart) -> str:
    """Describe a chart for those who cannot see it."""
    parts = []
    for _, line in chart.drawn:
        steps, values = line.curve.steps, line.curve.values
        name = "" if line.name == chart.title else f"{line.name}: "
        if len(steps) == 1:
            parts.append(f"{name}{values[0]:.4g} at step {steps[0]:,}")
        else:
            parts.append(
                f"{name}{values[0]:.4g} at step {steps[0]:,}, {values[-1]:.4g} at step {steps[-1]:,}, "
                f"lowest {min(values):.4g}, highest {max(values):.4g}"
            )
    return f"{chart.title} by step; {'; '.join(parts)}"


def _draw(chart: CurveChart, figure: "Figure", theme: Theme) -> None:
    from matplotlib.ticker import MaxNLocator

    axes = figure.subplots()
    drawn = chart.drawn
    for number, line in drawn:
        few = len(line.curve.steps) <= FEW
        axes.plot(
            line.curve.steps,
            line.curve.values,
            color=theme.colour(number),
            marker=MARKERS[number] if few else None,
            markersize=3.5,
            linewidth=1.4,
            label=line.name,
        )
    if chart.level is not None:
        name, value = chart.level
        axes.axhline(value, color=theme.page["quiet"], linewidth=1.2, linestyle="--", label=name)
    if chart.from_zero:
        axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))
    axes.set_title(chart.title)
    axes.set_xlabel("step")
    axes.ticklabel_format(axis="y", scilimits=(-3, 5))
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    if len(drawn) + (chart.level is not None) > 1:
        axes.legend(fontsize=8)


def _number(value: Any) -> float | None:
    """Give a finite number, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) and abs(value) < LARGEST else None
    except OverflowError:
        return None
