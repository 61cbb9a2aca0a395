"""Matrices of weights side by side, the tokens they are about, and how their weights are spread."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from itertools import cycle

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from srviz.figures.theme import DASHES, PALETTES, bare, signed_scale

Numbers = NDArray[np.float32]
SIDE = 236  # where nothing says how wide it is; a live figure of meta "square" is as high as it is wide
LEGIBLE = 48  # words in a pane
EDGE = {"l": 5, "r": 5, "t": 5, "b": 5}


def matrix(weights: Numbers, top: float, *, signed: bool, mode: str, block: int = 1) -> go.Figure:
    """Weights (n_q, n_k) as shades: ground to ink up to `top`, or brown to teal centred on zero where signed.

    block: of so many × so many cells only the one farthest from zero is drawn; the axes still count cells.
    """
    colours = PALETTES[mode]
    scale = signed_scale(mode) if signed else [[0.0, colours.ground], [1.0, colours.ink]]
    picture = go.Heatmap(
        z=farthest(np.asarray(weights, dtype=np.float32), block),
        x0=(block - 1) / 2,
        dx=block,
        y0=(block - 1) / 2,
        dy=block,
        zmin=-top if signed else 0,
        zmax=top,
        colorscale=scale,
        showscale=False,
        hoverinfo="none",
    )
    figure = bare(go.Figure(picture), mode, SIDE)
    figure.update_yaxes(autorange="reversed")
    return figure.update_layout(margin=EDGE, shapes=[_frame(colours.line)], meta="square")


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
    dots = go.Scatter(
        x=place[:, 0],
        y=place[:, 1],
        mode="text" if told else "markers",
        text=[escape(word) for word in words or ()] if told else None,
        textfont={"color": ink, "size": 13},
        marker={"size": 8, "color": shades, "line": line},
        hoverinfo="none",
    )
    figure = bare(go.Figure(dots), mode, SIDE)
    if told:  # a word reaches beyond its place; lines stand apart as far as there is room
        low, high = float(place[:, 1].min()), float(place[:, 1].max())
        apart = (high - low) / 8 or 0.5
        figure.update_xaxes(range=[-0.1, 1.1])
        return figure.update_yaxes(range=[low - apart, high + apart]).update_layout(margin=EDGE)
    figure.update_xaxes(range=[-0.06, 1.06])
    figure.update_yaxes(range=[-0.06, 1.06])
    return figure.update_layout(margin=EDGE, meta="square")


def legible(words: tuple[str, ...] | None) -> bool:
    """Whether tokens are shown as words: where they are some, and not too many to be read."""
    return words is not None and len(words) <= LEGIBLE


def histogram(weights: Mapping[str, Numbers], tones: Sequence[str], *, mode: str) -> go.Figure:
    """How many of the weights are how large, as shares over a log axis; exact zeros have no place on it.

    tones: of each line, the name of a colour of the theme. The lines of one tone differ in their dashes.
    """
    edges = np.logspace(-6, 0, 37)
    figure = go.Figure()
    dashes: dict[str, Iterator[str]] = {tone: cycle(DASHES) for tone in tones}
    for label, tone in zip(weights, tones, strict=True):
        size = np.abs(np.asarray(weights[label], dtype=np.float64)).ravel()
        count, _ = np.histogram(size.clip(1e-6, 1)[size > 0], edges)
        middle = np.sqrt(edges[1:] * edges[:-1])
        line = {"color": getattr(PALETTES[mode], tone), "dash": next(dashes[tone]), "width": 2, "shape": "hvh"}
        figure.add_scatter(x=middle, y=count / max(size.size, 1), name=label, mode="lines", line=line, hoverinfo="none")
    return _axes(figure, mode, "size of a weight", "share of all weights", log=True)


def _frame(colour: str) -> dict[str, object]:
    corners = {"x0": 0, "x1": 1, "y0": 0, "y1": 1, "xref": "paper", "yref": "paper"}
    return corners | {"type": "rect", "line": {"color": colour, "width": 1}}


def _axes(figure: go.Figure, mode: str, across: str, up: str, *, log: bool) -> go.Figure:
    colours = PALETTES[mode]
    figure = bare(figure, mode, 280)
    look = {"visible": True, "gridcolor": colours.line, "zeroline": False, "tickfont": {"color": colours.quiet}}
    figure.update_xaxes(title={"text": across, "font": {"color": colours.quiet}}, **look)
    figure.update_yaxes(title={"text": up, "font": {"color": colours.quiet}}, **look)
    if log:
        figure.update_xaxes(type="log", dtick=1, exponentformat="power")
    return figure.update_layout(
        margin={"l": 62, "r": 16, "t": 34, "b": 52},
        showlegend=True,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "font": {"color": colours.ink}},
    )
