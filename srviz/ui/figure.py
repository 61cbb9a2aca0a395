"""The live figure: an ordinary Plotly figure, updated in place, linked with others, with hover and click.

Plotly.js comes from the installed package: copied into static/ once, served from there, cached by the browser.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import plotly
import plotly.graph_objects as go

from srviz.ui.live import component

STATIC = Path(__file__).parents[2] / "static"


@dataclass(frozen=True)
class Arithmetic:
    """What a pane writes out for the pair that is pointed at: "relu({s} − {t}) / {N} = {w}".

    terms: for each name in braces, whose it is and its numbers: ("i", (n_q,)) a query's, ("j", (n_k,)) a key's, ("dot",
    {q: (n_q, d), k: (n_k, d), scale}) their scaled dot product, ("z", 0) what the heatmap shows there, ("z+i", (n_q,))
    that plus a query's. idle: shown while nothing is pointed at.
    """

    template: str
    terms: dict[str, tuple[str, Any]] = field(default_factory=dict)
    idle: str = ""


@dataclass(frozen=True)
class Click:
    """A click: the pair of tokens, either of them None where a figure shows only the other."""

    query: int | None
    key: int | None


def figure(
    drawing: go.Figure | str,
    *,
    key: str,
    alt: str,
    group: str = "",
    queries: Sequence[int] | None = None,
    keys: Sequence[int] | None = None,
    points: Sequence[int] | None = None,
    arithmetic: Arithmetic | None = None,
) -> Click | None:
    """Show a figure that stays where it is while its data change; return the click that caused this run, if one did.

    drawing: the figure, or its JSON where that is kept, since to write it takes longer than to send it.
    group: figures of one group share the pointed-at pair and, in 3D, the camera. For a heatmap, queries and keys say
    which token each row and column is; for a scatter or a 3D scatter, points says which token each point is.
    """
    if not alt:
        raise ValueError("alt: expected a text that stands for the figure, got an empty one")
    data = {
        "library": _library(),
        "figure": drawing if isinstance(drawing, str) else drawing.to_json(),
        "alt": alt,
        "group": group,
        "queries": None if queries is None else [int(i) for i in queries],
        "keys": None if keys is None else [int(j) for j in keys],
        "points": None if points is None else [int(i) for i in points],
        "template": arithmetic.template if arithmetic else "",
        "idle": arithmetic.idle if arithmetic else "",
        "terms": {name: list(term) for name, term in arithmetic.terms.items()} if arithmetic else {},
    }
    result = component("figure", isolated=False)(key=key, data=data, on_click_change=lambda: None)
    clicked = result.get("click") if result else None
    if not isinstance(clicked, dict):
        return None
    pair = [clicked.get(name) for name in ("query", "key")]
    query, other = (x if isinstance(x, int) and not isinstance(x, bool) and x >= 0 else None for x in pair)
    return Click(query, other)


@cache
def _library() -> str:
    """The name of plotly.js in static/, put there when it is not: written aside and moved, two may do it at once."""
    name = f"plotly-{plotly.__version__}.min.js"
    target = STATIC / name
    if not target.exists():
        STATIC.mkdir(exist_ok=True)
        aside = target.with_suffix(f".{os.getpid()}")
        aside.write_text(plotly.offline.get_plotlyjs(), encoding="utf-8")
        aside.replace(target)
    return name
