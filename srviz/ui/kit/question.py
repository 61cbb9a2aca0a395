"""One question per page, answered before the answer is shown."""

import streamlit as st

from srviz.ui.kit import url


def question(text: str, options: list[str], right: int, why: str) -> None:
    """Ask; say whether the answer is right, and why, as soon as there is one. right: the index of the right option."""
    st.subheader(text, anchor=False)
    key = url.key("answer")
    if st.session_state.get(key) not in range(len(options)):
        st.session_state[key] = None
    given = st.radio(
        text, range(len(options)), index=None, key=key, format_func=options.__getitem__, label_visibility="collapsed"
    )
    if given is not None:
        st.markdown(("**Yes.** " if given == right else f"**Not quite: {options[right]}.** ") + why)
