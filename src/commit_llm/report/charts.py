"""Charts drawn with matplotlib, in light and in dark: PNG files, and pictures within a page."""

import base64
import io
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from commit_llm.report.page import DARK, LIGHT, text

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Theme:
    """Hold the colours of a chart.

    page: the colours of the page.
    series: a colour a series, which colour-blind people can tell apart: those of Okabe and Ito (2008), darker or
    lighter where the ground needs it. A ninth series has the first colour again, so each series has a marker too.
    """

    page: dict[str, str]
    series: tuple[str, ...]

    def colour(self, number: int) -> str:
        """Give the colour of a series, counted from 0."""
        return self.series[number % len(self.series)]


IN_LIGHT = Theme(LIGHT, ("#0072b2", "#c04f00", "#007d5a", "#a8518a", "#b07800", "#2f8fc4", "#1f2024", "#7d6ccf"))
IN_DARK = Theme(DARK, ("#5ab4f0", "#ff9a4d", "#3fcf9f", "#e59bc9", "#f0c14b", "#a3dcff", "#e6e6e3", "#b3a6f5"))
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")

# Fills a figure of the right size.
Draw = Callable[["Figure", Theme], None]
Size = tuple[float, float]  # inches
DOTS = 160  # an inch: sharp on a screen of double density at the size it is shown


@dataclass(frozen=True)
class Drawn:
    """Hold a chart as PNG files, in light and in dark."""

    light: bytes
    dark: bytes
    size: Size

    @classmethod
    def of(cls, draw: Draw, size: Size) -> "Drawn":
        """Draw a chart twice, in light and in dark."""
        return cls(_png(draw, size, IN_LIGHT), _png(draw, size, IN_DARK), size)

    def html(self, description: str) -> str:
        """Write the chart for a page. description: what it shows, for those who cannot see it."""
        light, dark = (base64.b64encode(image).decode("ascii") for image in (self.light, self.dark))
        return (
            f"<picture><source media='(prefers-color-scheme: dark)' srcset='data:image/png;base64,{dark}'>"
            f"<img src='data:image/png;base64,{light}' alt='{text(description)}' width='{self.size[0] * 96:.0f}' "
            f"height='{self.size[1] * 96:.0f}'></picture>"
        )


def picture(draw: Draw, size: Size, description: str) -> str:
    """Draw a chart for one page alone. description: what it shows, for those who cannot see it."""
    return Drawn.of(draw, size).html(description)


def _png(draw: Draw, size: Size, theme: Theme) -> bytes:
    import matplotlib
    from matplotlib.figure import Figure

    colours = theme.page
    style: dict[Any, Any] = {
        "figure.facecolor": colours["ground"],
        "axes.facecolor": colours["ground"],
        "axes.edgecolor": colours["line"],
        "axes.labelcolor": colours["quiet"],
        "axes.titlecolor": colours["text"],
        "axes.grid": True,
        "axes.axisbelow": True,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlesize": 10,
        "axes.titlelocation": "left",
        "grid.color": colours["line"],
        "grid.linewidth": 0.6,
        "text.color": colours["text"],
        "text.parse_math": False,  # a name is text, whatever dollar signs are in it
        "xtick.color": colours["quiet"],
        "ytick.color": colours["quiet"],
        "legend.frameon": False,
        "legend.labelcolor": colours["text"],
        "font.size": 9,
    }
    with matplotlib.rc_context(style), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")  # a name in a script that the font lacks: a box is drawn
        figure = Figure(figsize=size, layout="constrained")
        draw(figure, theme)
        image = io.BytesIO()
        figure.savefig(image, format="png", dpi=DOTS, metadata={"Software": None})
    return image.getvalue()
