"""One question per page, answered before the answer is shown."""

import streamlit as st

from srviz.ui.kit import progress, seat, url
from srviz.ui.kit.glossary import mark


def question(text: str, options: list[str], right: int, why: str) -> None:
    """Ask; say whether the answer is right, and why, as soon as there is one. right: the index of the right option."""
    with st.container(key="question"):
        _ask(text, options, right, why)


def _ask(text: str, options: list[str], right: int, why: str) -> None:
    st.subheader(text, anchor=False)
    key, topic = url.key("answer"), seat.topic("answer", text, options)
    if st.session_state.get(key) not in range(len(options)) or seat.anew(topic):
        url.current()["answer"] = None
    given = st.radio(
        text, range(len(options)), index=None, key=key, format_func=options.__getitem__, label_visibility="collapsed"
    )
    seat.offer(topic, text, options, given, right)
    if given is not None and seat.waits(topic):
        st.markdown("Your answer is in. You will see which one is right when the lecturer shows what the class chose.")
    elif given is not None:
        if given == right:
            progress.answered()
        verdict = "**Right.** " if given == right else f"**Wrong.** The right answer is: “{options[right]}.” "
        st.markdown(mark(verdict + why))
