"""Eigenvalues as bars: which of them are negative, and how many."""

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from srviz.figures.theme import FONT, PALETTES

Values = NDArray[np.float64]


def spectrum(parts: dict[str, Values], *, mode: str, height: int = 260) -> go.Figure:
    """One pane a part, its eigenvalues (n,) from the largest to the smallest; below zero brown, above zero teal."""
    colours = PALETTES[mode]
    figure = make_subplots(1, len(parts), shared_yaxes=True, horizontal_spacing=0.04, subplot_titles=list(parts))
    for place, values in enumerate(parts.values(), 1):
        falling = np.sort(values)[::-1]
        bars = go.Bar(
            x=np.arange(1, len(falling) + 1),
            y=falling,
            marker={"color": np.where(falling < 0, colours.low, colours.high).tolist(), "line": {"width": 0}},
            hovertemplate="number %{x}: %{y:.4g}<extra></extra>",
        )
        figure.add_trace(bars, 1, place)
    figure.update_layout(
        height=height,
        margin={"l": 44, "r": 4, "t": 30, "b": 34},
        bargap=0.25,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"color": colours.ink, "size": 13, "family": FONT},
        showlegend=False,
        dragmode=False,
        hoverlabel={"bgcolor": colours.ground, "font": {"color": colours.ink}, "bordercolor": colours.line},
    )
    figure.update_annotations(font={"size": 14, "color": colours.ink})
    axis = {"showgrid": False, "zeroline": False, "fixedrange": True, "color": colours.quiet}
    figure.update_xaxes(title={"text": "eigenvalue, from the largest", "font": {"size": 12}}, nticks=5, **axis)
    figure.update_yaxes(**axis | {"showgrid": True, "gridcolor": colours.line, "zeroline": True, "nticks": 6})
    figure.update_yaxes(zerolinecolor=colours.quiet, zerolinewidth=1)
    return figure
