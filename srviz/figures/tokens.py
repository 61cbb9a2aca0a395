"""The tokens of an input as they lie, and numbers drawn on them."""

from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from srviz.figures.theme import PALETTES, drawn, scale_end, signed_scale

MOST_DRAWN = 4000
Numbers = NDArray[np.float32]


def tokens(
    place: Numbers, colour: Numbers | None, grid: tuple[int, int] | None, *, mode: str, height: int = 200
) -> go.Figure:
    """Where each token is. place: (n, 2) in [0, 1]², colour: (n, 3) in [0, 1] or None, grid: rows × columns or None."""
    if grid is not None and colour is not None:
        pixels = (colour.reshape(*grid, 3) * 255).round().astype(np.uint8)
        return _square({"type": "image", "z": pixels, "hoverinfo": "skip"}, mode, height, flip=True)
    keep = _drawn(len(place))
    marker = {"size": 5 if len(keep) > 300 else 8, "color": PALETTES[mode].ink, "opacity": 0.75}
    return _square(_dots(place[keep], marker), mode, height, flip=False)


def numbers(place: Numbers, y: Numbers, grid: tuple[int, int] | None, *, mode: str, height: int = 200) -> go.Figure:
    """One signed number per token, brown below zero and teal above. y: (n,)."""
    reach = scale_end(y, 0.99)
    scale = {"colorscale": signed_scale(mode)}
    bar = {"thickness": 8, "outlinewidth": 0, "len": 0.9, "tickformat": ".2f", "nticks": 3, "xpad": 3}
    if grid is not None:
        shown = {"z": y.reshape(grid), "zmid": 0, "zmin": -reach, "zmax": reach, "colorbar": bar}
        return _square({"type": "heatmap", **shown, "hoverinfo": "skip", **scale}, mode, height, flip=True)
    keep = _drawn(len(place))
    marker = {"size": 5, "color": y[keep], "cmid": 0, "cmin": -reach, "cmax": reach, "colorbar": bar, **scale}
    return _square(_dots(place[keep], marker), mode, height, flip=False)


def _dots(place: Numbers, marker: dict[str, Any]) -> dict[str, Any]:
    shown = {"x": place[:, 0], "y": place[:, 1], "mode": "markers", "marker": marker}
    return {"type": "scatter", **shown, "hoverinfo": "skip"}


def _drawn(n: int) -> NDArray[np.intp]:
    """Which of n tokens are drawn: all, or evenly spread ones."""
    return np.linspace(0, n - 1, min(n, MOST_DRAWN)).astype(np.intp)


def _square(trace: dict[str, Any], mode: str, height: int, *, flip: bool) -> go.Figure:
    y = {"scaleanchor": "x", "constrain": "domain", "autorange": "reversed" if flip else True}
    margin = {"l": 9, "r": 9, "t": 0, "b": 0}  # for plotly's corners, which stand out a little
    return drawn([trace], mode, height, y=y, margin=margin)
