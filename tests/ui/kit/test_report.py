"""What the browser may send."""

import pytest

from srviz.ui.chapters.kernels import kernels
from srviz.ui.chapters.line import line
from srviz.ui.chapters.slices import slices
from srviz.ui.kit import report, url

PAGES = {
    "line": ("scalar_line", line.PARAMETERS),
    "kernel": ("kernel_map", kernels.PARAMETERS),
    "slice": ("slices", slices.PARAMETERS),
}


@pytest.fixture
def take(monkeypatch):
    """Report something to a page whose state came from elsewhere once: (number, what was taken)."""

    def take(value, sent, names, **options):
        component, parameters = PAGES[value]
        session = {component: {value: sent}, "_script": "a page"}
        monkeypatch.setattr(url.st, "session_state", session)
        state = url.State({p.name: p for p in parameters}, {p.name: p.default for p in parameters}, {}, epoch=1)
        number = report.take(state, component, value, names, **options)
        assert all(session[f"a page:{name}"] == state[name] for name in names if number and name in sent)
        return number, state

    return take


@pytest.mark.parametrize(
    "sent",
    [
        None, 3, "x", [], {}, {"id": 1}, {"id": "1", "epoch": 1}, {"id": 1, "epoch": None}, {"id": True, "epoch": 1},
        {"id": 10**4000, "epoch": 1}, {"id": 3, "epoch": 0},
    ],
)  # fmt: skip
def test_nonsense_and_what_is_about_an_earlier_state_is_nothing(sent, take):
    sent = sent | {"b": 2.0} if isinstance(sent, dict) else sent
    number, state = take("line", sent, ["b"])
    assert number == 0
    assert state["b"] == 0.8


def test_a_line_is_made_valid(take):
    sent = {
        "id": 4, "epoch": 1, "kernel": "evil", "b": 1e9, "queries": [9, "x", None, float("nan"), 0.5] + [1] * 500,
        "keys": "not a list", "values": [[1], {}], "held": 3,
    }  # fmt: skip
    number, state = take("line", sent, [p.name for p in line.PARAMETERS], from_zero=("held",))
    assert (number, state["kernel"], state["b"], state["held"]) == (4, "relu", 3.0, 4)
    assert len(state["queries"]) <= line.MOST
    assert state["queries"][:2] == (3.0, 0.5)
    assert state["keys"] == line.PARAMETERS[3].default


def test_a_kernel_is_made_valid(take):
    sent = {
        "id": 2, "epoch": 1, "kernel": "evil", "b": -5,
        "nodes": [[1, 1], [1, 2], "x", [None, 3], [0, 99], []] + [[2, 1]] * 99,
        "left": float("nan"), "right": [], "divide": {}, "centred": True, "sorted": "yes",
        "scale": 1e99, "row": 5, "input": "flower",
    }  # fmt: skip
    number, state = take("kernel", sent, kernels.DRAGGED)
    assert number == 2
    assert state["nodes"] == ((0, 3), (1, 1), (2, 1))
    assert (state["kernel"], state["b"], state["left"], state["right"]) == ("relu", 0.1, 0.0, 0.0)
    assert (state["divide"], state["centred"], state["sorted"], state["scale"]) == ("usual", True, False, 100)
    assert state["input"] == "china"


def test_a_slice_is_made_valid(take):
    sent = {
        "id": 2, "epoch": 1, "theta": 1e9, "tilt": float("nan"), "yaw": "x", "held": 500, "head": -3, "along": "<b>",
    }  # fmt: skip
    _, state = take("slice", sent, ("theta", "tilt", "yaw", "held", "head", "along"), from_zero=("held", "head"))
    assert [state[name] for name in ("theta", "tilt", "yaw", "held", "head", "along")] == [
        359.9, 25.0, 25.0, slices.MOST, 1, "rank",
    ]  # fmt: skip


def test_a_report_is_taken_once(monkeypatch):
    """What another control changed since then stands."""
    sent = {"id": 1, "epoch": 1, "held": 59}
    monkeypatch.setattr(url.st, "session_state", {"slices": {"slice": sent}, "_script": "a page"})
    state = url.State({p.name: p for p in slices.PARAMETERS}, {"held": 5}, {}, epoch=1)
    assert report.take(state, "slices", "slice", ["held"], from_zero=["held"]) == 1
    assert state["held"] == 60
    state["held"] = 20
    assert report.take(state, "slices", "slice", ["held"], from_zero=["held"]) == 1
    assert state["held"] == 20
    sent["id"] = 2
    report.take(state, "slices", "slice", ["held"], from_zero=["held"])
    assert state["held"] == 60


def test_deep_lists_and_long_words_are_cut():
    assert report.as_text([[[[1]], 2, 3]]) == "~2"
    assert report.as_text("9" * 999) == "9" * report.LONGEST
    assert report.as_text([1] * 999).count("_") == report.MOST - 1
