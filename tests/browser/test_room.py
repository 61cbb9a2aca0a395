"""A class in a room: a lecturer asks and shows, a phone answers, and both see it without a touch."""

import asyncio
import re
from contextlib import contextmanager, suppress

from playwright.sync_api import expect

from tests.browser.pointer import box_at_rest
from tests.visitor import apart, visiting


async def comes_twice(address, code):
    """A visitor without a browser, over a WebSocket, who loads the page again: whether the room takes them for one."""
    async with visiting(address) as one:
        first = await one.open("Two_routes", f"room={code}")
        seat = one.query
    async with visiting(address) as again:
        second = await again.open("Two_routes", seat)
        return not first.exceptions + second.exceptions and again.query == seat != f"room={code}"


def test_a_lecturer_asks_a_phone_answers_and_all_is_shown(server, visit, settled):
    lead = visit(f"{server}/Two_routes")
    lead.get_by_text("A class", exact=True).click()
    expect(lead.get_by_role("button", name="Open a room")).to_be_visible()
    settled(lead)  # while its script runs, Streamlit may replace a button just as it is pressed
    panel = lead.locator(".st-key-room")
    lead.get_by_role("button", name="Open a room").click()
    expect(panel).to_contain_text(re.compile("code [A-Z3-9]{5}"))
    code = re.search("code ([A-Z3-9]{5})", panel.inner_text())[1]
    expect(lead).to_have_url(f"{server}/Two_routes?room={code}")
    panel.get_by_role("button", name="Ask").click()
    lead.get_by_label("Your question").fill("Is <b>this</b> **text**?")
    lead.get_by_label(re.compile("Choices")).fill("Yes\nNo <i>way</i>")
    lead.get_by_role("button", name="Ask the class").click()

    phone = visit(f"{server}/Two_routes?room={code}", width=390, height=844, color_scheme="dark")
    asked = phone.locator(".st-key-asked")
    expect(asked).to_contain_text("Is <b>this</b> **text**?")
    expect(phone).to_have_url(re.compile(rf"room={code}\.[a-z0-9]{{12}}"))
    asked.get_by_text("B", exact=True).click()
    phone.get_by_text("The matrix takes four times").click()
    question = phone.locator(".st-key-question")
    expect(question).to_contain_text("Your answer is in.")
    expect(panel).to_contain_text("1 has joined. Answers so far: 1.")
    expect(panel.locator(".tally li").nth(1)).to_have_text("B  No <i>way</i>1")
    panel.get_by_text("The page’s question").click()
    expect(panel.locator(".tally li").nth(1)).to_contain_text("sort a little over twice as much1")
    panel.get_by_role("button", name="Show to all").click()
    expect(question).to_contain_text("Right.")
    expect(phone.locator(".tally .right")).to_contain_text("1 ✓")
    panel.get_by_role("button", name="Forget the answers").click()
    expect(question.get_by_role("radio", checked=True)).to_have_count(0)

    async def class_():
        return await asyncio.gather(*(comes_twice(server, code) for _ in range(8)))

    assert all(apart(class_()))
    expect(panel).to_contain_text("9 have joined")
    lead.reload()  # the tab leads on, and is not counted
    expect(lead).to_have_url(re.compile(rf"room={code}(&|$)"))
    expect(panel).to_contain_text("9 have joined")
    panel.get_by_role("button", name="Close the room").click()
    expect(panel).to_have_count(0)
    expect(phone.locator(".st-key-room")).to_contain_text("There is no room with this code.")


@contextmanager
def late(page, code):
    """Let the code of some of Streamlit's controls wait, as on a slow machine; gives what lets it come."""
    pattern, waiting, free = re.compile(rf"/({code})[.][^/]*js"), [], []

    def come():
        free.append(True)
        while waiting:
            waiting.pop().continue_()

    page.route(pattern, lambda route: route.continue_() if free else waiting.append(route))
    yield come
    page.unroute(pattern)


def test_controls_that_a_browser_builds_late_come_up_as_the_page_has_them(server, visit, settled):
    page = visit(server)
    with late(page, "Slider|Selectbox") as come:
        page.goto(f"{server}/Two_routes?n=12")
        page.get_by_text("A class", exact=True).click()
        expect(page.get_by_role("button", name="Open a room")).to_be_visible()
        settled(page)
        come()
        expect(page.get_by_role("slider", name="Tokens n")).to_have_value("12")
        expect(page.get_by_role("combobox", name="Input")).to_have_value("China, a photograph")
    page.get_by_role("button", name="Open a room").click()
    expect(page).to_have_url(re.compile(r"/Two_routes[?]n=12&room=[A-Z3-9]{5}$"))
    page.get_by_role("button", name="Close the room").click()
    expect(page).to_have_url(f"{server}/Two_routes?n=12")


def test_what_opens_a_room_stays_where_it_is_pressed(server, visit, settled):
    page = visit(server)
    with late(page, "TextInput") as come:
        page.goto(f"{server}/Two_routes")
        page.get_by_text("A class", exact=True).click()
        button = page.get_by_role("button", name="Open a room")
        expect(button).to_be_visible()
        settled(page)
        button.hover()
        page.mouse.down()
        come()
        expect(page.get_by_label("Code of a room")).to_be_visible()
        page.mouse.up()
    expect(page.locator(".st-key-room")).to_contain_text(re.compile("code [A-Z3-9]{5}"))
    page.get_by_role("button", name="Close the room").click()
    expect(page).to_have_url(f"{server}/Two_routes")


def test_a_lesson_is_made_and_opens_as_it_was_made(server, visit, settled):
    lead = visit(f"{server}/Two_routes?n=12")
    lead.get_by_text("A class", exact=True).click()
    lead.get_by_role("button", name="Make a lesson").click()
    panel = lead.get_by_role("dialog")
    panel.get_by_role("combobox", name="Hide").click()
    link = panel.get_by_test_id("stCode")
    for what, said in (("the sidebar", "hide=sidebar"), ("the control “n”", "hide=sidebar_n")):
        option = lead.get_by_role("option", name=what, exact=True)
        settled(lead)  # as above; and a list that scrolls draws its rows anew, and hears no press meanwhile
        for _ in range(4):  # and still may draw a row anew while it is pressed: then one presses once more
            option.scroll_into_view_if_needed()
            box_at_rest(option)
            option.click()
            with suppress(AssertionError):
                expect(link).to_contain_text(said, timeout=5_000)
                break
        expect(link).to_contain_text(said)
    panel.get_by_label("Your question, if you ask one").fill("Which is <b>first</b>?")
    panel.get_by_label(re.compile("Its choices")).fill("The matrix\nThe sort")
    panel.get_by_label(re.compile("Its choices")).blur()
    expect(panel.get_by_role("img", name="QR code of the link")).to_be_visible()
    expect(link).to_contain_text(re.compile("ask=.*The\\+sort"))
    link = link.inner_text().strip()
    panel.get_by_role("button", name="Open it").click()  # here, where a lecturer leads
    expect(panel).to_have_count(0)
    expect(lead.locator(".st-key-lesson")).to_contain_text("Which is <b>first</b>?")
    expect(lead.get_by_test_id("stSidebar")).to_be_hidden()
    lead.get_by_role("button", name="Leave the lesson").click()
    expect(lead.get_by_role("slider", name="Tokens n")).to_be_visible()
    expect(lead.locator(".st-key-lesson")).to_have_count(0)

    phone = visit(link, width=390, height=844)
    expect(phone.locator(".st-key-lesson")).to_contain_text("Which is <b>first</b>?")
    expect(phone.locator(".routes .cost").first).to_have_text("n² = 12 × 12")
    expect(phone.get_by_role("slider", name="Tokens n")).to_have_count(0)
    expect(phone.get_by_role("combobox", name="Input")).to_be_visible()
    expect(phone.get_by_test_id("stExpandSidebarButton")).to_be_hidden()
    phone.get_by_role("link", name="Kernels →").click()
    expect(phone.get_by_role("heading", name="Kernels")).to_be_visible()
    expect(phone.locator(".st-key-lesson")).to_have_count(0)
