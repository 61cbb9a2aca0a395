"""The curve and its map, driven as a person would."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser import pointer
from tests.browser.pointer import box_at_rest


@pytest.fixture
def kernels(server, visit):
    def open_(query="", **options):
        page = visit(f"{server}/Kernels?{query}", **options)
        expect(page.locator(".kernel .badge:not(.waiting)")).to_be_visible(timeout=20_000)
        return page

    return open_


def agreement(page):
    """What the badge shows, once the operator has answered: "3 · 10⁻⁸" → 3e-8."""
    badge = page.locator(".kernel .badge:not(.waiting)")
    expect(badge).to_be_visible(timeout=20_000)
    text = badge.inner_text()
    if text.endswith("to the last digit"):
        return 0.0
    mantissa, exponent = re.search(r"(\d+) · 10(\S+)$", text).groups()
    return float(f"{mantissa}e{exponent.translate(str.maketrans('⁻⁰¹²³⁴⁵⁶⁷⁸⁹', '-0123456789'))}")


def middle(page, handle):
    return pointer.middle(page.locator(f"[data-handle={handle}] .hit"))


def place(page, handle):
    """(r, f) of a node."""
    text = page.locator(f"[data-handle={handle}]").get_attribute("aria-valuetext").replace("−", "-")
    return tuple(float(x) for x in re.findall(r"-?\d+\.\d+", text))


def drag(page, handle, right, down, up=True):
    x, y = middle(page, handle)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + right / 2, y + down / 2)
    page.mouse.move(x + right, y + down)
    if up:
        page.mouse.up()


def picture(page):
    """The map as it is painted two frames later."""
    return page.locator(".kernel canvas").evaluate(
        "c => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(c.toDataURL()))))"
    )


def over(page, row, column, n=32):
    """The middle of the cell in this row and column of the picture, from 0."""
    box = box_at_rest(page.locator(".kernel canvas"))
    side = min(box["width"] - 34 - (96 if box["width"] > 430 else 64) - 12, 400)
    return box["x"] + 34 + (column + 0.5) * side / n, box["y"] + 32 + (row + 0.5) * side / n


def says(page):
    return page.locator(".kernel .says").inner_text().replace("−", "-")


def test_every_curve_agrees_with_the_operator(kernels):
    page = kernels()
    for name in ("bump", "distance", "Laplace", "Gauss", "draw your own", "ReLU"):
        before = picture(page)
        page.get_by_role("button", name=name).first.click()
        assert picture(page) != before
        kernel = page.get_by_role("button", name=name).first
        expect(kernel).to_have_attribute("aria-pressed", "true")
        assert agreement(page) < 5e-6
        expect(page.get_by_text("no such way")).to_have_count(1 if name in ("Laplace", "Gauss") else 0)
    expect(page).not_to_have_url(re.compile("kernel="))


def test_a_dragged_node_redraws_the_map_before_the_server_hears_of_it(kernels):
    page = kernels("kernel=drawn&divide=n")
    before, (r, f) = picture(page), place(page, "node1")
    drag(page, "node1", 30, 60, up=False)
    moved = place(page, "node1")
    assert moved[0] < r  # as on the line, keys on the left are on the left
    assert moved[1] < f
    assert picture(page) != before
    expect(page.locator(".kernel .badge.waiting")).to_be_visible()
    assert "nodes=" not in page.url
    page.mouse.up()
    assert agreement(page) < 5e-6
    expect(page).to_have_url(re.compile("nodes="))


def test_nodes_never_meet_and_the_last_one_stays(kernels):
    page = kernels("kernel=drawn&divide=n&nodes=-1~0_0~1_1~0")
    drag(page, "node1", 2000, -2000)
    assert place(page, "node1") == (-0.95, 3)
    agreement(page)
    page.locator("[data-handle=node1]").focus()
    page.keyboard.press("ArrowRight")
    assert place(page, "node1") == (-0.95, 3)
    page.keyboard.press("Delete")
    page.keyboard.press("Delete")
    expect(page.locator(".kernel .handle[data-handle^=node]")).to_have_count(1)
    expect(page.locator("[data-handle=node0]")).to_be_focused()
    page.keyboard.press("Delete")
    expect(page.locator(".kernel .handle[data-handle^=node]")).to_have_count(1)
    expect(page.get_by_role("button", name="Remove the chosen node")).to_be_disabled()
    assert agreement(page) < 5e-6
    expect(page).to_have_url(re.compile(r"nodes=-1(~|%7E)0(&|$)"))


def test_nodes_are_added_by_a_double_click_and_by_plus_up_to_twenty_four(kernels):
    page = kernels("kernel=drawn&divide=n&nodes=-1~0_1~0")
    box = box_at_rest(page.locator(".kernel svg.plot"))
    page.mouse.dblclick(box["x"] + box["width"] * 0.8, box["y"] + 60)
    nodes = page.locator(".kernel .handle[data-handle^=node]")
    expect(nodes).to_have_count(3)
    assert place(page, "node0")[1] > 1  # the rightmost place of the plot has the least r
    more = page.get_by_role("button", name="Add a node in the widest gap")
    for _ in range(21):
        more.click()
    expect(nodes).to_have_count(24)
    expect(more).to_be_disabled()
    assert agreement(page) < 5e-6
    page.get_by_role("button", name="Undo").click()
    expect(nodes).to_have_count(23)
    assert agreement(page) < 5e-6


def test_the_ends_have_slopes_to_drag_and_to_type(kernels):
    page = kernels("kernel=drawn&divide=n&nodes=0~0")
    drag(page, "right", 0, -60)
    slope = float(page.locator("[data-handle=right]").get_attribute("aria-valuenow"))
    assert slope > 0.5
    page.locator("[data-handle=left]").focus()
    page.keyboard.press("Shift+ArrowDown")
    expect(page).to_have_url(re.compile(rf"left=-0\.25.*right={slope:g}"))
    assert agreement(page) < 5e-6


def test_the_bandwidth_has_a_handle(kernels):
    page = kernels("kernel=bump&divide=n")
    drag(page, "b", 40, 0)
    assert float(page.locator("[data-handle=b]").get_attribute("aria-valuenow")) > 1.3
    assert agreement(page) < 5e-6
    expect(page).to_have_url(re.compile(r"b=1\.\d"))


def test_a_cell_writes_out_its_arithmetic_click_holds_and_escape_lets_go(kernels):
    page = kernels("sorted=1")
    page.mouse.move(*over(page, 20, 2))
    page.mouse.move(*over(page, 20, 3))
    s, t, total, weight = re.search(r"relu\((\S+) - (\S+)\) / (\S+) = (\S+)", says(page)).groups()
    s, t, total, weight = (float(x.strip("()")) for x in (s, t, total, weight))
    assert weight == pytest.approx((s - t) / total, abs=5e-4)
    assert weight > 0
    expect(page.locator(".kernel svg.plot .strong")).to_contain_text("f(")
    page.mouse.click(*over(page, 20, 3))
    expect(page).to_have_url(re.compile("row=.*column="))
    held = says(page)
    page.mouse.move(*over(page, 4, 9))
    assert says(page) == held
    page.keyboard.press("Escape")
    expect(page).not_to_have_url(re.compile("row="))
    expect(page.locator(".kernel .says")).to_contain_text("Point at a cell")


def test_arrows_walk_over_the_sorted_map(kernels):
    page = kernels("sorted=1")
    page.locator(".kernel canvas").focus()
    page.keyboard.press("ArrowDown")
    first = float(re.search(r"relu\((\S+) ", says(page))[1])
    for _ in range(40):
        page.keyboard.press("ArrowDown")
    last = float(re.search(r"relu\((\S+) ", says(page))[1])
    assert last > first
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("row="))


def test_sorting_slides_to_the_staircase(kernels):
    goal = picture(kernels("sorted=1"))
    page = kernels()
    start = picture(page)
    page.locator(".kernel canvas").evaluate(
        """c => { const small = new OffscreenCanvas(48, 48).getContext("2d", {willReadFrequently: true});
        c.frames = new Set();
        const look = () => {
            small.drawImage(c, 0, 0, 48, 48);
            c.frames.add(String(small.getImageData(0, 0, 48, 48).data));
            c.looking = requestAnimationFrame(look);
        };
        look(); }"""
    )
    assert picture(page) == start
    page.get_by_role("button", name="sorted by score").click()
    agreement(page)
    page.locator(".kernel canvas").evaluate(
        """(c, goal) => new Promise((done, fail) => {
        setTimeout(fail, 20_000, "it never came there");
        const look = () => c.toDataURL() === goal ? done() : setTimeout(look, 200);
        look(); })""",
        goal,
    )
    frames = page.locator(".kernel canvas").evaluate("c => (cancelAnimationFrame(c.looking), c.frames.size)")
    assert frames > 5  # it moved there


def test_who_prefers_no_motion_sees_the_sorted_map_at_once(kernels):
    page = kernels(reduced_motion="reduce")
    page.get_by_role("button", name="sorted by score").click()
    at_once = picture(page)
    agreement(page)
    assert picture(page) == at_once


def test_centring_and_scores(kernels):
    page = kernels("kernel=relu")
    page.get_by_role("button", name="centre values").click()
    expect(page.locator(".kernel .says")).to_contain_text("rows sum to 0.000")
    agreement(page)
    page.get_by_role("button", name="Scores").click()
    page.get_by_role("button", name="standardize queries and keys together").click()
    page.get_by_role("slider", name="scale all scores").focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile("scale=10"))
    expect(page.get_by_text("The outputs moved by at most")).to_contain_text("· 10⁻")
    page.get_by_role("slider", name="shift the queries only").focus()
    page.keyboard.press("End")
    expect(page.get_by_text("The outputs moved by at most")).to_contain_text(re.compile(r"at most \d+(\.\d\d)? times"))
    assert agreement(page) < 5e-6


def test_a_finger_drags_a_node_and_taps_a_cell(kernels):
    page = kernels("kernel=drawn&divide=n&nodes=-1~0_0~1_1~0", width=390, height=844, has_touch=True, is_mobile=True)
    page.locator(".kernel svg.plot").scroll_into_view_if_needed()
    finger = page.context.new_cdp_session(page)

    def touch(kind, *points):
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]})

    x, y = middle(page, "node1")
    touch("touchStart", (x, y))
    touch("touchMove", (x, y + 20))
    touch("touchMove", (x, y + 40))
    assert place(page, "node1")[1] < 0.8
    touch("touchEnd")
    assert agreement(page) < 5e-6
    page.locator(".kernel canvas").scroll_into_view_if_needed()
    page.touchscreen.tap(*over(page, 5, 5))
    expect(page).to_have_url(re.compile("row=6.*column=6"))


def test_a_finger_that_drags_a_node_does_not_scroll_the_page(kernels):
    page = kernels("kernel=drawn&nodes=-1~0_0~-2_1~0", width=390, height=844, has_touch=True, is_mobile=True)
    page.locator(".kernel svg.plot").scroll_into_view_if_needed()
    finger = page.context.new_cdp_session(page)

    def touch(kind, *points):
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]})

    def scrolled():
        return page.get_by_test_id("stMain").evaluate("e => e.scrollTop")

    for part in ("hit", "mark"):
        box = page.locator(f"[data-handle=node1] .{part}").bounding_box()
        x, y, before = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, scrolled()
        touch("touchStart", (x, y))
        for step in range(1, 11):
            touch("touchMove", (x, y - 9 * step))
        height = place(page, "node1")[1]
        touch("touchEnd")
        assert scrolled() == before
        assert place(page, "node1")[1] == height > (-1 if part == "hit" else 1)
    assert agreement(page) < 5e-6


def test_a_curve_picked_is_divided_as_in_a_link_and_says_so(kernels):
    page = kernels()
    page.get_by_role("button", name="draw your own").click()
    expect(page.get_by_text("now divided by n")).to_be_visible()
    page.get_by_role("button", name="bump").click()
    expect(page.get_by_text("now divided by")).to_have_count(0)
    expect(page.get_by_role("combobox", name="Divide each row by")).to_have_value("n")
    agreement(page)
    expect(page).to_have_url(re.compile("kernel=bump$"))
    page.reload()
    expect(page.get_by_role("combobox", name="Divide each row by")).to_have_value("n")
    page.get_by_role("combobox", name="Divide each row by").select_option("one")
    expect(page).to_have_url(re.compile("divide=one"))


def test_moved_scores_are_named_while_their_panel_is_closed(kernels):
    page = kernels("queries=3&standard=0")
    note = page.get_by_text("Scores moved: queries +3, not standardized.")
    expect(note).to_be_hidden()
    page.get_by_role("button", name="Shift and scale the scores").click()
    expect(note).to_be_visible()
    page.get_by_role("button", name="Reset the scores").click()
    expect(note).to_be_hidden()
    expect(page).not_to_have_url(re.compile("queries|standard"))


@pytest.mark.parametrize("options", [{}, {"width": 390, "height": 844}], ids=["desk", "phone"])
def test_the_number_at_the_point_stands_off_the_curve(kernels, options):
    page = kernels("kernel=relu&sorted=1", **options)
    for kernel in ("ReLU", "Gauss"):
        page.get_by_role("button", name=kernel).first.click()
        expect(page.get_by_role("button", name=kernel).first).to_have_attribute("aria-pressed", "true")
        agreement(page)
        expect(page).to_have_url(re.compile("sorted=1"))
        page.locator(".kernel canvas").scroll_into_view_if_needed()
        for row, column in ((3, 8), (10, 20), (20, 3), (30, 2), (16, 16)):
            page.mouse.move(*over(page, row, column))
            page.mouse.move(*over(page, row, column + 1))
            label = page.locator(".kernel svg.plot .strong").evaluate(
                "e => { const b = e.getBBox(); return [b.x, b.y, b.width, b.height]; }"
            )
            on = page.locator(".kernel svg.plot path[clip-path]").evaluate(
                """(path, [x, y, w, h]) => { const long = path.getTotalLength();
                return Array.from({length: 400}, (_, k) => path.getPointAtLength(long * k / 399))
                    .filter(p => p.x > x && p.x < x + w && p.y > y && p.y < y + h).length; }""",
                label,
            )
            assert min(label[2:]) > 0
            assert on == 0


def test_the_words_of_a_sentence_are_named(kernels):
    plain = picture(kernels("input=sentence&n=38"))
    page = kernels("input=sentence&n=12&text=one+two+three+four+five+six&row=3&column=5")
    expect(page.get_by_label("Tokens n")).to_be_visible()
    expect(page.locator(".kernel .says")).to_contain_text("query 3 “three”, key 5 “five”, held")
    assert page.get_by_text("all 6").count()
    assert picture(page) != plain


def test_another_input_is_another_map_and_links_come_back(kernels, visit, settled):
    page = kernels("kernel=bump&divide=n&sorted=1")
    before = picture(page)
    page.get_by_role("slider", name="Tokens n").focus()
    page.keyboard.press("End")
    expect(page).to_have_url(re.compile("n=64"))
    expect(page.locator(".kernel .badge:not(.waiting)")).to_be_visible()
    settled(page)
    assert agreement(page) < 5e-6
    assert picture(page) != before
    drag(page, "b", 30, 0)
    agreement(page)
    expect(page).to_have_url(re.compile(r"b=1\.\d"))
    link = page.url
    page.mouse.move(5, 5)
    drawn = page.locator("[data-handle=b]").get_attribute("aria-valuenow")
    other = visit(link)
    expect(other.locator("[data-handle=b]")).to_have_attribute("aria-valuenow", drawn)


@pytest.mark.parametrize("link", ["kernel=drawn&nodes=0~0_0~1_x&left=1e9", "kernel=zzz&row=999&n=-4&scale=0&b=nan"])
def test_a_wrong_link_gets_the_nearest_curve_and_a_note(kernels, link):
    page = kernels(link)
    expect(page.get_by_text("Shown instead:")).to_be_visible()
    expect(page.locator("[data-testid=stException]")).to_have_count(0)
    assert agreement(page) < 5e-6
