"""A dialog that is open until somebody closes it: a page that runs again meanwhile shows it again.

Streamlit shows a dialog in the one run that its button brings about. Where something else asks for another run just
then, as a live component does that reports, the button would be forgotten.
"""

from collections.abc import Callable
from typing import Literal

import streamlit as st

OPEN = "_dialog"  # in the session: the page and the key of the button of the dialog that is open


def button(label: str, key: str, *, icon: str | None = None, help: str | None = None) -> None:
    """What opens the dialog of this key."""
    st.button(label, icon=icon, key=key, help=help, on_click=_open, args=(key,))


def is_open(key: str) -> bool:
    """Whether the dialog of this key is to be shown, on the page that opened it."""
    return bool(st.session_state.get(OPEN) == (st.session_state["_script"], key))


def show(title: str, body: Callable[[], None], *, width: Literal["small", "medium", "large"] = "medium") -> None:
    """Show what is open."""
    st.dialog(title, width=width, on_dismiss=close)(body)()


def close() -> None:
    """Close what is open; called before a run, by a button or by who dismisses it."""
    st.session_state.pop(OPEN, None)


def _open(key: str) -> None:
    st.session_state[OPEN] = (st.session_state["_script"], key)
