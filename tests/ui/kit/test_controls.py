"""Controls whose page has been left when what they say is heard: Streamlit calls back in the run of the next page."""

import pytest
import streamlit as st

from srviz.ui.kit import controls


@pytest.fixture
def session(monkeypatch):
    held = {"_script": "one.py", "_keyed": set(), "one.py:input": "clusters", "one.py:seed": 12_345}
    monkeypatch.setattr(st, "session_state", held)
    return held


@pytest.mark.parametrize("script", ["one.py", "another.py"])
def test_an_input_that_was_chosen_on_a_page_that_was_left_changes_nothing(session, script):
    heard = []
    session["_script"] = script
    controls._changed("one.py:input", lambda: heard.append(script))
    controls._changed("one.py:input", None)
    assert heard == (["one.py"] if script == "one.py" else [])
    del session["one.py:input"]
    controls._changed("one.py:input", lambda: heard.append("gone"))
    assert "gone" not in heard


def test_a_seed_that_is_not_there_any_more_is_not_asked_for(session):
    controls._nearest_seed("one.py:seed")
    assert session["one.py:seed"] == 9999
    del session["one.py:seed"]
    controls._nearest_seed("one.py:seed")
    assert "one.py:seed" not in session
