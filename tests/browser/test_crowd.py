"""Functions of a crowd, driven as a person would: bet, Train, a dragged crowd, an own formula, the miniature."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.pointer import box_at_rest


@pytest.fixture
def open_crowd(server, visit):
    def open_crowd(query="", **options):
        page = visit(f"{server}/Crowd?{query}", **{"height": 2600} | options)
        expect(page.locator(".crowd .pane h2").first).not_to_be_empty()
        return page

    return open_crowd


def drag(page, mark, by):
    box = box_at_rest(mark)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + by / 2, y)
    page.mouse.move(x + by, y)
    page.mouse.up()


def test_models_learn_and_answer_while_the_crowd_is_dragged(open_crowd):
    page = open_crowd("steps=tenth&models=relu_bump&bet=bump")
    expect(page.locator(".crowd .score").first).to_have_text("not trained yet")
    page.get_by_role("button", name="Train", exact=True).click()
    expect(page.get_by_text(re.compile(r"came closest in this run"))).to_be_visible(timeout=240_000)
    expect(page.locator(".crowd .score").first).to_contain_text("R²")
    expect(page.get_by_text(re.compile("You bet on"))).to_be_visible()
    expect(page.locator(".crowd .badge")).to_contain_text("agrees")
    learned, token = page.locator(".crowd .pane .said").first, page.locator(".crowd .strip .token").nth(3)
    before = learned.get_attribute("d")
    drag(page, token, 120)
    assert learned.get_attribute("d") != before
    expect(page.locator(".crowd .badge")).to_contain_text("agrees")  # what the browser computed is what the model says
    expect(page).to_have_url(re.compile("places="))
    page.locator(".crowd .strip").focus()
    page.keyboard.press("Control+z")
    expect(learned).to_have_attribute("d", before)
    page.get_by_role("slider", name="Step that is looked at").focus()
    page.keyboard.press("Home")
    expect(page.locator(".crowd .where")).to_contain_text("step 0")
    assert learned.get_attribute("d") != before


def test_stop_is_heard_and_it_goes_on(open_crowd):
    page = open_crowd("models=softmax_relu")
    page.get_by_role("button", name="Train", exact=True).click()
    expect(page.locator(".crowd .where")).to_contain_text(re.compile(r"step [1-9]"), timeout=240_000)
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Go on")).to_be_visible()
    expect(page.get_by_role("button", name="Stop")).to_have_count(0)


def test_an_own_formula_and_one_that_is_none(open_crowd):
    page = open_crowd("target=own&f=mean(c,")
    expect(page.get_by_text("is missing at the end")).to_be_visible()
    page.get_by_role("textbox", name="Your formula").fill("max(c) - x")
    page.keyboard.press("Enter")
    expect(page.get_by_text("is missing at the end")).to_have_count(0)
    expect(page.get_by_text("f(x, μ) = max(c) - x")).to_be_visible()
    expect(page.get_by_role("button", name="Train", exact=True)).to_be_visible()


def test_the_crowd_is_read_back(open_crowd):
    page = open_crowd("form=full")
    words = page.locator(".excess .words")
    expect(words).to_contain_text("Read back from the output and the mean of the crowd")
    expect(page.locator(".excess .badge")).to_contain_text("agrees")
    drag(page, page.locator(".excess .token").nth(1), 60)
    expect(words).to_contain_text(re.compile("10⁻([⁷⁸⁹]|¹[⁰¹²³⁴⁵⁶⁷⁸⁹]) tokens"))
    expect(page.locator(".excess .badge")).to_contain_text("agrees")
    page.locator(".excess .token").nth(2).focus()
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile("keys="))
    page.get_by_role("button", name="equal values").click()
    expect(words).to_contain_text("Nothing can be read back")
    page.get_by_text("A cloud in the plane, from its slices").click()
    expect(page.locator(".rebuilt .verdict")).to_contain_text("2 slices")
    page.get_by_role("slider", name="Number of slices").focus()
    page.keyboard.press("End")
    expect(page.locator(".rebuilt .verdict")).to_contain_text("64 slices")
    expect(page).to_have_url(re.compile("slices=64"))
