"""What a live figure refuses, and what it takes from the browser."""

import plotly.graph_objects as go
import pytest

from srviz.ui import figure as live


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


def test_plotly_is_put_into_static_once(tmp_path, monkeypatch):
    monkeypatch.setattr(live, "STATIC", tmp_path / "static")
    name = live._library.__wrapped__()
    [file] = (tmp_path / "static").iterdir()
    assert file.name == name
    assert file.stat().st_size > 1_000_000
    before = file.stat().st_mtime_ns
    live._library.__wrapped__()
    assert file.stat().st_mtime_ns == before
