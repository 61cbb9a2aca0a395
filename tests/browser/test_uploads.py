"""What one visitor sends takes from nobody else: it is bounded, and a file that was read is let go of."""

import asyncio
import re
import urllib.request
from uuid import uuid4

import pytest

from srviz.ui.kit import WORDS
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
