"""Room for uploads: that of a server is shared, and what has lain for long makes place."""

import asyncio
from types import SimpleNamespace

import pytest
from starlette.responses import PlainTextResponse
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from srviz.ui.kit import uploads
from tests.visitor import apart

MEGABYTE = 1_000_000


@pytest.fixture
def server(monkeypatch):
    """A server with room for 100 MB: send(session, file, megabytes), which gives the status of the answer, and kept(),
    the files it has.
    """
    manager = MemoryUploadedFileManager("/_stcore/upload_file")
    runtime = SimpleNamespace(uploaded_file_mgr=manager, is_active_session=lambda session: session != "nobody")
    monkeypatch.setattr(uploads.runtime, "get_instance", lambda: runtime)
    monkeypatch.setattr(uploads, "SERVER_BYTES", 100 * MEGABYTE)
    monkeypatch.setattr(uploads, "WAIT_SECONDS", 0.0)
    monkeypatch.setattr(uploads, "EVERY_SECONDS", 0.01)

    async def keep(scope, receive, send):
        await asyncio.sleep(0.001)  # in which the file comes
        session, file = uploads.ADDRESS.search(scope["path"]).groups()
        manager.add_file(session, UploadedFileRec(file, "", "", bytes(int(dict(scope["headers"])[b"content-length"]))))
        await PlainTextResponse("", 204)(scope, receive, send)

    bounded = uploads.Bounded(keep)

    async def put(session, file, megabytes):
        said = []

        async def send(message):
            said.append(message)

        headers = [(b"content-length", str(megabytes * MEGABYTE).encode())]
        path = f"/below/_stcore/upload_file/{session}/{file}"
        await bounded({"type": "http", "method": "PUT", "path": path, "headers": headers}, None, send)
        return said[0]["status"]

    def kept():
        return {file for files in manager.file_storage.values() for file in files}

    return lambda *what: apart(put(*what)), kept


def test_a_server_that_is_full_says_so_and_what_has_lain_for_long_makes_place(server, monkeypatch):
    send, kept = server
    assert [send(session, session, 25) for session in "abcd"] == [204] * 4
    assert send("e", "e", 25) == 507
    monkeypatch.setattr(uploads, "UNREAD_SECONDS", 0.0)
    assert send("e", "e", 25) == 204
    assert kept() == set("bcde")


def test_a_session_gives_up_its_own_oldest_file_and_nobody_elses(server):
    send, kept = server
    assert send("other", "0", 25) == 204
    assert [send("mine", file, 25) for file in "1234"] == [204] * 4
    assert kept() == set("034")


def test_room_is_waited_for(server, monkeypatch):
    send, _ = server
    assert [send(session, session, 25) for session in "abcd"] == [204] * 4
    monkeypatch.setattr(uploads, "WAIT_SECONDS", 60.0)
    monkeypatch.setattr(uploads, "UNREAD_SECONDS", 0.2)
    assert send("e", "e", 25) == 204


def test_what_is_sent_for_no_session_takes_no_room(server, monkeypatch):
    """Streamlit refuses it before it reads anything, and so it waits for nothing and keeps nobody waiting."""
    send, _ = server
    monkeypatch.setattr(uploads.Bounded, "_wait", None)  # is not asked
    assert send("nobody", "1", 25) == 204  # the answer of the app, which is no Streamlit here


def test_a_file_is_removed_only_where_that_makes_room(server, monkeypatch):
    send, kept = server
    assert [send(*what, 25) for what in (("a", "mine"), ("b", "1"), ("b", "2"))] == [204] * 3
    monkeypatch.setattr(uploads, "SERVER_BYTES", 70 * MEGABYTE)
    monkeypatch.setattr(uploads, "SESSION_BYTES", 40 * MEGABYTE)
    assert send("a", "new", 25) == 507  # though its own file would have gone
    assert kept() == {"mine", "1", "2"}
    monkeypatch.setattr(uploads, "UNREAD_SECONDS", 0.0)
    assert send("a", "new", 25) == 204
    assert kept() == {"new", "2"}


def test_one_that_comes_too_slowly_is_told_so_and_its_room_is_free_again(server, monkeypatch):
    send, _ = server
    monkeypatch.setattr(uploads, "SESSION_BYTES", 30 * MEGABYTE)
    monkeypatch.setattr(uploads, "UPLOAD_SECONDS", 0.0)
    assert send("a", "1", 25) == 408
    monkeypatch.setattr(uploads, "UPLOAD_SECONDS", 300.0)
    assert send("a", "2", 25) == 204
