"""What a live figure refuses, and what it takes from the browser."""

import base64

import numpy as np
import plotly.graph_objects as go
import pytest

from srviz.ui.kit import figure as live


def test_a_figure_without_a_text_in_its_place_is_refused():
    with pytest.raises(ValueError, match=r"alt: expected a text"):
        live.figure(go.Figure(), key="x", alt="")


@pytest.mark.parametrize(
    ("sent", "click"),
    [
        (None, None),
        ("x", None),
        ({"query": 3, "key": 4}, live.Click(3, 4)),
        ({"query": 3, "key": None}, live.Click(3, None)),
        ({"query": "3", "key": -1}, live.Click(None, None)),
        ({"query": True, "key": 1e9}, live.Click(None, None)),
    ],
)
def test_a_click_is_two_tokens_or_nothing(sent, click, monkeypatch):
    monkeypatch.setattr(live, "component", lambda *_, **__: lambda **_: {"click": sent})
    assert live.figure(go.Figure(), key="x", alt="a figure") == click


def test_paint_goes_apart_and_names_the_figure_it_is_for(monkeypatch):
    sent = {}
    monkeypatch.setattr(live, "component", lambda name, **_: lambda data, **__: sent.update({name: data}))
    paint = live.Paint({0: {"marker.color": np.array([1, 2], np.float64), "marker.cmax": 2.0}}, mark=[1.0, 2.0, 3.0])
    live.figure('{"data": []}', key="x", alt="a figure", points=np.array([7, 300]), paint=paint)
    assert sent["figure"]["painted"] == sent["paint"]["painted"] == "x"
    assert sent["figure"]["stamp"] == sent["paint"]["stamp"] != ""
    assert np.frombuffer(base64.b64decode(sent["figure"]["points"]), np.int32).tolist() == [7, 300]
    colours, top = sent["paint"]["changes"]
    assert np.frombuffer(base64.b64decode(colours[2]["f4"]), np.float32).tolist() == [1, 2]
    assert top == [0, "marker.cmax", 2.0]
    before = dict(sent["figure"])
    live.figure('{"data": []}', key="x", alt="another", points=np.array([7, 300]), paint=live.Paint({}))
    assert sent["figure"] == before
