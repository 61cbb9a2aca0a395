"""Puzzles, as a person meets them: from the list to a page, a token dragged, solved, and kept."""

import re

from playwright.sync_api import expect


def test_a_puzzle_is_opened_solved_and_remembered(server, visit):
    page = visit(f"{server}/Puzzles", height=1400)
    expect(page.get_by_text(re.compile(r"^0 of \d+ solved$"))).to_be_visible()
    page.get_by_role("link", name="Attention on a line →").first.click()
    bar = page.locator(".st-key-puzzle")
    expect(bar).to_contain_text("Query 3 gets nothing")
    expect(bar).to_contain_text("Not solved yet")
    query = page.locator('.line [data-token="q2"]')
    query.focus()
    for _ in range(12):  # a quarter of a score each
        page.keyboard.press("Shift+ArrowLeft")
    expect(bar).to_contain_text("Solved.")
    expect(page).to_have_url(re.compile("solved=nothing"))
    bar.get_by_role("button", name="Leave the puzzle").click()
    expect(bar).to_have_count(0)
    page.get_by_role("link", name=re.compile("Puzzles")).first.click()
    expect(page.get_by_text(re.compile(r"^1 of \d+ solved$"))).to_be_visible()
    expect(page.locator(".st-key-puzzle-nothing")).to_contain_text("check_circle")


def test_a_solution_is_shown_step_by_step_and_a_link_carries_what_is_solved(server, visit):
    page = visit(f"{server}/?puzzle=twins&kernel=relu&solved=even_nothing", height=1400)
    bar = page.locator(".st-key-puzzle")
    bar.get_by_role("button", name="Show a solution").click()
    expect(bar).to_contain_text("Give the four leftmost keys")
    expect(bar).to_contain_text("Not solved yet")
    bar.get_by_role("button", name="The next step of the solution").click()
    expect(bar).to_contain_text("Solved.")
    page.get_by_role("link", name=re.compile("Puzzles")).first.click()
    expect(page.get_by_text(re.compile(r"^3 of \d+ solved$"))).to_be_visible()
