"""Every page, by its own link, as the first thing a fresh server shows."""

import re
from itertools import product
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.conftest import IDLE

ROOT = Path(__file__).parents[2]
PAGES = ["", *sorted(path.stem.partition("_")[2] for path in (ROOT / "pages").glob("*.py"))]
READY = {  # what a page shows once it is alive; a page that has nothing of that kind, its title
    "": ".badge:not(.waiting)",
    "Two_routes": ".routes .badge",
    "Kernels": ".kernel canvas",
    "Slices": ".slices canvas",
    "Beside_softmax": ".figure .main-svg",
    "Point_clouds": ".figure canvas",
    "Photographs": ".patches .badge:not(.waiting)",
    "Words": ".words .badge:not(.waiting)",
    "Race": ".race .handle",
    "Apart": ".apart .badge:not(.waiting)",
    "Why": ".why .says",
}

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa"], "resultTypes": ["violations"]}
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast"]}, "resultTypes": ["violations"]}
BACKGROUNDS = {"light": "rgb(251, 250, 247)", "dark": "rgb(19, 20, 22)"}
TITLE = "[data-testid=stMain] h1"
FITS = """() => ![...document.querySelectorAll('[data-testid=stMain] *')].filter(e =>
    e.getBoundingClientRect().right > innerWidth + 2 && getComputedStyle(e.parentElement).overflowX === 'visible'
).length"""


RESTS = """() => !document.querySelector('[data-stale="true"]') &&
    document.getAnimations().every(a => a.playState !== 'running' || a.effect.getTiming().iterations === Infinity)"""


def at_rest(page):
    """Wait for what a visitor sees at rest: no script runs, nothing fades or is faded, and everything fits."""
    page.wait_for_selector(IDLE)
    page.wait_for_function(RESTS)
    page.wait_for_function(FITS)


def resident_megabytes(pid):
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        pytest.skip("resident memory is read from /proc")
    return int(status.read_text().split("VmRSS:")[1].split()[0]) / 1024


@pytest.mark.parametrize("name", PAGES, ids=lambda name: name or "home")
def test_the_first_thing_a_fresh_server_shows_fits_and_is_accessible(name, forked_server, visit):
    address, process = forked_server
    asked = []
    page = visit(f"{address}/{name}", asked=asked, width=320, height=3600)
    expect(page.locator(READY.get(name, TITLE)).first).to_be_visible()
    expect(page.locator("[data-testid=stException]")).to_have_count(0)
    assert asked
    assert all(url.startswith((address, address.replace("http", "ws"), "data:", "blob:")) for url in asked)
    assert resident_megabytes(process.pid) < 600
    at_rest(page)
    for width, scheme in product((390, 1440), BACKGROUNDS):
        rules = RULES if scheme == "light" else COLOURS  # a scheme changes colours alone
        page.set_viewport_size({"width": width, "height": 3600})
        page.emulate_media(color_scheme=scheme)
        expect(page.locator("[data-testid=stApp]")).to_have_css("background-color", BACKGROUNDS[scheme])
        expect(page.locator(READY.get(name, TITLE)).first).to_be_visible()
        at_rest(page)  # figures take their new width a little later
        found = Axe().run(page, options=rules).response["violations"]
        wrong = [(v["id"], [node["target"] for node in v["nodes"]]) for v in found]
        assert (width, scheme, wrong) == (width, scheme, [])


def test_the_sidebar_leads_through_the_course(server, visit):
    page = visit(server)
    page.get_by_test_id("stSidebar").get_by_role("link", name="Two routes, one answer").click()
    expect(page.get_by_role("heading", name="Two routes, one answer")).to_be_visible()
    page.get_by_role("link", name="← Attention on a line").click()
    expect(page.get_by_role("heading", name="Attention on a line")).to_be_visible()


def test_back_to_a_page_finds_it_as_it_was(server, visit, settled):
    page = visit(f"{server}/Two_routes?n=12&input=moons")
    expect(page.locator(".routes .cost").first).to_have_text("n² = 12 × 12")
    page.get_by_test_id("stSidebar").get_by_role("link", name="Attention on a line").click()
    expect(page.get_by_role("heading", name="Attention on a line")).to_be_visible()
    settled(page)
    page.go_back()
    expect(page.locator(".routes .cost").first).to_have_text("n² = 12 × 12")
    expect(page.get_by_role("combobox", name="Input")).to_have_value("Two moons")
    page.get_by_role("button", name="To the beginning").click()
    expect(page).to_have_url(re.compile("at=0"))
    expect(page).to_have_url(re.compile("input=moons&n=12"))


def test_the_theme_reaches_what_is_drawn(server, visit):
    page = visit(f"{server}/Two_routes", color_scheme="light")
    canvas = page.locator(".routes canvas").first
    expect(canvas).to_be_visible()
    light = canvas.evaluate("c => c.toDataURL()")
    page.emulate_media(color_scheme="dark")
    expect(page.locator("[data-testid=stApp]")).to_have_css("background-color", "rgb(19, 20, 22)")
    page.wait_for_function(
        "light => { for (const e of document.querySelectorAll('*')) { const c = e.shadowRoot?.querySelector('canvas');"
        " if (c) return c.toDataURL() !== light; } }",
        arg=light,
    )
