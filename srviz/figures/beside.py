"""Matrices of weights side by side, the tokens they are about, and how their weights are spread."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from srviz.figures.theme import PALETTES, drawn, signed_scale

Numbers = NDArray[np.float32]
Values = NDArray[np.float64]
SIDE = 236  # where nothing says how wide it is; a live figure of meta "square" is as high as it is wide
LEGIBLE = 48  # words in a pane
EDGE = {"l": 5, "r": 5, "t": 5, "b": 5}
AXES = {"l": 20, "r": 2, "t": 20, "b": 2}  # of a pane whose axes are named, and of what stands beside one
ROW_PIXELS, EDGES = 66, np.logspace(-6, 0, 37)  # of a histogram; the sizes between which it counts


def matrix(
    weights: Numbers, top: float, *, signed: bool, mode: str, block: int = 1, order: str | None = None
) -> go.Figure:
    """Weights (n_q, n_k) as shades: ground to ink up to `top`, or brown to teal centred on zero where signed.

    block: of so many × so many cells only the one farthest from zero is drawn; the axes still count cells. order: in
    which queries and keys stand, for the names of the axes; None where they have none.
    """
    colours = PALETTES[mode]
    middle = (block - 1) / 2
    picture = {
        "type": "heatmap", "z": farthest(np.asarray(weights, dtype=np.float32), block), "x0": middle, "dx": block,
        "y0": middle, "dy": block, "zmin": -top if signed else 0, "zmax": top, "colorscale": _shades(mode, signed),
        "showscale": False, "hoverinfo": "none",
    }  # fmt: skip
    return drawn(
        [picture],
        mode,
        SIDE,
        y={"autorange": "reversed"},
        margin=EDGE if order is None else AXES,
        shapes=[_frame(colours.line)],
        meta="square",
        annotations=[] if order is None else _names(f"keys, {order} →", f"← queries, {order}", mode),
    )


def _shades(mode: str, signed: bool) -> list[list[float | str]]:
    return signed_scale(mode) if signed else [[0.0, PALETTES[mode].ground], [1.0, PALETTES[mode].ink]]


def _names(across: str, down: str, mode: str) -> list[dict[str, Any]]:
    """What the axes of a matrix are called: keys above it, queries beside it, read upwards, so that its arrow points
    down.
    """
    colours, at = PALETTES[mode], {"xref": "paper", "yref": "paper", "x": 0, "y": 1, "showarrow": False}
    keys = {"text": across, "xanchor": "left", "yanchor": "bottom", "font": {"color": colours.key, "size": 12}}
    queries = {"text": down, "xanchor": "right", "yanchor": "top", "font": {"color": colours.query, "size": 12}}
    return [at | keys, at | queries | {"textangle": -90}]


def scales(top: float | None, reach: float, *, mode: str) -> go.Figure:
    """What the shades of the matrices stand for: those of raw weights up to top, of effective ones up to ± reach.

    top: None where each matrix has a scale of its own.
    """
    colours, steps = PALETTES[mode], np.linspace(0, 1, 65, dtype=np.float32)
    traces: list[dict[str, Any]] = []
    frames: list[dict[str, Any]] = []
    said: list[dict[str, Any]] = []
    words = (
        (2.0, False, "Raw weights", ("0", "", "its own" if top is None else f"{top:.3f} or more")),
        (1.0, True, "Effective weights", (f"−{reach:.3f}", "0", f"{reach:.3f}")),
    )
    for y, signed, title, ends in words:
        z = (2 * steps - 1 if signed else steps)[None]
        traces.append({
            "type": "heatmap", "z": z, "x": steps, "y0": y, "dy": 0.22, "zmin": -1 if signed else 0, "zmax": 1,
            "colorscale": _shades(mode, signed), "showscale": False, "hoverinfo": "none",
        })  # fmt: skip
        corners = {"x0": 0, "x1": 1, "y0": y - 0.11, "y1": y + 0.11}
        frames.append({"type": "rect", "line": {"color": colours.line, "width": 1}, **corners})
        above = {"x": 0, "y": y + 0.16, "xanchor": "left", "yanchor": "bottom", "showarrow": False}
        said.append(above | {"text": title})
        below = {"y": y - 0.14, "yanchor": "top", "showarrow": False, "font": {"color": colours.quiet, "size": 12}}
        for x, text, side in zip((0, 0.5, 1), ends, ("left", "center", "right"), strict=True):
            said.append(below | {"x": x, "text": text, "xanchor": side})
    return drawn(
        traces,
        mode,
        SIDE,
        x={"range": [-0.02, 1.02]},
        y={"range": [0.3, 2.7]},
        shapes=frames,
        annotations=said,
        margin=AXES,
        meta="square",
    )


def farthest(weights: Numbers, block: int) -> Numbers:
    """Of each block × block cells of (n_q, n_k) the value farthest from zero; the last blocks may be smaller."""
    if block == 1:
        return weights
    rows, columns = (-(-size // block) for size in weights.shape)
    padded = np.zeros((rows * block, columns * block), dtype=np.float32)
    padded[: weights.shape[0], : weights.shape[1]] = weights
    cells = padded.reshape(rows, block, columns, block).swapaxes(1, 2).reshape(rows, columns, -1)
    found: Numbers = np.take_along_axis(cells, np.abs(cells).argmax(-1)[..., None], -1)[..., 0]
    return found


def places(place: Numbers, colour: Numbers | None, words: tuple[str, ...] | None = None, *, mode: str) -> go.Figure:
    """The tokens where they lie, in their own colours where they have some, or as the words they are, as far as those
    can be read. place: (n, 2), colour: (n, 3) or None.
    """
    ink, told = PALETTES[mode].ink, legible(words)
    shades = ink if colour is None else [f"rgb({r},{g},{b})" for r, g, b in (colour * 255).round().astype(int)]
    line = {"width": 0.5, "color": PALETTES[mode].quiet}
    dots = {"type": "scatter", "x": place[:, 0], "y": place[:, 1], "hoverinfo": "none"}
    if told:  # a word reaches beyond its place; lines stand apart as far as there is room
        low, high = float(place[:, 1].min()), float(place[:, 1].max())
        apart = (high - low) / 8 or 0.5
        named = {"mode": "text", "text": [escape(word) for word in words or ()], "textfont": {"color": ink, "size": 13}}
        ranges = {"x": {"range": [-0.1, 1.1]}, "y": {"range": [low - apart, high + apart]}}
        return drawn([dots | named], mode, SIDE, **ranges, margin=EDGE)
    marked = {"mode": "markers", "marker": {"size": 8, "color": shades, "line": line}}
    axis = {"range": [-0.06, 1.06]}
    frame = [_frame(PALETTES[mode].line)]
    return drawn([dots | marked], mode, SIDE, x=axis, y=axis, margin=AXES, shapes=frame, meta="square")


def legible(words: tuple[str, ...] | None) -> bool:
    """Whether tokens are shown as words: where they are some, and not too many to be read."""
    return words is not None and len(words) <= LEGIBLE


def shares(weights: Numbers) -> Values:
    """The share of the weights whose sizes lie between two EDGES; what is beyond counts in the outermost, and an exact
    zero nowhere.
    """
    size = np.abs(np.asarray(weights, dtype=np.float64)).ravel()
    counted: Values = np.histogram(size.clip(EDGES[0], EDGES[-1])[size > 0], EDGES)[0] / max(size.size, 1)
    return counted


def histogram(weights: Mapping[str, Numbers], tones: Sequence[str], *, mode: str) -> go.Figure:
    """How many of the weights are how large, a row for each method, as shares over one log axis; exact zeros have no
    place on it, and each row says how many they are.

    tones: of each row, the name of a colour of the theme.
    """
    colours, count = PALETTES[mode], len(weights)
    middle = np.sqrt(EDGES[1:] * EDGES[:-1])
    shares_of, zeros = [], []
    for numbers in weights.values():
        shares_of.append(shares(numbers))
        zeros.append(float((np.asarray(numbers) == 0).mean()))
    most = max(float(max(share.max() for share in shares_of)), 1e-9)
    traces: list[dict[str, Any]] = []
    lines: list[dict[str, Any]] = []
    said: list[dict[str, Any]] = []
    for place, (label, share, none, tone) in enumerate(zip(weights, shares_of, zeros, tones, strict=True)):
        floor, colour = float(count - 1 - place), getattr(colours, tone)
        traces.append({
            "type": "bar", "x": middle, "y": 0.64 * share / most, "base": floor, "width": np.diff(EDGES), "name": label,
            "hoverinfo": "none", "marker": {"color": colour, "line": {"width": 0}}, "customdata": share,
        })  # fmt: skip
        words = f"<b>{escape(label)}</b>" + (f", and {none:.2f} of them exactly 0" if none else "")
        said.append({
            "x": -6, "y": floor + 0.97, "text": words, "xanchor": "left", "yanchor": "top", "showarrow": False,
            "font": {"color": colours.ink}, "bgcolor": colours.ground,
        })  # fmt: skip
        ground = {"type": "line", "x0": 1e-6, "x1": 1, "y0": floor, "y1": floor}
        lines.append(ground | {"line": {"color": colours.line, "width": 1}})
    x = {
        "visible": True, "type": "log", "dtick": 1, "exponentformat": "power", "range": [-6.05, 0.05], "showgrid": True,
        "gridcolor": colours.line, "zeroline": False, "tickfont": {"color": colours.quiet},
        "title": {"text": "size of a weight", "font": {"color": colours.quiet}},
    }  # fmt: skip
    return drawn(
        traces,
        mode,
        ROW_PIXELS * count + 50,
        x=x,
        y={"range": [-0.05, count + 0.12]},
        shapes=lines,
        annotations=said,
        margin={"l": 8, "r": 8, "t": 4, "b": 46},
        bargap=0,
        barmode="overlay",
    )


def _frame(colour: str) -> dict[str, object]:
    corners = {"x0": 0, "x1": 1, "y0": 0, "y1": 1, "xref": "paper", "yref": "paper"}
    return corners | {"type": "rect", "line": {"color": colour, "width": 1}}
