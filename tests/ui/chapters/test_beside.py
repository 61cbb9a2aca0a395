"""What is written out under a pane is what the method computes."""

import json

import numpy as np
import pytest

from srviz.attention import METHODS
from srviz.ui.chapters.beside import beside

SETTINGS = {
    "clusters": ("clusters", 20, 1, 0, "cpu"),
    "fewer patches than asked for": ("china", 47, 1, 0, "cpu"),
    "logits whose exp overflows": ("needle", 256, 35, 0, "cpu"),
}


@pytest.fixture(scope="module", params=SETTINGS.values(), ids=SETTINGS)
def setting(request):
    return request.param


@pytest.fixture(scope="module")
def panes(setting):
    return {pane.title: pane for pane in beside.panes.__wrapped__(*setting)}


def dot(term):
    return np.array(term[1]["q"]) @ np.array(term[1]["k"]).T * term[1]["scale"]


def column(term):
    return np.array(term[1])[:, None]


def test_every_method_has_its_panes_and_its_arithmetic(panes):
    assert len(panes) == len(METHODS) + sum(method.signed for method in METHODS.values())


def test_softmax(panes):
    pane = panes["Softmax"]
    above = np.exp(dot(pane.terms["x"]) - column(pane.terms["top"]))
    np.testing.assert_allclose(pane.weights, above / column(pane.terms["divisor"]), rtol=1e-4, atol=1e-6)


def test_linear(panes):
    pane = panes["Linear"]
    np.testing.assert_allclose(pane.weights, dot(pane.terms["x"]) / column(pane.terms["divisor"]), atol=1e-6)


def test_sliced_relu(panes):
    pane, effective = panes["Sliced ReLU, raw"], panes["Sliced ReLU, effective"]
    r = column(pane.terms["s"]) - np.array(pane.terms["t"][1])
    np.testing.assert_allclose(pane.weights, np.maximum(r, 0) / column(pane.terms["divisor"]), atol=1e-6)
    np.testing.assert_allclose(effective.weights, pane.weights - column(effective.terms["mean"]), atol=1e-6)
    np.testing.assert_allclose(effective.weights.sum(1), 0, atol=1e-5)


def test_sliced_bump(panes):
    pane = panes["Sliced bump"]
    r = column(pane.terms["s"]) - np.array(pane.terms["t"][1])
    np.testing.assert_allclose(pane.weights, np.maximum(1 - np.abs(r), 0) / len(r), atol=1e-6)


def test_what_is_written_out_is_valid_json(panes):
    for pane in panes.values():
        json.dumps(pane.terms, allow_nan=False)


@pytest.mark.parametrize(("order", "title"), [("sorted", "Sliced ReLU, raw"), ("bump", "Sliced bump")])
def test_sorted_by_score_is_sorted(panes, setting, order, title):
    pane = panes[title]
    queries, keys = beside.orders.__wrapped__(setting, order, len(pane.weights))
    assert np.all(np.diff(np.array(pane.terms["s"][1])[queries]) >= 0)
    assert np.all(np.diff(np.array(pane.terms["t"][1])[keys]) >= 0)


@pytest.mark.parametrize(
    ("values", "existing"),
    [((5, 7), (5, 7)), ((200, 3), (0, 0)), ((3, 200), (0, 0)), ((0, 4), (0, 0)), ((4, 0), (4, 0))],
)
def test_a_held_pair_exists(values, existing, monkeypatch):
    monkeypatch.setattr(beside.controls, "count", lambda values: 20)
    found = beside._existing({"query": values[0], "key": values[1]})
    assert (found["query"], found["key"]) == existing


@pytest.mark.parametrize("count", range(1, 14))
@pytest.mark.parametrize("wide", [False, True])
def test_there_is_a_cell_for_every_pane_and_for_what_stands_beside(count, wide):
    rows = beside._rows(count, wide)
    assert all(sum(row) == beside.ROW for row in rows)
    cells = [width for row in rows for width in row]
    if wide:
        assert 2 in cells[count:]
        assert cells[:count] == [1] * count
    else:
        assert len(cells) >= count + 2
