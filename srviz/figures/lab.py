"""What many trainings came to: intervals over seeds, and how a test goes while a model learns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from srviz.figures.race import LineLook
from srviz.figures.theme import PALETTES, above, drawn, titled

ROW_PIXELS = 40
CURVES_PIXELS = 300
OTHER_DASHES = ("dot", "dashdot", "longdash", "longdashdot")  # of lines that would look like an earlier one


@dataclass(frozen=True)
class Outcome:
    """What one way to learn came to. values: of each seed. low, high: of the interval of their mean."""

    label: str
    look: LineLook
    values: tuple[float, ...]
    mean: float
    low: float
    high: float


def intervals(outcomes: Sequence[Outcome], *, axis: str, mode: str, zero: bool = False) -> go.Figure:
    """A row for each outcome: its seeds as dots, the mean and its interval as a mark with a bar. axis: its title. zero:
    whether 0 is marked, where the values are differences.
    """
    colours = PALETTES[mode]
    traces: list[dict[str, Any]] = []
    labels = [outcome.label for outcome in outcomes]
    for outcome in outcomes:
        colour = getattr(colours, outcome.look.tone)
        traces.append({
            "type": "scatter", "x": list(outcome.values), "y": [outcome.label] * len(outcome.values), "mode": "markers",
            "marker": {"color": colour, "size": 6, "opacity": 0.4},
            "hovertemplate": "one seed: %{x:.3f}<extra></extra>",
        })  # fmt: skip
        symbol = outcome.look.symbol if outcome.look.filled else f"{outcome.look.symbol}-open"
        bar = {"type": "data", "array": [outcome.high - outcome.mean], "arrayminus": [outcome.mean - outcome.low]}
        spread = {"error_x": bar | {"color": colour, "thickness": 2, "width": 6}} if len(outcome.values) > 1 else {}
        traces.append({
            "type": "scatter", "x": [outcome.mean], "y": [outcome.label], "mode": "markers", **spread,
            "marker": {"color": colour, "size": 11, "symbol": symbol},
            "hovertemplate": f"{outcome.label}: %{{x:.3f}}<extra>{len(outcome.values)} seeds</extra>",
        })  # fmt: skip
    x = {
        "visible": True, "gridcolor": colours.line, "zeroline": zero, "zerolinecolor": colours.ink,
        "tickfont": {"color": colours.quiet}, "title": titled(axis, mode),
    }  # fmt: skip
    y = {
        "visible": True, "gridcolor": colours.line, "categoryorder": "array", "categoryarray": labels[::-1],
        "tickfont": {"color": colours.ink, "size": 14}, "automargin": True,
    }  # fmt: skip
    height = 64 + ROW_PIXELS * max(1, len(labels))
    return drawn(traces, mode, height, x=x, y=y, margin={"l": 10, "r": 14, "t": 10, "b": 48})


def curves(
    lines: Mapping[str, tuple[LineLook, Sequence[float], Sequence[float]]],
    *,
    along: str,
    axis: str,
    mode: str,
    log: bool = False,
) -> go.Figure:
    """How a test goes. lines: label → (look, where along, values). along, axis: the titles of both axes. log: both are
    logarithmic, and the places along are written at the axis. A line that would look like an earlier one has another
    dash.
    """
    colours = PALETTES[mode]
    traces: list[dict[str, Any]] = []
    taken: set[tuple[str, str]] = set()
    for label, (look, x, y) in lines.items():
        own = "dash" if look.dashed else "solid"
        dash = next((dash for dash in (own, *OTHER_DASHES) if (look.tone, dash) not in taken), own)
        taken.add((look.tone, dash))
        traces.append({
            "type": "scatter", "x": list(x), "y": list(y), "name": label, "mode": "lines+markers" if log else "lines",
            "marker": {"symbol": look.symbol if look.filled else f"{look.symbol}-open", "size": 8},
            "line": {"color": getattr(colours, look.tone), "width": 2, "dash": dash},
            "hovertemplate": f"{label}: %{{y:.3f}} at %{{x:.4~g}}<extra></extra>",
        })  # fmt: skip
    common = {"visible": True, "gridcolor": colours.line, "zeroline": False, "tickfont": {"color": colours.quiet}}
    across: dict[str, Any] = {"rangemode": "tozero", "title": titled(along, mode)}
    up: dict[str, Any] = {"title": titled(axis, mode)}
    if log:
        where = sorted({place for _, x, _ in lines.values() for place in x})
        across |= {"type": "log", "tickvals": where, "ticktext": [f"{place:,g}" for place in where]}
        up |= {"type": "log", "dtick": "D2", "exponentformat": "power"}
    return drawn(
        traces,
        mode,
        CURVES_PIXELS,
        x=common | across,
        y=common | up,
        margin={"l": 56, "r": 14, "t": 34, "b": 48},
        showlegend=True,
        legend=above(mode),
    )
