"""The slices, turned and clicked as a person would."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.pointer import box_at_rest, middle

AGREED = ".slices .badge:not(.waiting)"


def agreed(page):
    """Wait for the operator's answer."""
    expect(page.locator(AGREED)).to_be_visible(timeout=20_000)


@pytest.fixture
def slices(server, visit):
    def open_(query="", **options):
        page = visit(f"{server}/Slices?{query}", **options)
        agreed(page)
        page.locator(".slices canvas").first.scroll_into_view_if_needed()
        return page

    return open_


def agreement(page):
    """The largest difference that the badge shows: "3 · 10⁻⁸" → 3e-8."""
    text = page.locator(AGREED).inner_text()
    if text.endswith(" 0"):
        return 0.0
    mantissa, exponent = re.search(r"(\d+) · 10(\S+)$", text).groups()
    return float(f"{mantissa}e{exponent.translate(str.maketrans('⁻⁰¹²³⁴⁵⁶⁷⁸⁹', '-0123456789'))}")


def dial(page):
    return page.locator(".slices .knob.dial")


def theta(page):
    return float(dial(page).get_attribute("aria-valuenow"))


def ask(page, expression):
    """A look into the component: `live` is it, `state` its state."""
    return page.locator(".slices").evaluate(
        f"el => {{ const live = el.closest('.live').component, state = live.state; return {expression}; }}"
    )


def token(page, j):
    box = box_at_rest(page.locator(".slices canvas").first)
    x, y, _ = ask(page, f"live.plane.seen[{j}]")
    return box["x"] + x, box["y"] + y


def lit(page):
    """Which tokens the held query attends to, by their scores."""
    return ask(page, "live.scores().map((t) => t < live.scores()[state.held])")


def arithmetic(page):
    """The weight's line, as numbers: s, t, N and the weight."""
    text = page.locator(".slices .sums li").last.inner_text().replace("−", "-")
    return tuple(map(float, re.search(r"relu\((\S+) - \(?(\S+?)\)?\) / (\S+) =\s+(\S+)", text).groups()))


def test_the_dial_turns_while_it_is_dragged_and_the_operator_agrees(slices):
    page = slices()
    assert theta(page) == 30
    x, y = middle(dial(page))
    before = lit(page)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 60, y - 60)
    page.mouse.move(x - 160, y - 90)
    expect(dial(page)).not_to_have_attribute("aria-valuenow", "30")
    turned = theta(page)
    assert 70 < turned < 110
    assert lit(page) != before
    expect(page.locator(".slices .badge.waiting")).to_be_visible()  # the server has not been asked yet
    assert "theta" not in page.url
    page.mouse.up()
    agreed(page)
    assert agreement(page) < 1e-6
    expect(page).to_have_url(re.compile(f"theta={turned:g}"))


def test_half_a_turn_turns_the_order_over(slices):
    page = slices("theta=75.5&held=7")
    before = ask(page, "live.scores()")
    lit_before = lit(page)
    page.get_by_role("button", name="Half a turn").click()
    expect(page).to_have_url(re.compile("theta=255.5"))
    assert ask(page, "live.scores()") == pytest.approx([-t for t in before], abs=1e-9)
    assert [a or b for a, b in zip(lit_before, lit(page), strict=True)].count(False) == 1  # the query itself
    agreed(page)
    assert agreement(page) < 1e-6


def test_a_point_clicked_is_the_query_and_one_pointed_at_is_written_out_in_numbers_that_are_right(slices):
    page = slices()
    page.mouse.click(*token(page, 13))
    expect(page).to_have_url(re.compile("held=14"))
    expect(page.locator(".slices .sums li").first).to_contain_text("token 14")
    agreed(page)
    assert agreement(page) < 1e-6
    scores, held = ask(page, "live.scores()"), ask(page, "state.held")
    for j in (11, 20):
        page.mouse.move(*token(page, j), steps=2)
        expect(page.locator(".slices .sums li").nth(1)).to_contain_text(f"token {j + 1}")
        s, t, total, weight = arithmetic(page)
        assert (s, t) == (pytest.approx(scores[held], abs=0.006), pytest.approx(scores[j], abs=0.006))
        assert total == pytest.approx(sum(abs(scores[held] - u) for u in scores), abs=0.006)
        assert weight == pytest.approx(max(0, scores[held] - scores[j]) / total, abs=0.001)


def test_the_keyboard_turns_picks_and_compares(slices):
    page = slices()
    dial(page).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    assert theta(page) == 41
    expect(page).to_have_url(re.compile("theta=41"))
    query = page.locator(".slices .knob.query")
    query.focus()
    rank = int(query.get_attribute("aria-valuenow"))
    page.keyboard.press("ArrowLeft")
    expect(query).to_have_attribute("aria-valuenow", str(rank - 1))
    expect(page).to_have_url(re.compile("held="))
    before = page.locator(".slices .sums li").nth(1).inner_text()
    page.keyboard.press("ArrowUp")
    expect(page.locator(".slices .sums li").nth(1)).not_to_have_text(before)


def test_the_ribbons_turn_the_line_too(slices):
    page = slices()
    marker = page.locator(".slices .knob.marker")
    x, y = middle(marker)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 40, y)
    page.mouse.move(x + 100, y)
    page.mouse.up()
    expect(page).to_have_url(re.compile("theta="))
    assert 80 < theta(page) < 120
    assert float(marker.get_attribute("aria-valuenow")) == theta(page)
    page.get_by_role("button", name="score").click()
    expect(page).to_have_url(re.compile("along=score"))
    agreed(page)


@pytest.mark.parametrize("kind", ["Linear Π", "MLP Π"])
def test_the_heads_of_an_untrained_map(kind, slices):
    page = slices()
    page.get_by_role("radio", name=kind).click()
    expect(page.get_by_text("Level sets of Π, head 1")).to_be_visible()
    expect(page.get_by_text("is untrained: random numbers, drawn with seed 7")).to_be_visible()
    expect(page.locator(".slices .confused")).to_contain_text("Heads 1 and 2 together tell all 276 pairs apart")
    page.get_by_role("button", name="Head 3").click()
    expect(page.get_by_text("Level sets of Π, head 3")).to_be_visible()
    expect(page).to_have_url(re.compile("head=3"))
    agreed(page)
    assert agreement(page) < 1e-6
    expect(dial(page)).to_be_hidden()
    # the level line of the query runs through the query: its own score there
    gap = ask(
        page,
        """(() => {
            const g = live.grid, p = live.data.points[state.held];
            const k = (x) => Math.round(((x + g.reach) / (2 * g.reach)) * (g.side - 1));
            const near = g.heads[state.head][k(p[1]) * g.side + k(p[0])];
            return g.low + (near * (g.high - g.low)) / 65535 - live.scores()[state.held];
        })()""",
    )
    assert abs(gap) < 0.25


def test_in_space_the_direction_tilts_and_the_view_turns(slices):
    page = slices("input=rings")
    dial(page).focus()
    page.keyboard.press("Shift+ArrowUp")
    expect(page).to_have_url(re.compile("tilt=35"))
    box = box_at_rest(page.locator(".slices canvas").first)
    seen = ask(page, "live.plane.seen[0]")
    x, y = box["x"] + 60, box["y"] + box["height"] - 30
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 50, y - 10)
    page.mouse.move(x + 90, y - 20)
    page.mouse.up()
    expect(page).to_have_url(re.compile("yaw="))
    assert ask(page, "live.plane.seen[0]") != seen
    before = ask(page, "[state.theta, state.tilt]")
    x, y = middle(dial(page))
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 30, y + 20)
    page.mouse.move(x - 60, y + 40)
    after = middle(dial(page))
    page.mouse.up()
    assert after == pytest.approx((x - 60, y + 40), abs=3)  # the tip is under the pointer
    assert ask(page, "[state.theta, state.tilt]") != before
    agreed(page)
    assert agreement(page) < 1e-6


def test_a_finger_turns_the_dial(slices):
    page = slices(width=390, height=844, has_touch=True, is_mobile=True)
    finger = page.context.new_cdp_session(page)
    agreed(page)  # nothing moves any more
    x, y = middle(dial(page))

    def touch(kind, *points):
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]})

    touch("touchStart", (x, y))
    touch("touchMove", (x - 20, y - 30))
    touch("touchMove", (x - 60, y - 60))
    touch("touchEnd")
    expect(page).to_have_url(re.compile("theta="))
    assert theta(page) > 45
    agreed(page)
    page.touchscreen.tap(*token(page, 2))
    expect(page).to_have_url(re.compile("held=3"))


def test_turning_by_itself_stops_where_it_is(slices):
    page = slices()
    page.get_by_role("button", name="Turn the line", exact=True).click()
    expect(dial(page)).not_to_have_attribute("aria-valuenow", "30")
    page.get_by_role("button", name="Stop").click()
    expect(page).to_have_url(re.compile(f"theta={theta(page):g}"))
    agreed(page)


def test_a_link_brings_all_of_it_back_and_so_does_the_back_button(slices, settled):
    page = slices("input=s_curve&n=30&theta=120.5&tilt=-15&held=9&yaw=200&along=score")
    assert ask(page, "[live.n, live.dim, state.theta, state.tilt, state.held, state.yaw, state.along]") == [
        30, 3, 120.5, -15, 8, 200, "score",
    ]  # fmt: skip
    page.get_by_role("button", name="Half a turn").click()
    expect(page).to_have_url(re.compile("theta=300.5"))
    page.get_by_role("button", name="rank").click()
    expect(page).not_to_have_url(re.compile("along"))
    settled(page)
    page.evaluate("history.go(-2)")  # one step back within a second is taken for a late echo (url.py)
    expect(dial(page)).to_have_attribute("aria-valuenow", "120.5")


def test_fewer_tokens_keep_a_query_that_exists(slices):
    page = slices("n=9&held=9")
    page.get_by_role("slider", name="Tokens n").focus()
    page.keyboard.press("ArrowLeft")
    expect(page).to_have_url(re.compile("n=8"))
    expect(page.locator(".slices .sums li").first).to_contain_text("token 8")
    agreed(page)
    assert agreement(page) < 1e-6


def test_a_wrong_link_gets_the_nearest_state_and_a_note(slices):
    page = slices("theta=x&held=999&n=3&by=zzz&input=<b>&tilt=1e9&head=-4&many=77")
    expect(page.get_by_text("Shown instead:")).to_be_visible()
    expect(page.locator("[data-testid=stException]")).to_have_count(0)
    assert agreement(page) < 1e-6
