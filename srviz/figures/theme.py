"""The one theme of all figures; its colours are those of .streamlit/config.toml, which a test compares."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas  # noqa: F401  # plotly looks into it, also while another session is in the midst of importing it
import plotly.graph_objects as go
from numpy.typing import ArrayLike


@dataclass(frozen=True)
class Palette:
    """ground and ink of the page; query, key, value as everywhere; low and high of signed numbers, centred on zero."""

    ground: str
    ink: str
    quiet: str
    line: str
    query: str
    key: str
    value: str
    softmax: str
    low: str
    high: str


DASHES = ("solid", "dot", "dash", "dashdot")  # what tells lines of one colour apart
COVERED = 0.995  # of all numbers, up to whose sizes a scale goes: a few that are far larger would make the rest pale
FONT = "'Source Sans', 'Source Sans Pro', sans-serif"  # the page's own


PALETTES = {
    "light": Palette(
        "#FBFAF7", "#1B1A17", "#5F5B54", "#DDD9D0", "#BF4405", "#005F9E", "#00714F", "#6A5C93", "#8C510A", "#01665E"
    ),
    "dark": Palette(
        "#131416", "#ECE9E2", "#A5A199", "#33353A", "#FF8A4F", "#5DB7F2", "#35C79B", "#A99BD6", "#DFA65A", "#4FC4B6"
    ),
}


def signed_scale(mode: str) -> list[list[float | str]]:
    """Brown, the page's ground at zero, teal."""
    colours = PALETTES[mode]
    return [[0.0, colours.low], [0.5, colours.ground], [1.0, colours.high]]


CHECKED = False  # whether plotly compares every property with its schema, which takes ten times as long: in tests alone


def drawn(
    traces: Sequence[dict[str, Any]],
    mode: str,
    height: int,
    *,
    x: Mapping[str, Any] | None = None,
    y: Mapping[str, Any] | None = None,
    **layout: Any,
) -> go.Figure:
    """A picture on the page's own ground, without axes unless they are asked for.

    traces: as plotly's schema has them, each with its type. height: in pixels. x, y: properties of the axes. layout:
    other properties of the whole. They replace those that all our figures share.
    """
    colours = PALETTES[mode]
    whole = {
        "height": height,
        "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"color": colours.ink, "size": 13, "family": FONT},
        "showlegend": False,
        "dragmode": False,
        "hoverlabel": {"bgcolor": colours.ground, "font": {"color": colours.ink}, "bordercolor": colours.line},
        "xaxis": {"visible": False, "fixedrange": True, "constrain": "domain", **(x or {})},
        "yaxis": {"visible": False, "fixedrange": True, **(y or {})},
    }
    return go.Figure({"data": list(traces), "layout": whole | layout}, _validate=CHECKED)


def scale_end(numbers: ArrayLike, covered: float = COVERED) -> float:
    """The size at which a scale of these numbers ends, of any shape and sign: so many of them lie at or below it. 1
    where that is 0.
    """
    return float(np.quantile(np.abs(numbers), covered)) or 1.0


def above(mode: str) -> dict[str, Any]:
    """A legend in a row above the picture."""
    return {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "font": {"color": PALETTES[mode].ink}}


def titled(text: str, mode: str) -> dict[str, Any]:
    """The title of an axis."""
    return {"text": text, "font": {"color": PALETTES[mode].quiet, "size": 13}}
