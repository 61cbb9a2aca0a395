"""The page of kernels: what a link or the browser may send, what the operator answers, and what is said of centring."""

import math
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from streamlit.runtime.scriptrunner import StopException
from streamlit.testing.v1 import AppTest

from srviz.attention import Kernel
from srviz.attention.kernels import KERNELS
from srviz.inputs import INPUTS
from srviz.measure.curve import Curve, Rules, attend
from srviz.ui.chapters.kernels import curves, kernels, many, puzzles
from srviz.ui.chapters.kernels.kernels import PARAMETERS, change, eigenvalues, softmax_rows
from srviz.ui.kit import compute

ROOT = Path(__file__).parents[3]
NODES = next(p for p in PARAMETERS if p.name == "nodes")
DRAWN = ((-1.0, 0.0), (0.5, 1.0), (1.0, -0.5))
CURVES = [Curve(kernel, 0.8, DRAWN, -0.5, 0.25) for kernel in ("relu", "bump", "distance", "laplace", "gauss", "drawn")]
RELU = CURVES[0]


def scores(n=40, d=3):
    draw = torch.Generator().manual_seed(4)
    s, t = torch.randn(2, n, generator=draw)
    return 2 * s + 0.3, t - 0.5, torch.randn(n, d, generator=draw) + 1


def by_loops(curve, rules, s, t, v):
    """The page's formula in plain float64, pair by pair, without the operator."""
    f = {
        "relu": lambda r: max(0, r),
        "distance": abs,
        "bump": lambda r: max(0, 1 - abs(r) / curve.b),
        "laplace": lambda r: math.exp(-abs(r) / curve.b),
        "gauss": lambda r: math.exp(-((r / curve.b) ** 2) / 2),
        "drawn": lambda r: (
            float(np.interp(r, *zip(*curve.nodes, strict=True)))
            + curve.left * min(0, r - curve.nodes[0][0])
            + curve.right * max(0, r - curve.nodes[-1][0])
        ),
    }[curve.kernel]
    s, t, v = (x.double().numpy() for x in (s, t, v))
    s, t = rules.scale * s + rules.shift + rules.queries, rules.scale * t + rules.shift
    if rules.standard:
        middle = (s.mean() + t.mean()) / 2
        s, t = s - middle, t - middle
        size = math.sqrt(((s**2).mean() + (t**2).mean()) / 2 + 1e-6)
        s, t = s / size, t / size
    weights = np.array([[f(a - b) for b in t] for a in s])
    total = {"distance": abs(s[:, None] - t).sum(1), "n": len(t), "one": 1, "rows": weights.sum(1)}[rules.divide]
    total = np.broadcast_to(total, len(s))[:, None]
    weights = np.divide(weights, total, out=np.zeros_like(weights), where=total != 0)
    if rules.centred:
        weights = weights - weights.mean(1, keepdims=True)
    return weights @ v


@pytest.mark.parametrize("centred", [False, True])
@pytest.mark.parametrize("divide", ["distance", "n", "one", "rows"])
@pytest.mark.parametrize("curve", CURVES, ids=lambda c: c.kernel)
def test_the_answer_is_the_formula(curve, divide, centred):
    if divide == "rows" and curve.kernel in ("drawn", "relu"):
        curve = Curve("drawn", 1, DRAWN[:2], 0.0, 0.5)  # whose rows stay away from zero
    for rules in (Rules(divide, centred, True), Rules(divide, centred, False, 3.0, 0.5, 0.7)):
        s, t, v = scores()
        t[0] = -9.0  # a key below every query
        found, expected = attend(curve, rules, s, t, v), by_loops(curve, rules, s, t, v)
        np.testing.assert_allclose(found, expected, atol=3e-6 * abs(expected).max() + 1e-7)


def test_many_tokens_take_the_sorted_route_to_the_same_answer():
    s, t, v = scores(600)
    for curve in CURVES:
        expected = curve.every_pair(s.double(), t.double(), v.double())
        np.testing.assert_allclose(curve.sum(s, t, v), expected, atol=2e-6 * float(expected.abs().max()))


def test_a_query_without_keys_on_its_left_gets_nothing_even_under_the_row_sum():
    s, t, v = torch.tensor([-9.0, 1.0]), torch.tensor([0.0, 0.5]), torch.ones(2, 1)
    assert attend(RELU, Rules("rows", False, False), s, t, v).tolist() == [[0.0], [1.0]]


def test_centred_rows_sum_to_zero_and_relu_rows_stay_below_one():
    s, t, v = scores()
    ones = torch.ones_like(v[:, :1])
    assert attend(RELU, Rules("distance", True, True), s, t, ones).abs().max() == 0
    sums = attend(RELU, Rules("distance", False, True), s, t, ones)
    assert 0 <= sums.min() < 0.5 < sums.max() <= 1 + 1e-6
    assert max(abs(x - 1) for x in softmax_rows("china", 32, 7, 0, "cpu")) < 1e-6


def test_only_the_queries_own_shift_moves_relu_under_distances():
    where = ("china", 4096, 7, 0, "cpu")
    for moved in ({"shift": 10.0}, {"scale": 10.0}, {"shift": -1.0, "scale": 0.1}):
        assert change(*where, RELU, Rules("distance", True, False, **moved)) < 1e-4
    assert change(*where, RELU, Rules("distance", True, False, queries=0.5)) > 0.05
    assert change(*where, RELU, Rules("n", True, False, scale=10.0)) > 1
    assert change(*where, RELU, Rules("n", True, True, scale=10.0)) < 1e-4  # standardized, nothing can


@pytest.mark.parametrize("name", ["china", "clusters", "ramp"])
@pytest.mark.parametrize("n", [8, 33, 64])
def test_one_eigenvalue_is_negative_and_none_on_vectors_that_sum_to_zero(name, n):
    whole, flat = eigenvalues(name, INPUTS[name].nearest(n), 7, 0, "cpu")
    n = compute.tokens(name, n, 7).n
    assert (len(whole), len(flat)) == (n, n - 1)
    assert (whole < -1e-9).sum() == 1
    assert flat.min() > -1e-9
    assert abs(whole.sum()) < 1e-8  # the diagonal is zero


@pytest.mark.parametrize(
    ("moved", "even"),
    [
        ({"kernel": "distance"}, True),
        ({"kernel": "gauss", "b": 4.0}, True),
        ({"kernel": "bump", "b": 0.1}, True),
        ({"kernel": "relu"}, False),
        ({"kernel": "drawn"}, False),
        ({"kernel": "drawn", "nodes": ((-1.0, 0.5), (0.0, -0.5), (1.0, 0.5)), "left": -0.5, "right": 0.5}, True),
        ({"kernel": "drawn", "nodes": ((0.0, 1.0),)}, False),  # a constant
    ],
)
def test_a_curve_that_is_the_same_both_ways_solves_the_puzzle_also_where_it_is_drawn(moved, even):
    assert puzzles.even({p.name: p.default for p in PARAMETERS} | moved) == even


# ---- curves without straight pieces ----


def test_every_curve_of_the_registry_can_be_sent():
    assert [record["name"] for record in curves.sent()] == [*KERNELS, "drawn"]


def started(f=torch.abs, pieces=None):
    return curves._start(replace(KERNELS["gauss"], start="mine", f=f, pieces=pieces))


@pytest.mark.parametrize(
    "given",
    [
        {"pieces": Kernel((-6.0, 0.0, 6.0), (0.0, 1.0, 0.0))}, {"pieces": Kernel((0.0, 1.0), (0.0, 6.0))},
        {"pieces": Kernel((0.0,), (0.0,), 0.0, 5.0)}, {"pieces": Kernel((0.0, 0.01), (0.0, 1.0))},
        {"pieces": Kernel([k / 10 for k in range(25)], [0.0] * 25)}, {"f": lambda r: r.abs() ** 1.5},
    ],
    ids=["too far out", "too high", "too steep", "too near", "too many nodes", "a smooth curve that grows too high"],
)  # fmt: skip
def test_no_drawing_begins_as_a_curve_that_cannot_be_drawn(given):
    assert started(**given) is None


def test_what_a_drawing_begins_as_is_left_as_it_is_by_the_server():
    for record in filter(None, (record["start"] for record in curves.sent())):
        text = NODES.write(tuple(map(tuple, record["nodes"])))
        assert NODES.read(text) == (tuple(map(tuple, record["nodes"])), True)


# ---- what may be sent ----


@pytest.mark.parametrize(
    ("text", "nodes", "valid"),
    [
        ("-1~0_0.5~1", ((-1, 0), (0.5, 1)), True),
        ("0.5~1_-1~0", ((-1, 0), (0.5, 1)), False),
        ("1~1_1~2_1.01~3", ((1, 1),), False),
        ("9~9", ((4, 3),), False),
        ("1~nan_2~1_x~y_3", ((2, 1),), False),
        ("", NODES.default, False),
        ("<script>", NODES.default, False),
    ],
)
def test_nodes_from_a_link_become_the_nearest_curve(text, nodes, valid):
    assert NODES.read(text) == (nodes, valid)


@given(st.text("0123456789.-~_einfx", max_size=120))
def test_whatever_a_link_draws_is_a_kernel(text):
    nodes, _ = NODES.read(text)
    assert NODES.read(NODES.write(nodes)) == (nodes, True)
    assert isinstance(Curve("drawn", 1.0, nodes, 1.0, -1.0).pieces(), Kernel)


def test_four_thousand_nodes_are_cut_to_what_fits():
    nodes, valid = NODES.read("_".join(f"{-4 + k / 500:.3f}~1" for k in range(4000)))
    assert not valid
    assert 1 <= len(nodes) <= kernels.MOST_NODES


@pytest.mark.parametrize(
    ("nodes", "reason"), [((0.0, 0.0), "all different"), ((), "expected 1 to"), ((1.0, 0.0), "ascending")]
)
def test_the_operator_refuses_what_is_no_curve_with_its_reason(nodes, reason):
    with pytest.raises(ValueError, match=reason):
        Kernel(nodes, tuple(0.0 for _ in nodes))


@pytest.mark.parametrize("parameter", PARAMETERS, ids=lambda p: p.name)
def test_any_text_gives_a_valid_value(parameter):
    draw = random.Random(3)
    for text in ["", "nan", "inf", "-1e999", "1~2~3", "_", "~", "9" * 5000, "é", "0x10", "None", "\x00"]:
        value, _ = parameter.read(text)
        assert parameter.read(parameter.write(value)) == (value, True)
    for _ in range(300):
        value, _ = parameter.read("".join(draw.choices("0123456789.-~_enaif", k=draw.randrange(40))))
        assert parameter.read(parameter.write(value))[1]


@pytest.mark.parametrize("name", INPUTS)
def test_the_page_on_every_input_also_where_fewer_tokens_fit(name, monkeypatch):
    monkeypatch.setattr(many, "TIMED", 1024)
    monkeypatch.setattr(many, "TIMED_DRAWN", 1024)
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    page.switch_page("pages/2_Kernels.py")
    for query in ({"n": "33"}, {"n": "64", "kernel": "gauss"}, {"n": "8", "kernel": "drawn", "shift": "1"}):
        for key, value in ({"input": name} | query).items():
            page.query_params[key] = value
        page.run()
        assert not page.exception
        if INPUTS[name].most < many.TOO_FEW:
            assert any("too few to time" in text.value for text in page.markdown)
        else:
            assert page.metric[1].value


def test_a_curve_is_divided_as_is_usual_for_it_unless_the_link_says_otherwise():
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    page.switch_page("pages/2_Kernels.py")
    for query, divide in (
        ({"kernel": "drawn"}, "n"),
        ({"kernel": "gauss"}, "rows"),
        ({"kernel": "drawn", "divide": "distance"}, "distance"),
        ({"kernel": "relu", "divide": "nonsense"}, "distance"),
    ):
        page.query_params.clear()
        for key, value in query.items():
            page.query_params[key] = value
        page.run()
        assert kernels.rules_of(page.session_state["_state"]).divide == divide


@pytest.mark.parametrize(
    ("fast", "slow", "says"),
    [
        (0.01, 0.2, "**20 times** faster"),
        (0.1, 0.996, "**10 times** faster"),
        (0.1, 0.994, "**9.9 times** faster"),
        (1.004, 0.1, "it takes **10 times** as long"),
        (0.3, 0.1, "does not pay"),
        (0.1, 0.11, "about as long"),
        (None, 1, "1 million"),
    ],
)
def test_the_verdict_says_which_route_is_faster(fast, slow, says):
    assert says in many.verdict(1000, fast, slow)


def open_page(**query):
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120).run()
    page.switch_page("pages/2_Kernels.py")
    for key, value in query.items():
        page.query_params[key] = value
    page.run()
    assert not page.exception
    return page


def test_a_curve_is_measured_once_and_again_where_it_is_another():
    page = open_page(kernel="bump")
    first = page.session_state["_on_many"]
    assert first.timing.sorted_seconds > 0
    assert first.timing.sorted_error < 1e-5
    page.run()
    assert page.session_state["_on_many"] is first
    page.query_params["kernel"] = "gauss"
    page.run()
    assert page.session_state["_on_many"] is not first
    assert page.session_state["_on_many"].timing.sorted_seconds is None
    assert page.metric[0].value == "no such way"


def test_until_it_is_measured_the_numbers_of_the_curve_before_stand_as_such(monkeypatch):
    page = open_page(kernel="bump")
    seen = []

    def watch(said, take, tell, feed=None):
        said.close()
        tell()
        seen.append(True)
        raise StopException  # another control is touched

    monkeypatch.setattr(many.work, "watch", watch)
    page.query_params["kernel"] = "relu"
    page.run()
    assert seen
    (bar,) = page.get("progress")
    assert bar.proto.text.startswith("These numbers were measured for what was shown before.")
    assert len(page.metric) == 3
    page.button(key="stop many").click().run()
    assert len(seen) == 1  # nothing begins that was not asked for
    assert not page.get("progress")
    old = "These numbers were measured for what was shown before."
    assert f"{old} The timing was stopped before it ended." in [caption.value for caption in page.caption]
    assert len(page.metric) == 3
    monkeypatch.undo()
    page.button(key="measure many").click().run()
    assert page.session_state["_on_many"].timing.sorted_seconds > 0
    assert len(page.metric) == 3


def test_while_others_are_at_work_nobody_stands_in_line_unasked(monkeypatch):
    page = open_page(kernel="bump")
    first = page.session_state["_on_many"]
    monkeypatch.setattr(many.work, "others", lambda: 3)
    page.run()
    assert page.session_state["_on_many"] is first  # it is of what is shown
    page.query_params["kernel"] = "relu"
    page.run()
    assert page.session_state["_on_many"] is first
    assert len(page.metric) == 3
    said = [caption.value for caption in page.caption]
    old = "These numbers were measured for what was shown before."
    assert f"{old} Others measure or train on this server just now." in said
    page.button(key="measure many").click().run()
    assert page.session_state["_on_many"].setting != first.setting
    assert page.session_state["_on_many"].timing.sorted_seconds > 0
    page.query_params["kernel"] = "gauss"
    page.run()
    assert page.button(key="measure many")  # for each setting once more
    page.query_params["kernel"] = "relu"
    page.run()
    assert not [button for button in page.button if button.key == "measure many"]


def test_a_class_that_comes_at_one_moment_does_not_stand_in_line(monkeypatch):
    others = iter([0, 3])  # before the rest, and after it
    monkeypatch.setattr(many.work, "others", lambda: next(others))
    given = []
    monkeypatch.setattr(many.work, "give_up", lambda: given.append(True))
    page = open_page(kernel="bump")
    assert "_on_many" not in page.session_state
    assert not page.get("progress")
    assert page.button(key="measure many")
    assert given == [True]


def test_stop_that_comes_late_takes_nothing_away(monkeypatch):
    page = open_page(kernel="bump")
    last = page.session_state["_on_many"]
    monkeypatch.setattr(many.st, "session_state", {"_on_many": last})
    many._stop(last.setting)
    assert many.st.session_state == {"_on_many": last}
    many._stop((*last.setting[:-1], "other rules"))
    assert many._said((*last.setting[:-1], "other rules")) == many.STOPPED
    assert many._said(last.setting) == ""


def test_a_measurement_that_fails_is_a_sentence_and_not_tried_again(monkeypatch):
    asked = []

    def stream(*plan):
        asked.append(plan)
        yield {"trouble": "There was not enough memory for it."}

    monkeypatch.setattr(many.jobs, "stream", stream)
    page = open_page(kernel="bump")
    page.run()
    assert len(asked) == 1
    assert not page.metric
    assert "There was not enough memory for it." in [caption.value for caption in page.caption]


@pytest.mark.parametrize(
    ("held", "existing"), [((3, 8), (3, 8)), ((9, 3), (0, 0)), ((3, 9), (0, 0)), ((0, 4), (0, 0)), ((4, 0), (0, 0))]
)
def test_a_held_cell_whose_tokens_are_gone_is_let_go(held, existing, monkeypatch):
    monkeypatch.setattr(kernels.controls, "count", lambda values: 8)
    assert kernels._existing(dict(zip(("row", "column"), held, strict=True))) == dict(
        zip(("row", "column"), existing, strict=True)
    )
