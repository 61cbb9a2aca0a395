"""Who a session belongs to, as far as a server can tell without asking."""

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

COOKIE = "_streamlit_xsrf"  # which Streamlit gives to each browser that may send it files


def visitor() -> str | None:
    """What all tabs of a browser have in common; the session where it keeps no cookies; None outside of a session."""
    context = get_script_run_ctx(suppress_warning=True)
    return (st.context.cookies.get(COOKIE) or context.session_id) if context else None
