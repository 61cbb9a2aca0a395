"""A still figure on a page: our theme, a text in its place for who does not see it, and its menu."""

import base64
import json
import re
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from srviz.ui.kit import WORDS
from srviz.ui.kit.figure import figure
from srviz.ui.kit.table import Columns
from srviz.ui.kit.take import Figure, away

PARTS = ("red", "green", "blue", "alpha")
ALWAYS = ("line", "x", "y")
NAMES = (*ALWAYS, "z", "colour", *PARTS)  # of the columns, in their order
LONGEST = 60  # characters of what a menu calls its chart


def mode() -> str:
    """The visitor's theme, "light" or "dark"."""
    return "dark" if st.context.theme.type == "dark" else "light"


def chart(drawing: go.Figure | str, alt: str, key: str, place: DeltaGenerator, *, menu: bool = True) -> None:
    """Draw it there, by the plotly.js of the live figures: Streamlit has one of its own that takes seconds to start.

    drawing: a figure, or its JSON. menu: whether it can be taken away by itself.
    """
    with place:
        figure(drawing, key=key, alt=alt)
        if menu:
            name = re.sub(r"\W+", "-", key).strip("-").lower()
            away(Figure((key,), name, _what(alt), lambda state: alt, lambda state: numbers(drawing)), {})


def _what(alt: str) -> str:
    """What a chart is called in a sentence."""
    first = re.split(r"[:;,.]\s", alt)[0]
    return WORDS("take.chart", title=first[:LONGEST])


def numbers(drawing: go.Figure | str) -> Columns:
    """What a chart draws: a row for each point, x and y, with the name of its line, and z or the number that colours it
    where it has one. Of a map, row by row, the number of each cell, or the parts of its colour.
    """
    parsed = json.loads(drawing if isinstance(drawing, str) else drawing.to_json())
    rows: list[dict[str, Any]] = []
    for number, trace in enumerate(parsed["data"]):
        line = {"line": trace.get("name") or str(number + 1)}
        rows += [line | point for point in _points(trace)]
    names = [name for name in NAMES if name in ALWAYS or any(row.get(name) is not None for row in rows)]
    return {name: ["" if row.get(name) is None else str(row[name]) for row in rows] for name in names}


def _points(trace: dict[str, Any]) -> list[dict[str, Any]]:
    """The points of one line, or the cells of one map, by the names of their numbers."""
    x, y, z = (_list(trace.get(axis)) for axis in "xyz")
    if z and isinstance(z[0], list):
        return [
            {"x": j, "y": i} | (dict(zip(PARTS, cell, strict=False)) if isinstance(cell, list) else {"z": cell})
            for i, cells in enumerate(z)
            for j, cell in enumerate(cells)
        ]
    given = {"x": x or list(range(len(y))), "y": y, "z": z, "colour": _list((trace.get("marker") or {}).get("color"))}
    if any(isinstance(one, str) for one in given["colour"]):  # names of colours, which are no numbers
        given.pop("colour")
    given = {name: column for name, column in given.items() if column}
    return [dict(zip(given, point, strict=True)) for point in zip(*given.values(), strict=False)]


def _list(given: Any) -> list[Any]:
    """Numbers of a figure as JSON holds them: as a list, or packed."""
    if isinstance(given, dict):
        array = np.frombuffer(base64.b64decode(given["bdata"]), np.dtype(given["dtype"]))
        shape = tuple(map(int, str(given.get("shape", len(array))).split(",")))
        return list(array.reshape(shape).tolist())
    return list(given) if isinstance(given, list | tuple) else []
