"""The end of the server at SIGTERM, as a host sends it: what is being answered is answered first.

Streamlit's server closes every connection at once, which ends the scripts of their pages wherever they are. Here it
hears of the signal when no page has been at work for a moment, or after ANSWER_SECONDS, which only a race or a
training outlasts. Their processes end with their pages (`srviz.jobs`). Meanwhile it says that it is not well, so that
a proxy sends nobody new. Whoever is connected comes back by themselves, to another replica where there is one, and
finds the page by its link.
"""

import asyncio
import os
import re
import signal
import threading
from types import FrameType
from typing import Any

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import runtime
from streamlit.runtime.app_session import AppSessionState

ANSWER_SECONDS = 5.0  # for the answers that are being made
CLOSE_SECONDS = 3.0  # for the connections to close after that; then the process ends as it is
# without work: the last message of an answer is sent by then, and what was asked just before is heard
SENT_SECONDS = 0.6
HEALTH = re.compile(r"/_stcore/health$")
GONE = 404  # a proxy that is told so leaves those who are there with the server, as deploy/haproxy.cfg has it

_ends = threading.Event()  # set once the server is to end


class Leaving:
    """What every request to the server goes through; it answers for the health of a server that is to end."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or say that there will soon be nobody here."""
        leaving = _ends.is_set() and scope["type"] == "http" and HEALTH.search(scope["path"])
        answer = PlainTextResponse("", GONE) if leaving else self._app
        await answer(scope, receive, send)


def at_work() -> int:
    """The sessions of this server whose page is being computed now."""
    if not runtime.exists():
        return 0
    sessions = runtime.get_instance()._session_mgr.list_active_sessions()
    return sum(one.session._state is AppSessionState.APP_IS_RUNNING for one in sessions)


def prepare() -> None:
    """Take over SIGTERM from the server, which has its own way with it by now; call this in its event loop."""
    if threading.current_thread() is not threading.main_thread():  # of another program, which has its own signals
        return
    servers: Any = signal.getsignal(signal.SIGTERM)
    if not callable(servers):
        return
    loop = asyncio.get_running_loop()
    tasks: list[asyncio.Task[None]] = []

    async def answer_first() -> None:
        ends, since = loop.time() + ANSWER_SECONDS, loop.time()
        while loop.time() < min(ends, since + SENT_SECONDS):
            await asyncio.sleep(0.05)
            if at_work():
                since = loop.time()
        servers(signal.SIGTERM, None)

    def begin() -> None:
        if tasks:  # it is asked a second time: at once, then
            servers(signal.SIGTERM, None)
        else:
            _ends.set()
            tasks.append(loop.create_task(answer_first()))
            last = threading.Timer(ANSWER_SECONDS + CLOSE_SECONDS, os._exit, [0])
            last.daemon = True
            last.start()

    def heard(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(begin)

    signal.signal(signal.SIGTERM, heard)
