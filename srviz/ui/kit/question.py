"""One question per page, answered before the answer is shown."""

import streamlit as st

from srviz.ui.kit import WORDS, progress, seat, url
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
        st.markdown(WORDS("question.waits"))
    elif given == right:
        progress.answered()
        st.markdown(mark(WORDS("question.right", why=why)))
    elif given is not None:
        st.markdown(mark(WORDS("question.wrong", right=options[right], why=why)))
    elif progress.was_answered():
        st.caption(WORDS("question.before"))
