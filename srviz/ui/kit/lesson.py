"""A lesson: a link in which a lecturer chose the page, its state, what is hidden, and a question that stands above.

All of it is in the link. What was typed is shown as plain text; names of what is hidden are names and nothing else.
"""

import string

import streamlit as st

from srviz.rooms import base, tidy
from srviz.ui.kit import WORDS, dialog, qr, seat, url
from srviz.ui.kit.component import class_of

PARTS = {  # what of a page can be hidden besides its controls, and the rule that finds it
    "sidebar": "[data-testid=stSidebar], [data-testid=stExpandSidebarButton]",
    "notice": ".st-key-notice",
    "question": ".st-key-question",
    "known": ".st-key-known",
    "deeper": "[class*='st-key-deeper-']",
    "code": ".st-key-the-code-that-ran",
    "onward": ".st-key-onward",
}
TOPIC = "lesson"
MAKE = "make lesson"  # the key of what opens its dialog
MADE = "_made"  # in the session of who made a lesson


def begin() -> None:
    """Hide and ask what the link says, above the page's body."""
    hidden = url.asked(url.HIDE)
    if hidden:
        st.html(f"<style>{', '.join(map(_rule, hidden))} {{ display: none !important; }}</style>")
    asked = url.asked(url.ASK)
    if asked:
        _ask(*asked.split("\n"))
    if (hidden or asked) and st.session_state.get(MADE):
        st.button(WORDS("lesson.leave"), key="leave lesson", on_click=_leave)


def _leave() -> None:
    """Show the page as it was before the lesson, to who made it."""
    url.put({url.HIDE.name: "", url.ASK.name: ""})


def _rule(name: str) -> str:
    """What finds a part or a control: letters and digits of a name, which no rule can be made of."""
    return PARTS[name] if name in PARTS else f".{class_of(url.key(name))}"


def _ask(question: str, *choices: str) -> None:
    with st.container(key="lesson", border=True):
        st.text(question)
        if not choices:
            return
        letters = string.ascii_uppercase[: len(choices)]
        lines = [f"{letter}  {choice}" for letter, choice in zip(letters, choices, strict=True)]
        st.text("\n".join(lines))
        key, topic = f"_lesson {url.key(TOPIC)}", seat.topic(TOPIC, question, lines)
        if st.session_state.get(key) not in range(len(choices)) or seat.anew(topic):
            st.session_state[key] = None
        given = st.radio(
            WORDS("question.answer"), range(len(choices)), index=None, key=key, format_func=letters.__getitem__,
            horizontal=True,
        )  # fmt: skip
    seat.offer(topic, question, lines, given)


def finish() -> None:
    """Show the panel, if it is open; called after the page's body, which knows its state."""
    state: url.State | None = st.session_state.get("_state")
    if state and dialog.is_open(MAKE):
        query, controls = url.query(state, without=(url.HIDE.name, url.ASK.name)), _controls(state)
        dialog.show(WORDS("lesson.make"), lambda: _make(query, controls), width="large")


def button() -> None:
    """What opens the panel, in the sidebar."""
    dialog.button(WORDS("lesson.make"), MAKE, help=WORDS("lesson.help"))


def _controls(state: url.State) -> list[str]:
    """The names of the page's own controls."""
    common = {parameter.name for parameter in url.COMMON}
    return [
        name for name in state.parameters if name in url.keyed() and name not in common and url.HIDDEN.fullmatch(name)
    ]


def made(hidden: list[str], question: str, choices: list[str]) -> dict[str, str]:
    """What a lesson adds to the query of a page. Raises Refused with a sentence where the question is none."""
    lines = [line for line in (tidy(question, base.LONGEST_QUESTION), *choices) if line.strip()]
    if choices and question:
        asked = base.valid(base.Question(question, tuple(choices)))
        lines = [asked.text, *asked.choices]
    elif choices:
        raise base.Refused(WORDS("lesson.refused"))
    written = {url.HIDE.name: url.HIDE.write(hidden), url.ASK.name: "\n".join(lines)}
    return {name: text for name, text in written.items() if text}


def _open(query: dict[str, str]) -> None:
    """Open a lesson in the session of who made it, where they go on to lead the room."""
    st.session_state[MADE] = True
    dialog.close()
    url.go(query)


def _make(query: dict[str, str], controls: list[str]) -> None:
    st.markdown(WORDS("lesson.link"))
    names = {name: WORDS(f"lesson.parts.{name}") for name in PARTS}
    names |= {name: WORDS("lesson.control", name=name) for name in controls}
    said, shown = st.columns([1.1, 1], gap="large")
    with said:
        hidden = st.multiselect(
            WORDS("lesson.hide"), list(names), format_func=names.__getitem__, placeholder=WORDS("lesson.nothing"),
            key="_hide",
        )  # fmt: skip
        question = st.text_input(WORDS("lesson.question"), max_chars=base.LONGEST_QUESTION, key="_question")
        label = WORDS("lesson.choices", least=base.LEAST_CHOICES, most=base.MOST_OWN)
        typed = st.text_area(label, max_chars=500, height=150, key="_choices")
        if place := seat.current():
            st.caption(WORDS("lesson.joins", code=place.code))
    with shown:
        try:
            added = made(hidden, question or "", [line for line in (typed or "").split("\n") if line.strip()])
        except base.Refused as refused:
            st.caption(str(refused))
            return
        qr.show(url.link(seat.invited(query) | added))
        if st.button(WORDS("lesson.open"), key="open lesson", on_click=_open, args=(query | added,)):
            st.rerun()  # the whole page, and not this panel alone
