"""The race, driven as a person would."""

import csv
import io
import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser import pointer
from tests.browser.pointer import box_at_rest

SHORT = "methods=softmax_relu&heads=1&d=16&call=0.1"


@pytest.fixture
def open_race(server, visit):
    def open_race(query="", **options):
        page = visit(f"{server}/Race?{query}", **{"height": 1600} | options)
        expect(page.locator(".race .handle")).to_have_count(8)
        return page

    return open_race


def middle(page, name):
    return pointer.middle(page.locator(f"[data-bet={name}] .hit"))


def bet(page, name):
    return float(page.locator(f"[data-bet={name}]").get_attribute("aria-valuenow"))


def test_a_bet_is_dragged_kept_in_the_link_and_reset(open_race, visit):
    page = open_race()
    before, (x, y) = bet(page, "softmax3"), middle(page, "softmax3")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y - 40)
    page.mouse.move(x, y - 80)
    assert bet(page, "softmax3") > before + 0.8
    assert "softmax=" not in page.url
    page.mouse.up()
    expect(page).to_have_url(re.compile("softmax="))
    other = visit(page.url, height=1600)
    expect(other.locator("[data-bet=softmax3]")).to_have_attribute("aria-valuenow", str(bet(page, "softmax3")))
    page.get_by_role("button", name="Reset the bet").click()
    expect(page).not_to_have_url(re.compile("softmax="))
    assert bet(page, "softmax3") == before


def test_the_keyboard_bets_too(open_race):
    page = open_race()
    handle = page.locator("[data-bet=relu2]")
    handle.focus()
    before = bet(page, "relu2")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Shift+ArrowUp")
    assert bet(page, "relu2") == pytest.approx(before + 0.6)
    expect(page).to_have_url(re.compile("relu="))
    page.keyboard.press("Tab")
    expect(page.locator("[data-bet=relu3]")).to_be_focused()


def test_a_finger_bets_and_does_not_scroll(open_race):
    page = open_race(width=390, height=844, has_touch=True, is_mobile=True)
    page.locator("[data-bet=relu1]").scroll_into_view_if_needed()
    before, (x, y) = bet(page, "relu1"), middle(page, "relu1")
    finger = page.context.new_cdp_session(page)
    for kind, up in (("touchStart", 0), ("touchMove", 20), ("touchMove", 40)):
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y - up}]})
    assert bet(page, "relu1") > before + 0.4
    assert middle(page, "relu1")[1] == pytest.approx(y - 40, abs=2)
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(page).to_have_url(re.compile("relu="))


def test_a_race_is_run_read_and_downloaded(open_race):
    page = open_race(f"{SHORT}&upto=9&relu=-4_-3_-2_-1")
    page.get_by_role("button", name="Run the race").click()
    expect(page.get_by_text("bets are closed")).to_be_visible()
    expect(page.locator(".race .legend b").first).to_be_visible()  # while it runs
    expect(page.get_by_role("button", name="Run again")).to_be_visible(timeout=60_000)
    expect(page.get_by_role("heading", name="Which is faster, and where sliced ReLU loses")).to_be_visible()
    expect(page.locator(".race .legend")).to_contain_text("Sliced ReLU")
    expect(page.get_by_text("Your bet was")).to_be_visible()
    assert bet(page, "relu0") == -4
    box = box_at_rest(page.locator(".race svg.plot"))
    page.mouse.move(box["x"] + 90, box["y"] + 60)
    page.mouse.move(box["x"] + 70, box["y"] + 60)  # above n = 64
    expect(page.locator(".race .legend li").first).to_contain_text("at n = 64 · half of the samples")
    page.mouse.move(5, 5)
    expect(page.locator(".race .legend li").first).not_to_contain_text("half of the samples")
    page.get_by_role("button", name="Take it away: the race").click()
    with page.expect_download() as found:
        page.get_by_role("button", name="JSON").click()
    run = json.loads(Path(found.value.path()).read_text("utf-8"))
    assert run["provenance"]["threads"] >= 1
    with page.expect_download() as found:
        page.get_by_role("button", name="CSV").click()
    table = list(csv.DictReader(io.StringIO(Path(found.value.path()).read_text("utf-8"))))
    assert len(table) == len(run["rows"])
    assert {row["method"] for row in table} == {"floor", "softmax", "relu"}


def test_stop_answers_within_a_second_keeps_what_was_measured_and_frees_the_queue(open_race):
    page = open_race("methods=linear_relu&upto=20&call=30")
    page.get_by_role("button", name="Run the race").click()
    expect(page.locator(".race .legend b")).to_have_count(2)
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Go on")).to_be_visible(timeout=3000)
    expect(page.locator(".race .legend b")).to_have_count(2)
    other = open_race(f"{SHORT}&upto=8")
    other.get_by_role("button", name="Run the race").click()
    expect(other.get_by_role("button", name="Run again")).to_be_visible(timeout=60_000)


def test_others_wait_and_a_closed_tab_frees_the_queue(open_race):
    first, second = open_race("methods=linear_relu&upto=20&call=30"), open_race(f"{SHORT}&upto=8")
    first.get_by_role("button", name="Run the race").click()
    expect(first.locator(".race .legend b")).to_have_count(2)
    second.get_by_role("button", name="Run the race").click()
    expect(second.get_by_text("Jobs before yours: 1")).to_be_visible()
    first.close()
    expect(second.get_by_role("button", name="Run again")).to_be_visible(timeout=60_000)
