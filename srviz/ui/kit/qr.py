"""QR codes, made here: nothing about a link goes to somebody else's server."""

import base64
import html
from urllib.parse import urlsplit

import segno
import streamlit as st

from srviz.ui.kit import WORDS

QUIET = 4  # modules of white around a code, without which cameras do not find it
MOST = 800  # characters of a link that is shown as a code; a longer one has modules too small for the back row


def code(link: str) -> str:
    """The drawing of a code: an SVG of squares, without the link's own text. "" for a link that is too long."""
    if len(link) > MOST:
        return ""
    matrix = segno.make(link, error="l", boost_error=False, micro=False).matrix
    side = len(matrix) + 2 * QUIET
    squares = "".join(
        f"M{x + QUIET} {y + QUIET}h1v1h-1z" for y, row in enumerate(matrix) for x, on in enumerate(row) if on
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M0 0h{side}v{side}h-{side}z"/><path fill="#000" d="{squares}"/></svg>'
    )


def show(link: str) -> None:
    """A link with a button that copies it, and its code for the phones of a class."""
    drawn = code(link)
    if drawn:
        alt, picture = html.escape(WORDS("qr.alt")), base64.b64encode(drawn.encode()).decode()
        st.html(f'<img class="srviz-qr" alt="{alt}" src="data:image/svg+xml;base64,{picture}">')
    else:
        st.caption(WORDS("qr.long"))
    st.code(link, language=None, wrap_lines=True)
    if urlsplit(link).hostname in ("localhost", "127.0.0.1", "::1"):
        st.caption(WORDS("qr.local"))
