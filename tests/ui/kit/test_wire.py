"""What a client may say of a control, and what is left unheard. The controls of the pages: `test_messages.py`."""

import json
import logging
import math

import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates
from streamlit.testing.v1 import AppTest

from srviz.ui.kit import wire


def script():
    import streamlit as st

    from srviz.ui.kit import wire

    wire.guard()
    heard = st.session_state.setdefault("heard", [])
    if st.button("button", key="button"):
        heard.append("button")
    st.checkbox("checkbox", True, key="checkbox")
    st.slider("slider", 1, 9, 5, key="slider", on_change=heard.append, args=("slider",))
    st.slider("share", 0.0, 1.0, 0.25, key="share")
    st.slider("range", 1, 9, (2, 5), key="range")
    st.select_slider("steps", [1, 2, 4], 2, format_func="{} steps".format, key="steps")
    st.selectbox("box", ["a", "b"], 1, format_func=str.upper, key="box")
    st.radio("radio", ["a", "b"], index=None, key="radio")
    st.number_input("whole", 0, 99, 7, key="whole")
    st.number_input("real", -1.0, 1.0, 0.5, key="real")
    st.text_input("line", "as it was", max_chars=12, key="line")
    st.text_area("text", "as it was", key="text")
    st.pills("pills", ["a", "b", "c"], selection_mode="multi", default=["b"], key="pills")
    st.segmented_control("segments", ["a", "b"], default="b", key="segments")
    st.multiselect("some", ["a", "b", "c"], ["b"], max_selections=2, key="some")
    st.file_uploader("file", key="file")
    st.expander("cover", key="cover", on_change="rerun")
    live = st.components.v2.component("reports", html="<p>")(
        key="live", default={"at": {"id": 1}}, on_at_change=lambda: None, on_go_change=lambda: None
    )
    if live.go:
        heard.append(live.go["id"])


AT_FIRST = {
    "button": False, "checkbox": True, "slider": 5, "share": 0.25, "range": (2, 5), "steps": 2, "box": "b",
    "radio": None, "whole": 7, "real": 0.5, "line": "as it was", "text": "as it was", "pills": ["b"], "segments": "b",
    "some": ["b"], "file": None, "cover": False, "live": {"at": {"id": 1}},
}  # fmt: skip
RIGHT = (
    ("checkbox", "bool_value", False, False), ("slider", "double_array_value", [9], 9),
    ("share", "double_array_value", [0.3], 0.3), ("range", "double_array_value", [1, 9], (1, 9)),
    ("steps", "string_array_value", ["4 steps"], 4),
    ("box", "string_value", "A", "a"), ("radio", "string_value", "a", "a"), ("whole", "int_value", 99, 99),
    ("whole", "double_value", 99.0, 99), ("real", "double_value", -1, -1.0),
    ("line", "string_value", "x" * 12, "x" * 12),
    ("text", "string_value", "", ""), ("pills", "string_array_value", [], []),
    ("pills", "string_array_value", ["a", "c"], ["a", "c"]), ("segments", "string_array_value", [], None),
    ("segments", "string_array_value", ["a"], "a"), ("some", "string_array_value", ["c", "a"], ["c", "a"]),
    ("cover", "bool_value", True, True), ("live", "json_value", '{"at": {"id": 2, "x": [[1, 0.5]]}}', {
        "at": {"id": 2, "x": [[1, 0.5]]}}),
)  # fmt: skip
DEEP = "[" * 900 + "]" * 900
WRONG = (
    ("slider", "double_array_value", [0]), ("slider", "double_array_value", [10]),
    ("slider", "double_array_value", [1e308]), ("slider", "double_array_value", [2.5]),
    ("slider", "double_array_value", [math.nan]), ("slider", "double_array_value", []),
    ("slider", "double_array_value", [1, 2]), ("share", "double_array_value", [math.inf]),
    ("range", "double_array_value", [1]), ("range", "double_array_value", [math.nan, 3]),
    ("steps", "string_array_value", ["3 steps"]), ("steps", "string_array_value", []),
    ("box", "string_value", "C"), ("radio", "string_value", "c"), ("whole", "int_value", 100),
    ("whole", "double_value", 1e308), ("whole", "double_value", math.nan), ("whole", "double_value", 1.5),
    ("whole", "double_value", -math.inf), ("real", "double_value", math.nan), ("real", "double_value", 1.01),
    ("line", "string_value", "x" * 13), ("pills", "string_array_value", ["d"]),
    ("pills", "string_array_value", ["a"] * 9), ("segments", "string_array_value", ["a", "b"]),
    ("segments", "string_array_value", ["c"]), ("some", "string_array_value", ["a", "b", "c"]),
    ("some", "string_array_value", ["d"]), *(("live", "json_value", text) for text in (
        "", "nope", '"nope"', "1", "null", "[]", DEEP, f'{{"at": [{"1, " * 100_000}1]}}',
        f'{{"at": {DEEP}}}', '{"at": NaN}', '{"at": 1e999}',
        '{"at": -Infinity}', f'{{"at": 1{"0" * 400}}}', f'{{"at": 1{"0" * 5000}}}',
    )),
)  # fmt: skip


def state(field, value, id=""):
    """A state as it comes over the wire."""
    made = WidgetState(id=id)
    place = getattr(made, field)
    if isinstance(value, list):
        place.SetInParent()
        place.data.extend(value)
    elif field == "file_uploader_state_value":
        place.SetInParent()
    elif field in ("string_trigger_value", "chat_input_value", "arrow_value"):
        place.data = value
    else:
        setattr(made, field, value)
    return made


def ids(page):
    return page._session_state._state._key_id_mapper._key_id_mapping


def standing(page):
    return {key: page.session_state[key] for key in AT_FIRST}


def say(page, *states):
    page._run(WidgetStates(widgets=states))
    assert not page.exception, page.exception[0].message


@pytest.fixture
def page():
    return AppTest.from_function(script, default_timeout=60).run()


def test_what_a_control_can_say_is_heard(page):
    for key, field, said, value in RIGHT:
        say(page, state(field, said, ids(page)[key]))
        assert page.session_state[key] == value, (key, field, said)
        assert type(page.session_state[key]) is type(value) or key == "live"
    say(page, state("trigger_value", True, ids(page)["button"]))
    say(page)
    assert page.session_state["heard"] == ["slider", "button"]  # once


@pytest.mark.parametrize("first", [False, True], ids=["", "first of all"])
def test_what_it_cannot_say_leaves_it_where_it_stood(first, page):
    known = dict(ids(page))
    messages = [(key, state(field, said, known[key])) for key, field, said in WRONG]
    values = {"double_array_value": [3.0], "int_array_value": [1], "string_array_value": ["a"], "bytes_value": b"\xff"}
    values |= {"arrow_value": b"\xff", "json_value": "{}", "json_trigger_value": "[{}]", "string_trigger_value": "a"}
    values |= {"trigger_value": True, "bool_value": True, "double_value": 3.0, "int_value": 3, "string_value": "a"}
    values |= {"chat_input_value": "a", "file_uploader_state_value": None}
    assert values.keys() == {field.name for field in WidgetState.DESCRIPTOR.oneofs_by_name["value"].fields}
    metadata = page._session_state._state._new_widget_state.widget_metadata
    for field, said in values.items():
        for key in AT_FIRST:
            due = metadata[known[key]].value_type
            if field != due and not (field == "int_value" and due == "double_value"):
                messages.append((key, state(field, said, known[key])))
    messages += [(key, WidgetState(id=known[key])) for key in AT_FIRST]
    rounds = {}
    for key, message in messages:
        rounds.setdefault(key, []).append(message)
    for k in range(max(map(len, rounds.values()))):
        if first and k % 3 == 0:
            page = AppTest.from_function(script, default_timeout=60)
        say(page, *(of[k] for of in rounds.values() if k < len(of)))
        assert standing(page) == AT_FIRST
        assert page.session_state["heard"] == []
    say(page, state("double_array_value", [9], known["slider"]))
    assert page.session_state["slider"] == 9
    assert page.session_state["heard"] == ["slider"]


def test_a_field_of_a_number_can_be_emptied(page):
    say(page, state("int_value", 9, ids(page)["whole"]))
    say(page, WidgetState(id=ids(page)["whole"]))
    assert page.session_state["whole"] == 7


def test_a_control_stands_where_the_visitor_put_it(page):
    put = state("double_array_value", [9], ids(page)["slider"])
    say(page, put)
    nothing = WidgetState(id=put.id)
    for wrong in (nothing, state("double_array_value", [math.nan], put.id), state("string_value", "9", put.id)):
        say(page, wrong)
        assert page.session_state["slider"] == 9


@pytest.mark.parametrize("text", ["nope", DEEP, "1", '[{"event": NaN}]', "[[]]"])
def test_an_event_of_a_live_component_that_is_none_is_not_heard(text, page):
    [events] = (one for one in page._session_state._state._new_widget_state.widget_metadata if "events" in one)
    say(page, state("json_trigger_value", text, events))
    assert page.session_state["live"] == AT_FIRST["live"]
    assert page.session_state["heard"] == []
    say(page, state("json_trigger_value", '[{"event": "go", "value": {"id": 8}}]', events))
    say(page)
    assert page.session_state["heard"] == [8]  # once


def test_the_log_has_one_line_of_a_session(page, caplog):
    key = ids(page)["whole"]
    with caplog.at_level(logging.DEBUG):
        for _ in range(20):
            say(page, state("string_value", "<script>\nnext line", key), state("json_value", "nope", key))
    [line] = [record.getMessage() for record in caplog.records if record.levelno >= logging.INFO]
    assert "double_value" in line
    assert "script" not in line
    assert len(line.splitlines()) == 1


@pytest.mark.parametrize("first", [False, True], ids=["", "first of all"])
def test_of_controls_that_nobody_has_met_only_some_are_kept(first, page, monkeypatch):
    kept = []
    forget = wire.Heard.remove_stale_widgets
    monkeypatch.setattr(
        wire.Heard, "remove_stale_widgets", lambda self, *rest: kept.append(len(self.states)) or forget(self, *rest)
    )
    known = ids(page)["slider"]
    if first:
        page = AppTest.from_function(script, default_timeout=60)
    many = [state("json_value", "nope", f"$$ID-{k}-None") for k in range(5_000)]
    say(page, *many[: wire.MOST // 2], state("double_array_value", [9], known), *many)
    assert page.session_state["slider"] == 9
    assert wire.MOST <= kept[-1] <= wire.MOST + len(AT_FIRST) + 2
    assert len(page._session_state._state._new_widget_state) < 2 * len(AT_FIRST)


def test_the_seam_is_where_it_was(page):
    """Of the version of Streamlit that is pinned: what comes goes through the mapping that is replaced."""
    heard = page._session_state._state._new_widget_state
    assert type(heard) is wire.Heard
    assert heard.widget_metadata.keys() >= set(ids(page).values())


def test_json_of_streamlit_itself_is_read_as_that_of_a_browser(page):
    say(page, state("json_value", json.dumps(json.dumps({"at": {"id": 3}})), ids(page)["live"]))
    assert page.session_state["live"] == {"at": {"id": 3}}
