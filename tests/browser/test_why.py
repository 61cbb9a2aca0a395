"""The reasons, moved as a person would."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.pointer import box_at_rest


@pytest.fixture
def page(server, visit):
    page = visit(f"{server}/Why")
    expect(page.locator(".why .says").first).to_be_visible()
    return page


def test_two_tokens_past_each_other_turn_the_direction_around(page):
    figure = page.locator(".why").first
    expect(figure).to_contain_text("i attends to j, and j does not attend to i")
    figure.get_by_role("slider", name="i").focus()
    for _ in range(60):
        page.keyboard.press("ArrowLeft")
    expect(figure).to_contain_text("j attends to i, and i does not attend to j")
    expect(page).to_have_url(re.compile(r"pair=-1\.8_-0\.8"))


def test_the_lowest_query_fades_by_n_and_breaks_by_its_own_sum(page):
    figure = page.locator(".why").nth(1)
    expect(figure).to_contain_text("= 1.000")
    query = figure.get_by_role("slider", name="query")
    query.focus()
    for _ in range(8):
        page.keyboard.press("ArrowLeft")
    expect(figure).to_contain_text("0 / 0, which is no number")
    expect(query).to_be_focused()


def test_shifting_and_scaling_changes_no_weight(page):
    figure = page.locator(".why").nth(2)
    said = figure.locator(".says p").first
    before = said.inner_text()
    figure.get_by_role("slider", name="Then multiply all by").fill("1")
    expect(said).not_to_have_text(before)
    assert said.inner_text().rsplit("=", 1)[1] == before.rsplit("=", 1)[1]
    expect(figure).to_contain_text("None of the ReLU weights has changed.")
    expect(page).to_have_url(re.compile("scale=2.72"))


def test_a_finger_drags_the_query(server, visit):
    page = visit(f"{server}/Why", width=390, height=844, has_touch=True, is_mobile=True)
    mark = page.locator(".why .mark.query")
    mark.scroll_into_view_if_needed()
    before = float(mark.get_attribute("aria-valuenow"))
    box = box_at_rest(page.locator(".why .mark.query .hit"))
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    finger = page.context.new_cdp_session(page)
    for kind, by in (("touchStart", 0), ("touchMove", 40), ("touchMove", 90)):
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x + by, "y": y}]})
    assert float(mark.get_attribute("aria-valuenow")) > before + 0.8
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
