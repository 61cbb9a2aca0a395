"""What the server gives to the browser beside Streamlit's own files: plotly.js, out of the installed package.

Nothing is written: app.py hands ROUTES and MIDDLEWARE to the server, which answers from memory. The address has the
version in its name and no process in it, so that the browser keeps what it fetched, and any of several servers can
answer. What a server does when it starts is here too: `lifespan`.
"""

import asyncio
import contextlib
import gc
import gzip
import socket
import sys
import threading
import webbrowser
from collections.abc import AsyncIterator
from functools import cache
from pathlib import Path

import plotly
import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from streamlit.components.v1 import declare_component

from srviz import host
from srviz.ui.kit import ending, metrics, upkeep, uploads

FILE = Path(plotly.__file__).with_name("package_data") / "plotly.min.js"
PLOTLY = f"plotly-{plotly.__version__}.min.js"
CHAPTERS = "srviz.ui.chapters"  # which this room does not know, but has imported before a visitor comes
AHEAD_SECONDS = 1.0  # after the start, which is not to wait
YEAR_SECONDS = 365 * 24 * 3600
HEADERS = {
    "Cache-Control": f"public, max-age={YEAR_SECONDS}, immutable",
    "Vary": "Accept-Encoding",
    "Access-Control-Allow-Origin": "*",
    "X-Content-Type-Options": "nosniff",
}

_routed = threading.Event()  # set once the server of this process has ROUTES


def address() -> str:
    """Where plotly.js is, seen from app/static/ of the server.

    A script that is started without ROUTES gets it from the folder of the package, which Streamlit serves as that of a
    component: then the browser fetches it with every page it loads.
    """
    if _routed.is_set():
        return PLOTLY
    found = declare_component("plotly", path=FILE.parent)
    return f"../../component/{found.name}/{FILE.name}?v={plotly.__version__}"


def _plotly(request: Request) -> Response:
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(_gzipped(), headers=HEADERS | {"Content-Encoding": "gzip"}, media_type="text/javascript")
    return Response(FILE.read_bytes(), headers=HEADERS, media_type="text/javascript")


@cache
def _gzipped() -> bytes:
    """1.5 of 4.8 MB; made once in 0.2 s, since a class of thirty comes at the same moment."""
    return gzip.compress(FILE.read_bytes(), compresslevel=6)


# below any server.baseUrlPath; where Streamlit itself would serve the files that lie in static/ beside app.py
ROUTES = [Route(f"/{{base:path}}app/static/{PLOTLY}", _plotly)]
MIDDLEWARE = [Middleware(ending.Leaving), Middleware(uploads.Bounded)]


def send_at_once() -> None:
    """Let every connection that comes in send what it has at once.

    An answer is many small messages. Without this the system holds all but the first back until the other side has
    confirmed that one, which it may take its time for, 40 ms and more. asyncio asks for it where a socket names TCP as
    its protocol, which the one that Streamlit listens with does not. On Linux and macOS connections take it from there.
    """
    for one in gc.get_objects():
        if type(one) is socket.socket and one.family in (socket.AF_INET, socket.AF_INET6):
            with contextlib.suppress(OSError):  # one that is closed, or not of TCP
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


@contextlib.asynccontextmanager
async def lifespan(app: st.App) -> AsyncIterator[None]:
    """Of the server: `streamlit run` opens the browser, which it leaves out for an app that has routes of its own."""
    _routed.set()
    ending.prepare()
    send_at_once()
    host.few_arenas()
    numbers = metrics.serve()
    looking = None
    if st.get_option("server.fileWatcherType") == "none":  # not while somebody changes the modules
        upkeep.look_seldom()
        looking = asyncio.create_task(upkeep.collect())
        ahead = threading.Timer(AHEAD_SECONDS, upkeep.import_ahead, [CHAPTERS])
        ahead.daemon = True
        ahead.start()
    if not st.get_option("server.headless") and sys.argv[0] == str(app.script_path):
        base = str(st.get_option("server.baseUrlPath")).strip("/")
        threading.Timer(0.3, webbrowser.open, [f"http://localhost:{st.get_option('server.port')}/{base}"]).start()
    yield
    if numbers:
        numbers.server_close()
    if looking:
        looking.cancel()
