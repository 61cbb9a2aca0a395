"""Present: the steps of every chapter are states that its page has, with the figures that it shows."""

import pytest

from srviz.ui.chapters import COURSE
from srviz.ui.kit import present, qr
from tests.ui.test_pages import open_page, parameters

PACKAGE = "srviz.ui.chapters"
STEPS = {chapter.name: present.of(PACKAGE, chapter.name) for chapter in COURSE}
STEPPED = [chapter for chapter in COURSE if STEPS[chapter.name]]
TAUGHT = {"line", "routes", "slices", "kernels", "beside", "why", "clouds"}


def test_the_chapters_of_the_mechanism_have_steps():
    assert {chapter.name for chapter in STEPPED} >= TAUGHT


@pytest.mark.parametrize("chapter", STEPPED, ids=lambda c: c.name)
def test_every_step_is_a_state_of_its_page(chapter):
    known = {parameter.name: parameter for parameter in parameters(chapter)}
    for step in STEPS[chapter.name]:
        for name, text in step.shows.items():
            value, valid = known[name].read(text)
            assert valid, (name, text)
            assert value != known[name].default or known[name].before is not None, (name, text)
        assert step.say.endswith((".", "?"))
        assert step.figure


@pytest.mark.parametrize("chapter", STEPPED, ids=lambda c: c.name)
def test_a_page_is_led_from_step_to_step(chapter):
    steps = STEPS[chapter.name]
    page = open_page(chapter.script, present="1")
    for number, step in enumerate(steps, 1):
        assert not page.exception, number
        query = {name: value[0] if isinstance(value, list) else value for name, value in page.query_params.items()}
        assert query == {"present": str(number), **step.shows}
        assert any(f"{number} of {len(steps)}" in caption.value for caption in page.caption)
        if number < len(steps):
            page.button(key="present_next_step").click().run()
    if len(steps) > 1:
        page.button(key="present_back_step").click().run()
    page.button(key="present_leave").click().run()
    assert "present" not in page.query_params
    assert not page.exception


def test_a_button_after_a_run_that_was_ended_early_leads_on():
    page = open_page("app.py", present="1")
    page.session_state["_state"] = None  # the run before had only begun when the button was pressed
    page.button(key="present_next_step").click().run()
    assert not page.exception
    assert page.query_params["present"] in ("2", ["2"])


@pytest.mark.parametrize("before", ["", "pages/2_Kernels.py"])
def test_a_button_in_a_first_run_that_was_ended_early_leads_on(before):
    """The page has been come to and has not settled yet: now, or since it was left before."""
    page = open_page("app.py", present="1")
    if before:
        page.switch_page(before).run()
        page.switch_page("app.py")
        page.query_params["present"] = "1"
        page.run()
    else:
        del page.session_state["_states"]["app.py"]
    page.session_state["_settled"], page.session_state["_state"] = "pages/2_Kernels.py", None
    page.button(key="present_next_step").click().run()
    assert not page.exception
    assert page.query_params["present"] in ("2", ["2"])


def test_who_leaves_finds_no_page_presented():
    page = open_page("app.py", present="1")
    page.switch_page("pages/1_Two_routes.py")
    page.query_params["present"] = "1"
    page.run()
    page.button(key="present_leave").click().run()
    page.switch_page("app.py").run()
    assert not any(button.key == "present_leave" for button in page.button)
    assert "present" not in page.query_params


def test_a_page_without_steps_is_presented_as_it_is_and_nonsense_is_no_step():
    bare = next(chapter for chapter in COURSE if chapter not in STEPPED)  # the list of puzzles, say
    page = open_page(bare.script, present="3")
    assert not page.exception
    assert page.button(key="present_leave")
    page = open_page("pages/1_Two_routes.py", present="99")
    assert any("6 of 6" in caption.value for caption in page.caption)
    page = open_page("pages/1_Two_routes.py", present="<b>")
    assert not page.exception
    assert not any(button.key == "present_leave" for button in page.button)


def test_a_code_holds_the_link_and_none_of_its_text():
    from segno import make

    link = "http://example.org/Two_routes?text=<script>alert(1)</script>"
    drawn = qr.code(link)
    dark = sum(map(sum, make(link, error="l", boost_error=False, micro=False).matrix))
    assert drawn.count("h1v1h-1z") == dark
    assert "script" not in drawn.replace("/svg", "")
    assert qr.code("x" * (qr.MOST + 1)) == ""
