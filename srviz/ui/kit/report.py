"""What a live component reports once a drag is over, made valid as text from a link is, and taken into the state."""

from collections.abc import Collection, Iterable
from typing import Any, TypeGuard

import streamlit as st

from srviz.ui.kit import url

MOST, LONGEST = 64, 40  # entries of a list, characters of an entry


def take(state: url.State, component: str, value: str, names: Iterable[str], *, from_zero: Collection[str] = ()) -> int:
    """Take a new report into the state, where it is about what is on screen; return the last one's number, 0 for none.

    component: its key. value: the name under which it reports {id, epoch, name: value, …}. names: the parameters it
    may set; those from_zero count from 0 in the browser and from 1 in the link.
    """
    sent = last(component, value)
    number: Any = sent.get("id")
    if not is_count(number) or not is_count(sent.get("epoch")) or sent["epoch"] != state.epoch:
        return 0
    taken: dict[str, tuple[int, int]] = st.session_state.setdefault("_taken", {})
    if taken.get(component) == (state.epoch, number):
        return number  # what it said stands in the state, and may have changed there since
    taken[component] = (state.epoch, number)
    for name in names:
        if name in sent:
            given = sent[name] + 1 if name in from_zero and is_count(sent[name]) else sent[name]
            state[name], _ = state.parameters[name].read(as_text(given))
    return number


def last(component: str, value: str) -> dict[str, Any]:
    """What a component reported last; {} where there is nothing."""
    state: Any = st.session_state.get(component)
    sent = state.get(value) if hasattr(state, "get") else None
    return sent if isinstance(sent, dict) else {}


def as_text(given: object) -> str:
    """A value as it would stand in a link: a number or a word, a list of them, or of pairs of them."""
    if isinstance(given, list):
        return "_".join(
            "~".join(map(_word, item[:2])) if isinstance(item, list) else _word(item) for item in given[:MOST]
        )
    return _word(given)


def _word(given: object) -> str:
    if isinstance(given, bool):
        return "1" if given else "0"
    return str(given)[:LONGEST] if isinstance(given, str | float) or is_count(given) else ""


def is_count(x: Any) -> TypeGuard[int]:
    """A whole number of a sane size, and no bool."""
    return isinstance(x, int) and not isinstance(x, bool) and abs(x) < 1 << 31
