"""Below a path, as behind a proxy that serves more than this app: on a fresh server, by a deep link."""

import pytest
from playwright.sync_api import expect


@pytest.fixture
def below(start):
    with start(base="/srviz") as (address, _):
        yield address


def test_links_figures_and_the_link_that_is_shared_stay_below_the_path(below, visit, settled):
    asked = []
    page = visit(f"{below}/Beside_softmax?input=copy", asked=asked, color_scheme="light")
    expect(page.locator(".figure .main-svg").first).to_be_attached()
    assert "input=copy" in page.url
    assert page.evaluate("[...document.images].every(image => image.naturalWidth > 0)")
    page.get_by_role("link", name="Two routes", exact=False).first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Two routes")
    settled(page)
    assert page.url.startswith(f"{below}/Two_routes")
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Beside softmax")
    assert page.url.startswith(f"{below}/Beside_softmax?input=copy")
    page.get_by_role("button", name="Present").click()
    page.get_by_role("button", name="Link", exact=True).click()
    expect(page.get_by_role("dialog").locator("code").first).to_contain_text(f"{below}/Beside_softmax")
    host = below.removesuffix("/srviz")
    others = [address for address in asked if address.startswith(host) and not address.startswith(f"{below}/")]
    assert not others
