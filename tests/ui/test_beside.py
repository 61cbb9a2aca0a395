"""What is written out under a pane is what the method computes."""

import numpy as np
import pytest

from srviz.attention import METHODS
from srviz.ui import beside


@pytest.fixture(scope="module")
def panes():
    return {pane.title: pane for pane in beside.panes.__wrapped__("clusters", 20, 1, 0, "cpu")}


def dot(term):
    return np.array(term[1]["q"]) @ np.array(term[1]["k"]).T * term[1]["scale"]


def column(term):
    return np.array(term[1])[:, None]


def test_every_method_has_its_panes_and_its_arithmetic(panes):
    assert len(panes) == len(METHODS) + sum(method.signed for method in METHODS.values())
    assert set(beside.TERMS) == set(METHODS)


def test_softmax(panes):
    pane = panes["Softmax"]
    np.testing.assert_allclose(pane.weights, np.exp(dot(pane.terms["x"])) / column(pane.terms["Z"]), atol=1e-6)


def test_linear(panes):
    pane = panes["Linear"]
    np.testing.assert_allclose(pane.weights, dot(pane.terms["x"]) / column(pane.terms["Z"]), atol=1e-6)


def test_sliced_relu(panes):
    pane, effective = panes["Sliced ReLU, raw"], panes["Sliced ReLU, effective"]
    r = column(pane.terms["s"]) - np.array(pane.terms["t"][1])
    np.testing.assert_allclose(pane.weights, np.maximum(r, 0) / column(pane.terms["N"]), atol=1e-6)
    np.testing.assert_allclose(effective.weights, pane.weights - column(effective.terms["m"]), atol=1e-6)
    np.testing.assert_allclose(effective.weights.sum(1), 0, atol=1e-5)


def test_sliced_bump(panes):
    pane = panes["Sliced bump"]
    r = column(pane.terms["s"]) - np.array(pane.terms["t"][1])
    np.testing.assert_allclose(pane.weights, np.maximum(1 - np.abs(r), 0) / 20, atol=1e-6)


def test_sorted_by_score_is_sorted(panes):
    queries, keys = beside.orders.__wrapped__("clusters", 20, 1, 0, "cpu")
    pane = panes["Sliced ReLU, raw"]
    assert np.all(np.diff(np.array(pane.terms["s"][1])[queries]) >= 0)
    assert np.all(np.diff(np.array(pane.terms["t"][1])[keys]) >= 0)
