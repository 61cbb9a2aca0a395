"""Present: a page for a projector, one figure a screen, and the way through the steps of a chapter.

A chapter has its steps in `steps.py`, a tuple `STEPS`. The link says which one is shown; a page without steps shows its
lead and its figures. The keys that one hears of in `js/present.js` press the buttons that stand here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import streamlit as st

from srviz.ui.kit import WORDS, dialog, glossary, qr, seat, url
from srviz.ui.kit.component import class_of, component
from srviz.ui.kit.course import Chapter, listed

LINK = "present_link"  # the key of what opens its dialog
HIDDEN = "[data-testid=stMainBlockContainer] .st-key-body"


@dataclass(frozen=True)
class Step:
    """One screen. say: a sentence or two, in Markdown. shows: the query of the page's state, all that differs from the
    page as it opens. figure: the keys of the elements that stay on screen.
    """

    say: str
    shows: Mapping[str, str] = field(default_factory=dict)
    figure: tuple[str, ...] = ()


@dataclass(frozen=True)
class Screen:
    """What is presented: the chapter, its steps, and the number of the one on screen, from 1; 0 without steps."""

    chapter: Chapter
    steps: Sequence[Step]
    number: int

    @property
    def step(self) -> Step | None:
        """The one on screen."""
        return self.steps[self.number - 1] if self.number else None


def of(package: str, chapter: str) -> tuple[Step, ...]:
    """The steps of a chapter, none where it has no such module."""
    return listed(package, chapter, "steps")


def on() -> bool:
    """Whether the page is presented: what a projector does not show need not be measured."""
    return bool(url.current()[url.PRESENT.name])


def switch(steps: Sequence[Step]) -> None:
    """The button that begins."""
    st.button(
        WORDS("present.switch"),
        icon=":material/slideshow:",
        key="present",
        on_click=_begin,
        args=(steps,),
        help=WORDS("present.help", keys=WORDS("present.keys")),
    )


def begin(chapter: Chapter, steps: Sequence[Step]) -> Screen | None:
    """Take note of what the link asks for, before the page's body; a link that names a step alone gets its state."""
    number = url.asked(url.PRESENT)
    if not number:
        return None
    screen = Screen(chapter, steps, min(number, len(steps)))
    if screen.step and url.arrives() and list(st.query_params) == [url.PRESENT.name]:
        st.query_params.from_dict(_query(screen.number, screen.step))
    return screen


def show(screen: Screen, before: Chapter | None, after: Chapter | None) -> None:
    """What is said, and the buttons; around the body of the page everything else goes."""
    st.html(Path(__file__).with_name("present.css"))
    st.html(f"<style>{_only(screen.step)}</style>")
    title = screen.chapter.title
    with st.container(key="present_says"):
        at = WORDS("present.at", title=title, number=screen.number, steps=len(screen.steps))
        st.caption(at if screen.step else title)
        if screen.step:
            st.markdown(glossary.mark(screen.step.say))
    with st.container(key="present_bar", horizontal=True, vertical_alignment="center"):
        _way(screen, -1, before)
        _way(screen, 1, after)
        dialog.button(WORDS("present.link"), LINK, icon=":material/qr_code_2:")
        st.button(WORDS("present.leave"), icon=":material/close:", key="present_leave", on_click=_leave)
        st.caption(WORDS("present.keys"))
    component("present")(key="present_keys", data={"screen": [screen.chapter.name, screen.number]})


def finish(screen: Screen | None) -> None:
    """Show the link of what is on screen, if it was asked for; called after the page's body, which knows its state."""
    state: url.State | None = st.session_state.get("_state")
    if screen and state and dialog.is_open(LINK):
        link = url.link(seat.invited(url.query(state)))
        dialog.show(WORDS("present.same"), lambda: qr.show(link))


def _way(screen: Screen, by: int, neighbour: Chapter | None) -> None:
    """The button to the step before or after, and beyond the first or last one to the chapter there."""
    name, to = ("present_back" if by < 0 else "present_next"), screen.number + by
    label = WORDS("present.back") if by < 0 else WORDS("present.next")
    with st.container(key=name, width="content"):
        if 1 <= to <= len(screen.steps):
            st.button(label, key=f"{name}_step", on_click=_go, args=(to, screen.steps[to - 1]))
        elif neighbour:
            title = f"← {neighbour.title}" if by < 0 else f"{neighbour.title} →"
            st.page_link(neighbour.script, label=title, query_params={url.PRESENT.name: "1"})


def _only(step: Step | None) -> str:
    """The rule that leaves of the page's body what a step shows."""
    if step is None or not step.figure:
        return ""
    kept = ", ".join(f".{class_of(key)}, .{class_of(key)} *, :has(.{class_of(key)})" for key in step.figure)
    whole = ", ".join(f"[data-testid=stColumn]:has(.{class_of(key)})" for key in step.figure)
    return f"{HIDDEN} :not({kept}) {{ display: none; }} {HIDDEN} :is({whole}) {{ flex: 1 1 100%; }}"


def _query(number: int, step: Step) -> dict[str, str]:
    return {url.PRESENT.name: str(number), **step.shows}


def _go(number: int, step: Step) -> None:
    url.go(_query(number, step))


def _begin(steps: Sequence[Step]) -> None:
    st.session_state[seat.PANEL] = False  # a lecturer opens it when the class is to answer
    if steps:
        _go(1, steps[0])
    else:
        url.put({url.PRESENT.name: "1"})


def _leave() -> None:
    url.end(url.PRESENT)
