"""What stands on every page: the sentence it begins with, what to notice, what one now knows, and the code that ran."""

from collections.abc import Callable

import streamlit as st

from srviz.ui.kit import WORDS
from srviz.ui.kit.glossary import mark


def lead(text: str) -> None:
    """The idea of the page, in Markdown, and what to do first."""
    with st.container(key="lead"):
        st.markdown(mark(text))


def notice(*cards: tuple[str, str]) -> None:
    """Show cards in a row; on a phone they stand below each other. Each is a title and a text in Markdown."""
    with st.container(key="notice"):
        for place, (title, text) in zip(st.columns(len(cards), gap="large"), cards, strict=True):
            place.subheader(title, anchor=False)
            place.markdown(mark(text))


def known(*sentences: str) -> None:
    """Three sentences that one can now say, at the end of a page, in Markdown."""
    with st.container(key="known"):
        st.subheader(WORDS("known"), anchor=False)
        st.markdown("\n".join(f"- {mark(sentence)}" for sentence in sentences))


def heading(title: str, note: str) -> None:
    """What stands above a pane: its title in bold, and below it a note in grey."""
    st.markdown(f"**{title}**  \n:gray[{note}]")


def deeper(title: str, show: Callable[[], object]) -> None:
    """What the course can do without, behind a cover; it is made once that is opened."""
    with st.expander(WORDS("deeper", title=title), key=f"deeper {title}", on_change="rerun") as cover:
        if cover.open:
            show()


def ran(code: Callable[[], str]) -> None:
    """The source that ran, behind a cover. It is laid out once that is opened: it takes a browser a second or two."""
    with st.expander(WORDS("code"), key="the-code-that-ran", on_change="rerun") as cover:
        if cover.open:
            st.code(code(), language=None, wrap_lines=True)
