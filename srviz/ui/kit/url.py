"""The state of a page lives in its URL: read, made valid, and written back here, once for all pages.

A page says what it has (`settle`), gives its widgets the keys it gets, and the shell writes the values back when the
page is done. Whatever a URL holds, the answer is the nearest valid state and a one-line note, never an error.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.scriptrunner import get_script_run_ctx

from srviz.rooms import base as rooms
from srviz.ui.kit import WORDS
from srviz.ui.kit.parameter import Parameter as Parameter
from srviz.ui.kit.parameter import choice as choice
from srviz.ui.kit.parameter import flag as flag
from srviz.ui.kit.parameter import real as real
from srviz.ui.kit.parameter import reals as reals
from srviz.ui.kit.parameter import several as several
from srviz.ui.kit.parameter import text as text
from srviz.ui.kit.parameter import whole as whole

ANSWER = Parameter(  # to the page's question: every page has one
    "answer",
    None,
    lambda text: (int(text) - 1, True) if text in ("1", "2", "3", "4", "5", "6") else (None, text == "0"),
    lambda given: "0" if given is None else str(given + 1),
)
NAME, MOST_SOLVED = re.compile(r"[a-z-]{1,30}"), 64


def _names(text: str) -> tuple[list[str], bool]:
    found = [name for name in text[: 31 * MOST_SOLVED].split("_") if NAME.fullmatch(name)]
    return list(dict.fromkeys(found))[:MOST_SOLVED], len(found) == text.count("_") + 1


PUZZLE = Parameter("puzzle", "", lambda text: (text, True) if NAME.fullmatch(text) else ("", not text), str)
SOLVED = Parameter("solved", [], _names, "_".join)  # the names of the puzzles that were solved
ANSWERED = Parameter("answered", [], _names, "_".join)  # the pages whose questions were answered rightly
PRESENT = whole("present", 0, 40, 0)  # the step that is presented, from 1; 0 where the page is not presented
_SEAT = re.compile(f"[{rooms.LETTERS}]{{{rooms.CODE_LENGTH}}}([.][a-z0-9]{{{rooms.MEMBER_LENGTH}}})?")
ROOM = Parameter(  # the class's room that the visitor is in, and who they are there
    "room", "", lambda text: (text, True) if _SEAT.fullmatch(text) else ("", not text), str,
    why=lambda text: WORDS("room.none"),
)  # fmt: skip
HIDDEN, MOST_HIDDEN = re.compile(r"[a-z][a-z0-9]{0,19}"), 24


def _hidden(text: str) -> tuple[list[str], bool]:
    found = [name for name in text[: 21 * MOST_HIDDEN].split("_") if HIDDEN.fullmatch(name)]
    return list(dict.fromkeys(found))[:MOST_HIDDEN], True  # what nobody knows hides nothing


def _asked(text: str) -> tuple[str, bool]:
    """A question, and below it no choices or some, each on its line."""
    question, *choices = text[:MOST_ASKED].split("\n")
    lines = [rooms.tidy(question, rooms.LONGEST_QUESTION)]
    lines += filter(None, (rooms.tidy(choice, rooms.LONGEST_CHOICE) for choice in choices[: rooms.MOST_OWN]))
    value = "\n".join(lines[:1] if len(lines) <= rooms.LEAST_CHOICES else lines) if lines[0] else ""
    return value, value == text


MOST_ASKED = 4 * (rooms.LONGEST_QUESTION + rooms.MOST_OWN * rooms.LONGEST_CHOICE)
HIDE = Parameter("hide", [], _hidden, "_".join)  # of a lesson: the parts and controls that are not shown
ASK = Parameter("ask", "", _asked, str, free=True, why=lambda text: WORDS("lesson.changed"))  # the lecturer's question
ASIDE = (ANSWERED.name, PRESENT.name, ROOM.name, HIDE.name, ASK.name)  # says nothing of the page's own state
COMMON = (ANSWER, PUZZLE, SOLVED, ANSWERED, PRESENT, ROOM, HIDE, ASK)  # what every page has besides its own


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
        self.values[name] = st.session_state[_key(name)] = value


def enter(script: str) -> None:
    """A page begins (the shell calls this)."""
    st.session_state["_script"] = script
    st.session_state["_keyed"] = set()
    st.session_state["_state"] = None


def key(name: str) -> str:
    """The key of the widget that holds this parameter on the current page."""
    st.session_state["_keyed"].add(name)
    return _key(name)


def keyed() -> set[str]:
    """The parameters that have a widget on the page, as far as its script has come."""
    found: set[str] = st.session_state["_keyed"]
    return found


def _key(name: str) -> str:
    return f"{st.session_state['_script']}:{name}"


Together = Callable[[dict[str, Any]], dict[str, Any]]


def settle(*parameters: Parameter, together: Together | None = None) -> State:
    """The page's state: from the URL where that changed (a link, the back button), else as the controls left it.

    together: values → those that must change because of others, a held token that must exist, say.
    """
    note = st.empty()  # there in every run: what stands below is not mounted anew when a note comes or goes
    states: dict[str, State] = st.session_state.setdefault("_states", {})
    script = st.session_state["_script"]
    known = {parameter.name: parameter for parameter in (*parameters, *COMMON)}
    query = _queried(known)
    state, arrived = states.get(script), arrives()
    led = state is None or _is_led(state)
    st.session_state["_settled"] = script
    if state is None or led:
        epoch = state.epoch + 1 if state else 0
        state = State(known, _read(known, query, together, note), query, epoch=epoch)
        _seed(state)
    elif arrived:  # back on a page whose widgets are gone: as it was left
        state.epoch += 1
        _seed(state)
    else:
        _take(state)
    states[script] = st.session_state["_state"] = state
    for name, value in (together(state.values) if together else {}).items():
        state[name] = value
    _remember()
    return state


def asked(parameter: Parameter) -> Any:
    """What the run that begins has for one of the parameters that all pages share, before the page has settled: what
    the link says where it leads somewhere, else what stood there, or what a button has put there.
    """
    state = st.session_state.get("_states", {}).get(st.session_state["_script"])
    if state is not None and not _is_led(state):
        return state[parameter.name]
    value, _ = parameter.read(st.query_params.get(parameter.name, parameter.write(parameter.default)))
    return value


def _queried(known: Collection[str]) -> dict[str, str]:
    return {name: st.query_params[name] for name in known if name in st.query_params}


def _is_led(state: State) -> bool:
    """Whether the address leads the page to another state than the one it has: by a link, or by the back button."""
    query, arrived = _queried(state.parameters), arrives()
    return query != state.query and (arrived or not _acted()) and bool(query or not arrived)


def _take(state: State) -> None:
    """What the controls say. One of which nothing is said, or what no control says, by a client that is no browser of
    ours, stands where it stood.

    Streamlit tells a browser the value that a page sets in the one run in which it is set. A browser builds a control
    when the code for it has come, which may be after the next run: the control would then begin at its own default, and
    say that. One of which the browser has said nothing is therefore told its value again.
    """
    for name, parameter in state.parameters.items():
        if _key(name) not in st.session_state and parameter.default is None:
            continue
        said = st.session_state.get(_key(name))
        if (said is None and parameter.default is not None) or not _can_be(parameter, said, state.values[name]):
            st.session_state[_key(name)] = state.values[name]
        else:
            state.values[name] = said
            if not _is_built(_key(name)):
                st.session_state[_key(name)] = said


def _is_built(key: str) -> bool:
    """Whether the browser has the control of this key: it says in the run that is under way what the control holds."""
    context = get_script_run_ctx(suppress_warning=True)
    if context is None:
        return True
    try:
        session = context.session_state._state
        return session.get_widget_id_from_key(key) in session._new_widget_state.states
    except AttributeError:  # another Streamlit, which keeps it elsewhere
        return True


def _can_be(parameter: Parameter, said: Any, before: Any) -> bool:
    """Whether a control can say this: a value of the kind that stood there before, or one that a link could hold."""
    if type(said) is type(before):
        return True
    try:
        _, valid = parameter.read(parameter.write(said))
    except (TypeError, ValueError, AttributeError, LookupError):
        return False
    return valid


def _read(
    known: dict[str, Parameter], query: dict[str, str], together: Together | None, place: DeltaGenerator
) -> dict[str, Any]:
    """The nearest valid values, and a note in its place where the query held others."""
    values, wrong, notes = {}, [], []
    said = {name: text for name, text in query.items() if name not in ASIDE}
    for name, parameter in known.items():
        values[name], valid = parameter.read(query[name]) if name in query else (parameter.missing(said), True)
        if not valid and (why := parameter.why(query[name])):
            notes.append(why)
        elif not valid:
            wrong.append(name)
    for name, value in (together(values) if together else {}).items():
        if values[name] != value:
            values[name] = value
            wrong.append(name)
    if wrong:
        shown = ", ".join(_shown(known[name], values[name]) for name in wrong)
        notes.append(WORDS("link.note", values=shown))
    if notes:
        place.caption(" ".join(notes))
    return values


def _shown(parameter: Parameter, value: Any) -> str:
    """A parameter's value in a sentence of Markdown: letters and numbers as they are, no text that came with a link."""
    text = parameter.write(value)[:24]
    if parameter.free or not re.fullmatch(r"[A-Za-z0-9_~+ -]*([.]\d+[A-Za-z0-9_~+ -]*)*[.]?", text):
        return WORDS("link.beginning", name=parameter.name)
    return f"{parameter.name} = " + re.sub(r"([_~])", r"\\\1", text)


def _seed(state: State) -> None:
    for name, value in state.values.items():
        st.session_state[_key(name)] = value


def _remember() -> None:
    """Keep what all controls say now, to see next time whether one of them brought the run about."""
    st.session_state["_controls"] = _controls()


def _acted() -> bool:
    """Whether a control changed since the last run.

    What a visitor does outruns the URL: a browser quick to report still sends the query it had before. A run that comes
    with a changed control is therefore no navigation, whatever its query; going back changes no control.
    """
    before = st.session_state.get("_controls", {})
    now = _controls()
    ends = (None, False)  # what a button or a report is once it has been heard; 0 is neither
    return any(
        value != before[name] and not any(value is end for end in ends) for name, value in now.items() if name in before
    )


def _controls() -> dict[str, Any]:
    """What all controls say. All at once: asked one by one, the session looks up everything it has for each."""
    return {name: value for name, value in st.session_state.to_dict().items() if not name.startswith("_")}


def put(values: Mapping[str, str]) -> None:
    """Set some parameters of the page's state, as a link writes them; called before a run, by a button."""
    state = _standing()
    if state is None:
        st.query_params.update(values)
        return
    for name, given in values.items():
        state[name], _ = state.parameters[name].read(given)
    state.epoch += 1


def go(query: Mapping[str, str]) -> None:
    """Show the page as a link with this query does; called before a run, by a button.

    The state is set and not the address, which a run that a live component brings about at the same moment would still
    have as it was. Where the page has not settled yet, it is the address, from which it will.
    """
    state = _standing()
    if state is None:
        st.query_params.from_dict(query)
        return
    said = {name: text for name, text in query.items() if name not in ASIDE}
    for name, parameter in state.parameters.items():
        state[name] = parameter.read(query[name])[0] if name in query else parameter.missing(said)
    state.epoch += 1


def end(parameter: Parameter) -> None:
    """Take a parameter that all pages share back to its default, on every page; called before a run, by a button."""
    put({parameter.name: parameter.write(parameter.default)})
    for script, state in st.session_state.get("_states", {}).items():
        state.values[parameter.name] = parameter.default
        st.session_state[f"{script}:{parameter.name}"] = parameter.default


def _standing() -> State | None:
    """The state that the page has, None where it has not settled since it was come to: its run was ended early."""
    state: State | None = st.session_state.get("_states", {}).get(st.session_state["_script"])
    return None if arrives() else state


def arrives() -> bool:
    """Whether the session comes to this page now, from another one or from outside."""
    return bool(st.session_state.get("_settled") != st.session_state["_script"])


def current() -> State:
    """The state that this run of the page has settled."""
    state: State = st.session_state["_state"]
    return state


def query(state: State, without: Collection[str] = ()) -> dict[str, str]:
    """The state as a link holds it: only what differs from the default, and with it what older links left unsaid."""
    known = {name: parameter for name, parameter in state.parameters.items() if name not in without}
    texts = {name: parameter.write(state.values[name]) for name, parameter in known.items()}
    other = {name for name, parameter in known.items() if texts[name] != parameter.write(parameter.default)}
    older = other - set(ASIDE)  # what older links could say
    named = {name for name, parameter in known.items() if older and parameter.before is not None}
    return {name: text for name, text in texts.items() if name in other | named}


def link(query: Mapping[str, str]) -> str:
    """The whole address of this page, as the visitor's browser has it, with a query; only the query where it is not
    known.
    """
    asked = f"?{urlencode(query)}" if query else ""
    return f"{st.context.url or ''}{asked}"


def leave() -> None:
    """Write the page's state to the URL (the shell calls this)."""
    state: State | None = st.session_state.get("_state")
    if state is None:
        return
    state.query = query(state)
    if dict(st.query_params) != state.query:
        st.query_params.from_dict(state.query)
    _remember()
