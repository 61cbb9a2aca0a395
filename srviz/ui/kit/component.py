"""Live components: what is dragged moves in the browser. Each is a JavaScript module that imports others."""

import base64
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import ArrayLike

from srviz.figures.theme import PALETTES
from srviz.ui.kit import joiner

KIT = Path(__file__).parent / "js"
SIGNED = {mode: [palette.low, palette.high] for mode, palette in PALETTES.items()}  # the ends of signed weights
TOLERANCE = 1e-4  # the largest difference to the operator, in float32, that a badge calls agreement


def class_of(key: str) -> str:
    """The class that Streamlit gives to the element of a key."""
    return "st-key-" + "".join(c if c.isalnum() or c in "-_" else "-" for c in key)


def packed(numbers: ArrayLike, kind: str) -> str:
    """Numbers in base64, as wire.js takes them: of a kind of numpy's, little-endian, such as "<f4"."""
    return base64.b64encode(np.asarray(numbers, kind).tobytes()).decode()


@cache
def component(name: str, folder: Path = KIT, *, isolated: bool = True) -> Any:
    """Return the command that mounts a live component: its entry is `name.js` in a folder, with all that it imports.

    isolated: whether it has a shadow root of its own. Plotly needs the page's root, where it puts its styles.
    """
    entry = folder / f"{name}.js"
    return st.components.v2.component(
        f"srviz_{name}",
        html='<div class="live"></div>',
        css=joiner.styles(entry) or None,
        js=joiner.script(entry),
        isolate_styles=isolated,
    )
