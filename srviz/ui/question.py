"""One question per page, answered before the answer is shown."""

import streamlit as st


def question(name: str, text: str, options: list[str], right: int, why: str) -> None:
    """Ask; say whether the answer is right, and why, as soon as there is one. right: the index of the right option."""
    st.subheader(text, anchor=False)
    given = st.radio(text, options, index=None, key=f"question:{name}", label_visibility="collapsed")
    if given is not None:
        st.markdown(("**Yes.** " if given == options[right] else f"**Not quite: {options[right]}.** ") + why)
