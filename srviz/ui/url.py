"""The state of a page lives in its URL: read, made valid, and written back here, once for all pages.

A page says what it has (`settle`), gives its widgets the keys it gets, and the shell writes the values back when the
page is done. Whatever a URL holds, the answer is the nearest valid state and a one-line note, never an error.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st


@dataclass(frozen=True)
class Parameter:
    """One value of a page's state. read: text → (value, whether the text was valid). write: value → text."""

    name: str
    default: Any
    read: Callable[[str], tuple[Any, bool]]
    write: Callable[[Any], str]


def choice(name: str, options: tuple[str, ...], default: str) -> Parameter:
    """One of these."""
    return Parameter(name, default, lambda text: (text, True) if text in options else (default, False), str)


def whole(name: str, low: int, high: int, default: int) -> Parameter:
    """A whole number from low to high."""

    def read(text: str) -> tuple[int, bool]:
        number, valid = _nearest(text, low, high, default)
        return int(number), valid and number == int(number)

    return Parameter(name, default, read, str)


def real(name: str, low: float, high: float, default: float) -> Parameter:
    """A number from low to high, with two decimals."""
    return Parameter(name, default, lambda text: _nearest(text, low, high, default), _decimals)


def reals(name: str, low: float, high: float, most: int, default: tuple[float, ...]) -> Parameter:
    """One to `most` numbers from low to high, with two decimals, separated by underscores."""

    def read(text: str) -> tuple[tuple[float, ...], bool]:
        parts = text[: 12 * most].split("_")
        found = [_nearest(part, low, high, float("nan")) for part in parts[:most]]
        numbers = tuple(number for number, _ in found if number == number)
        valid = len(numbers) == len(parts) and all(ok for _, ok in found)
        return (numbers, valid) if numbers else (default, False)

    return Parameter(name, default, read, lambda numbers: "_".join(map(_decimals, numbers)))


def _nearest(text: str, low: float, high: float, default: float) -> tuple[float, bool]:
    try:
        number = float(text[:40])
    except ValueError:
        return default, False
    if number != number:
        return default, False
    return min(max(number, low), high), low <= number <= high


def _decimals(number: float) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".")


def flag(name: str, default: bool = False) -> Parameter:
    """On (1) or off (0)."""
    return Parameter(name, default, lambda text: (text == "1", text in ("0", "1")), lambda on: "1" if on else "0")


@dataclass
class State:
    """The parameters of one page in this session, as last written to the URL."""

    parameters: dict[str, Parameter]
    values: dict[str, Any]
    query: dict[str, str]
    epoch: int = 0  # grows whenever the values came from elsewhere than the page's own controls
    before: dict[str, str] | None = None  # the query that the last writing replaced, and when that was
    written: float = 0.0

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def __setitem__(self, name: str, value: Any) -> None:
        """Set a parameter that no widget holds, a live component's, say."""
        self.values[name] = st.session_state[key(name)] = value


def enter(script: str) -> None:
    """A page begins (the shell calls this)."""
    st.session_state["_arrived"] = st.session_state.get("_script") != script
    st.session_state["_script"] = script
    st.session_state["_state"] = None


def key(name: str) -> str:
    """The key of the widget that holds this parameter on the current page."""
    return f"{st.session_state['_script']}:{name}"


def settle(*parameters: Parameter, acted: bool = False) -> State:
    """The page's state: from the URL where that changed (a link, the back button), else as the controls left it.

    acted: whether a live component of the page has just reported something. What the visitor does outruns the URL: a
    browser that is quick to report still sends the query it had before.
    """
    states: dict[str, State] = st.session_state.setdefault("_states", {})
    script = st.session_state["_script"]
    known = {p.name: p for p in parameters}
    query = {name: st.query_params[name] for name in known if name in st.query_params}
    state = states.get(script)
    returned = state is not None and st.session_state["_arrived"] and not query
    if state is None or (not returned and _navigated(state, query, acted)):
        values, wrong = {}, []
        for name, parameter in known.items():
            values[name], valid = parameter.read(query[name]) if name in query else (parameter.default, True)
            if not valid:
                wrong.append(name)
        if wrong:
            shown = ", ".join(f"{name} = {known[name].write(values[name])[:24]}" for name in wrong)
            st.caption(f"The link held something this page cannot show; the nearest it can is {shown}.")
        state = State(known, values, query, state.epoch + 1 if state else 0)
        for name, value in values.items():
            st.session_state[key(name)] = value
    elif returned:
        state.epoch += 1
        for name, value in state.values.items():
            st.session_state[key(name)] = value
    else:
        for name in known:
            if key(name) in st.session_state:
                state.values[name] = st.session_state[key(name)]
    state.parameters = known
    states[script] = state
    st.session_state["_state"] = state
    return state


def _navigated(state: State, query: dict[str, str], acted: bool) -> bool:
    """Whether the visitor went to another URL, and did not merely act before the browser knew the new one."""
    if query == state.query or acted:
        return False
    if any(st.session_state.get(key(name), value) != value for name, value in state.values.items()):
        return False
    return not (query == state.before and time.monotonic() - state.written < 1)


def current() -> State:
    """The state that this run of the page has settled."""
    state: State = st.session_state["_state"]
    return state


def leave() -> None:
    """Write the page's state to the URL (the shell calls this): only what differs from the default."""
    state: State | None = st.session_state.get("_state")
    if state is None:
        return
    query = {
        name: text
        for name, parameter in state.parameters.items()
        if (text := parameter.write(state.values[name])) != parameter.write(parameter.default)
    }
    if query != state.query:
        state.before, state.written, state.query = state.query, time.monotonic(), query
    if dict(st.query_params) != query:
        st.query_params.from_dict(query)
