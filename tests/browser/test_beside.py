"""Beside softmax, driven as a person would."""

import re

import pytest
from playwright.sync_api import expect


@pytest.fixture
def page(server, visit):
    page = visit(f"{server}/Beside_softmax?n=64", height=2600)
    expect(page.locator(".figure .nsewdrag")).to_have_count(8)
    return page


def cell(page, pane, row, column):
    box = page.locator(".figure .nsewdrag").nth(pane).bounding_box()
    return box["x"] + (column + 0.5) / 64 * box["width"], box["y"] + (row + 0.5) / 64 * box["height"]


def test_a_pair_lights_up_everywhere_with_its_arithmetic(page):
    x, y = cell(page, 1, 50, 6)
    page.mouse.move(x - 2, y)
    page.mouse.move(x, y)
    expect(page.locator(".figure .over rect")).to_have_count(12)  # five panes and the pattern
    expect(page.locator(".figure .over circle")).to_have_count(2)  # and both tokens
    said = page.locator(".figure .says").nth(1).inner_text().replace("−", "-")
    s, t, total, weight = map(float, re.search(r"relu\((\S+) - (\S+)\) / (\S+)\n= (\S+)", said).groups())
    assert weight == pytest.approx(max(0, s - t) / total, abs=0.002)
    page.mouse.down()
    page.mouse.up()
    expect(page).to_have_url(re.compile(r"query=\d+"))
    expect(page.get_by_text("clicked above.")).to_be_visible()
    page.mouse.move(5, 5)
    expect(page.locator(".figure .over rect")).to_have_count(12)
    page.keyboard.press("Escape")
    expect(page.locator(".figure .over rect")).to_have_count(0)


def test_the_fit_can_be_stopped(page):
    page.get_by_role("button", name="Fit queries").click()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Stop")).to_have_count(0)
    expect(page.get_by_role("button", name=re.compile("^Fit"))).to_be_visible()


def test_input_order_and_back(page):
    page.get_by_role("radio", name="input order").click()
    expect(page).to_have_url(re.compile("order=input"))
    page.get_by_role("radio", name="sorted by score").click()
    expect(page).not_to_have_url(re.compile("order=input"))
