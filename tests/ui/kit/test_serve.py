"""What the server answers when the browser asks for plotly.js, how it sends, and when it opens a browser."""

import gzip
import socket

import pytest
import streamlit as st
from plotly.offline import get_plotlyjs
from starlette.requests import Request
from starlette.routing import Match
from streamlit.web.server.starlette import starlette_server

from srviz.ui.kit import serve


def answer(path, **headers):
    scope = {"type": "http", "method": "GET", "path": path, "root_path": ""}
    scope["headers"] = [(name.encode(), value.encode()) for name, value in headers.items()]
    [route] = serve.ROUTES
    matched, _ = route.matches(scope)
    return route.endpoint(Request(scope)) if matched is Match.FULL else None


@pytest.mark.parametrize("base", ["", "/base", "/a/base/of/two"])
def test_plotly_comes_from_the_package_below_any_base(base):
    plain = answer(f"{base}/app/static/{serve.PLOTLY}")
    assert plain.body.decode() == get_plotlyjs()
    assert "content-encoding" not in plain.headers
    zipped = answer(f"{base}/app/static/{serve.PLOTLY}", **{"accept-encoding": "gzip, br"})
    assert zipped.headers["content-encoding"] == "gzip"
    assert gzip.decompress(zipped.body) == plain.body
    for response in (plain, zipped):
        assert "immutable" in response.headers["cache-control"]
        assert response.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize("path", ["/app/static/plotly-0.0.0.min.js", "/app/static/", f"/app/static/{serve.PLOTLY}/x"])
def test_nothing_else_is_served(path):
    assert answer(path) is None


def test_without_routes_the_address_is_that_of_a_component(monkeypatch):
    monkeypatch.setattr(serve, "_routed", serve.threading.Event())
    assert serve.address().startswith("../../component/srviz.ui.kit.serve.plotly/plotly.min.js?v=")
    serve._routed.set()
    assert serve.address() == serve.PLOTLY


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_what_streamlit_listens_with_lets_every_connection_send_at_once(address):
    try:
        listening = starlette_server._bind_socket(address, 0, 1)
    except OSError:
        pytest.skip("there is no such address here")
    with listening:
        serve.send_at_once()
        listening.setblocking(True)
        with socket.create_connection(listening.getsockname()[:2]) as near, listening.accept()[0] as far:
            far.sendall(b"x")
            assert near.recv(1) == b"x"
            assert far.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.parametrize(
    ("headless", "argument", "opened"),
    [
        (False, "app.py", ["http://localhost:8600/base"]),
        (True, "app.py", []),
        (False, "uvicorn", []),
    ],
)
def test_the_browser_is_opened_by_streamlit_run_alone(headless, argument, opened, monkeypatch):
    options = {"server.headless": headless, "server.port": 8600, "server.baseUrlPath": "/base/"}
    seen = []

    class Timer:
        def __init__(self, _seconds, function, arguments):
            self.call = lambda: function(*arguments)

        def start(self):
            self.call()

    monkeypatch.setattr(serve.st, "get_option", options.get)
    monkeypatch.setattr(serve.sys, "argv", [argument])
    monkeypatch.setattr(serve.threading, "Timer", Timer)
    monkeypatch.setattr(serve.webbrowser, "open", seen.append)
    monkeypatch.setattr(serve, "_routed", serve.threading.Event())
    entered = serve.lifespan(st.App("app.py")).__aenter__()
    with pytest.raises(StopIteration):
        entered.send(None)
    assert seen == opened
    assert serve._routed.is_set()
