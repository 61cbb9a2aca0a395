"""What one visitor sends takes from nobody else: it is bounded, and a file that was read is let go of."""

import asyncio
import re
import time
import urllib.request
from types import SimpleNamespace
from uuid import uuid4

import pytest
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from srviz.ui.kit import WORDS, uploads
from srviz.ui.kit.uploads import SESSION_BYTES, SESSION_FILES
from tests.visitor import apart, visiting

LARGE = 20_000_000  # bytes
TABLE = b"x,y,z\n" + b"".join(b"%d,%d,%d\n" % (k, k * k % 97, k * 31 % 89) for k in range(40_000))


def kept(address):
    """Bytes of files that the server says it holds; it keeps what it has said for some seconds."""
    with urllib.request.urlopen(f"{address}/_stcore/metrics") as answer:
        found = re.findall(r'cache_type="UploadedFileManager".* (\d+)', answer.read().decode())
    return sum(map(int, found))


@pytest.mark.parametrize(("many", "size", "left"), [(6, LARGE, 2 * LARGE), (40, 3, SESSION_FILES * 3)])
def test_what_a_session_sends_unasked_is_bounded(many, size, left, forked_server):
    server, _ = forked_server

    async def story():
        async with visiting(server, "") as visitor:
            statuses = [await asyncio.to_thread(visitor.put, uuid4(), bytes(size)) for _ in range(many)]
            return statuses, kept(server)

    assert apart(story()) == ([204] * many, left)


def test_what_is_on_its_way_counts_too(forked_server):
    server, _ = forked_server

    async def story():
        async with visiting(server, "") as visitor:
            sent = [asyncio.to_thread(visitor.put, uuid4(), bytes(LARGE)) for _ in range(8)]
            return await asyncio.gather(*sent, return_exceptions=True)

    found = apart(story())
    assert kept(server) <= SESSION_BYTES
    assert 204 in found
    assert any(one != 204 for one in found)
    assert all(one in (204, 413) or isinstance(one, OSError) for one in found)  # refused while it is being sent


def test_what_is_sent_for_no_session_takes_no_room(monkeypatch):
    """Streamlit refuses it before it reads anything, and so it has nothing to wait for and keeps nobody waiting."""
    passed = []

    async def app(scope, receive, send):
        passed.append(scope["path"])

    manager = SimpleNamespace(is_active_session=lambda session: session == "real", uploaded_file_mgr=None)
    monkeypatch.setattr(uploads.runtime, "get_instance", lambda: manager)
    bounded = uploads.Bounded(app)
    monkeypatch.setattr(bounded, "_wait", None)  # is not asked
    request = {"type": "http", "method": "PUT", "path": "/_stcore/upload_file/none/1", "headers": []}
    asyncio.run(bounded(request, None, None))
    assert passed == ["/_stcore/upload_file/none/1"]
    assert not bounded._coming


def test_a_file_is_removed_only_where_that_makes_room(monkeypatch):
    kept = {("mine", "1"): bytes(50), ("other", "1"): bytes(50)}
    manager = MemoryUploadedFileManager("")
    for (session, file), data in kept.items():
        manager.add_file(session, UploadedFileRec(file, file, "", data))
    monkeypatch.setattr(uploads.runtime, "get_instance", lambda: SimpleNamespace(uploaded_file_mgr=manager))
    monkeypatch.setattr(uploads, "SESSION_BYTES", 100)
    monkeypatch.setattr(uploads, "SERVER_BYTES", 120)
    bounded = uploads.Bounded(None)
    bounded._came = dict.fromkeys(kept, time.monotonic())
    assert not bounded._make_room("mine", 80)  # the other's file is not old enough to go
    assert {key: len(manager.get_files(key[0], [key[1]])) for key in kept} == dict.fromkeys(kept, 1)
    bounded._came["other", "1"] -= uploads.UNREAD_SECONDS + 1
    assert bounded._make_room("mine", 80)
    assert not any(manager.get_files(key[0], [key[1]]) for key in kept)


@pytest.mark.parametrize(
    ("page", "query", "name"),
    [("Point_clouds", "", "a.csv"), ("Words", "", "a.npy"), ("Photographs", "picture=own", "a.png")],
)
def test_a_file_that_was_read_is_let_go_of(page, query, name, forked_server):
    server, _ = forked_server

    async def story():
        async with visiting(server, "") as visitor:
            await visitor.open(page, query)
            status, answer = await visitor.upload(name, TABLE)
            assert (status, answer.exceptions) == (204, [])
            again = await visitor.ask()
            assert again.exceptions == []
            return kept(server)

    assert apart(story()) == 0


def test_who_comes_to_another_server_with_a_file_is_told_that_it_is_gone(forked_server):
    server, _ = forked_server

    async def story():
        async with visiting(server, "Point_clouds") as visitor:
            _, answer = await visitor.upload("mine.csv", TABLE)
            assert answer.finished
            assert not visitor.toasts
            await visitor.close()
            visitor.session = ""
            await visitor.connect()
            assert not (await visitor.ask()).exceptions
            return visitor.toasts

    [toast] = apart(story())
    assert WORDS("lost.file") in toast
