"""Charts of a comparison: scores and differences by language with their intervals, and where answers go wrong."""

from typing import TYPE_CHECKING, Any, NamedTuple

from commit_llm.report.charts import MARKERS, Drawn, Size, Theme
from commit_llm.report.comparison.comparison import Comparison, Interval, Suite
from commit_llm.report.comparison.figures import short

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDE = 7.5  # inches
HIGHEST = 100.0  # inches: of more, a picture takes a GB
NAME = 28  # characters of a name; a longer one is cut


class ScoreChart(NamedTuple):
    """Hold one chart of a suite.

    name: of its file, after the name of the suite.
    description: what it shows, for those who cannot see it.
    """

    name: str
    drawn: Drawn
    description: str


def charts(comparison: Comparison, suite: Suite) -> list[ScoreChart]:
    """Draw scores, differences, and where the answers are right, if that is known."""
    names, compared = comparison.names, [name for name in comparison.names if name != comparison.baseline]
    scores = f"{suite.name}, {' and '.join(suite.metrics.values())} by language"
    table = "with 95 % intervals; the table has the figures"

    def points(of: str, shown: list[str]) -> Drawn:
        def draw(figure: "Figure", theme: Theme) -> None:
            _points(figure, theme, suite, names, shown, of)

        return Drawn.of(draw, _size(len(suite.columns), len(shown), len(suite.metrics)))

    drawings = [
        ScoreChart("scores", points("score", names), f"{scores}, {table}"),
        ScoreChart(
            "differences", points("difference", compared), f"{scores}: difference to {comparison.baseline}, {table}"
        ),
    ]
    if any(suite.outcomes.values()):
        size = _size(len(next(iter(suite.outcomes.values()))), len(names))
        drawn = Drawn.of(lambda figure, theme: _bars(figure, theme, suite, names), size)
        shares = f"{suite.name}: share of answers right in the language, right in English, wrong"
        drawings.append(ScoreChart("languages", drawn, f"{shares}; the table has the figures"))
    return drawings


def _size(lines: int, systems: int, metrics: int = 2) -> Size:
    """Give a line to each system in each language, so that intervals do not cover each other."""
    return WIDE * max(1, metrics / 2), min(HIGHEST, 1.1 + lines * (0.16 * systems + 0.12))


def _points(figure: "Figure", theme: Theme, suite: Suite, names: list[str], shown: list[str], of: str) -> None:
    """Draw points with intervals, languages from top to bottom, the scores side by side."""
    both: Any = figure.subplots(1, len(suite.metrics), sharey=True)
    step = 0.8 / len(shown)
    for axes, (metric, label) in zip(both, suite.metrics.items(), strict=True):
        for place, name in enumerate(shown):
            number = names.index(name)
            figures = [getattr(suite.cells[metric][name][column], of) for column in suite.columns]
            heights = [line + step * (place - (len(shown) - 1) / 2) for line in range(len(figures))]
            axes.errorbar(
                [figure.value for figure in figures], heights, xerr=_arms(figures), fmt=MARKERS[number % len(MARKERS)],
                color=theme.colour(number), markersize=4, elinewidth=1.2, label=short(name, NAME),
            )  # fmt: skip
        axes.set_title(label if of == "score" else f"{label}, difference")
        axes.set_yticks(range(len(suite.columns)), suite.columns)
        axes.grid(axis="y", visible=False)
        axes.tick_params(length=0)
        if of == "difference":
            axes.axvline(0, color=theme.page["quiet"], linewidth=1)
    both[0].invert_yaxis()  # of both, which share it
    _legend(figure, both[0], len(shown))


def _bars(figure: "Figure", theme: Theme, suite: Suite, names: list[str]) -> None:
    """Draw bars from 0 to 100 %. Hatching tells the parts apart too, not the colour alone."""
    axes: Any = figure.subplots()
    languages = list(next(iter(suite.outcomes.values())))
    step = 0.8 / len(names)
    right, english, wrong = theme.colour(2), theme.colour(4), theme.page["line"]
    parts = (("right in the language", right, ""), ("right in English", english, "////"), ("wrong", wrong, ""))
    for place, name in enumerate(names):
        for line, language in enumerate(languages):
            height, left = line + step * (place - (len(names) - 1) / 2), 0.0
            for share, (label, colour, hatch) in zip(suite.outcomes[name][language], parts, strict=True):
                axes.barh(
                    height, share, 0.85 * step, left, color=colour, hatch=hatch,
                    edgecolor=theme.page["ground"], linewidth=0, label=label if place == line == 0 else None,
                )  # fmt: skip
                left += share
            axes.annotate(
                short(name, NAME), (1, height), (4, 0), xycoords=("axes fraction", "data"), textcoords="offset points",
                va="center", fontsize=7, color=theme.page["quiet"], annotation_clip=False,
            )  # fmt: skip
    axes.set_xlim(0, 100)
    axes.set_yticks(range(len(languages)), languages)
    axes.grid(visible=False)
    axes.tick_params(length=0)
    axes.invert_yaxis()
    axes.set_xlabel("percent of the answers")
    _legend(figure, axes, len(parts))


def _legend(figure: "Figure", axes: Any, entries: int) -> None:
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=min(4, entries), fontsize=8)


def _arms(figures: list[Interval]) -> list[list[float]]:
    """Measure from each value to the ends of its interval; 0 where it has none."""
    low = [figure.value - figure.low if figure.low is not None else 0.0 for figure in figures]
    high = [figure.high - figure.value if figure.high is not None else 0.0 for figure in figures]
    return [[max(0.0, arm) for arm in low], [max(0.0, arm) for arm in high]]
