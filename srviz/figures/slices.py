"""What many slices keep of the distances: the mean shadow of every pair, and its error."""

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from srviz.figures.theme import PALETTES, bare

Numbers = NDArray[np.float32]


def kept(distance: Numbers, shadow: Numbers, factor: float, *, mode: str, height: int = 300) -> go.Figure:
    """The mean shadow of every pair against its distance, with the line that it should lie on.

    distance: (P,) |x − y|. shadow: (P,) the mean of |⟨θ, x − y⟩|. factor: c, the slope of the line.
    """
    colours = PALETTES[mode]
    far = float(distance.max()) * 1.05
    line = go.Scatter(
        x=[0, far], y=[0, factor * far], mode="lines", line={"color": colours.quiet, "width": 1.5}, hoverinfo="skip"
    )
    pairs = go.Scatter(
        x=distance, y=shadow, mode="markers", marker={"size": 4, "color": colours.ink, "opacity": 0.5}, hoverinfo="skip"
    )
    figure = _axes(go.Figure([line, pairs]), mode, height, "distance |x − y|", "mean shadow")
    figure.add_annotation(
        x=0.97, y=0.06, xref="paper", yref="paper", xanchor="right", yanchor="bottom", showarrow=False,
        text=f"line: {factor:.3f} · |x − y|", font={"size": 15},
    )  # fmt: skip
    figure.update_xaxes(range=[0, far])
    figure.update_yaxes(range=[0, max(float(shadow.max()) * 1.05, factor * far)])
    return figure


def error(
    counts: list[int], errors: Numbers, fit: tuple[float, float], chosen: int, *, mode: str, height: int = 300
) -> go.Figure:
    """The error against the number L of slices on log axes: median, spread from the 10th to the 90th percentile, fit.

    errors: (repeats, len(counts)). fit: (slope, factor) of factor · L^slope. chosen: the L shown beside.
    """
    colours = PALETTES[mode]
    low, middle, high = np.quantile(errors, [0.1, 0.5, 0.9], axis=0)
    x = np.array(counts, dtype=np.float64)
    band = go.Scatter(
        x=np.concatenate([x, x[::-1]]), y=np.concatenate([high, low[::-1]]), fill="toself", mode="none",
        fillcolor=colours.line, hoverinfo="skip",
    )  # fmt: skip
    line = go.Scatter(
        x=x, y=fit[1] * x ** fit[0], mode="lines", line={"color": colours.quiet, "width": 1.5, "dash": "dot"},
        hoverinfo="skip",
    )  # fmt: skip
    hover = "L = %{x:,}: %{y:.2%}<extra></extra>"
    median = go.Scatter(
        x=x, y=middle, mode="lines+markers", line={"color": colours.ink, "width": 2}, marker={"size": 5},
        hovertemplate=hover,
    )  # fmt: skip
    here = go.Scatter(
        x=[chosen], y=[middle[counts.index(chosen)]], mode="markers", hoverinfo="skip",
        marker={"size": 13, "color": "rgba(0,0,0,0)", "line": {"color": colours.ink, "width": 2}},
    )  # fmt: skip
    figure = _axes(go.Figure([band, line, median, here]), mode, height, "slices L", "error of the mean, relative")
    ticks = [count for count in counts if count in (1, 4, 16, 64, 256, 1024, 4096)]
    figure.update_xaxes(type="log", tickvals=ticks, ticktext=[f"{count:,}" for count in ticks])
    figure.update_yaxes(
        type="log", tickvals=[0.003, 0.01, 0.03, 0.1, 0.3, 1], ticktext=["0.3 %", "1 %", "3 %", "10 %", "30 %", "100 %"]
    )
    figure.add_annotation(
        x=0.97, y=0.97, xref="paper", yref="paper", xanchor="right", yanchor="top", showarrow=False, align="right",
        text=f"measured: {fit[1]:.2f} · L<sup>{_minus(fit[0])}</sup>", font={"size": 15},
    )  # fmt: skip
    return figure


def _minus(x: float) -> str:
    return f"{x:.2f}".replace("-", "−")


def _axes(figure: go.Figure, mode: str, height: int, x: str, y: str) -> go.Figure:
    """Our theme, with axes."""
    colours = PALETTES[mode]
    bare(figure, mode, height)
    quiet = {"color": colours.quiet, "size": 13}
    axis = {
        "visible": True, "showgrid": False, "zeroline": False, "showline": True, "linecolor": colours.line,
        "ticks": "outside", "tickcolor": colours.line, "tickfont": quiet, "ticklen": 4,
    }  # fmt: skip
    figure.update_xaxes(**axis, title={"text": x, "font": quiet})
    figure.update_yaxes(**axis, title={"text": y, "font": quiet})
    figure.update_layout(margin={"l": 62, "r": 8, "t": 12, "b": 46})
    return figure
