"""The two routes' player, driven as a person would."""

import re

import pytest
from playwright.sync_api import expect


@pytest.fixture
def player(server, visit):
    def open_(query):
        page = visit(f"{server}/Two_routes?{query}")
        expect(page.locator(".routes canvas").first).to_be_visible()
        return page

    return open_


def place(page):
    return int(page.get_by_role("slider", name="Step").input_value())


def test_it_opens_on_the_finished_picture_and_both_routes_agree(player):
    page = player("")
    expect(page.locator(".ops.done")).to_have_count(2)
    text = page.locator(".routes .badge").inner_text()
    assert re.search(r"largest difference (0|\d · 10⁻(⁶|⁷|⁸|⁹|¹\d))$", text), text


def test_step_play_scrub_and_link(player):
    page = player("input=ramp&n=8&at=10")
    assert place(page) == 10
    page.get_by_role("button", name="One step forward").click()
    assert place(page) == 11
    page.get_by_role("button", name="One step back").click()
    page.get_by_role("button", name="One step back").click()
    expect(page).to_have_url(re.compile("at=9"))
    page.locator("h1").click()
    page.keyboard.press("ArrowRight")
    assert place(page) == 10
    page.keyboard.press(" ")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(page.get_by_role("slider", name="Step")).not_to_have_value(re.compile(r"^1?\d$"))
    page.keyboard.press(" ")
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    rest = place(page)
    expect(page).to_have_url(re.compile(f"at={rest}"))
    page.get_by_role("button", name="To the end").click()
    expect(page.locator(".ops.done")).to_have_count(2)


def test_the_stages_light_the_lines_that_do_them(player):
    page = player("input=clusters&n=8&at=0")
    code = page.locator(".routes pre").nth(1)
    seen = [code.locator(".now").first.inner_text()]
    for _ in range(4):
        page.get_by_role("button", name="One step forward").focus()
        page.keyboard.press("PageDown")
        page.keyboard.press("ArrowRight")
        seen.append(code.locator(".now").first.inner_text())
    beginnings = ["s, t = pi(q)", "t_sorted, order = t.sort", "S = ", "gap = ", "p = torch.searchsorted"]
    for line, beginning in zip(seen, beginnings, strict=True):
        assert line.startswith(beginning)


@pytest.mark.parametrize("n", [4, 8, 16, 32])
def test_what_the_page_says_of_small_n_is_what_it_counts(n, player):
    page = player(f"input=clusters&n={n}")
    expect(page.locator(".ops.done")).to_have_count(2)
    cells, steps = (
        int(re.search(r"of ([\d,]+)", text)[1].replace(",", "")) for text in page.locator(".ops").all_inner_texts()
    )
    assert cells == n * n
    assert (steps > cells) == (n <= 8)


def test_each_step_says_its_numbers_and_they_are_right(player):
    page = player("input=clusters&n=6&at=1")
    said = page.locator(".routes .says").first
    expect(said).to_contain_text(" = ")
    for _ in range(12):
        text = said.inner_text().replace("−", "-").split("\n")[0]
        s, t, total, weight = map(float, re.search(r"relu\((\S+) - \(?(\S+?)\)?\) / (\S+) = (\S+)", text).groups())
        assert weight == pytest.approx(max(0, s - t) / total, abs=0.006)
        page.get_by_role("button", name="One step forward").click()


def test_another_setting_shows_its_own_run(player):
    page = player("input=ramp&n=8&at=10")
    page.get_by_role("slider", name="Tokens n").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".routes .cost").first).to_have_text("n² = 9 × 9")
    expect(page.locator(".ops.done")).to_have_count(2)
    expect(page).to_have_url(re.compile("n=9"))


def test_who_prefers_no_motion_gets_stages_at_once(server, visit):
    page = visit(f"{server}/Two_routes?input=ramp&n=8&at=0", reduced_motion="reduce")
    page.get_by_role("button", name="Play").click()
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    assert place(page) == 8


PRESS_STOP = """new MutationObserver((_, watching) => {
  const stop = [...document.querySelectorAll("button")].find((button) => button.innerText.trim() === "Stop");
  if (stop) { watching.disconnect(); stop.click(); }
}).observe(document.body, { childList: true, subtree: true })"""


def test_the_real_thing_can_be_stopped_and_keeps_what_it_has(player):
    page = player("input=china")
    page.evaluate(PRESS_STOP)  # as soon as it is there: both routes together take a second
    page.get_by_role("button", name="Measure both routes").click()
    expect(page.get_by_text("so far")).to_be_visible()
    expect(page.get_by_text("stopped after")).to_be_visible()
    page.get_by_role("button", name="Measure again").click()
    expect(page.get_by_text("stopped after")).to_have_count(0)
    expect(page.get_by_test_id("stMetricValue").filter(has_text="×")).to_be_visible(timeout=60_000)
