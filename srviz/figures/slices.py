"""What many slices keep of the distances: the mean shadow of every pair, and its error."""

from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from srviz.figures.theme import PALETTES, drawn
from srviz.numbers import decimal

Numbers = NDArray[np.float32]
MARGIN = {"l": 62, "r": 8, "t": 12, "b": 46}
AT_RIGHT = {"x": 0.97, "xref": "paper", "yref": "paper", "xanchor": "right", "showarrow": False, "font": {"size": 15}}


def kept(distance: Numbers, shadow: Numbers, factor: float, *, mode: str, height: int = 300) -> go.Figure:
    """The mean shadow of every pair against its distance, with the line that it should lie on.

    distance: (P,) |x − y|. shadow: (P,) the mean of |⟨θ, x − y⟩|. factor: c, the slope of the line.
    """
    colours = PALETTES[mode]
    far = float(distance.max()) * 1.05
    line = {
        "type": "scatter", "x": [0, far], "y": [0, factor * far], "mode": "lines", "hoverinfo": "skip",
        "line": {"color": colours.quiet, "width": 1.5},
    }  # fmt: skip
    pairs = {
        "type": "scatter", "x": distance, "y": shadow, "mode": "markers", "hoverinfo": "skip",
        "marker": {"size": 4, "color": colours.ink, "opacity": 0.5},
    }  # fmt: skip
    x = _axis("distance |x − y|", mode) | {"range": [0, far]}
    y = _axis("mean shadow", mode) | {"range": [0, max(float(shadow.max()) * 1.05, factor * far)]}
    said = {"y": 0.06, "yanchor": "bottom", "text": f"line: {factor:.3f} · |x − y|"}
    return drawn([line, pairs], mode, height, x=x, y=y, annotations=[AT_RIGHT | said], margin=MARGIN)


def error(
    counts: list[int], errors: Numbers, fit: tuple[float, float], chosen: int, *, mode: str, height: int = 300
) -> go.Figure:
    """The error against the number L of slices on log axes: median, spread from the 10th to the 90th percentile, fit.

    errors: (repeats, len(counts)). fit: (slope, factor) of factor · L^slope. chosen: the L shown beside.
    """
    colours = PALETTES[mode]
    low, middle, high = np.quantile(errors, [0.1, 0.5, 0.9], axis=0)
    x = np.array(counts, dtype=np.float64)
    band = {
        "type": "scatter", "x": np.concatenate([x, x[::-1]]), "y": np.concatenate([high, low[::-1]]), "mode": "none",
        "fill": "toself", "fillcolor": colours.line, "hoverinfo": "skip",
    }  # fmt: skip
    line = {
        "type": "scatter", "x": x, "y": fit[1] * x ** fit[0], "mode": "lines", "hoverinfo": "skip",
        "line": {"color": colours.quiet, "width": 1.5, "dash": "dot"},
    }  # fmt: skip
    median = {
        "type": "scatter", "x": x, "y": middle, "mode": "lines+markers", "line": {"color": colours.ink, "width": 2},
        "marker": {"size": 5}, "hovertemplate": "L = %{x:,}: %{y:.2%}<extra></extra>",
    }  # fmt: skip
    ring = {"size": 13, "color": "rgba(0,0,0,0)", "line": {"color": colours.ink, "width": 2}}
    here = {
        "type": "scatter", "x": [chosen], "y": [middle[counts.index(chosen)]], "mode": "markers", "hoverinfo": "skip",
        "marker": ring,
    }  # fmt: skip
    ticks = [count for count in counts if count in (1, 4, 16, 64, 256, 1024, 4096)]
    across = {"type": "log", "tickvals": ticks, "ticktext": [f"{count:,}" for count in ticks]}
    up = {
        "type": "log", "tickvals": [0.003, 0.01, 0.03, 0.1, 0.3, 1],
        "ticktext": ["0.3 %", "1 %", "3 %", "10 %", "30 %", "100 %"],
    }  # fmt: skip
    text = f"measured: {fit[1]:.2f} · L<sup>{decimal(fit[0])}</sup>"
    return drawn(
        [band, line, median, here],
        mode,
        height,
        x=_axis("slices L", mode) | across,
        y=_axis("error of the mean, relative", mode) | up,
        annotations=[AT_RIGHT | {"y": 0.97, "yanchor": "top", "align": "right", "text": text}],
        margin=MARGIN,
    )


def _axis(title: str, mode: str) -> dict[str, Any]:
    colours = PALETTES[mode]
    quiet = {"color": colours.quiet, "size": 13}
    return {
        "visible": True, "showgrid": False, "zeroline": False, "showline": True, "linecolor": colours.line,
        "ticks": "outside", "tickcolor": colours.line, "tickfont": quiet, "ticklen": 4,
        "title": {"text": title, "font": quiet},
    }  # fmt: skip
