"""The visitor's own sentence: written, pointed at and walked through as a person would."""

import re

import pytest
from playwright.sync_api import expect

AGREED = ".words .badge:not(.waiting)"


@pytest.fixture
def words(server, visit):
    def open_(query="unit=words", **options):
        page = visit(f"{server}/Words?{query}", **options)
        expect(page.locator(AGREED)).to_be_visible()
        page.locator(".words .panes").scroll_into_view_if_needed()
        return page

    return open_


def ask(page, expression):
    """A look into the component: `live` is it, `rows` what it found."""
    return page.locator(".words").evaluate(
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


def token(page, j, pane=0):
    return page.locator(".words .text").nth(pane).locator(f"[data-token='{j}']")


def write(page, text):
    """Put a text into the field and wait until its tokens are there."""
    before = ask(page, "live.head.setting")
    page.get_by_label("Your text").fill(text)
    page.get_by_label("Your text").press("Control+Enter")
    page.wait_for_function(
        """before => [...document.querySelectorAll('*')].some(e => {
            const live = e.shadowRoot?.querySelector('.live')?.component;
            return live?.head && live.head.setting !== before;
        })""",
        arg=before,
    )


def test_the_word_pointed_at_is_the_query_and_grounds_take_its_weights(words):
    page = words("raw=1")
    token(page, 7).hover()
    expect(page.locator(".words .pair")).to_contain_text("(token 8)")
    expect(token(page, 7)).to_have_class("query")
    expect(token(page, 7, pane=1)).to_have_class("query")
    assert "held" not in page.url
    ground = ask(page, "`rgb(${live.colours.ground.join(', ')})`")
    shades = ask(page, "live.panes.map(p => p.tokens.map(x => getComputedStyle(x).backgroundColor))")
    lit = ask(page, "[...rows.rows[1].weights].map(w => w > 0)")
    assert 0 < sum(lit) < len(lit)
    for j, shade in enumerate(shades[1]):
        assert lit[j] or shade == ground
    heaviest = ask(page, "rows.rows[0].weights.indexOf(Math.max(...rows.rows[0].weights))")
    light = [sum(map(int, re.findall(r"\d+", shade)[:3])) for shade in shades[0]]
    assert light[heaviest] == min(light)


def test_a_click_holds_and_another_word_pointed_at_is_the_key(words):
    page = words()
    token(page, 12, pane=1).click()
    expect(page).to_have_url(re.compile("held=13"))
    assert agreement(page) < 1e-6
    token(page, 3).hover()
    expect(page.locator(".words .pair")).to_contain_text("(token 4)")
    line = page.locator(".words .sums li").first.inner_text().replace("−", "-")
    s, t, total, raw = map(float, re.search(r"relu\((\S+) - \(?(\S+?)\)?\) / (\S+) =\s+(\S+)", line).groups())
    assert (s, t) == pytest.approx(tuple(ask(page, "[live.head.s[12], live.head.t[3]]")), abs=0.006)
    assert raw == pytest.approx(max(0, s - t) / total, abs=1e-3)
    page.keyboard.press("Escape")
    expect(page).not_to_have_url(re.compile("held="))


def test_the_keyboard_goes_from_word_to_word_and_from_line_to_line(words):
    page = words("held=3")
    text = page.get_by_role("group", name="The text")
    text.focus()
    page.keyboard.press("ArrowRight")
    expect(token(page, 3)).to_have_class("query")
    expect(page).to_have_url(re.compile("held=4"))
    top = token(page, 3).bounding_box()["y"]
    page.keyboard.press("ArrowDown")
    expect(token(page, 3)).not_to_have_class("query")
    assert page.locator(".words .text").first.locator(".query").bounding_box()["y"] > top + 10
    page.keyboard.press("ArrowUp")
    assert page.locator(".words .text").first.locator(".query").bounding_box()["y"] == pytest.approx(top, abs=2)
    assert agreement(page) < 1e-6


def test_arabic_runs_from_right_to_left_and_so_do_the_arrow_keys(words):
    page = words()
    write(page, "القط الذي طارده الكلب صعد الشجرة")
    assert token(page, 0).bounding_box()["x"] > token(page, 1).bounding_box()["x"] > token(page, 2).bounding_box()["x"]
    token(page, 1).click()
    expect(page).to_have_url(re.compile("held=2"))
    page.get_by_role("group", name="The text").focus()
    page.keyboard.press("ArrowLeft")
    expect(token(page, 2)).to_have_class("query")
    expect(page).to_have_url(re.compile("held=3"))
    assert agreement(page) < 1e-6


def test_any_text_is_shown_as_text(words):
    page = words()
    page.on("dialog", lambda _: pytest.fail("something of the text was run"))
    for text, shown in {
        "<b>bold</b> <img src=x onerror=alert(1)>": ["<", "b", ">", "bold"],
        "月亮拉着大海": ["月", "亮", "拉", "着", "大", "海"],
        "👨‍👩‍👧‍👦 meets 🏳️‍🌈 and ❤️": ["👨‍👩‍👧‍👦", "meets", "🏳️‍🌈", "and", "❤️"],
    }.items():
        write(page, text)
        assert page.locator(".words .text").first.locator("span").all_inner_texts()[: len(shown)] == shown
        assert page.locator(".words .text *:not(span), .words img").count() == 0
        assert agreement(page) < 1e-6


def test_labels_of_the_strip_do_not_overlap(words):
    page = words()
    boxes = ask(
        page,
        """(() => {
            const found = [], pen = live.strip.canvas.getContext('2d'), write = pen.strokeText;
            pen.strokeText = (text, x, y) => {
                const wide = pen.measureText(text).width, parts = { left: 0, center: 0.5, right: 1 };
                const left = x - wide * parts[pen.textAlign];
                found.push([left, left + wide, y]);
            };
            live.draw();
            pen.strokeText = write;
            live.draw();
            return found;
        })()""",
    )
    assert len(boxes) > 12
    for k, (left, right, y) in enumerate(boxes):
        assert left >= -1
        for other_left, other_right, other_y in boxes[:k]:
            assert y != other_y or left >= other_right or right <= other_left


def test_a_long_text_scrolls_in_both_copies_and_what_is_scrolled_to_is_coloured(words):
    page = words()
    write(page, "the quick brown fox jumps over a lazy dog and sleeps " * 180)
    assert ask(page, "live.head.n") == 1_980
    assert ask(page, "live.panes[1].tokens[1900].style.backgroundColor") == ""
    page.locator(".words .text").first.evaluate("box => { box.scrollTop = 1e6; }")
    page.wait_for_function(
        """() => [...document.querySelectorAll('*')].some(e => {
            const live = e.shadowRoot?.querySelector('.live')?.component;
            const pane = live?.panes?.[1];
            return pane && pane.surface.scrollTop > 1000 && pane.tokens[1970].style.backgroundColor;
        })"""
    )
    token(page, 1_970, pane=1).click()
    expect(page).to_have_url(re.compile("held=1971"))
    assert agreement(page) < 1e-6


def test_on_a_phone_the_copies_stand_below_each_other_and_a_tap_holds(words):
    page = words(width=390, height=844, has_touch=True, is_mobile=True)
    first, second = (page.locator(".words .text").nth(k).bounding_box() for k in (0, 1))
    assert second["y"] > first["y"] + first["height"]
    token(page, 4).tap()
    expect(page).to_have_url(re.compile("held=5"))
    assert agreement(page) < 1e-6
    page.get_by_role("button", name="Let go").tap()
    expect(page).not_to_have_url(re.compile("held="))
