"""A still figure on a page: our theme, and a text in its place for who does not see it."""

import plotly.graph_objects as go
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from srviz.ui.kit.figure import figure


def mode() -> str:
    """The visitor's theme, "light" or "dark"."""
    return "dark" if st.context.theme.type == "dark" else "light"


def chart(drawing: go.Figure | str, alt: str, key: str, place: DeltaGenerator) -> None:
    """Draw a figure, or its JSON, there, by the plotly.js of the live figures.

    Streamlit has a plotly.js of its own, which takes seconds to start. What can be taken away of the figure is shown by
    `take.away`.
    """
    with place:
        figure(drawing, key=key, alt=alt)
