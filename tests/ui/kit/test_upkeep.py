"""What a server does by itself, beside answering."""

import asyncio
import gc
import inspect
import sys

import pytest
import streamlit as st

from srviz.ui.kit import upkeep
from tests.visitor import apart


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(upkeep, "LIGHT_SECONDS", 0.001)
    monkeypatch.setattr(upkeep, "MANY", 0)
    yield
    gc.unfreeze()


def kept(seconds):
    async def story():
        task = asyncio.create_task(upkeep.collect())
        await asyncio.sleep(seconds)
        task.cancel()

    apart(story())


def test_what_is_there_is_not_looked_through_again(quick, monkeypatch):
    held = [[] for _ in range(50_000)]
    before = gc.get_freeze_count()
    kept(0.2)
    assert gc.get_freeze_count() - before > len(held)


def test_a_page_at_work_is_not_held_up(quick, monkeypatch):
    monkeypatch.setattr(upkeep, "at_work", lambda: 1)
    before = gc.get_freeze_count()
    kept(0.1)
    assert gc.get_freeze_count() == before
    monkeypatch.setattr(upkeep, "at_work", lambda: 0)
    kept(0.2)
    assert gc.get_freeze_count() > before


def test_what_became_garbage_among_it_goes_at_the_next_look_through_all(quick, monkeypatch):
    gone = []

    class Cycle:
        def __init__(self):
            self.self = self

        def __del__(self):
            gone.append(1)

    one = Cycle()
    kept(0.2)
    del one
    kept(0.2)
    assert not gone  # frozen when it was in use
    monkeypatch.setattr(upkeep, "WHOLE_SECONDS", 0.0)
    kept(0.2)
    assert gone == [1]


def test_where_memory_is_short_the_caches_of_data_are_emptied(quick, monkeypatch):
    computed = []

    @st.cache_data(max_entries=4, show_spinner=False)
    def compute(x):
        computed.append(x)

    granted = 800 << 20
    monkeypatch.setattr(upkeep.host, "granted", lambda: granted)
    for left, times in ((65 << 20, 1), (63 << 20, 2)):
        monkeypatch.setattr(upkeep.host, "available", lambda left=left: left)
        compute(7)
        kept(0.2)
        compute(7)
        assert computed == [7] * times
    granted = 80 << 20
    monkeypatch.setattr(upkeep.host, "available", lambda: 11 << 20)
    assert not upkeep.is_short()
    monkeypatch.setattr(upkeep.host, "available", lambda: 9 << 20)
    assert upkeep.is_short()


def test_streamlit_looks_through_everything_seldom_and_through_what_is_young_every_time(monkeypatch):
    looks = []
    monkeypatch.setattr(gc, "collect", looks.append)
    monkeypatch.setattr(upkeep.script_runner, "gc", gc)
    upkeep.look_seldom()
    asked = upkeep.script_runner.gc
    for _ in range(3):
        asked.collect(2)
    assert looks == [2, 1, 1]
    monkeypatch.setattr(upkeep, "EVERY_SECONDS", 0.0)
    asked.collect(2)
    assert looks[-1] == 2
    assert asked.isenabled is gc.isenabled
    source = inspect.getsource(upkeep.script_runner.ScriptRunner._on_script_finished)
    assert "gc.collect(2)" in source  # of the version of Streamlit that is pinned


def test_a_chapter_that_cannot_be_imported_is_in_the_log_and_ends_nothing(caplog):
    upkeep.import_ahead("srviz.ui.kit.no_such_room")
    assert "could not be imported in advance" in caplog.text
    assert "srviz.ui.kit.no_such_room" not in sys.modules
