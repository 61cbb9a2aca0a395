"""How wrong two ways to compute the same become, over what is done to the scores."""

import math
from typing import Any

import plotly.graph_objects as go

from srviz.figures.theme import PALETTES, above, drawn

LABELS = ["10<sup>−7</sup>", "10<sup>−5</sup>", "10<sup>−3</sup>", "0.1", "no number"]
FLOOR, TOP = 1e-8, 10.0  # errors that are drawn: a smaller one at the floor, one without a number at the top


def errors(
    lines: dict[str, tuple[list[int], list[float], bool]], *, at: int, axis: str, mode: str, height: int = 250
) -> go.Figure:
    """One line a way. lines: name → (powers of ten, errors as a part of the largest number, whether it is the one that
    fails); an infinite error is drawn at the top. at: the power that is looked at.
    """
    colours = PALETTES[mode]
    traces: list[dict[str, Any]] = []
    for name, (x, found, fails) in lines.items():
        colour = colours.low if fails else colours.high
        shown = [TOP if math.isinf(error) else max(error, FLOOR) for error in found]
        said = ["no number" if math.isinf(error) else f"{error:.0e}" for error in found]
        sizes = [11 if power == at else 5 for power in x]
        traces.append({
            "type": "scatter", "x": x, "y": shown, "mode": "lines+markers", "name": name, "text": said,
            "line": {"color": colour, "width": 2}, "marker": {"size": sizes, "color": colour},
            "hovertemplate": f"{name}: %{{text}}<extra></extra>",
        })  # fmt: skip
    quiet = {"color": colours.quiet, "size": 13}
    shared = {"visible": True, "showgrid": False, "zeroline": False, "showline": True, "linecolor": colours.line,
              "ticks": "outside", "tickcolor": colours.line, "tickfont": quiet, "ticklen": 4}  # fmt: skip
    y = {
        "type": "log", "range": [math.log10(FLOOR) - 0.3, math.log10(TOP) + 0.3], "ticktext": LABELS,
        "tickvals": [1e-7, 1e-5, 1e-3, 0.1, TOP], "title": {"text": "error", "font": quiet},
    }  # fmt: skip
    here = {"type": "line", "x0": at, "x1": at, "y0": 0, "y1": 1, "yref": "y domain"}
    return drawn(
        traces,
        mode,
        height,
        x=shared | {"title": {"text": axis, "font": quiet}},
        y=shared | y,
        shapes=[here | {"line": {"color": colours.line, "width": 1.5}}],
        margin={"l": 76, "r": 8, "t": 30, "b": 46},
        showlegend=True,
        legend=above(mode),
    )
