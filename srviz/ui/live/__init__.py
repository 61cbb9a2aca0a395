"""Live components: what is dragged moves in the browser. One folder entry each, `name.js` and `name.css`."""

from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

HERE = Path(__file__).parent


@cache
def component(name: str, isolated: bool = True, base: str = "") -> Any:
    """The mounting command of a live component; every one gets common.js and common.css before its own.

    isolated: in a shadow root of its own. Plotly needs the page's, where it puts its styles. base: what several
    components share beyond that, put before their own js and css.
    """
    parts = ["common", base, name] if base else ["common", name]
    js, css = ("".join((HERE / f"{part}.{kind}").read_text("utf-8") for part in parts) for kind in ("js", "css"))
    return st.components.v2.component(
        f"srviz_{name}", html='<div class="live"></div>', css=css, js=js, isolate_styles=isolated
    )
