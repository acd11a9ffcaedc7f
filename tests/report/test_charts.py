"""Charts: PNG files and pictures in light and dark, whatever a series is called."""

import base64
import io
import re

import numpy as np

from commit_llm.report.charts import DOTS, IN_DARK, IN_LIGHT, Drawn, picture

SIZE = (3.0, 2.0)


def named(name):
    """Draws one line under a name."""

    def draw(figure, theme):
        axes = figure.subplots()
        axes.plot([1, 2, 3], [1, 3, 2], color=theme.colour(0), label=name)
        axes.legend()

    return draw


def pixels(png):
    from matplotlib.image import imread

    return imread(io.BytesIO(png), format="png")


def test_a_picture_in_light_and_dark():
    html = picture(named("a$b$ <c>"), SIZE, "what <it> shows")
    dark, light = (base64.b64decode(found) for found in re.findall(r"base64,([^']*)'", html))
    grounds = [pixels(png)[0, 0, :3] for png in (light, dark)]
    for ground, theme in zip(grounds, (IN_LIGHT, IN_DARK), strict=True):
        colour = theme.page["ground"]
        assert np.allclose(ground, [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)], atol=0.01)
    assert "alt='what &lt;it&gt; shows'" in html
    assert "width='288' height='192'" in html


def test_a_file():
    """The same picture every time, and a name that the font cannot draw is no fault."""
    one, two = (Drawn.of(named("แบบจำลอง"), SIZE).light for _ in range(2))
    assert one == two
    assert pixels(one).shape[:2] == (SIZE[1] * DOTS, SIZE[0] * DOTS)
    assert np.ptp(pixels(one)[..., 0]) > 0.5


def test_series_are_told_apart():
    for theme in (IN_LIGHT, IN_DARK):
        assert len(set(theme.series)) == len(theme.series)
        assert theme.colour(len(theme.series)) == theme.colour(0)
