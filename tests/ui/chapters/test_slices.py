"""What the browser may send, what the operator answers, and what is sent for drawing."""

import base64
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from srviz.attention import Projections
from srviz.lab import trained
from srviz.ui.chapters.slices import slices
from srviz.ui.kit import shell

ROOT = Path(__file__).parents[3]
STATE = {"theta": 40.0, "tilt": -20.0, "held": 3, "head": 2}


def row(scores, held):
    """The formula of slices.js, in float64."""
    r = scores[held] - scores
    return np.maximum(0, r) / np.abs(r).sum()


@pytest.mark.parametrize("name", slices.POINTS)
def test_the_operator_answers_for_a_direction(name, monkeypatch):
    monkeypatch.setattr(shell, "device", lambda: "cpu")
    x = slices.points(name, 40, 5)
    a, b = np.radians(40.0), np.radians(-20.0)
    way = np.array([np.cos(a), np.sin(a)])
    if x.shape[1] == 3:
        way = np.array([*(way * np.cos(b)), np.sin(b)])
    scores = x.astype(np.float64) @ way
    found = slices.answer(STATE, torch.from_numpy(x), None)
    np.testing.assert_allclose(found["weights"], row(scores, 2), atol=1e-6)
    order = np.argsort(scores)
    lost = np.linalg.norm(np.diff(x[order].astype(np.float64), axis=0), axis=1) - np.diff(scores[order])
    assert found["lost"] == pytest.approx(lost.max(), abs=1e-5)


@pytest.mark.parametrize("projection", ["linear", "mlp"])
def test_the_operator_answers_for_a_head(projection, monkeypatch):
    monkeypatch.setattr(shell, "device", lambda: "cpu")
    heads = slices.scored("circles", 24, 7, projection)
    found = slices.answer(STATE, torch.from_numpy(slices.points("circles", 24, 7)), heads)
    np.testing.assert_allclose(found["weights"], row(heads.scores[1].astype(np.float64), 2), atol=1e-6)


@pytest.mark.parametrize("projection", ["linear", "mlp"])
def test_the_grid_is_the_same_map_as_the_scores(projection):
    name, n, seed = "moons", 24, 7
    heads = slices.scored(name, n, seed, projection)
    assert heads.grid.shape == (slices.HEADS, slices.SIDE, slices.SIDE)
    steps = np.linspace(-heads.reach, heads.reach, slices.SIDE, dtype=np.float32)
    points = slices.points(name, n, seed)
    assert np.abs(points).max() < heads.reach
    # the token as one more point of the plane: row = second feature, column = first
    maps = Projections.untrained(points.shape[1], slices.HEADS, slices.HEAD_DIM, seed=seed)

    def raw(x):
        return maps.pi(projection)(maps.project(torch.from_numpy(x))[1]).numpy()

    of_points, of_node = raw(points), raw(np.array([[steps[31], steps[8]]]))
    mean, deviation = of_points.mean(1), np.sqrt(of_points.var(1) + 1e-6)
    np.testing.assert_allclose(heads.scores, (of_points - mean[:, None]) / deviation[:, None], atol=1e-4)
    np.testing.assert_allclose(heads.grid[:, 8, 31], (of_node[:, 0] - mean) / deviation, atol=1e-4)


def test_the_grid_survives_its_packing():
    heads = slices.scored("moons", 16, 1, "mlp")
    sent = slices._packed(heads)
    steps = np.frombuffer(base64.b64decode(sent["values"]), "<u2").reshape(heads.grid.shape)
    back = sent["low"] + steps / 65535 * (sent["high"] - sent["low"])
    np.testing.assert_allclose(back, heads.grid, atol=(sent["high"] - sent["low"]) / 65535)


def test_no_level_sets_are_drawn_in_space():
    heads = slices.scored("rings", 16, 1, "mlp")
    assert heads.scores.shape == (slices.HEADS, 16)
    assert slices._packed(heads) is None


def test_linear_heads_of_the_plane_leave_no_pair_after_two():
    """Two directions that are far from parallel: no pair is at right angles to both."""
    assert slices.left("moons", 24, 7, "linear", 5)[1:] == [0] * (slices.HEADS - 1)
    assert slices.left("moons", 24, 7, "linear", 5)[0] > 0


@pytest.mark.parametrize("parameter", slices.PARAMETERS, ids=lambda p: p.name)
@pytest.mark.parametrize("text", ["", "nan", "inf", "-1e999", "9" * 500, "<script>", "½", "_", "1.5", "-0", "\x00"])
def test_whatever_a_link_holds_a_valid_value_comes_out(parameter, text):
    value, _ = parameter.read(text)
    again, valid = parameter.read(parameter.write(value))
    assert valid
    assert parameter.write(again) == parameter.write(value)


def test_the_source_shown_is_the_source():
    text = slices.code()
    assert "def weights(scores: Tensor, held: int)" in text
    assert "weights = _kept(r.relu(), keep)" in text


@pytest.mark.parametrize("by", slices.KINDS)
def test_only_a_line_that_is_turned_by_hand_is_spoken_of_as_turning(by):
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    page.switch_page("pages/3_Slices.py")
    page.query_params["by"] = by
    page.run()
    assert not page.exception
    said = " ".join(text.value for text in [*page.markdown, *page.caption])
    assert ("Turn the line" in said) == (by == "hand")
    assert ("full turn" in said) == (by == "hand")
    assert ("Choose another head" in said) == (by != "hand")


def test_the_conclusion_is_computed_from_the_fitted_slope():
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    page.switch_page("pages/3_Slices.py").run()
    page.session_state["deeper what many slices keep"] = True
    page.run()
    said = next(text.value for text in page.markdown if text.value.startswith("**Four times as many"))
    slope, times = map(float, re.search(r"2\^\(1/(\S+)\) = (\S+) times", said).groups())
    assert slope == pytest.approx(-slices.many_slices("moons", 24, 7).fit[0], abs=0.005)
    assert times**-slope == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize(("name", "task"), [("moons", "ink"), ("rings", "solids")])
def test_trained_heads_are_ranked_by_their_keys_scores(name, task):
    found = slices.scored.__wrapped__(name, 24, 7, "trained")
    maps = trained.find(task, "relu").projections()
    x = torch.from_numpy(slices.points.__wrapped__(name, 24, 7))
    scores = maps.heads(x, projection="mlp").t
    assert found.scores.shape == (4, 24)
    for mine, raw in zip(torch.from_numpy(found.scores), scores, strict=True):
        assert torch.equal(mine.argsort(), raw.argsort())
