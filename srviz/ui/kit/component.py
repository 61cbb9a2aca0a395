"""Live components: what is dragged moves in the browser. Each is a `name.js` and a `name.css` in one folder."""

from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

KIT = Path(__file__).parent / "js"


@cache
def component(name: str, folder: Path = KIT, *, isolated: bool = True, base: str = "") -> Any:
    """The mounting command of a live component; every one gets common.js and common.css before its own.

    folder: where its two files are. isolated: in a shadow root of its own. Plotly needs the page's, where it puts its
    styles. base: what several components share beyond that, put before their own js and css.
    """
    parts = [KIT / "common", *([KIT / base] if base else []), folder / name]
    js, css = ("".join(part.with_suffix(f".{kind}").read_text("utf-8") for part in parts) for kind in ("js", "css"))
    return st.components.v2.component(
        f"srviz_{name}", html='<div class="live"></div>', css=css, js=js, isolate_styles=isolated
    )
