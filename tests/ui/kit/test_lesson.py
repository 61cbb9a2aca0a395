"""A lesson's link: what it holds is made valid, hides what it names, and is shown as text."""

from urllib.parse import parse_qsl

import pytest

from srviz import rooms
from srviz.rooms import Refused
from srviz.ui.chapters import COURSE
from srviz.ui.kit import lesson, room, seat, url
from srviz.ui.kit.component import class_of
from tests.ui.test_pages import open_page, parameters

PAGE = "pages/1_Two_routes.py"
TYPED = "<script>alert(1)</script> **bold** [x](http://a.b) :red[r] $x$"


def styles(page):
    return [one.proto.body for one in page.get("html")]


def test_a_lesson_shows_its_question_as_text_and_hides_what_it_names():
    page = open_page(PAGE, n="9", hide="n_sidebar_nosuch_<b>_input", ask=f"{TYPED}\n{TYPED}\nNo")
    assert not page.exception
    assert page.slider[0].value == 9
    shown = [text.value for text in page.text]
    assert shown[0] == TYPED
    assert shown[1] == f"A  {TYPED}\nB  No"
    assert page.radio[0].options == ["A", "B"]
    everything = [*styles(page), *(one.value for one in (*page.markdown, *page.caption))]
    assert not any("script" in text or "bold" in text or "<b>" in text for text in everything)
    [rule] = [text for text in styles(page) if "display: none !important" in text]
    assert f".{class_of(f'{PAGE}:n')}" in rule
    assert "[data-testid=stSidebar]" in rule
    page.radio[0].set_value(1).run()
    assert not page.exception
    assert page.query_params["hide"] in ("n_sidebar_nosuch_input", ["n_sidebar_nosuch_input"])


@pytest.mark.parametrize(
    "text", ["", "\n", "x" * 9000, "\x00\x01", "a\nb", "a\n\n\nb\nc", "é\u202e" * 300, "\n".join("?abcdefgh")]
)
def test_whatever_a_link_asks_becomes_a_question_or_none(text):
    value, _ = url.ASK.read(text)
    assert url.ASK.read(value) == (value, True)
    question, *choices = value.split("\n")
    assert len(question) <= rooms.base.LONGEST_QUESTION
    assert len(choices) == 0 or 2 <= len(choices) <= 5
    page = open_page(PAGE, ask=text)
    assert not page.exception
    assert bool(page.text) == bool(question)


def test_names_of_what_is_hidden_are_names():
    assert url.HIDE.read("n_<b>_} body {_N_" + "x" * 40) == (["n"], True)
    assert len(url.HIDE.read("_".join(f"a{k}" for k in range(500)))[0]) == url.MOST_HIDDEN
    assert not set(lesson.PARTS) & {p.name for chapter in COURSE for p in parameters(chapter)} - {"code"}


def test_what_a_lesson_adds_to_a_link_is_valid_or_refused():
    made = lesson.made(["n", "sidebar"], " Why? ", ["Because", "", "No"])
    assert made == {"hide": "n_sidebar", "ask": "Why?\nBecause\nNo"}
    assert url.ASK.read(made["ask"]) == (made["ask"], True)
    assert lesson.made([], "Why?", []) == {"ask": "Why?"}
    assert lesson.made([], "", []) == {}
    with pytest.raises(Refused, match="2 to 5 choices"):
        lesson.made([], "Why?", ["one"])
    with pytest.raises(Refused, match="no question"):
        lesson.made([], "", ["a", "b"])


def test_a_lecturer_opens_a_lesson_leads_its_question_and_leaves_it(monkeypatch):
    store = rooms.InMemory()
    monkeypatch.setattr(seat, "store", lambda: store)
    monkeypatch.setattr(room, "store", lambda: store)
    code, secret = store.open()
    lead = open_page(PAGE, room=code, host=secret, n="9")
    lead.session_state["class"] = True
    lead.run()
    lead.button(key="make lesson").click().run()
    lead.text_input(key="_question").set_value("Which?")
    lead.text_area(key="_choices").set_value("This\nThat")
    lead.multiselect(key="_hide").set_value(["sidebar"])
    lead.button(key="make lesson").click().run()  # once more: these pages run as a whole, and the panel not alone
    [code_and_link] = [block.value for block in lead.code if "ask=" in block.value]
    lead.button(key="open lesson").click().run()
    assert not lead.exception
    assert lead.slider[0].value == 9
    assert lead.text[0].value == "Which?"
    assert any("stSidebar" in text for text in styles(lead))
    assert lead.session_state[seat.SEAT].secret == secret
    [asked] = [offer for offer in lead.session_state[seat.SEAT].offers if offer.title == "Which?"]
    assert f"room={code}" in code_and_link
    phone = open_page(PAGE, **dict(parse_qsl(code_and_link.removeprefix("?"))))
    phone.radio[0].set_value(1).run()
    assert store.counts(code, asked.topic)[:2] == (0, 1)
    assert store.look(code).members == 1
    lead.run()
    assert any("**1** has joined. Answers so far: **1**." in text.value for text in lead.markdown)
    other = open_page(PAGE, room=code, ask="Which?\nThis\nThe other")  # is counted by itself
    other.radio[0].set_value(1).run()
    assert store.counts(code, asked.topic)[:2] == (0, 1)
    lead.button(key="leave lesson").click().run()
    assert not lead.exception
    assert "Which?" not in [text.value for text in lead.text]
    assert lead.slider[0].value == 9
    assert not {"hide", "ask"} & set(lead.query_params)


def test_the_panel_offers_the_controls_of_the_page():
    page = open_page(PAGE)
    page.session_state["class"] = True
    page.run()
    page.button(key="make lesson").click().run()
    assert not page.exception
    options = page.multiselect(key="_hide").options
    assert "the control “n”" in options
    assert "the control “input”" in options
    assert "the sidebar" in options
    assert not any("answer" in option or "at”" in option for option in options)
