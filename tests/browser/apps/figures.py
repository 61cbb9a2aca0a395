"""A page of live figures for the tests: three of points in space (one painted), two matrices, one in the plane."""

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from srviz.figures.beside import matrix
from srviz.ui.kit.figure import Arithmetic, Paint, figure

turn = st.slider("turn", 0, 10, 0)
draw = np.random.default_rng(0)
xyz = draw.normal(size=(30, 3))
for name in ("one", "two"):
    cloud = go.Scatter3d(x=xyz[:, 0] + turn, y=xyz[:, 1], z=xyz[:, 2], mode="markers")
    scene = go.Figure(cloud, layout={"height": 260, "margin": {"l": 0, "r": 0, "t": 0, "b": 0}})
    figure(scene, key=f"cloud {name}", alt=f"cloud {name}", group="clouds", points=range(30))
order = [2, 0, 3, 1]
weights = np.arange(16, dtype=np.float32).reshape(4, 4) / 16 + turn / 1000
arithmetic = Arithmetic("q {s} k {t} d {x} w {w}", {
    "s": ("i", [10, 11, 12, 13]), "t": ("j", [20, 21, 22, 23]), "w": ("z", 0),
    "x": ("dot", {"q": [[1], [2], [3], [4]], "k": [[1], [10], [100], [1000]], "scale": 0.5}),
}, "idle")  # fmt: skip
for name, place in zip(("left", "right"), st.columns(4), strict=False):
    drawing = matrix(weights[np.ix_(order, order)], 1.0, signed=False, mode="light")
    alt, tokens = f"matrix {name}", {"queries": order, "keys": order}
    with place:
        clicked = figure(drawing, key=alt, alt=alt, group="pairs", arithmetic=arithmetic, **tokens)
        st.text(f"{name} {clicked}")
plane = go.Figure(
    go.Scatter(x=[0, 1, 2, 3], y=[0, 1, 0, 1], mode="markers"), layout={"height": 260, "dragmode": "zoom"}
)
figure(plane, key="plane", alt="plane", group="pairs", points=range(4))
paint = Paint({0: {"marker.color": np.arange(4, dtype=np.float32) * turn, "marker.cmax": 30}}, mark=[0.0, 0.0, 0.0])
square = go.Scatter3d(x=[0, 1, 0, 1], y=[0, 0, 1, 1], z=[0, 0, 0, 1], mode="markers", marker={"color": [0, 0, 0, 0]})
scene = go.Figure(square, layout={"height": 260, "margin": {"l": 0, "r": 0, "t": 0, "b": 0}})
arithmetic = Arithmetic("number {x} colour {c}", {"x": ("p", [5, 6, 7, 8]), "c": ("colour", 0)}, "no point")
clicked = figure(
    scene, key="painted", alt=f"painted {turn}", group="clouds", points=[4, 5, 6, 7], arithmetic=arithmetic, paint=paint
)
st.text(f"painted {clicked}")
