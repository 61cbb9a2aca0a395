"""Eigenvalues as bars: which of them are negative, and how many."""

from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from srviz.figures.theme import PALETTES, drawn

Values = NDArray[np.float64]
GAP = 0.04  # between two panes, of the whole width


def spectrum(parts: dict[str, Values], *, mode: str, height: int = 260) -> go.Figure:
    """One pane a part, its eigenvalues (n,) from the largest to the smallest; below zero brown, above zero teal."""
    colours, count = PALETTES[mode], len(parts)
    wide = (1 - GAP * (count - 1)) / count
    axis = {"visible": True, "showgrid": False, "zeroline": False, "fixedrange": True, "color": colours.quiet}
    title = {"text": "eigenvalue, from the largest", "font": {"size": 12}}
    up = axis | {
        "showgrid": True, "gridcolor": colours.line, "zeroline": True, "zerolinecolor": colours.quiet,
        "zerolinewidth": 1, "nticks": 6,
    }  # fmt: skip
    traces: list[dict[str, Any]] = []
    said: list[dict[str, Any]] = []
    axes: dict[str, dict[str, Any]] = {}
    for place, (name, values) in enumerate(parts.items()):
        falling, number = np.sort(values)[::-1], str(place + 1) if place else ""
        left = place * (wide + GAP)
        domain = [left, min(left + wide, 1.0)]
        axes[f"xaxis{number}"] = axis | {"title": title, "nticks": 5, "domain": domain, "anchor": f"y{number}"}
        axes[f"yaxis{number}"] = up | {"anchor": f"x{number}"}
        if place:
            axes[f"yaxis{number}"] |= {"matches": "y", "showticklabels": False}
        colour = np.where(falling < 0, colours.low, colours.high).tolist()
        traces.append({
            "type": "bar", "x": np.arange(1, len(falling) + 1), "y": falling, "xaxis": f"x{number}",
            "yaxis": f"y{number}", "marker": {"color": colour, "line": {"width": 0}},
            "hovertemplate": "number %{x}: %{y:.4g}<extra></extra>",
        })  # fmt: skip
        said.append({
            "x": left + wide / 2, "xref": "paper", "xanchor": "center", "y": 1, "yref": "paper", "yanchor": "bottom",
            "text": name, "showarrow": False, "font": {"size": 14, "color": colours.ink},
        })  # fmt: skip
    x, y = axes.pop("xaxis"), axes.pop("yaxis")
    margin = {"l": 44, "r": 4, "t": 30, "b": 34}
    return drawn(traces, mode, height, x=x, y=y, **axes, annotations=said, margin=margin, bargap=0.25)
