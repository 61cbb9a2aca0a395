"""Every page, by its own link, as the first thing a fresh server shows."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

ROOT = Path(__file__).parents[2]
PAGES = ["", *sorted(path.stem.partition("_")[2] for path in (ROOT / "pages").glob("*.py"))]
READY = {
    "": "[data-token=q0]",
    "Two_routes": ".routes canvas",
    "Kernels": ".kernel canvas",
}


def resident_megabytes(pid):
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        pytest.skip("resident memory is read from /proc")
    return int(status.read_text().split("VmRSS:")[1].split()[0]) / 1024


@pytest.mark.parametrize("name", PAGES, ids=lambda name: name or "home")
def test_deep_link_on_a_fresh_server(name, fresh_server, visit, settled):
    address, process = fresh_server
    page = visit(f"{address}/{name}")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    settled(page)
    expect(page.locator(READY[name]).first).to_be_visible()
    expect(page.locator("[data-testid=stException]")).to_have_count(0)
    assert asked
    assert all(url.startswith((address, address.replace("http", "ws"), "data:", "blob:")) for url in asked)
    assert resident_megabytes(process.pid) < 600


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("name", PAGES, ids=lambda name: name or "home")
def test_fits_and_is_accessible(name, width, scheme, server, visit):
    page = visit(f"{server}/{name}", width=width, height=3600, color_scheme=scheme)
    expect(page.locator(READY[name]).first).to_be_visible()
    expect(page.locator(".badge:not(.waiting)")).to_be_visible()
    wide = page.evaluate("""[...document.querySelectorAll('[data-testid=stMain] *')].filter(e =>
        e.getBoundingClientRect().right > innerWidth + 2 && getComputedStyle(e.parentElement).overflowX === 'visible'
    ).length""")
    assert wide == 0
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa"]}).response["violations"]
    assert [(v["id"], [node["target"] for node in v["nodes"]]) for v in found] == []


def test_the_sidebar_leads_through_the_course(server, visit):
    page = visit(server)
    page.get_by_test_id("stSidebar").get_by_role("link", name="Two routes, one answer").click()
    expect(page.get_by_role("heading", name="Two routes, one answer")).to_be_visible()
    page.get_by_role("link", name="← The scalar line").click()
    expect(page.get_by_role("heading", name="Attention, on a line")).to_be_visible()
