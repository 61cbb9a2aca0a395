"""What is written out under a pane is what the method computes."""

import json
import re
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from srviz.attention import METHODS
from srviz.attention.methods import registered
from srviz.inputs.patterns import PATTERNS
from srviz.ui.chapters.beside import beside, record, take
from tests.attention.signed import SIGNED

SETTINGS = {
    "clusters": ("clusters", 20, 1, 0, "cpu"),
    "fewer patches than asked for": ("china", 47, 1, 0, "cpu"),
    "logits whose exp overflows": ("needle", 256, 35, 0, "cpu"),
}
PALE = ("clusters", 48, 119, 2, "cpu")  # a trained softmax head that gives nearly all its weight to one key


@pytest.fixture(scope="module", params=SETTINGS.values(), ids=SETTINGS)
def setting(request):
    return request.param


@pytest.fixture(scope="module")
def panes(setting):
    return {pane.title: pane for pane in beside.panes.__wrapped__((*setting, "untrained"))}


def dot(term):
    return np.array(term[1]["q"]) @ np.array(term[1]["k"]).T * term[1]["scale"]


def column(term):
    return np.array(term[1])[:, None]


def test_every_method_has_its_panes_and_its_arithmetic(panes):
    assert len(panes) == len(METHODS) + sum(method.centred for method in METHODS.values())


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


def test_weights_that_are_negative_of_their_own_are_written_out_in_brackets_and_do_not_sum_to_0(setting):
    with registered(SIGNED):
        panes = beside.panes.__wrapped__((*setting[:1], 20, *setting[2:], "untrained"))
    [pane] = [pane for pane in panes if pane.method == SIGNED.name]
    assert (pane.title, pane.effective, pane.signed) == (SIGNED.label, False, True)
    assert pane.note != "rows sum to 0"
    assert pane.template.startswith(f"(exp({{x}}) − 1) / {len(pane.weights)} ")
    np.testing.assert_allclose(
        pane.weights, (np.exp(dot(pane.terms["x"])) - 1) / len(pane.weights), rtol=1e-4, atol=1e-6
    )


def test_a_bar_in_a_label_ends_no_cell_of_a_table():
    with registered(replace(METHODS["bump"], name="bars", label="Sliced |r|", ways=(), rank=9)):
        beside.panes.clear()
        _, table = beside._spread.__wrapped__(("clusters", 20, 1, 0, "cpu", "untrained"), 0, "light")
        beside.panes.clear()
    assert {len(re.split(r"(?<!\\)\|", line)) for line in table.split("\n")} == {6}
    assert r"| Sliced \|r\| |" in table


def test_what_is_written_out_is_valid_json(panes):
    for pane in panes.values():
        json.dumps(pane.terms, allow_nan=False)


@pytest.mark.parametrize(("order", "title"), [("sorted", "Sliced ReLU, raw"), ("bump", "Sliced bump")])
def test_sorted_by_score_is_sorted(panes, setting, order, title):
    pane = panes[title]
    queries, keys = beside.orders.__wrapped__((*setting, "untrained"), order, len(pane.weights))
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


@pytest.mark.parametrize("panes", range(1, 14))
@pytest.mark.parametrize("rest", [[1, 1, 1], [2, 1], [1, 1]])
def test_there_is_a_cell_for_every_pane_and_for_what_stands_beside(panes, rest):
    widths = [1] * panes + rest
    rows = beside._rows(widths)
    assert all(0 < sum(row) <= beside.ROW for row in rows)
    assert [cell for row in rows for cell in row] == widths


def test_an_axis_says_by_whose_scores_it_is_sorted():
    assert beside.words_of("own", "relu") == beside.words_of("sorted", "relu") == "by score"
    assert beside.words_of("own", "bump") == "by score"
    assert beside.words_of("own", "softmax") == beside.words_of("sorted", "bump") == "ReLU’s order"
    assert beside.words_of("bump", "relu") == "bump’s order"
    assert beside.words_of("input", "relu") == "as they come"


def test_the_recorded_fits_are_complete_and_one_of_them_comes_out_again():
    said = record.recorded()
    methods = {method for found in said["reached"].values() for method in found}
    assert {"softmax", "relu", "bump", "linear"} <= methods <= set(METHODS)  # a new method may have none yet
    assert {(p, m) for p, found in said["reached"].items() for m in found} == set(product(PATTERNS, methods))
    assert sum(map(len, said["reached"].values())) == len(PATTERNS) * len(methods)
    assert all(0 <= last <= first for found in said["reached"].values() for first, last in found.values())
    assert record.reached("uniform", "linear") == pytest.approx(said["reached"]["uniform"]["linear"], abs=2e-3)


def test_a_map_has_its_own_scale_where_the_shared_one_would_hide_it(monkeypatch):
    known = {name: METHODS[name] for name in ("softmax", "relu", "bump", "linear")}  # the scales of others are theirs
    monkeypatch.setattr(beside, "METHODS", known)

    def drawn(heads):
        shown = [pane for pane in beside.panes.__wrapped__((*PALE, heads)) if not pane.signed]
        found = beside.drawings.__wrapped__((*PALE, heads), "own", "light")
        ends = [end for end, pane in zip(found.ends, beside.panes((*PALE, heads)), strict=True) if not pane.signed]
        return found, ends, [float(np.quantile(pane.weights, 0.995)) for pane in shown]

    together, ends, _ = drawn("untrained")
    assert not together.own
    assert set(ends) == {together.top}
    apart, ends, largest = drawn("trained")
    assert apart.own
    assert ends == pytest.approx(largest)
    assert [json.loads(pane)["data"][0]["zmax"] for pane in apart.panes] == pytest.approx(apart.ends)


def test_a_caption_says_in_which_order_the_maps_are_and_whether_the_heads_are_trained():
    state = {p.name: p.default for p in beside.PARAMETERS} | {"heads": "trained"}
    said = {order: take.caption(state | {"order": order}) for order in beside.ORDERS}
    assert "each map sorted by the scores of its own method" in said["own"]
    assert "sorted by the scores of ReLU" in said["sorted"]
    assert "sorted by the scores of bump" in said["bump"]
    assert "as they come" in said["input"]
    assert "by every method: trained head 3 on" in said["own"]
    assert "by every method: untrained head 3 on" in take.caption(state | {"input": "needle"})  # no model learned it
