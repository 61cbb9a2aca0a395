"""How much memory each method takes as n grows."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import plotly.graph_objects as go

from srviz.figures.theme import PALETTES, above, drawn, titled

UNITS = ((1e15, "PB"), (1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB"))


class LineLook(Protocol):
    """How a line is drawn: a colour of the palette by its name, whether it is dashed, its mark and whether that is
    filled.
    """

    @property
    def tone(self) -> str: ...  # noqa: D102
    @property
    def dashed(self) -> bool: ...  # noqa: D102
    @property
    def symbol(self) -> str: ...  # noqa: D102
    @property
    def filled(self) -> bool: ...  # noqa: D102


def memory(
    lines: Mapping[str, tuple[str, LineLook, Sequence[int], Sequence[int]]], values: Mapping[int, int], *, mode: str
) -> go.Figure:
    """Peak bytes over n, log–log. lines: name → (label, look, n, bytes); values: n → bytes of the values alone."""
    colours = PALETTES[mode]
    rule = {"color": colours.line, "width": 2, "dash": "dot"}
    traces: list[dict[str, Any]] = [{
        "type": "scatter", "x": list(values), "y": list(values.values()), "mode": "lines", "line": rule,
        "name": "the values themselves", "hoverinfo": "skip",
    }]  # fmt: skip
    for label, look, n, held in lines.values():
        colour, dash = getattr(colours, look.tone), "dash" if look.dashed else "solid"
        symbol = look.symbol if look.filled else f"{look.symbol}-open"
        traces.append({
            "type": "scatter", "x": list(n), "y": list(held), "name": label, "mode": "lines+markers",
            "line": {"color": colour, "width": 2, "dash": dash},
            "marker": {"color": colour, "symbol": symbol, "size": 7},
            "hovertemplate": f"{label}<br>n = %{{x:,}}: %{{customdata}}<extra></extra>",
            "customdata": [_size(count) for count in held],
        })  # fmt: skip
    axis = {"visible": True, "type": "log", "gridcolor": colours.line, "zeroline": False}
    ticks = [1 << k for k in range(6, 21, 2)]
    across = {
        "tickvals": ticks, "ticktext": [f"{n:,}" for n in ticks], "range": [1.75, 6.1],
        "tickfont": {"color": colours.quiet}, "title": titled("tokens n", mode),
    }  # fmt: skip
    most = max((*values.values(), *(b for *_, held in lines.values() for b in held), 1e9))
    steps = [10.0**k for k in range(4, 19) if 10.0**k <= most * 10]
    up = {"tickvals": steps, "ticktext": [_size(b) for b in steps], "tickfont": {"color": colours.quiet}}
    return drawn(
        traces,
        mode,
        330,
        x=axis | across,
        y=axis | up,
        margin={"l": 62, "r": 14, "t": 34, "b": 48},
        showlegend=True,
        legend=above(mode),
    )


def _size(count: float) -> str:
    for bytes_, unit in UNITS:
        if count >= bytes_:
            return f"{count / bytes_:.3g} {unit}"
    return f"{count:.3g} B"
