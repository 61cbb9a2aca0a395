"""A still figure on a page: our theme, no toolbar, and a text in its place for who does not see it."""

import plotly.graph_objects as go
import streamlit as st
from streamlit.delta_generator import DeltaGenerator


def mode() -> str:
    """The visitor's theme, "light" or "dark"."""
    return "dark" if st.context.theme.type == "dark" else "light"


def chart(figure: go.Figure, alt: str, key: str, place: DeltaGenerator) -> None:
    """Draw it there."""
    place.plotly_chart(figure, theme=None, config={"displayModeBar": False}, alt=alt, key=key)
