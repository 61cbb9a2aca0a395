"""Photographs: pointed at, clicked, walked over and touched as a person would."""

import io
import re

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.pointer import box_at_rest

AGREED = ".patches .badge:not(.waiting)"


@pytest.fixture
def photographs(server, visit):
    def open_(query="", **options):
        page = visit(f"{server}/Photographs?{query}", **options)
        expect(page.locator(AGREED)).to_be_visible()
        page.locator(".patches .panes").scroll_into_view_if_needed()
        return page

    return open_


def ask(page, expression):
    """A look into the component: `live` is it, `rows` what it found."""
    return page.locator(".patches").evaluate(
        f"el => {{ const live = el.closest('.live').component, rows = live.found; return {expression}; }}"
    )


def agreement(page):
    """The largest difference that the badge shows: "3 · 10⁻⁸" → 3e-8."""
    expect(page.locator(AGREED)).to_be_visible()
    text = page.locator(AGREED).inner_text()
    if text.endswith("to the last digit"):
        return 0.0
    mantissa, exponent = re.search(r"(\d+) · 10(\S+)$", text).groups()
    return float(f"{mantissa}e{exponent.translate(str.maketrans('⁻⁰¹²³⁴⁵⁶⁷⁸⁹', '-0123456789'))}")


def patch(page, row, col, pane=0):
    """Where the middle of a patch is on the screen, rows and columns from 0."""
    box = box_at_rest(page.locator(".patches section:not(.original) canvas").nth(pane))
    rows, cols = ask(page, "[live.rows, live.cols]")
    return box["x"] + box["width"] * (col + 0.5) / cols, box["y"] + box["height"] * (row + 0.5) / rows


def point(page, row, col, pane=0):
    page.mouse.move(*patch(page, row, col, pane), steps=2)


def pixels(page, pane):
    return page.locator(".patches section:not(.original) canvas").nth(pane).evaluate("canvas => canvas.toDataURL()")


def test_the_patch_pointed_at_is_the_query_at_once_and_the_server_is_not_asked(photographs):
    page = photographs()
    before = [pixels(page, 0), pixels(page, 1)]
    point(page, 5, 30, pane=1)
    expect(page.locator(".patches .pair")).to_contain_text("row 6, column 31")
    assert ask(page, "rows.query") == 5 * 40 + 30
    assert [pixels(page, 0), pixels(page, 1)] != before
    assert "at=" not in page.url
    expect(page.locator(".patches .badge.waiting")).to_be_visible()
    page.mouse.move(5, 5)
    expect(page.locator(AGREED)).to_be_visible()  # back to the query that the operator has answered for


@pytest.mark.parametrize("query", ["side=4", "picture=digit", "picture=flower&side=8&raw=1&head=3"])
def test_a_click_holds_and_the_operator_agrees(query, photographs):
    page = photographs(query)
    page.mouse.click(*patch(page, 3, 6))
    expect(page).to_have_url(re.compile("at="))
    assert agreement(page) < 1e-6
    assert ask(page, "rows.query") == 3 * ask(page, "live.cols") + 6
    expect(page.get_by_role("button", name="Let go")).to_be_visible()


def test_a_click_does_not_send_the_head_again(photographs, settled):
    page = photographs("side=4")
    received = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: received.append(len(frame))))
    page.reload()
    settled(page)
    expect(page.locator(AGREED)).to_be_visible()
    head = 16_960 * (8 + 8 + 1 + 1) * 4 * 4 / 3  # bytes: q, k, s and t in base64
    assert max(received) > head
    received.clear()
    page.locator(".patches .panes").scroll_into_view_if_needed()
    page.mouse.click(*patch(page, 50, 60))
    expect(page).to_have_url(re.compile("at="))
    assert agreement(page) < 1e-6
    settled(page)
    assert 0 < sum(received) < head / 4


def test_under_a_held_query_the_arithmetic_is_that_of_the_key_pointed_at(photographs):
    page = photographs("seed=4&heads=untrained")
    page.mouse.click(*patch(page, 20, 8))
    expect(page).to_have_url(re.compile("at="))
    point(page, 2, 35)
    expect(page.locator(".patches .pair")).to_contain_text("row 21, column 9")
    expect(page.locator(".patches .pair")).to_contain_text("row 3, column 36")
    relu, softmax = (line.replace("−", "-") for line in page.locator(".patches .sums li").all_inner_texts())
    s, t, total, weight = map(
        float, re.search(r"relu\((\S+) - \(?(\S+?)\)?\) / (\S+) =\s+(\S+)", relu.replace(",", "")).groups()
    )
    i, j = 20 * 40 + 8, 2 * 40 + 35
    wrong = "rows.rows[1].weights.filter((w, j) => (w > 0) !== (live.head.t[j] < live.head.s[rows.query])).length"
    assert ask(page, wrong) == 0
    assert ask(page, "rows.rows[0].weights.reduce((a, b) => a + b)") == pytest.approx(1)
    assert (s, t) == pytest.approx(tuple(ask(page, f"[live.head.s[{i}], live.head.t[{j}]]")), abs=0.006)
    assert weight == pytest.approx(max(0, s - t) / total, abs=2e-5)
    assert ask(page, f"rows.rows[0].weights[{j}]") == pytest.approx(
        float(softmax.split("=")[-1].split("·")[0]), abs=1e-5
    )


def test_escape_and_the_button_let_go(photographs):
    page = photographs()
    for let_go in (lambda: page.keyboard.press("Escape"), page.get_by_role("button", name="Let go").click):
        page.mouse.click(*patch(page, 10, 10))
        expect(page).to_have_url(re.compile("at="))
        let_go()
        expect(page).not_to_have_url(re.compile("at="))
        expect(page.get_by_role("button", name="Let go")).to_be_hidden()
    point(page, 4, 4)
    expect(page.locator(".patches .pair")).to_contain_text("row 5, column 5")


def test_a_bar_of_the_strip_lights_the_patches_that_have_its_score(photographs):
    page = photographs()
    strip = page.locator(".patches .over canvas")
    strip.scroll_into_view_if_needed()
    box = box_at_rest(strip)
    bar = ask(page, "live.strip.bars.reduce((a, b) => b.to - b.from > a.to - a.from ? b : a)")
    page.mouse.move(box["x"] + bar["x"], box["y"] + 100, steps=2)
    expect(page.locator(".patches .pair")).to_contain_text(f"one of {bar['to'] - bar['from']} keys in this bar")
    scores = ask(page, "[...live.lit].map(j => live.head.t[j])")
    assert len(scores) == bar["to"] - bar["from"]
    low, high = ask(page, "live.strip.ends()")
    assert max(scores) - min(scores) < (high - low) * 6 / box["width"]
    page.mouse.move(5, 5)
    expect(page.locator(".patches .pair")).to_contain_text("farthest key")


def test_the_keyboard_walks_over_the_picture_and_along_the_strip(photographs):
    page = photographs("side=32&at=500_500")
    query = page.get_by_role("slider", name="Query")
    query.focus()
    expect(query).to_have_attribute("aria-valuetext", "Patch in row 7, column 11")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowUp")
    expect(query).to_have_attribute("aria-valuetext", "Patch in row 6, column 12")
    expect(page).to_have_url(re.compile("at=575_423.1"))
    assert agreement(page) < 1e-6
    keys = page.get_by_role("slider", name="keys sorted by score")
    keys.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(keys).to_have_attribute("aria-valuenow", "2")
    expect(page.locator(".patches .pair")).not_to_contain_text("farthest")


def test_a_link_brings_the_same_patch_and_back_the_one_before(photographs, settled):
    page = photographs("side=32&at=500_500")
    settled(page)
    page.mouse.click(*patch(page, 2, 3))
    expect(page).to_have_url(re.compile("at=175_"))
    settled(page)
    page.go_back()
    expect(page.locator(".patches .pair")).to_contain_text("row 7, column 11")
    assert agreement(page) < 1e-6


def test_finer_patches_keep_the_place(photographs):
    page = photographs("side=32&at=500_500")
    page.get_by_role("radio", name="8 px").click()
    expect(page.locator(".patches .pair")).to_contain_text("row 27, column 41")
    assert agreement(page) < 1e-6


def test_a_finger_slides_and_taps_and_the_page_still_scrolls(photographs):
    page = photographs(width=390, height=844, has_touch=True, is_mobile=True)
    x, y = patch(page, 12, 20)
    finger = page.context.new_cdp_session(page)

    def touch(kind, *points):
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]})

    touch("touchStart", (x, y))
    for step in range(1, 7):
        touch("touchMove", (x + 10 * step, y))
    expect(page.locator(".patches .badge.waiting")).to_be_visible()
    assert ask(page, "rows.query") % 40 > 23
    touch("touchEnd")
    expect(page).to_have_url(re.compile("at="))
    assert agreement(page) < 1e-6
    page.touchscreen.tap(*patch(page, 3, 3))
    expect(page).to_have_url(re.compile("at=87.5_"))
    top = page.locator(".patches section:not(.original) canvas").first.bounding_box()["y"]
    touch("touchStart", (x, y))
    for step in range(1, 9):
        touch("touchMove", (x, y - 20 * step))
    touch("touchEnd")
    page.wait_for_function(
        "top => [...document.querySelectorAll('*')].some(e => e.shadowRoot"
        "?.querySelector('.patches section:not(.original) canvas')?.getBoundingClientRect().y < top - 60)",
        arg=top,
    )
    expect(page).to_have_url(re.compile("at=87.5_"))


def test_a_picture_of_ones_own_to_65_536_patches(photographs):
    page = photographs("picture=own&side=4")
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (1024, 1024, 3), dtype=np.uint8)).save(file, "PNG")
    page.locator("input[type=file]").set_input_files(
        {"name": "mine.png", "mimeType": "image/png", "buffer": file.getvalue()}
    )
    expect(page.get_by_text("= 65,536 patches")).to_be_visible()
    page.wait_for_function(
        "() => [...document.querySelectorAll('*')]"
        ".some(e => e.shadowRoot?.querySelector('.live')?.component?.head?.n === 65536)"
    )
    page.locator(".patches .panes").scroll_into_view_if_needed()
    page.mouse.click(*patch(page, 100, 200))
    expect(page).to_have_url(re.compile("at=783.2_392.6"))
    assert agreement(page) < 1e-6
