"""The live figure keeps its promises: in place, linked, pointed at, clicked, saved."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.pointer import box_at_rest

CAMERA = "e => e._fullLayout.scene._scene.getCamera().eye"


def plot(page, name):
    return page.get_by_role("figure", name=name, exact=True)


@pytest.fixture
def page(figures_server, visit):
    page = visit(figures_server, height=2200)
    for name in ("cloud one", "cloud two", "matrix left", "matrix right", "plane"):
        expect(plot(page, name).locator(".main-svg").first).to_be_attached()
    for place in (1, 5):
        page.wait_for_function(f"document.querySelectorAll('.plot')[{place}]._fullLayout?.scene?._scene != null")
    return page


def cell(page, name, row, column):
    """The middle of a cell of a 4 × 4 matrix on screen."""
    box = box_at_rest(plot(page, name).locator(".nsewdrag"))
    return box["x"] + (column + 0.5) / 4 * box["width"], box["y"] + (row + 0.5) / 4 * box["height"]


def point_at(page, name, row, column):
    x, y = cell(page, name, row, column)
    page.mouse.move(x - 3, y)
    page.mouse.move(x, y)
    return x, y


def in_space(page, name, k):
    """Where point k of a figure in 3D is on screen."""
    return plot(page, name).evaluate(
        """(e, k) => {
            const { x, y, z } = e._fullData[0], box = e.getBoundingClientRect();
            const [across, down] = e.closest(".live").component.lens()(x[k], y[k], z[k]);
            return [box.x + across, box.y + down];
        }""",
        k,
    )


def press(page, x, y):
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.up()


def turn_on(page):
    page.get_by_role("slider", name="turn").focus()
    page.keyboard.press("ArrowRight")


def test_pointing_lights_the_pair_in_every_figure_of_the_group(page):
    point_at(page, "matrix left", 0, 1)  # shown in the order 2, 0, 3, 1: query 2, key 0
    for name in ("matrix left", "matrix right"):
        expect(plot(page, name).locator(".over rect")).to_have_count(2)
    expect(plot(page, "plane").locator(".over circle")).to_have_count(2)
    expect(page.locator(".says").filter(has_text="q 12.00 k 20.00 d 1.50 w 0.5000")).to_have_count(2)
    page.mouse.move(5, 5)
    expect(plot(page, "matrix right").locator(".over rect")).to_have_count(0)
    expect(page.locator(".says").filter(has_text="idle")).to_have_count(2)


def test_a_click_holds_and_tells_python_and_escape_lets_go(page):
    press(page, *cell(page, "matrix right", 3, 2))
    expect(page.get_by_text("right Click(query=1, key=3)")).to_be_visible()
    point_at(page, "matrix left", 0, 0)
    expect(page.locator(".says").filter(has_text="q 11.00 k 23.00")).to_have_count(2)
    page.keyboard.press("Escape")
    expect(page.locator(".says").filter(has_text="q 11.00")).to_have_count(0)


def test_a_finger_taps_a_cell(figures_server, visit):
    page = visit(figures_server, height=2200, has_touch=True)
    expect(plot(page, "matrix left").locator(".nsewdrag")).to_be_attached()
    page.touchscreen.tap(*cell(page, "matrix left", 1, 1))
    expect(page.get_by_text("left Click(query=0, key=0)")).to_be_visible()
    expect(plot(page, "matrix right").locator(".over rect")).to_have_count(2)


def test_the_camera_is_shared_and_survives_new_data_and_a_click(page):
    before = plot(page, "cloud one").evaluate(CAMERA)
    box = box_at_rest(plot(page, "cloud one"))
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y + 20, steps=6)
    page.mouse.up()
    turned = plot(page, "cloud one").evaluate(CAMERA)
    assert turned != before
    page.wait_for_function(
        "x => Math.abs(document.querySelectorAll('.plot')[1]._fullLayout.scene._scene.getCamera().eye.x - x) < 0.05",
        arg=turned["x"],
    )
    turn_on(page)
    page.wait_for_function("document.querySelectorAll('.plot')[0]._fullData[0].x[0] > 1")
    for name in ("cloud one", "cloud two"):
        assert plot(page, name).evaluate(CAMERA)["x"] == pytest.approx(turned["x"], abs=0.05)


def test_a_point_in_space_is_pointed_at_and_clicked(page):
    x, y = in_space(page, "painted 0", 3)
    page.mouse.move(x - 2, y)
    page.mouse.move(x, y)
    expect(page.locator(".says").filter(has_text="number 8.00 colour 0.00")).to_be_visible()
    expect(plot(page, "painted 0").locator(".over circle")).to_have_count(2)  # the point, and the mark
    press(page, x, y)
    expect(page.get_by_text("painted Click(query=7, key=None)")).to_be_visible()
    box = box_at_rest(plot(page, "painted 0"))
    page.mouse.move(box["x"] + 3, box["y"] + 3)
    expect(page.locator(".says").filter(has_text="no point")).to_be_visible()


def test_a_finger_taps_a_point_in_space(figures_server, visit):
    page = visit(figures_server, height=2600, has_touch=True)
    page.wait_for_function("document.querySelectorAll('.plot')[5]?._fullLayout?.scene?._scene != null")
    page.touchscreen.tap(*in_space(page, "painted 0", 1))
    expect(page.get_by_text("painted Click(query=5, key=None)")).to_be_visible()


def test_paint_alone_travels_and_the_figure_stays(page):
    page.evaluate("document.querySelectorAll('.plot')[5].closest('.live').component.parsed.mark = 1")
    plot(page, "painted 0").evaluate("e => Plotly.relayout(e, { 'scene.camera.eye': { x: 2, y: 1, z: 1 } })")
    turn_on(page)
    page.wait_for_function("document.querySelectorAll('.plot')[5]._fullData[0].marker.color[3] === 3")
    assert plot(page, "painted 1").evaluate("e => e.closest('.live').component.parsed.mark") == 1
    assert plot(page, "painted 1").evaluate(CAMERA)["x"] == pytest.approx(2, abs=0.05)


def test_zoom_survives_new_data(page):
    box = box_at_rest(plot(page, "plane").locator(".nsewdrag"))
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + box["height"] * 0.3)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + box["height"] * 0.7, steps=5)
    page.mouse.up()
    page.wait_for_function("document.querySelectorAll('.plot')[4]._fullLayout.xaxis.range[1] < 2.5")
    zoomed = plot(page, "plane").evaluate("e => e._fullLayout.xaxis.range")
    turn_on(page)
    page.wait_for_function("document.querySelectorAll('.plot')[0]._fullData[0].x[0] > 1")
    assert plot(page, "plane").evaluate("e => e._fullLayout.xaxis.range") == zoomed


def test_new_data_update_the_figure_in_place(page):
    plot(page, "matrix left").evaluate("e => { e.mark = 1 }")
    first = plot(page, "matrix left").evaluate("e => e._fullData[0].z[0][0]")
    turn_on(page)
    page.wait_for_function(f"document.querySelectorAll('.plot')[2]._fullData[0].z[0][0] > {first}")
    assert plot(page, "matrix left").evaluate("e => e.mark") == 1


def test_the_library_comes_once_and_from_here(figures_server, visit):
    page = visit(figures_server)
    expect(plot(page, "plane").locator(".main-svg").first).to_be_attached()
    scripts = page.evaluate(
        "performance.getEntriesByType('resource').map(e => e.name).filter(n => n.includes('plotly'))"
    )
    own = [url for url in scripts if re.search(r"/component/srviz[\w.]+/plotly\.min\.js\?v=[\d.]+$", url)]
    assert len(own) == 1  # of a script without routes of its own; test_install.py has the app
    assert own[0].startswith(figures_server)


@pytest.fixture
def far(figures_server, visit):
    """The figure in the plane, far below a low window. A page that is only half there may have it near the top for a
    moment: then it is drawn early, and the page is loaded again.
    """
    for _ in range(4):
        page = visit(figures_server, height=200)
        expect(plot(page, "cloud one").locator(".main-svg").first).to_be_attached()
        page.wait_for_timeout(300)
        if not plot(page, "plane").locator(".main-svg").count():
            return plot(page, "plane")
    return pytest.fail("it is drawn on every load, however far below")


def test_a_figure_is_drawn_when_it_comes_near_the_window(far):
    whole = far.locator("xpath=..")  # with the line below that says a weight, which this figure does not have
    place, high = far.bounding_box(), whole.bounding_box()["height"]  # by its name it says already what it will show
    assert place["y"] > 600
    assert place["height"] >= 260
    far.focus()  # as the keyboard comes to it
    expect(far.locator(".main-svg").first).to_be_attached()
    assert far.bounding_box()["height"] == place["height"]
    assert whole.bounding_box()["height"] == high


def test_a_figure_that_was_never_near_is_printed(far):
    far.page.pdf()
    expect(far.locator(".main-svg").first).to_be_attached()


def test_a_figure_that_was_never_near_is_drawn_for_a_picture(far):
    far.evaluate("e => e.closest('.live').component.ready()")  # what a picture waits for
    assert far.locator(".main-svg").count()


def test_a_figure_that_is_closed_while_it_is_drawn_ends_without_an_error(page):
    left = plot(page, "matrix left").evaluate(
        """async (e) => {
            const figure = e.closest(".live").component;
            figure.drawn = null;
            const drawn = figure.draw();
            figure.close();
            await drawn;
            return e._fullLayout;
        }"""
    )
    assert left is None
