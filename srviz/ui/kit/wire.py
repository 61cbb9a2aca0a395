"""What a client says of the page's controls, checked before Streamlit reads it.

Streamlit hands what comes over the socket to the control that it names, whatever it is: text for a number is an
exception on the page and in the log, and JSON that is none breaks every later run of its session. A browser says
nothing of that kind. What a control cannot say is dropped here, so that the control stands where it stood.
"""

import json
import logging
import math
from typing import Any

from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.state.common import WidgetMetadata, is_array_value_field_name, unpack_widget_state_value
from streamlit.runtime.state.session_state import Serialized, Value, WStates

MOST = 512  # controls of which something is kept that the session has not met yet: a page has a tenth of that
LONGEST = 1 << 18  # characters of what a live component reports, which is copied in every run
DEEPEST = 16  # lists within lists of it
LARGEST = 1 << 64  # whole numbers; JavaScript writes much larger ones with an exponent
NUMBERS = ("double_value", "int_value")  # a browser sends whole numbers as the second also where the first is declared


class Heard(WStates):
    """What controls say, of which only what they can say is kept."""

    told = False  # whether the log has its line: one a session

    def set_widget_from_proto(self, widget_state: WidgetState) -> None:
        """Keep what came for a control, at once as its value where the session knows the control."""
        metadata = self.widget_metadata.get(widget_state.id)
        if metadata is not None:
            self._read(metadata, widget_state)
        elif len(self.states) < MOST:
            super().set_widget_from_proto(widget_state)

    def __getitem__(self, k: str) -> Any:
        state, metadata = self.states.get(k), self.widget_metadata.get(k)
        if isinstance(state, Serialized) and metadata is not None:  # it came before its control was there
            del self.states[k]
            self._read(metadata, state.value)
        return super().__getitem__(k)  # a KeyError where nothing was kept: Streamlit takes what stood there

    def clear(self) -> None:
        """Let all go. Streamlit's mapping stops at the first state of a control that it has not met."""
        self.states.clear()

    def _read(self, metadata: WidgetMetadata[Any], state: WidgetState) -> None:
        try:
            self.states[state.id] = Value(_read(metadata, state))
        except Exception:  # readers of every kind, which were made for what a browser says
            if not self.told:
                self.told = True
                log = logging.getLogger(__name__)
                log.warning(
                    "A client says of a control what no browser says (it has a %s). It stands where it stood, and this "
                    "is the only line about this session.",
                    metadata.value_type,
                )


def guard() -> None:
    """Check from now on what this session's client says. No control is there before the first page calls this."""
    context = get_script_run_ctx(suppress_warning=True)
    if context is None:
        return
    session = context.session_state._state
    said = session._new_widget_state
    if not isinstance(said, Heard):
        session._new_widget_state = Heard(dict(list(said.states.items())[:MOST]), said.widget_metadata)


def _read(metadata: WidgetMetadata[Any], state: WidgetState) -> Any:
    """The value of a control. ValueError, or what its reader raises, where the control cannot say this."""
    kind, due = state.WhichOneof("value"), metadata.value_type
    if kind != due and kind is not None and not (kind in NUMBERS and due in NUMBERS):
        raise ValueError(kind)
    if kind in ("json_value", "json_trigger_value"):
        said = _parsed(getattr(state, kind), due)
        return metadata.deserializer(said if kind == "json_value" else json.dumps(said))
    said = unpack_widget_state_value(state)
    value = metadata.deserializer(said)
    if not _can_say(metadata, list(said) if is_array_value_field_name(kind) else said, value):
        raise ValueError(kind)
    return value


def _can_say(metadata: WidgetMetadata[Any], said: Any, value: Any) -> bool:
    """Whether a control says this where it has this value. Most readers take their default for what they do not know,
    and what the control would then say is something else.
    """
    if said is None:  # nothing is chosen, where that can be; a number's field that was emptied goes to its default
        return value is None or metadata.value_type in NUMBERS
    options = metadata.formatted_options
    if options is not None:
        chosen = [said] if isinstance(said, str) else said
        most = metadata.max_array_length or len(options)
        return len(chosen) <= most and len(set(chosen)) == len(chosen) and set(chosen) <= set(options)
    if isinstance(said, str | float | int | list) and not isinstance(said, bool):
        return bool(metadata.serializer(value) == said)
    return True


def _parsed(text: str, due: str) -> Any:
    """What a live component reports: a mapping by name, or events, which are mappings."""
    if len(text) > LONGEST:
        raise ValueError(due)
    said = json.loads(text, parse_constant=_refuse)
    if isinstance(said, str):  # as Streamlit writes what it keeps
        said = json.loads(said, parse_constant=_refuse)
    events = said if due == "json_trigger_value" and isinstance(said, list) else [said]
    if not all(isinstance(event, dict) for event in events) or not _is_plain(said):
        raise ValueError(due)
    return said


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _is_plain(value: Any, left: int = DEEPEST) -> bool:
    """Whether JSON says no more than a browser writes: Python would copy deep lists, and reckon with huge numbers."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return left > 0 and all(_is_plain(one, left - 1) for one in value)
    return math.isfinite(value) if isinstance(value, float) else not isinstance(value, int) or abs(value) < LARGEST
