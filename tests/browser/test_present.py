"""Present, as a lecturer meets it: the switch, the keys, a token dragged on the large picture, and the link."""

import re

from playwright.sync_api import expect

from tests.browser.pointer import box_at_rest


def test_the_keys_lead_through_the_steps_and_the_link_brings_phones_to_the_same_state(server, visit):
    page = visit(f"{server}/Two_routes", width=1920, height=1080)
    page.get_by_role("button", name="Present").click()
    says = page.locator(".st-key-present_says")
    expect(says).to_contain_text("1 of 6")
    expect(page.get_by_test_id("stSidebar")).to_be_hidden()
    expect(page.get_by_role("heading", name="Two routes, one answer")).to_be_hidden()
    expect(page.locator(".routes .cost").first).to_have_text("n² = 12 × 12")
    page.keyboard.press("ArrowRight")
    expect(says).to_contain_text("2 of 6")
    expect(page).to_have_url(re.compile("present=2&?.*"))
    expect(page.get_by_role("slider", name="Step")).to_have_value("40")
    page.keyboard.press(" ")
    expect(page.locator(".routes .play")).to_have_text("Pause")
    page.keyboard.press(" ")
    expect(page.locator(".routes .play")).to_have_text("Play")
    page.keyboard.press("PageDown")  # as a clicker in a hand does
    expect(says).to_contain_text("3 of 6")
    expect(page).to_have_url(re.compile("at=75"))
    page.get_by_role("button", name="Link", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("img", name="QR code of the link")).to_be_visible()
    expect(dialog).to_contain_text(re.compile(rf"{server}/Two_routes\?[^ ]*n=12"))
    expect(dialog).not_to_contain_text("present=")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(says).to_contain_text("3 of 6")
    page.go_back()
    expect(says).to_contain_text("2 of 6")
    page.keyboard.press("Escape")
    expect(says).to_have_count(0)
    expect(page.get_by_test_id("stSidebar")).to_be_visible()
    expect(page.locator(".routes .cost").first).to_have_text("n² = 12 × 12")


def test_a_token_is_dragged_on_the_large_picture_and_a_step_alone_in_the_link_has_its_state(server, visit):
    page = visit(f"{server}/?present=4", width=1920, height=1080)
    expect(page.locator(".line .badge:not(.waiting)")).to_be_visible()
    query = page.locator('.line [data-token="q0"]')
    mark = query.locator(".mark")
    expect(page).to_have_url(re.compile("queries=-2.6"))
    box = box_at_rest(mark)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 150, y)
    page.mouse.move(x + 300, y)
    after = mark.bounding_box()
    page.mouse.up()
    assert abs(after["x"] + after["width"] / 2 - (x + 300)) < 4
    expect(page.locator(".st-key-present_says")).to_contain_text("4 of 8")
    expect(page.locator(".pointer")).to_have_class(re.compile("seen"))
    page.keyboard.press("Escape")  # first the token, which has the keys, is let go
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".st-key-present_says")).to_contain_text("3 of 8")
