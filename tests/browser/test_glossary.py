"""The meaning of a word, by keyboard, by mouse and by finger."""

from playwright.sync_api import expect

from tests.browser.pointer import box_at_rest

MEANING = ".meaning"


def test_a_word_tells_its_meaning_to_the_keyboard_and_the_mouse(server, visit):
    page = visit(f"{server}/Kernels")
    address = page.url
    word = page.locator('a[href*="#term-kernel"]')
    expect(word).to_have_count(1)
    word.focus()
    expect(page.locator(MEANING)).to_contain_text("from one number: the difference r = s − t")
    page.keyboard.press("Escape")
    expect(page.locator(MEANING)).to_be_hidden()
    word.hover()
    expect(page.locator(MEANING)).to_be_visible()
    word.click()
    assert page.url == address  # the link leads nowhere
    page.mouse.click(700, 20)
    expect(page.locator(MEANING)).to_be_hidden()


def test_a_finger_shows_it_and_puts_it_away(server, visit):
    page = visit(server, width=390, height=844, has_touch=True, is_mobile=True)
    word = page.locator('a[href*="#term-softmax"]')
    word.tap()
    expect(page.locator(MEANING)).to_be_visible()
    box = box_at_rest(page.locator(MEANING))
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    word.tap()
    expect(page.locator(MEANING)).to_be_hidden()
