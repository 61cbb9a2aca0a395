"""The state of a page lives in its URL: read, made valid, and written back here, once for all pages.

A page says what it has (`settle`), gives its widgets the keys it gets, and the shell writes the values back when the
page is done. Whatever a URL holds, the answer is the nearest valid state and a one-line note, never an error.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator


@dataclass(frozen=True)
class Parameter:
    """One value of a page's state. read: text → (value, whether the text was valid). write: value → text.

    free: the value may be any text, which the page never shows as its own words. why: text that was not valid → the
    sentence that says so, where the usual one would not say enough.
    """

    name: str
    default: Any
    read: Callable[[str], tuple[Any, bool]]
    write: Callable[[Any], str]
    free: bool = False
    why: Callable[[str], str] = lambda text: ""


def choice(name: str, options: tuple[str, ...], default: str) -> Parameter:
    """One of these."""
    return Parameter(name, default, lambda text: (text, True) if text in options else (default, False), str)


def several(name: str, options: tuple[str, ...], default: tuple[str, ...]) -> Parameter:
    """Some of these, in this order, as a list; "none" where none is chosen."""

    def read(text: str) -> tuple[list[str], bool]:
        if text == "none":
            return [], True
        asked = text[:400].split("_")
        found = [option for option in options if option in asked]
        return found or list(default), bool(found) and len(found) == len(asked)

    return Parameter(name, list(default), read, lambda found: "_".join(x for x in options if x in found) or "none")


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


def text(name: str, most: int, default: str) -> Parameter:
    """A text of at most so many characters."""
    return Parameter(
        name, default, lambda given: (given[:most], len(given) <= most), lambda given: given[:most], free=True
    )


ANSWER = Parameter(  # to the page's question: every page has one
    "answer",
    None,
    lambda text: (int(text) - 1, True) if text in ("1", "2", "3", "4", "5", "6") else (None, text == "0"),
    lambda given: "0" if given is None else str(given + 1),
)


@dataclass
class State:
    """The parameters of one page in this session, as last written to the URL."""

    parameters: dict[str, Parameter]
    values: dict[str, Any]
    query: dict[str, str]
    epoch: int = 0  # grows whenever the values came from elsewhere than the page's own controls

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def __setitem__(self, name: str, value: Any) -> None:
        """Set a parameter that no widget holds, a live component's, say."""
        self.values[name] = st.session_state[key(name)] = value


def enter(script: str) -> None:
    """A page begins (the shell calls this)."""
    st.session_state["_script"] = script
    st.session_state["_state"] = None


def key(name: str) -> str:
    """The key of the widget that holds this parameter on the current page."""
    return f"{st.session_state['_script']}:{name}"


def held(name: str) -> str:
    """The key of a widget that the browser may build later than the page, inside a popover, say: it is told its value
    in every run, and not only in the first, which it has missed.
    """
    st.session_state[key(name)] = current()[name]
    return key(name)


Together = Callable[[dict[str, Any]], dict[str, Any]]


def settle(*parameters: Parameter, together: Together | None = None) -> State:
    """The page's state: from the URL where that changed (a link, the back button), else as the controls left it.

    together: values → those that must change because of others, a held token that must exist, say.
    """
    note = st.empty()  # there in every run: what stands below is not mounted anew when a note comes or goes
    states: dict[str, State] = st.session_state.setdefault("_states", {})
    script = st.session_state["_script"]
    known = {parameter.name: parameter for parameter in (*parameters, ANSWER)}
    query = {name: st.query_params[name] for name in known if name in st.query_params}
    arrived = st.session_state.get("_settled") != script
    st.session_state["_settled"] = script
    acted = _acted() and not arrived
    state = states.get(script)
    if state is None or (query != state.query and not acted and (query or not arrived)):
        state = State(known, _read(known, query, together, note), query, state.epoch + 1 if state else 0)
        _seed(state)
    elif arrived:  # back on a page whose widgets are gone: as it was left
        state.epoch += 1
        _seed(state)
    else:
        state.values |= {name: st.session_state[key(name)] for name in known if key(name) in st.session_state}
    states[script] = st.session_state["_state"] = state
    for name, value in (together(state.values) if together else {}).items():
        state[name] = value
    _remember()
    return state


def _read(
    known: dict[str, Parameter], query: dict[str, str], together: Together | None, place: DeltaGenerator
) -> dict[str, Any]:
    """The nearest valid values, and a note in its place where the query held others."""
    values, wrong, notes = {}, [], []
    for name, parameter in known.items():
        values[name], valid = parameter.read(query[name]) if name in query else (parameter.default, True)
        if not valid and (why := parameter.why(query[name])):
            notes.append(why)
        elif not valid:
            wrong.append(name)
    for name, value in (together(values) if together else {}).items():
        if values[name] != value:
            values[name] = value
            wrong.append(name)
    if wrong:
        shown = ", ".join(f"{name} = {_shown(known[name], values[name])}" for name in wrong)
        notes.append(f"The link held something this page cannot show; the nearest it can is {shown}.")
    if notes:
        place.caption(" ".join(notes))
    return values


def _shown(parameter: Parameter, value: Any) -> str:
    """A value in a sentence of Markdown: letters and numbers as they are, and no text that came with a link."""
    text = parameter.write(value)[:24]
    if parameter.free or not re.fullmatch(r"[A-Za-z0-9_~+ -]*([.]\d+[A-Za-z0-9_~+ -]*)*[.]?", text):
        return "its beginning"
    return re.sub(r"([_~])", r"\\\1", text)


def _seed(state: State) -> None:
    for name, value in state.values.items():
        st.session_state[key(name)] = value


def _remember() -> None:
    """Keep what all controls say now, to see next time whether one of them brought the run about."""
    st.session_state["_controls"] = {name: value for name, value in st.session_state.items() if _is_control(name)}


def _acted() -> bool:
    """Whether a control changed since the last run.

    What a visitor does outruns the URL: a browser quick to report still sends the query it had before. A run that comes
    with a changed control is therefore no navigation, whatever its query; going back changes no control.
    """
    before = st.session_state.get("_controls", {})
    now = {name: value for name, value in st.session_state.items() if _is_control(name)}
    return any(value not in (None, False, before.get(name)) for name, value in now.items() if name in before)


def _is_control(name: object) -> bool:
    return not str(name).startswith("_")


def current() -> State:
    """The state that this run of the page has settled."""
    state: State = st.session_state["_state"]
    return state


def leave() -> None:
    """Write the page's state to the URL (the shell calls this): only what differs from the default."""
    state: State | None = st.session_state.get("_state")
    if state is None:
        return
    state.query = {
        name: text
        for name, parameter in state.parameters.items()
        if (text := parameter.write(state.values[name])) != parameter.write(parameter.default)
    }
    if dict(st.query_params) != state.query:
        st.query_params.from_dict(state.query)
    _remember()
