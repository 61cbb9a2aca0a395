"""What a visitor lost whose session is gone, with its server or by time: said once, and no more than is so.

The page itself comes back from its link. A browser that loses its connection says again what its controls say, so that
a session whose first run knows of controls, or of a file, is one that began elsewhere.
"""

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.state.session_state import Serialized

from srviz.ui.kit import WORDS


def tell(kept: str) -> None:
    """Say in a note what was lost, where something was. kept: what the page would have kept in a session, in words."""
    if "_met" in st.session_state:
        return
    st.session_state["_met"] = True
    said = _said()
    if not said:
        return
    gone = [WORDS("lost.file")] if any(map(_holds_file, said)) else []
    gone += [kept] if kept else []
    if gone:
        st.toast(WORDS("lost.note", gone="; ".join(gone)), duration="infinite")


def _said() -> list[Serialized]:
    """What the controls said in the run that is under way, as it came from the browser."""
    context = get_script_run_ctx()
    if context is None:
        return []
    states = context.session_state._state._new_widget_state.states.values()
    return [state for state in states if isinstance(state, Serialized)]


def _holds_file(state: Serialized) -> bool:
    return bool(state.value.file_uploader_state_value.uploaded_file_info)
