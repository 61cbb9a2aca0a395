"""What stands on every page: what to notice, side by side, and the code that ran."""

from collections.abc import Callable

import streamlit as st


def notice(*cards: tuple[str, str]) -> None:
    """Show cards in a row; on a phone they stand below each other. Each is a title and a text in Markdown."""
    with st.container(key="notice"):
        for place, (title, text) in zip(st.columns(len(cards), gap="large"), cards, strict=True):
            place.subheader(title, anchor=False)
            place.markdown(text)


def ran(code: Callable[[], str]) -> None:
    """The source that ran, behind a cover. It is laid out once that is opened: it takes a browser a second or two."""
    with st.expander("The code that ran", key="the code that ran", on_change="rerun") as cover:
        if cover.open:
            st.code(code(), language=None, wrap_lines=True)
