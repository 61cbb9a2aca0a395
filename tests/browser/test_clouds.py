"""Point clouds, driven as a person would: a click on a point in space, a turned cloud, a file, all to all."""

import re

import pytest
import trimesh
from playwright.sync_api import expect

from tests.browser.pointer import box_at_rest, press

EYE = "k => document.querySelectorAll('.plot')[k]._fullLayout?.scene?._scene?.getCamera().eye ?? {}"
PANES = "[...document.querySelectorAll('.plot')].filter((e) => !e.closest('[data-testid=stExpander]'))"  # no preview
DRAWN = f"""n => [0, 1, 2].map((k) => {PANES}[k]).every(
    (e) => e?._fullLayout?.scene?._scene && e._fullData[0].marker.color?.length === n)"""
FRONT = """k => {
    const e = document.querySelectorAll('.plot')[k], figure = e.closest('.live').component, at = figure.lens();
    const { x, y, z } = e._fullData[0], box = e.getBoundingClientRect();
    const seen = [...x.keys()].map((i) => [i, ...at(x[i], y[i], z[i])]).sort((a, b) => a[3] - b[3])[0];
    return { token: figure.points[seen[0]], x: box.x + seen[1], y: box.y + seen[2] };
}"""


@pytest.fixture
def page(server, visit):
    page = visit(f"{server}/Point_clouds?n=512", height=2400)
    page.wait_for_function(DRAWN, arg=512)
    return page


def at_rest(page, pane):
    page.wait_for_function(f"() => window.eye === (window.eye = ({EYE})({pane}).x)", polling=400)


def turn(page, pane):
    box = box_at_rest(page.locator(".plot").nth(pane))
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    before = page.evaluate(EYE, pane)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 70, y + 15, steps=6)
    page.mouse.up()
    page.wait_for_function(f"x => Math.abs(({EYE})(0).x - x) > 0.1", arg=before["x"])
    at_rest(page, pane)
    return page.evaluate(EYE, pane)


def click_front(page, pane):
    at_rest(page, pane)  # a pane follows the one that is turned, some frames later
    front = page.evaluate(FRONT, pane)
    page.mouse.move(front["x"] - 3, front["y"])
    page.mouse.move(front["x"], front["y"])
    press(page)
    return front["token"]


def test_a_key_is_pointed_at_and_clicked_and_becomes_the_query_in_every_pane(page):
    front = page.evaluate(FRONT, 1)
    page.mouse.move(front["x"] - 3, front["y"])
    page.mouse.move(front["x"], front["y"])
    said = page.locator(".figure .says").nth(1)
    expect(said).to_contain_text("relu(")
    text = said.inner_text().replace("−", "-")
    number = r"\(?(-?[\d.]+)\)?"  # a negative one that is taken off stands in brackets
    said_of_it = rf"The weight of this key is {number} times 1/n:\nrelu\({number} - {number}\) / {number} - {number}"
    weight, s, t, apart, mean = map(float, re.fullmatch(said_of_it, text).groups())
    assert weight == pytest.approx(max(0, s - t) / apart - mean, abs=0.03)
    expect(page.locator(".figure .says").nth(2)).to_contain_text("max(0, 1")
    page.mouse.move(5, 5)
    expect(page.locator(".figure .says").first).to_contain_text("Point at a key")
    expect(said).to_be_empty()
    before = page.locator(".plot").nth(2).evaluate("e => [...e._fullData[0].marker.color]")
    token = click_front(page, 1)
    expect(page).to_have_url(re.compile(rf"query={token + 1}\b"))
    expect(page.get_by_text(f"Token {token + 1} has the score").first).to_be_visible()
    page.wait_for_function(
        "b => document.querySelectorAll('.plot')[2]._fullData[0].marker.color.some((c, k) => c !== b[k])", arg=before
    )
    marks = [page.locator(".plot").nth(k).evaluate("e => e._fullData[1].x[0]") for k in range(3)]
    place = page.locator(".plot").nth(0).evaluate(f"e => e._fullData[0].x[{token}]")
    assert marks == [place] * 3


def test_the_camera_is_shared_and_kept_when_a_note_goes_and_over_a_click_and_a_slider(server, visit):
    page = visit(f"{server}/Point_clouds?n=500&query=7", height=2400)
    expect(page.get_by_text("Shown instead: n = 512")).to_be_visible()
    page.wait_for_function(DRAWN, arg=512)
    query = "[...'xyz'].map((axis) => document.querySelectorAll('.plot')[0]._fullData[1][axis][0])"
    turned, before = turn(page, 0), page.evaluate(query)
    for pane in (1, 2):
        page.wait_for_function(f"x => Math.abs(({EYE})({pane}).x - x) < 0.05", arg=turned["x"])
    points = page.get_by_role("slider", name="Points n")
    points.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function(DRAWN, arg=1024)
    expect(page.get_by_text("Shown instead:")).to_have_count(0)
    assert page.evaluate(EYE, 0)["x"] == pytest.approx(turned["x"], abs=0.05)
    assert page.evaluate(query) == pytest.approx(before, abs=0.3)  # the query stays near
    token = click_front(page, 2)
    expect(page).to_have_url(re.compile(rf"query={token + 1}\b"))
    points.focus()
    page.keyboard.press("ArrowLeft")
    page.wait_for_function(DRAWN, arg=512)
    for pane in range(3):
        assert page.evaluate(EYE, pane)["x"] == pytest.approx(turned["x"], abs=0.05)


def test_a_file_of_ones_own_is_used_and_removed_and_found_by_back_and_forward(page, tmp_path, settled):
    file = tmp_path / "ball.ply"
    trimesh.creation.icosphere(subdivisions=3).export(file)
    lost = page.get_by_text("This link names an uploaded file that is not in memory")
    clouds = page.get_by_role("combobox", name="Cloud")

    def use():
        page.locator("input[type=file]").set_input_files(file)
        page.get_by_role("button", name="Use this cloud").click()
        expect(page).to_have_url(re.compile("cloud=own"))
        expect(clouds).to_have_value("Your own file")
        expect(page.get_by_text("In use: ball.ply")).to_be_visible()

    page.get_by_test_id("stExpander").filter(has_text="Your own file").locator("summary").click()
    use()
    page.wait_for_function("Math.abs(document.querySelectorAll('.plot')[0]._fullData[0].x[7]) < 3")
    page.get_by_role("button", name="Remove this cloud").click()
    expect(page).not_to_have_url(re.compile("cloud=own"))
    page.go_back()
    expect(lost).to_be_visible()
    expect(clouds).to_have_value("Aeroplane")
    page.wait_for_function(DRAWN, arg=512)  # also below a note that was not there before
    use()  # the cover stays open
    expect(lost).to_have_count(0)
    page.go_back()
    expect(clouds).to_have_value("Aeroplane")
    expect(page.get_by_text("In memory: ball.ply")).to_be_visible()
    page.go_forward()
    expect(page.get_by_text("In use: ball.ply")).to_be_visible()
    expect(clouds).to_have_value("Your own file")
    page.reload()
    settled(page)
    expect(lost).to_be_visible()
    expect(clouds).to_have_value("Aeroplane")
    expect(page.get_by_text("ball.ply")).to_have_count(0)
    page.wait_for_function(DRAWN, arg=512)


def test_all_to_all_is_watched_and_can_be_stopped(page):
    turn(page, 0)
    page.get_by_role("button", name="Attend to everything").click()
    page.wait_for_function("document.querySelectorAll('.plot').length === 7")
    for pane in (5, 6):  # drawn whichever comes first, the figure or its paint, and seen as the others are
        page.wait_for_function(f"() => Math.abs(({EYE})({pane}).x - ({EYE})(0).x) < 0.01")
    expect(page.get_by_text("The process took at most")).to_be_visible()
    expect(page.get_by_text("Written out: 1.0 MB of weights for each head.")).to_be_visible()
    points = page.get_by_role("slider", name="Points n")
    points.focus()
    page.keyboard.press("End")
    expect(page.get_by_text("1,000,000").first).to_be_visible()
    for _ in range(2):
        page.keyboard.press("ArrowLeft")
    drawn = re.compile("(29,999|30,000) keys are drawn, and the query attends to all 262,144.")  # it may be one of them
    expect(page.get_by_text(drawn)).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Attend to everything").click()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name=re.compile("^(Go on|Attend)"))).to_be_visible()
    expect(page.get_by_role("button", name="Stop")).to_have_count(0)
