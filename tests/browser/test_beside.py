"""Beside softmax, driven as a person would."""

import re

import pytest
from playwright.sync_api import expect

from srviz.attention import METHODS
from tests.browser.pointer import box_at_rest

PANES = sum(2 if method.centred else 1 for method in METHODS.values())  # raw, and effective where that is another


@pytest.fixture
def page(server, visit):
    page = visit(f"{server}/Beside_softmax?n=64", height=2600)
    expect(page.locator(".figure .nsewdrag")).to_have_count(PANES + 3)  # the tokens, the pattern, the shades
    return page


def deeper(page):
    """Open what tells how the weights are spread."""
    page.get_by_text("Going deeper: how the weights are spread").click()
    expect(page.get_by_role("figure", name="Histogram of the sizes")).to_be_visible()


def cell(page, pane, row, column):
    box = box_at_rest(page.locator(".figure .nsewdrag").nth(pane))
    return box["x"] + (column + 0.5) / 64 * box["width"], box["y"] + (row + 0.5) / 64 * box["height"]


def arithmetic(page):
    """What is written of raw sliced ReLU weights: s, t, N and the weight."""
    said = numbers(page)
    expect(said).to_contain_text("relu(")
    text = said.inner_text().replace("−", "-")
    return map(float, re.search(r"relu\((\S+) - \(?([^\s)]+)\)+ / (\S+) = (\S+)", text).groups())


def numbers(page):
    """The line of raw sliced ReLU weights among the numbers of the pair."""
    return page.locator(".pair-numbers .sum").nth(1)


def test_a_pair_lights_up_everywhere_is_held_and_linked_and_moved_by_keys(page, visit):
    deeper(page)
    x, y = cell(page, 1, 50, 6)
    page.mouse.move(x - 2, y)
    page.mouse.move(x, y)
    lit = page.locator(".figure .over rect")
    expect(lit).to_have_count(2 * (PANES + 1))  # and the pattern
    expect(page.locator(".figure .over circle")).to_have_count(2)  # and both tokens
    s, t, total, weight = arithmetic(page)
    assert weight == pytest.approx(max(0, s - t) / total, abs=0.002)
    page.mouse.down()
    page.mouse.up()
    expect(page).to_have_url(re.compile(r"query=\d+.*key=\d+|key=\d+.*query=\d+"))
    held = page.get_by_text("which is held above.")
    expect(held).to_be_visible()
    page.mouse.move(5, 5)
    expect(lit).to_have_count(2 * (PANES + 1))
    said = numbers(page).inner_text()
    other = visit(page.url, height=2600)  # a link holds it, too
    expect(other.locator(".figure .over rect")).to_have_count(2 * (PANES + 1))
    expect(numbers(other)).to_have_text(said, use_inner_text=True)
    deeper(other)
    other.get_by_role("button", name="All queries").click()
    expect(other.locator(".figure .over rect")).to_have_count(0)
    expect(other).not_to_have_url(re.compile("query="))
    other.close()
    page.keyboard.press("Escape")
    expect(lit).to_have_count(0)
    expect(page).not_to_have_url(re.compile("query="))
    page.get_by_role("figure", name=re.compile("^Sliced ReLU, raw")).focus()
    for key in ("ArrowDown", "ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
    expect(lit).to_have_count(2 * (PANES + 1))
    expect(numbers(page)).to_contain_text("row sums to")
    page.keyboard.press("Enter")
    expect(held).to_be_visible()
    expect(page).to_have_url(re.compile("query="))
    first = page.url
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    expect(page).not_to_have_url(first)
    expect(held).to_be_visible()
    s, t, total, weight = arithmetic(page)
    assert weight == pytest.approx(max(0, s - t) / total, abs=0.002)
    page.keyboard.press("Escape")
    expect(page).not_to_have_url(re.compile("query="))


def test_nothing_moves_when_the_arithmetic_is_written_and_a_pair_whose_tokens_are_gone_is_let_go(page):
    below = page.get_by_text("In Linear,").first
    second = page.locator(".figure").nth(4)
    before = below.bounding_box()["y"], second.bounding_box()["y"]
    for row, column in ((50, 6), (3, 60), (31, 31)):
        page.mouse.move(*cell(page, 0, row, column))
        page.mouse.move(*cell(page, 1, row, column))
        expect(numbers(page)).to_contain_text("row sums to")
        assert (below.bounding_box()["y"], second.bounding_box()["y"]) == before
    page.get_by_role("radio", name="as they come", exact=True).click()
    expect(page).to_have_url(re.compile("order=input"))
    page.get_by_role("radio", name="all as ReLU", exact=True).click()
    expect(page).not_to_have_url(re.compile("order=input"))
    page.mouse.click(*cell(page, 1, 63, 63))
    expect(page).to_have_url(re.compile("query="))
    slider = page.get_by_role("slider", name="Tokens n")
    slider.focus()
    page.keyboard.press("Home")
    expect(page).to_have_url(re.compile("n=4"))
    expect(page).not_to_have_url(re.compile("query="))
    expect(page.locator(".figure .nsewdrag")).to_have_count(PANES + 3)
    expect(page.locator(".figure .over rect")).to_have_count(0)


def test_words_are_ringed_and_not_cut_off(server, visit):
    page = visit(f"{server}/Beside_softmax?input=sentence&query=3&key=7", height=2600)
    expect(page.locator(".figure .nsewdrag")).to_have_count(PANES + 2)  # the words, the shades
    rings = page.locator(".st-key-lines .over rect")
    expect(rings).to_have_count(2)
    inside = page.locator(".st-key-lines").evaluate(
        """e => { const own = e.querySelector('.plot').getBoundingClientRect();
        return [...e.querySelectorAll('.textpoint')].map(w => w.getBoundingClientRect())
            .filter(w => w.left > own.left && w.right < own.right && w.top > own.top && w.bottom < own.bottom)
            .length; }"""
    )
    assert inside == 38
    page.wait_for_function(  # the query's ring is drawn last; both are drawn anew when the figure gets its size
        """() => { const all = (kind) => document.querySelectorAll(`.st-key-lines ${kind}`);
        const [ring, word] = [all('.over rect')[1], all('.textpoint')[2]].map(x => x?.getBoundingClientRect());
        return ring && word && ring.width > 0 && ring.left < word.left && ring.right > word.right; }"""
    )


def test_many_tokens_are_drawn_coarser_and_said_so(server, visit):
    page = visit(f"{server}/Beside_softmax?n=256&order=input&input=copy&query=200&key=200", height=2600)
    expect(page.get_by_text("Of each 2 × 2 cells the largest is drawn")).to_be_visible()
    s, t, total, weight = arithmetic(page)
    assert weight == pytest.approx(max(0, s - t) / total, abs=0.0002)
    assert page.locator(".figure .plot").nth(1).evaluate("e => e._fullData[0].z.length") == 128


def test_fits_are_stopped_and_go_on_while_other_controls_are_used(page):
    of = "^(Copy|Shift by one|Local band), .*: distance"
    stopped = page.get_by_text(re.compile(r"^Stopped: .*, at step \d+ of 900\.$"))
    page.get_by_role("button", name="Fit all patterns").click()
    expect(page.get_by_text(re.compile(of))).to_be_visible()
    page.get_by_role("radio", name="as they come", exact=True).click()
    expect(page).to_have_url(re.compile("order=input"))
    expect(page.get_by_role("radio", name="as they come", exact=True)).to_be_checked()
    page.mouse.click(*cell(page, 1, 50, 6))
    expect(page).to_have_url(re.compile("query="))
    expect(page.get_by_text(re.compile(of))).to_be_visible()
    expect(page.get_by_role("table").last.get_by_role("cell").nth(1)).to_have_text(re.compile(r"^0\.\d\d"))
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Stop")).to_have_count(0)
    expect(stopped).to_have_count(1)
    page.get_by_test_id("stSidebar").get_by_role("link", name="Slices").click()
    expect(page.get_by_role("heading", name="Slices", exact=True)).to_be_visible()
    page.get_by_test_id("stSidebar").get_by_role("link", name="Beside softmax").click()
    expect(stopped).to_have_count(1)
    expect(page.get_by_role("button", name="Fit all patterns")).to_be_visible()
