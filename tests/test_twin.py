"""An identical twin of sliced ReLU, registered as one record, is treated like its sibling wherever methods go."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from srviz.attention import METHODS
from srviz.attention.methods import registered
from srviz.inputs import INPUTS
from srviz.inputs.patterns import PATTERNS
from srviz.measure.everything import everything
from srviz.measure.fit import fit
from srviz.measure.race import Plan, race

HOME = Path(__file__).parents[1]
SEED = "4711"  # of no other test: what the pages cached without the twin is not shown again


@pytest.fixture(autouse=True)
def twin():
    """Registered the short way, without ways to race it."""
    with registered(replace(METHODS["relu"], name="twin", label="Twin", rank=1.5, ways=())):
        yield


def open_page(script, **query):
    page = AppTest.from_file(str(HOME / "app.py"), default_timeout=120).run()
    page.switch_page(script)
    page.query_params.update({"seed": SEED} | query)
    page.run()
    assert not page.exception
    return page


def test_the_race_gives_it_scores_and_finds_the_same_times():
    plan = Plan(methods=("relu", "twin"), directions=("forward", "backward"), least=2048, most=8192)
    rows = [record["row"] for record in race(plan) if "row" in record]
    last = {(row["method"], row["direction"], row["n"]): row for row in rows}
    for direction in plan.directions:
        sibling, twin = last["relu", direction, 8192], last["twin", direction, 8192]
        assert sibling["inputs"] == twin["inputs"] == "s, t, v"
        assert 1 / 4 < twin["least"] / sibling["least"] < 4  # with its projection it would be 14 times


def test_a_fit_is_the_same_step_by_step():
    tokens = INPUTS["clusters"].make(24, random_state=1)
    x, pattern = torch.from_numpy(tokens.x), torch.from_numpy(PATTERNS["clusters"](tokens))
    sibling, twin = ([step.distance for step in fit(name, x, pattern, steps=8, starts=2)] for name in ("relu", "twin"))
    assert sibling == twin
    assert len(set(twin)) == 16  # its slice moves


def test_attending_to_everything_is_the_same():
    x = torch.randn(500, 3, generator=torch.Generator().manual_seed(1))
    sibling, twin = (list(everything(x, heads=2, head_dim=4, method=name))[-1] for name in ("relu", "twin"))
    assert torch.equal(sibling.colours, twin.colours)


def test_beside_softmax_shows_its_weights_and_its_arithmetic():
    from srviz.ui.chapters.beside import beside

    page = open_page("pages/4_Beside_softmax.py")
    titles = [markdown.value for markdown in page.markdown]
    for title in ("Twin, raw", "Twin, effective"):
        assert any(title in text for text in titles)
    panes = {pane.title: pane for pane in beside.panes.__wrapped__("clusters", 24, 1, 0, "cpu")}
    sibling, twin = panes["Sliced ReLU, raw"], panes["Twin, raw"]
    np.testing.assert_array_equal(sibling.weights, twin.weights)
    assert (sibling.template, sibling.terms) == (twin.template, twin.terms)


def test_point_clouds_show_it():
    page = open_page("pages/5_Point_clouds.py", n="256")
    assert any("**Twin, effective**" in markdown.value for markdown in page.markdown)


def test_rows_of_a_picture_show_it():
    with registered(replace(METHODS["twin"], rank=0.5)):
        page = open_page("pages/6_Photographs.py")
        assert not page.exception
