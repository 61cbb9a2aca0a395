"""The scalar line, driven as a person would."""

import math
import re

import pytest
from playwright.sync_api import expect

from srviz.ui.chapters.line import line
from tests.browser import pointer


@pytest.fixture
def home(server, visit):
    page = visit(server)
    expect(page.locator(".badge:not(.waiting)")).to_be_visible()
    return page


def middle(page, token):
    return pointer.middle(page.locator(f"[data-token={token}] .hit"))


def score(page, token):
    return float(page.locator(f"[data-token={token}]").get_attribute("aria-valuenow"))


def agreement(page):
    """The largest difference that the badge shows: "3 · 10⁻⁸" → 3e-8."""
    text = page.locator(".badge:not(.waiting)").inner_text()
    if text.endswith("to the last digit"):
        return 0.0
    mantissa, exponent = re.search(r"(\d+) · 10(\S+)$", text).groups()
    return float(f"{mantissa}e{exponent.translate(str.maketrans('⁻⁰¹²³⁴⁵⁶⁷⁸⁹', '-0123456789'))}")


def drag(page, token, by, up=True):
    x, y = middle(page, token)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + by / 2, y)
    page.mouse.move(x + by, y)
    if up:
        page.mouse.up()


def test_a_dragged_query_answers_while_it_moves_and_the_operator_agrees(home):
    before, output = score(home, "q3"), home.locator(".sums .value").inner_text()
    drag(home, "q3", 150, up=False)
    assert score(home, "q3") > before + 0.5
    assert home.locator(".sums .value").inner_text() != output
    expect(home.locator(".badge.waiting")).to_be_visible()  # the server has not been asked yet
    assert "queries" not in home.url
    home.mouse.up()
    expect(home.locator(".badge:not(.waiting)")).to_be_visible()
    assert agreement(home) < 1e-6
    expect(home).to_have_url(re.compile("queries="))


def test_keys_on_the_left_light_up_and_no_others(home):
    drag(home, "q4", 40)
    s = score(home, "q4")
    keys = home.locator(".token.k")
    for j in range(keys.count()):
        assert ("lit" in keys.nth(j).get_attribute("class")) == (score(home, f"k{j}") < s)


def test_the_output_can_be_recomputed_by_hand_from_what_is_written(home):
    drag(home, "q3", 35)
    read = lambda text: float(text.replace("−", "-"))  # noqa: E731
    rows = [[read(x) for x in row.locator("td").all_inner_texts()] for row in home.locator(".sums tbody tr").all()]
    assert len(rows) == 9
    total = sum(abs(gap) for _, gap, *_ in rows)
    y = sum(max(0, gap) / total * value for _, gap, _, value, _ in rows)
    assert y == pytest.approx(sum(adds for *_, adds in rows), abs=0.005)
    assert home.locator(".sums .value").inner_text() == f"y = Σ w·(v − mean) = {y:.3f}".replace("-", "−")
    looked_up = home.locator(".lookup .arithmetic").inner_text()
    R, s, t, S = map(read, re.search(r"= ([^ R]+) \+ \((\S+) − \(?(\S+?)\)?\) · \(?(\S+?)\)? =", looked_up).groups())
    assert (R + (s - t) * S) / total == pytest.approx(y, abs=0.005)
    assert t == max(key for key, *_ in rows if key < s)


def test_the_miniature_counts_what_both_routes_do_and_a_sort_is_done_long_before(server, visit):
    s, t = line._problem()["s"], sorted(line._problem()["t"])
    n, searched = len(t), 0
    for score in s:
        low, high = 0, n
        while low < high:
            middle, searched = (low + high) // 2, searched + 1
            low, high = (middle + 1, high) if t[middle] < score else (low, middle)
    steps = n + n * math.ceil(math.log2(n)) + 2 * n + searched + n  # to project, sort, sum, search and answer
    page = visit(server, reduced_motion="reduce")  # nothing moves: the finished picture
    counts = page.locator(".problem figcaption b")
    expect(counts.nth(0)).to_have_text(f"{n * n:,} of {n * n:,}")
    expect(counts.nth(1)).to_have_text(f"done in {steps:,} steps")
    moving = visit(server).locator(".problem figcaption b")
    expect(moving.nth(1)).to_have_text(f"done in {steps:,} steps")
    assert moving.nth(0).inner_text() != f"{n * n:,} of {n * n:,}"


def test_a_query_left_of_all_keys_receives_nothing(home):
    drag(home, "q0", -2000)
    assert score(home, "q0") == -3
    expect(home.locator(".sums")).to_contain_text("It receives nothing")
    expect(home.locator(".sums .value")).to_have_text("y = Σ w·(v − mean) = 0.000")


def test_a_finger_drags_too(server, visit):
    page = visit(server, width=390, height=844, has_touch=True, is_mobile=True)
    expect(page.locator(".badge:not(.waiting)")).to_be_visible()
    page.locator("[data-token=k2]").scroll_into_view_if_needed()
    before = score(page, "k2")
    x, y = middle(page, "k2")
    finger = page.context.new_cdp_session(page)

    def touch(kind, *points):
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]})

    touch("touchStart", (x, y))
    touch("touchMove", (x + 30, y))
    touch("touchMove", (x + 60, y))
    assert score(page, "k2") > before + 0.5
    touch("touchEnd")
    expect(page.locator(".badge:not(.waiting)")).to_be_visible()
    assert agreement(page) < 1e-6


def test_the_keyboard_moves_what_tab_picked(home):
    home.locator("[data-token=k0]").focus()
    before = score(home, "k0")
    home.keyboard.press("ArrowRight")
    home.keyboard.press("Shift+ArrowRight")
    assert score(home, "k0") == pytest.approx(before + 0.3)
    expect(home.locator("[data-token=k0]")).to_be_focused()
    expect(home).to_have_url(re.compile("keys="))
    home.keyboard.press("Tab")
    expect(home.locator("[data-token=k1]")).to_be_focused()


def test_the_bump_has_a_handle_for_its_bandwidth(home):
    home.get_by_role("button", name="bump").click()
    expect(home.locator(".badge:not(.waiting)")).to_be_visible()
    before = score(home, "b0")
    drag(home, "b0", 40)
    assert score(home, "b0") > before
    expect(home.locator(".badge:not(.waiting)")).to_be_visible()
    assert agreement(home) < 1e-6
    expect(home).to_have_url(re.compile(r"kernel=bump.*b="))


def test_undo_link_and_back(home, visit, settled):
    drag(home, "q2", 90)
    expect(home).to_have_url(re.compile("queries="))
    moved = score(home, "q2")
    link = home.url
    drag(home, "k8", -60)
    expect(home).to_have_url(re.compile("keys="))
    home.get_by_role("button", name="Undo").click()
    expect(home).to_have_url(link)
    other = visit(link)
    expect(other.locator(".badge:not(.waiting)")).to_be_visible()
    assert score(other, "q2") == moved
    drag(other, "q2", 60)
    expect(other).not_to_have_url(link)
    settled(other)
    other.go_back()
    expect(other.locator("[data-token=q2]")).to_have_attribute("aria-valuenow", str(moved))


def test_no_click_is_lost_however_fast(home, settled):
    more = home.get_by_role("button", name="Add one to the keys")
    for _ in range(15):
        more.click()
    expect(home.locator(".token.k")).to_have_count(24)
    expect(more).to_be_disabled()
    expect(home.locator(".badge:not(.waiting)")).to_be_visible()
    settled(home)
    expect(home.locator(".token.k")).to_have_count(24)
    assert agreement(home) < 1e-6


@pytest.mark.parametrize("link", ["?queries=abc_99&keys=1_2_nan&kernel=zzz&b=1e9&held=77", "?values=<b>_1&keys=9_9_9"])
def test_a_wrong_link_gets_the_nearest_line_and_a_note(link, server, visit):
    page = visit(f"{server}/{link}")
    expect(page.locator(".badge:not(.waiting)")).to_be_visible()
    expect(page.get_by_text("Shown instead:")).to_be_visible()
    expect(page.locator("[data-testid=stException]")).to_have_count(0)
    assert agreement(page) < 1e-6


def test_the_badge_waits_while_something_moves_again(home):
    drag(home, "q3", 60, up=True)
    drag(home, "q3", 60, up=False)
    home.wait_for_function("() => new Promise(done => setTimeout(() => done(true), 700))")
    expect(home.locator(".badge.waiting")).to_be_visible()
    home.mouse.up()
    expect(home.locator(".badge:not(.waiting)")).to_be_visible()
    assert agreement(home) < 1e-6


def test_a_query_that_tab_picks_is_held_in_the_link_too(home):
    home.locator("[data-token=q1]").focus()
    expect(home).to_have_url(re.compile("held=2"))


@pytest.mark.parametrize(("token", "dx", "dy"), [("v0", 0, 30), ("k4", 40, 40)])
def test_a_finger_does_not_scroll_what_it_drags(token, dx, dy, server, visit):
    page = visit(server, width=390, height=700, has_touch=True, is_mobile=True)
    expect(page.locator(".badge:not(.waiting)")).to_be_visible()
    page.locator(f"[data-token={token}]").scroll_into_view_if_needed()
    before, (x, y) = score(page, token), middle(page, token)
    finger = page.context.new_cdp_session(page)
    for kind, share in (("touchStart", 0), *(("touchMove", k / 6) for k in range(1, 7))):
        points = [{"x": x + dx * share, "y": y + dy * share}]
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    assert abs(score(page, token) - before) > 0.5
    assert middle(page, token)[1] == pytest.approx(y + (dy if token == "v0" else 0), abs=2)
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
