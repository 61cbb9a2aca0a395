"""Live components: what is dragged moves in the browser. One folder entry each, `name.js` and `name.css`."""

from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

HERE = Path(__file__).parent


@cache
def component(name: str, isolated: bool = True) -> Any:
    """The mounting command of a live component; every one gets common.js and common.css before its own.

    isolated: in a shadow root of its own. Plotly needs the page's, where it puts its styles.
    """
    js = (HERE / "common.js").read_text("utf-8") + (HERE / f"{name}.js").read_text("utf-8")
    css = (HERE / "common.css").read_text("utf-8") + (HERE / f"{name}.css").read_text("utf-8")
    return st.components.v2.component(
        f"srviz_{name}", html='<div class="live"></div>', css=css, js=js, isolate_styles=isolated
    )
