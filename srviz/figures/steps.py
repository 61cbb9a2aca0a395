"""How long something takes to be learned, against how hard it is, with the spread over seeds."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import plotly.graph_objects as go

from srviz.figures.race import LineLook
from srviz.figures.theme import PALETTES, above, drawn, titled

PIXELS = 380


@dataclass(frozen=True)
class Course:
    """Of one way to learn. at: how hard, one number for each place. steps: at each place those of every seed, None for
    a seed that never came there. dash: of its line.
    """

    label: str
    look: LineLook
    dash: str
    at: tuple[float, ...]
    steps: tuple[tuple[int | None, ...], ...]

    def middle(self, place: int, most: int) -> float | None:
        """The median over the seeds, a seed that never came there counting as more than any; None where that is it."""
        found = median(most + 1 if one is None else one for one in self.steps[place])
        return None if found > most else found


def steps(courses: Sequence[Course], most: int, *, along: str, axis: str, mode: str) -> go.Figure:
    """A line through the medians, a bar from the fastest seed to the slowest, on log axes. most: steps that were tried.

    Seeds that never came there stand at the top, as crosses. along, axis: the titles of both axes.
    """
    colours = PALETTES[mode]
    traces: list[dict[str, Any]] = []
    for number, course in enumerate(courses):
        colour = getattr(colours, course.look.tone)
        symbol = course.look.symbol if course.look.filled else f"{course.look.symbol}-open"
        shift = 1 + 0.022 * (number - (len(courses) - 1) / 2)  # so that bars do not lie on each other
        x = [at * shift for at in course.at]
        middles = [course.middle(place, most) for place in range(len(x))]
        came = [[one for one in at if one is not None] for at in course.steps]
        tops = [max(one, default=0) for one in came]
        spread = {
            "type": "data", "color": colour, "thickness": 1.2, "width": 3,
            "array": [max(0, top - (mid or top)) for top, mid in zip(tops, middles, strict=True)],
            "arrayminus": [
                max(0, (mid or 0) - min(one, default=0)) if mid else 0 for one, mid in zip(came, middles, strict=True)
            ],
        }  # fmt: skip
        said = f"{course.label}: %{{y:,.0f}} steps at distance %{{x:.3f}}<extra>median of the seeds</extra>"
        traces.append({
            "type": "scatter", "x": x, "y": middles, "name": course.label, "legendgroup": course.label,
            "mode": "lines+markers", "line": {"color": colour, "width": 2, "dash": course.dash},
            "marker": {"color": colour, "size": 8, "symbol": symbol}, "error_y": spread, "hovertemplate": said,
        })  # fmt: skip
        never = [sum(one is None for one in at) for at in course.steps]
        if any(never):
            cross = {"color": colour, "size": 8, "symbol": "x-thin", "line": {"color": colour, "width": 2}}
            traces.append({
                "type": "scatter", "x": [at for at, many in zip(x, never, strict=True) if many],
                "y": [most * 1.12] * sum(1 for many in never if many), "text": [f"{many}×" for many in never if many],
                "legendgroup": course.label, "showlegend": False, "mode": "markers+text", "marker": cross,
                "textposition": "top center", "textfont": {"color": colour, "size": 11},
                "hovertemplate": f"{course.label}: %{{text}} not within {most:,} steps<extra></extra>",
            })  # fmt: skip
    common = {
        "visible": True, "type": "log", "gridcolor": colours.line, "zeroline": False,
        "tickfont": {"color": colours.quiet},
    }  # fmt: skip
    ticks = [0.003, 0.01, 0.03, 0.1, 0.3]
    lines = [100, 200, 500, 1000, 2000, 4000]
    across = {"title": titled(along, mode), "tickvals": ticks, "ticktext": [f"{at:g}" for at in ticks]}
    up = {"title": titled(axis, mode), "tickvals": lines, "ticktext": [f"{at:,}" for at in lines]}
    return drawn(
        traces,
        mode,
        PIXELS,
        x=common | across,
        y=common | up,
        margin={"l": 64, "r": 14, "t": 44, "b": 48},
        showlegend=True,
        legend=above(mode),
    )
