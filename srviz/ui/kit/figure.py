"""The live figure: an ordinary Plotly figure, updated in place, linked with others, with hover and click.

The browser gets plotly.js from the server, which has it from the installed package: see serve.py.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from numpy.typing import ArrayLike, NDArray

from srviz.ui.kit import serve
from srviz.ui.kit.component import component, packed


@dataclass(frozen=True)
class Arithmetic:
    """What a pane writes out for the pair that is pointed at: "relu({s} − {t}) / {N} = {w}".

    terms: for each name in braces, whose it is and its numbers: ("i", (n_q,)) a query's, ("j", (n_k,)) a key's, ("dot",
    {q: (n_q, d), k: (n_k, d), scale}) their scaled dot product, ("z", 0) what the heatmap shows there, ("z+i", (n_q,))
    that plus a query's; where points are pointed at, ("p", (points,)) a point's number, ("colour", 0) what its colour
    stands for. idle: shown while nothing is pointed at. cells: (n_q, n_k), what ("z", 0) is of where the heatmap is
    drawn coarser than that. title: whose it is, where it is not written below the figure but by `pair`.
    """

    template: str
    terms: dict[str, tuple[str, Any]] = field(default_factory=dict)
    idle: str = ""
    cells: ArrayLike | None = None
    title: str = ""


@dataclass(frozen=True)
class Paint:
    """What changes often in a figure that itself stays the same: it alone is sent again.

    changes: {trace: {path: value}}, such as {0: {"marker.color": (points,) array, "marker.cmax": 2.0}}; the same paths
    every time. arithmetic: takes the place of the figure's, whose terms it may use. mark: a point in space to be
    ringed as the query.
    """

    changes: dict[int, dict[str, Any]]
    arithmetic: Arithmetic | None = None
    mark: list[float] | None = None


@dataclass(frozen=True)
class Click:
    """A pair of tokens, either of them None where a figure shows only the other; both where a pair was let go."""

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
    points: Sequence[int] | NDArray[np.integer[Any]] | None = None,
    arithmetic: Arithmetic | None = None,
    paint: Paint | None = None,
    held: Click | None = None,
) -> Click | None:
    """Show a figure that stays where it is while its data change; return the click that caused this run, if one did.

    drawing: a figure, or its JSON. group: figures of one group share the pointed-at pair and, in 3D, the camera. For a
    heatmap, queries and keys say which token each row and column is; for a scatter or a 3D scatter, points says which
    token each point of the first trace is. A figure with paint does not hold what is clicked: the next paint shows it.
    held: the pair that is held, of a page that keeps it; without it the group keeps it to itself.
    """
    if not alt:
        raise ValueError("alt: expected a text that stands for the figure, got an empty one")
    drawn = drawing if isinstance(drawing, str) else drawing.to_json()
    data = {
        "library": serve.address(),
        "figure": drawn,
        "alt": "" if paint else alt,
        "group": group,
        "queries": None if queries is None else [int(i) for i in queries],
        "keys": None if keys is None else [int(j) for j in keys],
        "points": None if points is None else packed(points, "<i4"),
        "arithmetic": _plain(arithmetic or Arithmetic("")),
        "held": asdict(held) if held else None,
        "painted": key if paint else "",
        "stamp": sha256(drawn.encode()).hexdigest()[:16] if paint else "",
    }
    if paint:
        changes = [
            [trace, path, {"f4": packed(value, "<f4")} if isinstance(value, np.ndarray) else value]
            for trace, values in paint.changes.items()
            for path, value in values.items()
        ]
        sent = {"painted": key, "stamp": data["stamp"], "alt": alt, "changes": changes, "mark": paint.mark}
        sent |= {"arithmetic": _plain(paint.arithmetic)} if paint.arithmetic else {}
        component("paint")(key=f"paint {key}", data=sent)
    return _click(component("figure", isolated=False)(key=key, data=data, on_click_change=lambda: None))


def pair(group: str, *, key: str, idle: str) -> None:
    """The arithmetic of all figures of a group, in one place. idle: said while nothing is pointed at."""
    component("pair")(key=key, data={"group": group, "idle": idle})


def clicked(key: str) -> Click | None:
    """The click on the figure of this key that caused this run, if one did, known before the figure is shown again."""
    return _click(st.session_state.get(key))


def _click(result: Any) -> Click | None:
    sent = result.get("click") if hasattr(result, "get") else None
    if not isinstance(sent, dict):
        return None
    pair = [sent.get(name) for name in ("query", "key")]
    query, other = (x if isinstance(x, int) and not isinstance(x, bool) and x >= 0 else None for x in pair)
    return Click(query, other)


def _plain(arithmetic: Arithmetic) -> dict[str, Any]:
    """Its numbers as the browser takes them."""
    terms = {
        name: [whose, packed(numbers, "<f4") if whose == "p" else numbers]
        for name, (whose, numbers) in arithmetic.terms.items()
    }
    cells = None if arithmetic.cells is None else packed(arithmetic.cells, "<f4")
    words = {"template": arithmetic.template, "idle": arithmetic.idle, "title": arithmetic.title}
    return words | {"terms": terms, "cells": cells}
