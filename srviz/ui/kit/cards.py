"""What to notice on a page, side by side."""

import streamlit as st


def notice(*cards: tuple[str, str]) -> None:
    """Show cards in a row; on a phone they stand below each other. Each is a title and a text in Markdown."""
    with st.container(key="notice"):
        for place, (title, text) in zip(st.columns(len(cards), gap="large"), cards, strict=True):
            place.subheader(title, anchor=False)
            place.markdown(text)
