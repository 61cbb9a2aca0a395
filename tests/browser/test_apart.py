"""Tell them apart, dragged, moved together and fitted as a person would."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.pointer import middle

AGREED = ".apart .badge:not(.waiting)"
GAP = re.compile(r"The smallest gap between the labels of two crowds is (\S+),")


@pytest.fixture
def crowds(server, visit):
    def open_(query="", **options):
        page = visit(f"{server}/Apart?{query}", **{"height": 1800} | options)
        expect(page.locator(AGREED)).to_have_text(re.compile("^server agrees"))
        return page

    return open_


def gap(page):
    """The number in the sentence of the construction: "0.0862", "3.20 · 10⁻⁵" counts as 0."""
    text = GAP.search(page.locator(".apart .lines").inner_text())[1]
    return float(text) if "·" not in text else 0.0


def panel(page, number):
    return page.locator(".apart .panel").nth(number)


def test_tokens_are_dragged_taken_back_and_moved_together(crowds):
    page = crowds("by=none")
    expect(panel(page, 0)).to_contain_text("24 of 24 tokens within 0.1")
    token = page.get_by_role("button", name=re.compile("^Token .* in both crowds")).first
    before, (x, y) = gap(page), middle(token)
    token.hover()
    expect(panel(page, 0).locator(".trail.lit")).not_to_have_count(0)  # its ways are lit in every picture
    page.mouse.down()
    page.mouse.move(x + 30, y + 20, steps=2)
    page.mouse.move(x + 45, y + 30)
    expect(page.locator(".apart .lines")).not_to_contain_text(f" {before} ")
    assert "moved" not in page.url  # the server has not been asked yet
    page.mouse.up()
    expect(page).to_have_url(re.compile(r"moved=\w"))
    expect(page.locator(AGREED)).to_have_text(re.compile("^server agrees"))
    expect(panel(page, 0)).to_contain_text("24 of 24 tokens within 0.1")  # it follows at once
    page.keyboard.press("ArrowLeft")  # the token has the focus
    page.keyboard.press("Control+z")
    page.get_by_role("button", name="Undo").click()
    expect(page).not_to_have_url(re.compile("moved"))
    assert gap(page) == before
    closeness = page.get_by_role("slider", name="Closeness of B to A")
    closeness.fill("0.9")
    expect(page).to_have_url(re.compile(r"close=0\.9"))
    assert gap(page) < before / 2
    closeness.fill("1")
    expect(page.locator(".apart .lines")).to_contain_text("A and B are the same crowd now")
    expect(panel(page, 0)).not_to_contain_text("24 of 24 tokens")
    expect(page.locator(AGREED)).to_have_text(re.compile("^server agrees"))


def test_the_place_is_dragged_and_the_best_one_found_again(crowds):
    page = crowds("by=none&kind=moments")
    best = gap(page)
    knob = page.get_by_role("slider", name="The place s* on the slice")
    x, y = middle(knob)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y, steps=3)
    page.mouse.up()
    expect(page).to_have_url(re.compile("turn="))
    expect(page.locator(AGREED)).to_have_text(re.compile("^server agrees"))
    knob.focus()
    for _ in range(16):
        page.keyboard.press("Shift+ArrowRight")
    expect(page.locator(".apart .lines")).to_contain_text(
        "have the same label"
    )  # right of all tokens moments are all it sees
    page.get_by_role("button", name="Best slice and place").click()
    expect(page).not_to_have_url(re.compile("turn="))
    assert gap(page) == best
    travel = page.get_by_role("slider", name="How far through the layers")
    expect(panel(page, 0)).to_contain_text("after the pointwise map")
    travel.fill("0.5")
    expect(panel(page, 0)).to_contain_text("after attention: lifted by the label")
    travel.fill("0")
    expect(panel(page, 0)).to_contain_text(re.compile(r"\D0 of \d+ pairs are apart"))


def test_models_are_fitted_stopped_gone_on_with_and_looked_at_step_by_step(crowds):
    page = crowds("sequences=2&by=softmax")
    expect(panel(page, 1)).to_contain_text("Not trained yet.")
    page.get_by_role("button", name="Fit", exact=True).click()
    expect(page.locator(".apart .training")).to_be_visible(timeout=60_000)
    expect(panel(page, 1)).to_contain_text(re.compile(r"After \d+ of 1,000 steps"))
    page.get_by_role("button", name="Stop").click()
    go_on = page.get_by_role("button", name="Go on")
    again = page.get_by_role("button", name=re.compile("^(Go on|Fit)$"))  # stopped before or after the first state
    expect(again).to_be_visible(timeout=3000)
    (go_on if go_on.count() else again).click()
    expect(page.get_by_text(re.compile(r"Softmax: \d+ of 12 tokens within 0.1"))).to_be_visible(timeout=90_000)
    expect(panel(page, 1)).to_contain_text("12 of 12 tokens within 0.1")
    page.get_by_role("slider", name="Step of the fit").fill("0")
    expect(panel(page, 1)).to_contain_text("Not trained yet.")
    expect(panel(page, 1)).not_to_contain_text("12 of 12 tokens")
    page.get_by_role("slider", name="Step of the fit").press("End")
    expect(panel(page, 1)).to_contain_text("12 of 12 tokens within 0.1")
    page.get_by_role("button", name="Fit again").click()
    expect(panel(page, 1)).not_to_contain_text("12 of 12 tokens")  # what was fitted before is not shown any more
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Stop")).to_have_count(0)


def test_on_a_phone_nothing_is_wider_than_the_screen(crowds):
    page = crowds("kind=means&sequences=8", width=320, height=900)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
