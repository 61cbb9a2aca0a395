"""The reasons: what the page says of them is what the formulas give."""

import math
from pathlib import Path

import pytest
import torch
from streamlit.testing.v1 import AppTest

from srviz.attention import reference
from srviz.ui.chapters.why import why

ROOT = Path(__file__).parents[3]


def open_page(**query):
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    page.switch_page("pages/12_Why.py")
    for name, value in query.items():
        page.query_params[name] = value
    return page.run()


def test_gaps_keep_their_digits_wherever_the_scores_lie_and_products_lose_them():
    found = why.of_shifts.__wrapped__()
    assert max(found["gaps"]) < 1e-6
    assert found["products"][0] < 1e-6
    assert found["products"][6] > 0.01


def test_both_ways_are_the_same_sum_in_float64():
    s, t, v = (x.double() for x in why._problem())
    torch.testing.assert_close(why.by_products(s, t, v), reference.hinge_sum(s, t, v))


def test_half_precision_needs_scores_near_one():
    found = why.of_scales.__wrapped__()
    raw = dict(zip(why.SCALES, found["raw"], strict=True))
    assert max(found["standardized"]) < 3e-3
    assert raw[0] < 3e-3
    assert raw[-8] > 0.1
    assert raw[4] > 0.1
    assert math.isinf(raw[6])


@pytest.mark.parametrize("away", ["0", "7"])
def test_the_dial_says_the_error_that_was_measured(away):
    found = why.of_shifts.__wrapped__()["products"][int(away)]
    page = open_page(away=away)
    assert not page.exception
    assert any(f"By products it is **{why._says(found)}**." in text.value for text in page.markdown)
    assert page.select_slider[1].value == away
    page.select_slider[1].set_value("3").run()
    assert page.query_params["away"] in ("3", ["3"])
