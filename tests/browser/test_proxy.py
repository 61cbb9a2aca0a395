"""Two replicas behind the proxy of deploy/: a visitor stays with one, and one that is killed takes nobody with it."""

import asyncio
import shutil
import signal
import time
import urllib.error
import urllib.request
from contextlib import ExitStack

import psutil
import pytest
import websockets
from playwright.sync_api import expect

from tests.browser.conftest import IDLE
from tests.proxy import proxy
from tests.visitor import Visitor, apart

pytestmark = pytest.mark.skipif(shutil.which("haproxy") is None, reason="HAProxy is not installed (apt: haproxy)")
ANSWERED = 204
FILE = "11111111-1111-4111-8111-111111111111"
BASE = "/srviz"  # the path below which all is served


@pytest.fixture
def behind(tmp_path, start):
    """The address of the proxy, and the processes of the replicas by their ports."""
    secret = {"STREAMLIT_SERVER_COOKIE_SECRET": "one secret for both"}
    with ExitStack() as stack:
        replicas = [stack.enter_context(start(base=BASE, **secret)) for _ in range(2)]
        servers = [address[7:].removesuffix(BASE) for address, _ in replicas]
        port = stack.enter_context(proxy(tmp_path, servers, SRVIZ_PATH=BASE))
        ports = {int(found.removesuffix(BASE).rsplit(":", 1)[1]): process for found, process in replicas}
        yield f"http://127.0.0.1:{port}{BASE}", ports


def at(process):
    """How many visitors a replica has."""
    found = [one for one in psutil.Process(process.pid).net_connections("tcp") if one.status == psutil.CONN_ESTABLISHED]
    return len(found)


def test_a_visitor_stays_with_one_replica_and_leaves_it_when_it_is_killed(behind):
    address, replicas = behind

    async def again(visitor):
        """As a browser does: until it is connected, twice a second."""
        while True:
            try:
                await visitor.connect()
                return await visitor.ask()
            except (OSError, websockets.WebSocketException):
                await asyncio.sleep(0.5)

    async def story():
        visitors = [Visitor(address) for _ in range(6)]
        for visitor in visitors:
            await visitor.connect()
            await visitor.open("Slices", "n=31")
        assert all(at(process) >= 3 for process in replicas.values())  # they are spread
        sessions = [visitor.session for visitor in visitors]
        assert {visitor.put(FILE, b"1,2") for visitor in visitors} == {ANSWERED}
        for visitor in visitors[:3]:  # a lost connection, and back to the same session
            await visitor.close()
            await again(visitor)
        assert [visitor.session for visitor in visitors] == sessions
        busy = next(iter(replicas.values()))  # one that says nothing for a while keeps its visitors
        busy.send_signal(signal.SIGSTOP)
        await asyncio.sleep(4)
        busy.send_signal(signal.SIGCONT)
        for visitor in visitors:
            assert not (await visitor.ask()).exceptions
        assert [visitor.session for visitor in visitors] == sessions
        dead = next(iter(replicas.values()))
        dead.send_signal(signal.SIGKILL)
        began = time.monotonic()
        lost = []
        for visitor in visitors:
            try:
                assert not (await visitor.ask()).exceptions
            except (OSError, websockets.WebSocketException):
                lost.append(visitor)
        answers = await asyncio.gather(*map(again, lost))
        seconds = time.monotonic() - began
        assert 0 < len(lost) < len(visitors)
        assert all(answer.finished and not answer.exceptions for answer in answers)
        assert all(visitor.query == "n=31" for visitor in visitors)
        for visitor in visitors:
            await visitor.close()
        return seconds

    assert apart(story()) < 5
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(f"{address}/_stcore/metrics")


def test_a_browser_is_back_within_five_seconds_with_its_page_and_told_what_is_lost(behind, visit):
    """In the midst of a race. Where nothing runs the page stays as it is, and the next touch is answered by another."""
    address, replicas = behind
    page = visit(f"{address}/Race?heads=3")
    page.get_by_role("button", name="Run the race").click()
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    dead = max(replicas.values(), key=at)
    dead.send_signal(signal.SIGKILL)
    began = time.monotonic()
    expect(page.get_by_test_id("stToast")).to_contain_text("What is gone: a race")
    page.wait_for_selector(IDLE)
    assert time.monotonic() - began < 5
    assert page.url.endswith("/Race?heads=3")
    expect(page.get_by_role("button", name="Run the race")).to_be_visible()
