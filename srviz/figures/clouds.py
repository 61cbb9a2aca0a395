"""Clouds of points in space coloured by numbers, the level set of a slice through them, and scores along a line."""

import base64
from collections.abc import Callable, Mapping, Sequence
from itertools import cycle
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.colors import hex_to_rgb, qualitative

from srviz.figures.theme import DASHES, PALETTES, above, drawn, titled

Numbers = NDArray[np.float32]
Curve = tuple[Sequence[float], Callable[[NDArray[np.float64]], NDArray[np.float64]]]
Changes = dict[int, dict[str, Any]]  # {trace: {path: value}}
STEPS = 8  # of each primary colour
SAME = "equal score"  # what the level set is called
CLASSES = qualitative.Safe  # told apart by colour-blind people too
QUERY, RINGS, LEVEL, LABEL = 1, 2, 3, 4  # the traces after the points
TALL = 340  # pixels of a pane
FROM = np.array([1.05, -1.3, 0.95]) / np.linalg.norm([1.05, -1.3, 0.95])  # where a cloud is seen from
HALF_VIEW, BROAD = np.tan(np.radians(22.5)), 1.15  # of plotly's camera; how much wider than tall a pane is at least
BANDS, DARKEST = 10, 0.62  # steps of light, and what the darkest leaves of a colour
ROUND = 1_000  # points that are drawn as circles: plotly makes one of 50 triangles, and a square of 12


def weights(
    place: Numbers,
    level: tuple[Numbers, Numbers] | None,
    *,
    signed: bool,
    mode: str,
    light: Numbers | None = None,
) -> go.Figure:
    """A cloud to be painted (`weights_paint`): its points, the query, rings, and the level set of a slice.

    place: (m, 3). level: two corners (2, 3) of a box, and the score on a grid (side, side, side) in it with x first, or
    None. signed: colours on both sides of zero. Zero is no empty spot: a point without weight is still seen. light: how
    much each point gets, (m,) in [0, 1]; all of it where that is None.
    """
    colours = PALETTES[mode]
    shades = [colours.low, colours.line, colours.high] if signed else [colours.line, colours.ink]
    band = ((1 - (np.ones(len(place)) if light is None else light)) * (BANDS - 1)).round().astype(np.uint8)
    bar = {
        "orientation": "h", "x": 0.5, "xanchor": "center", "y": 0, "yanchor": "top", "len": 0.86, "thickness": 9,
        "outlinewidth": 0, "nticks": 5, "tickformat": "~g", "tickfont": {"color": colours.quiet, "size": 13},
    }  # fmt: skip
    marker = {"color": np.zeros(len(place), np.float32), "cmin": -1, "cmax": 1, "colorscale": _scale(shades)}
    traces = [_points(place, marker | {"showscale": False, "colorscale": _banded(shades)})]
    query = {"size": 9, "color": colours.query, "line": {"color": colours.ground, "width": 2}}
    rings = {"size": 7, "color": colours.key, "symbol": "circle-open"}
    for ring in (query, rings):
        traces.append(_nowhere() | {"mode": "markers", "marker": ring, "hoverinfo": "skip"})
    if level is not None:
        corners, values = level
        (low, high), counts = corners, values.shape
        axes = [np.linspace(low[k], high[k], counts[k]).astype(np.float32) for k in range(3)]
        x, y, z = (axis.ravel() for axis in np.meshgrid(*axes, indexing="ij"))
        surface = {
            "type": "isosurface", "x": x, "y": y, "z": z, "value": values.ravel(), "isomin": 0, "isomax": 0,
            "surface": {"count": 1}, "caps": {axis: {"show": False} for axis in "xyz"}, "opacity": 0.35,
            "colorscale": _scale([colours.key, colours.key]), "showscale": False, "hoverinfo": "skip",
            "lighting": {"ambient": 0.45, "diffuse": 0.9, "specular": 0.6, "roughness": 0.4, "fresnel": 0.4},
            "lightposition": {"x": 1e4, "y": -2e4, "z": 4e4},
        }  # fmt: skip
        name = {
            "mode": "text", "text": [SAME], "textposition": "top center", "hoverinfo": "skip",
            "textfont": {"color": colours.key, "size": 14},
        }  # fmt: skip
        traces += [surface, _nowhere() | name]
    traces[0]["meta"] = {"light": base64.b64encode(band.tobytes()).decode(), "bands": BANDS, "bar": len(traces)}
    lone = {"x": [None], "y": [None], "z": [None], "mode": "markers", "hoverinfo": "skip"}
    traces.append(_nowhere() | lone | {"marker": marker | {"color": [0.0], "colorbar": bar, "showscale": True}})
    return _space(traces, place, mode)


def _banded(colours: Sequence[str]) -> list[list[float | str]]:
    """The scale of these colours once for each band of light, darker from band to band: x of the scale in the band b is
    at (b + x) / `BANDS`. The browser places each point there (figure.js).
    """
    stops: list[list[float | str]] = []
    for band in range(BANDS):
        left = 1 - (1 - DARKEST) * band / (BANDS - 1)
        for x, colour in enumerate(colours):
            red, green, blue = (round(part * left) for part in hex_to_rgb(colour))
            inside = min(x / (len(colours) - 1), 1 - 1e-6)  # where the next band begins is its own
            stops.append([(band + inside) / BANDS, f"rgb({red},{green},{blue})"])
    stops[-1][0] = 1.0
    return stops


def weights_paint(
    numbers: Numbers,
    top: float,
    query: Numbers,
    rings: Numbers | None,
    level: float | None,
    *,
    signed: bool,
    hidden: bool,
    label: Numbers | None = None,
) -> Changes:
    """Colours for the points of `weights`, (m,), on a scale up to top; where the query is, (3,); where keys are ringed,
    (r, 3); and the score of the level set, where there is one, whether it is hidden, and where it is named, (3,).
    """
    changes: Changes = {
        0: {"marker.color": numbers, "marker.cmin": -top if signed else 0.0, "marker.cmax": top},
        QUERY: _at(query[None]),
        RINGS: _at(np.zeros((0, 3), np.float32) if rings is None else rings),
    }
    if level is not None:
        changes[LEVEL] = {"isomin": level, "isomax": level, "visible": not hidden}
        named = label is not None and not hidden
        changes[LABEL] = _at(label[None] if named and label is not None else np.zeros((0, 3), np.float32))
    return changes


def highest(corners: Numbers, values: Numbers, level: float) -> Numbers | None:
    """Where a level set is named: of the places of its grid near the level the one that is seen highest, (3,), or None
    where it does not pass through the box. corners, values: as of `weights`.
    """
    axes = [np.linspace(corners[0, k], corners[1, k], size) for k, size in enumerate(values.shape)]
    places = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 3)
    off = np.abs(values.ravel() - level)
    step = max(float(np.abs(np.diff(values, axis=k)).max(initial=0.0)) for k in range(3)) or 1.0
    if float(off.min()) > step:
        return None
    right, up = _screen()
    beside = np.abs((places - places.mean(0)) @ right) / float(np.ptp(corners))
    cost = np.where(off <= max(float(off.min()), step / 2), beside - (places @ up) / float(np.ptp(corners)), np.inf)
    found: Numbers = places[int(cost.argmin())].astype(np.float32)
    return found


def _screen() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Which way is right and which is up on the screen, as clouds are seen at first."""
    right = np.cross([0.0, 0.0, 1.0], FROM)
    right /= np.linalg.norm(right)
    return right, np.cross(FROM, right)


def coloured(place: Numbers, names: tuple[str, ...] = (), *, mode: str) -> go.Figure:
    """A cloud to be painted (`shades` or `classes`), (m, 3); names: of its classes, for a legend."""
    marker = {"color": np.zeros(len(place), np.float32), "cmin": 0, "cmax": STEPS**3 - 1, "colorscale": _cube()}
    if names:
        marker |= {"cmax": max(1, len(names) - 1), "colorscale": _classes(len(names))}
    traces = [_points(place, marker)]
    for number, name in enumerate(names):
        dot = {"size": 9, "color": CLASSES[number % len(CLASSES)]}
        nobody = {"type": "scatter3d", "x": [None], "y": [None], "z": [None], "mode": "markers", "marker": dot}
        traces.append(nobody | {"name": name, "showlegend": True})
    legend = above(mode) | {"y": 0, "yanchor": "top"}
    return _space(traces, place, mode, showlegend=bool(names), legend=legend)


def shades(colour: Numbers) -> Changes:
    """The paint of a `coloured` cloud: RGB in [0, 1], (m, 3), in steps of 1 / 7."""
    steps = (colour * (STEPS - 1)).round()
    return {0: {"marker.color": (steps @ np.array([STEPS**2, STEPS, 1])).astype(np.float32)}}


def classes(label: NDArray[np.int64]) -> Changes:
    """The paint of a `coloured` cloud with names: its classes (m,)."""
    return {0: {"marker.color": label.astype(np.float32)}}


def scores(t: Numbers, s: float, curves: Mapping[str, Curve], *, mode: str) -> go.Figure:
    """How the key scores (n,) lie along the line, the query's score, and what each kernel makes of a key there.

    curves: by its name each kernel's corners, and what it makes of differences s − t.
    """
    colours = PALETTES[mode]
    low, high = min(float(t.min()), s), max(float(t.max()), s)
    low, high = low - 0.04 * (high - low + 1e-6), high + 0.04 * (high - low + 1e-6)
    count, edges = np.histogram(t, np.linspace(low, high, 97))
    traces: list[dict[str, Any]] = [{
        "type": "bar", "x": (edges[1:] + edges[:-1]) / 2, "y": count / count.max(), "name": "keys",
        "width": float(edges[1] - edges[0]), "hoverinfo": "skip",
        "marker": {"color": colours.key, "opacity": 0.45, "line": {"width": 0}},
    }]  # fmt: skip
    for (name, (corners, kernel)), dash in zip(curves.items(), cycle(DASHES), strict=False):
        along = np.unique(np.concatenate([[low, s, high], s - np.asarray(corners)]).clip(low, high))
        heights = kernel(s - along)
        traces.append({
            "type": "scatter", "x": along, "y": heights / max(float(np.abs(heights).max()), 1e-9), "mode": "lines",
            "name": name, "line": {"color": colours.ink, "width": 2, "dash": dash}, "hoverinfo": "skip",
        })  # fmt: skip
    traces.append({
        "type": "scatter", "x": [s, s], "y": [0, 1.08], "mode": "lines", "name": "query", "hoverinfo": "skip",
        "line": {"color": colours.query, "width": 3},
    })  # fmt: skip
    x = {
        "visible": True, "range": [low, high], "showgrid": False, "zeroline": False,
        "tickfont": {"color": colours.quiet}, "title": titled("score, in standard deviations", mode),
    }  # fmt: skip
    margin = {"l": 8, "r": 8, "t": 30, "b": 44}
    return drawn(
        traces, mode, 190, x=x, y={"range": [0, 1.1]}, bargap=0, showlegend=True, legend=above(mode), margin=margin
    )


def preview(place: Numbers, colour: Numbers | None, *, mode: str) -> go.Figure:
    """A few points seen from the front and a little above, (m, 3), without WebGL; colour: (m, 3) in [0, 1] or None."""
    turn, tilt = np.radians(35.0), np.radians(25.0)
    across = place @ np.array([np.cos(turn), np.sin(turn), 0])
    back = place @ np.array([-np.sin(turn), np.cos(turn), 0])
    ink = PALETTES[mode].ink
    shade = ink if colour is None else [f"rgb({r},{g},{b})" for r, g, b in (colour * 255).round().astype(int)]
    dots = {
        "type": "scatter", "x": across, "y": place[:, 2] * np.cos(tilt) + back * np.sin(tilt), "mode": "markers",
        "marker": {"size": 3, "color": shade, "opacity": 0.7}, "hoverinfo": "skip",
    }  # fmt: skip
    return drawn([dots], mode, 220, y={"scaleanchor": "x"})


def _points(place: Numbers, marker: dict[str, Any]) -> dict[str, Any]:
    size = float(np.clip(200 / max(len(place), 1) ** 0.47, 1.6, 6))
    x, y, z = np.ascontiguousarray(place.T)
    marker = {"size": size, "symbol": "circle" if len(place) <= ROUND else "square", **marker}
    shown = {"x": x, "y": y, "z": z, "mode": "markers", "marker": marker}
    return {"type": "scatter3d", "hoverinfo": "none", "name": "", "showlegend": False, **shown}


def _nowhere() -> dict[str, Any]:
    return {"type": "scatter3d", "x": [], "y": [], "z": [], "showlegend": False}


def _scale(colours: Sequence[str]) -> list[list[float | str]]:
    """Colours at equal distances."""
    return [[k / (len(colours) - 1), colour] for k, colour in enumerate(colours)]


def _at(place: Numbers) -> dict[str, Numbers]:
    return dict(zip("xyz", np.ascontiguousarray(place.T), strict=True))


def _space(traces: list[dict[str, Any]], place: Numbers, mode: str, **layout: Any) -> go.Figure:
    low, high = place.min(0), place.max(0)
    edge = 0.03 * float(np.ptp(place)) + 1e-6
    wide = high - low + 2 * edge
    axes = {f"{x}axis": {"visible": False, "range": [low[k] - edge, high[k] + edge]} for k, x in enumerate("xyz")}
    size = wide / np.linalg.norm(wide)  # as the points lie, whatever is drawn
    ratio = {x: 2.2 * float(size[k]) for k, x in enumerate("xyz")}
    scene = axes | {
        "aspectmode": "manual", "aspectratio": ratio, "dragmode": "turntable", "hovermode": False,
        "camera": {"eye": dict(zip("xyz", FROM * _distance((place - (low + high) / 2) * 2.2 / np.linalg.norm(wide)),
            strict=True))},
    }  # fmt: skip
    margin = {"l": 0, "r": 0, "t": 0, "b": 36}
    return drawn(traces, mode, TALL, scene=scene, dragmode="turntable", margin=margin, **layout)


def _distance(places: NDArray[np.floating[Any]]) -> float:
    """From how far a cloud, (m, 3) in the units of the scene, fills its pane as it is seen at first."""
    right, up = _screen()
    towards = places @ FROM
    needs = [np.abs(places @ up) / HALF_VIEW, np.abs(places @ right) / (HALF_VIEW * BROAD)]
    return 1.1 * float(max((need + towards).max() for need in needs))


def _cube() -> list[list[float | str]]:
    """All colours of `STEPS` steps in each primary, as a scale that is exact at its stops."""
    last, values = STEPS**3 - 1, np.linspace(0, 255, STEPS).round().astype(int)
    colours = [f"rgb({r},{g},{b})" for r in values for g in values for b in values]
    return [[k / last, colour] for k, colour in enumerate(colours)]


def _classes(count: int) -> list[list[float | str]]:
    return _scale([CLASSES[k % len(CLASSES)] for k in range(max(2, count))])
