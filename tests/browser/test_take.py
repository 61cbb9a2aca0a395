"""What is taken away of a figure, as a person would take it."""

import json
import re
from xml.etree import ElementTree

from playwright.sync_api import expect

SVG = "{http://www.w3.org/2000/svg}"


def save(page, what):
    """The name of a file that the menu gives, and what is in it."""
    with page.expect_download() as download:
        page.get_by_role("button", name=re.compile(f": {what}$")).click()
    return download.value.suggested_filename, download.value.path().read_bytes()


def texts(svg):
    return ["".join(one.itertext()) for one in svg.iter(f"{SVG}text")]


def test_a_figure_drawn_on_canvas_is_taken_away(server, visit):
    page = visit(f"{server}/Slices?theta=60&n=12")
    expect(page.locator(".slices .badge:not(.waiting)")).to_be_visible()
    opener = page.get_by_role("button", name="Take it away")
    opener.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Picture: PNG")).to_be_focused()
    page.keyboard.press("Escape")
    expect(opener).to_be_focused()
    opener.press("Enter")
    name, found = save(page, "SVG")
    svg = ElementTree.fromstring(found)
    assert name == "slices.svg"
    assert not list(svg.iter(f"{SVG}image"))  # lines are lines
    said = texts(svg)
    assert {"Shadows on the line, θ = 60.0°", "score →", "rank"} <= set(said)
    assert any(text.startswith("Two moons: 12 tokens") for text in said)
    assert "/Slices?theta=60&n=12" in "".join(said)
    assert len(list(svg.iter(f"{SVG}path"))) > 60  # rings, arrows, ribbons
    name, found = save(page, "PNG")
    assert found.startswith(b"\x89PNG")
    width, height = (int.from_bytes(found[k : k + 4]) for k in (16, 20))
    assert (width, height) == (2 * int(svg.get("width")), 2 * int(svg.get("height")))
    name, found = save(page, "CSV")
    lines = found.decode().splitlines()
    assert (name, lines[0], len(lines)) == ("slices.csv", "token,x1,x2,score,weight", 13)
    name, found = save(page, "NumPy")
    assert name == "slices.numpy.py"
    assert f"# {server}/Slices?theta=60&n=12" in found.decode()
    assert json.loads(save(page, "Notebook")[1])["nbformat"] == 4
    page.mouse.click(5, 5)
    expect(page.get_by_role("button", name="Picture: PNG")).to_be_hidden()


def test_linked_figures_are_one_picture(server, visit):
    page = visit(f"{server}/Beside_softmax?n=8&query=3&key=2", width=390)
    expect(page.locator(".st-key-panes .main-svg").first).to_be_visible()
    expect(page.locator(".st-key-panes .over rect").first).to_be_attached()
    page.get_by_role("button", name="Take it away: the maps").click()
    svg = ElementTree.fromstring(save(page, "SVG")[1])
    said = "".join(texts(svg))
    assert "Sliced ReLU, effective" in said
    assert "row sum" in said  # the arithmetic of the pair that is held
    assert abs(float(svg.get("width")) - page.locator(".st-key-maps").bounding_box()["width"] - 40) < 2
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
