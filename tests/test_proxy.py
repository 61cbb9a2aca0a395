"""What the proxy of deploy/ lets through, and to whom, before servers that say what they were asked."""

import json
import shutil
import socket
import ssl
import subprocess
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import streamlit

from tests.proxy import ask, free_port, proxy

pytestmark = pytest.mark.skipif(shutil.which("haproxy") is None, reason="HAProxy is not installed (apt: haproxy)")
HERE = "http-request return status 200 content-type text/plain string here"  # a backend that answers by itself
HEALTH = "/_stcore/health"
UPLOAD = "/_stcore/upload_file/session/file"
STATIC = Path(streamlit.__file__).with_name("static")
OTHERS = ("/Race", "/Race/_stcore/health", "/Race/_stcore/host-config", HEALTH, "/_stcore/host-config",
          "/_stcore/stream", "/media/logo.svg", "/app/static/plotly.min.js")  # fmt: skip


@contextmanager
def replica():
    """A server that answers with its port and the scheme that it was told: ("host:port", the paths asked of it, and
    what it says of its health, a list of one status).
    """
    paths, health = [], [200]

    class Answer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            if self.path != HEALTH:
                paths.append(self.path)
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            said = f"{self.server.server_port} {self.headers.get('X-Forwarded-Proto')}".encode()
            self.send_response(health[0] if self.path == HEALTH else 200)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        do_PUT = do_GET

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        server.handle_error = lambda *_: None  # the proxy may hang up on an answer about health
        Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"127.0.0.1:{server.server_port}", paths, health
        server.shutdown()


@pytest.mark.parametrize(
    "path",
    [
        "/_stcore/metrics",
        "/_stcore/%6detrics",
        "/_stcore%2Fmetrics",
        "/below/%5fstcore/metric%73",
        "/_stcore/metrics?a",
    ],
)
def test_numbers_are_told_to_nobody_however_they_are_asked_for(path, tmp_path):
    with replica() as (server, paths, _), proxy(tmp_path, [server]) as port:
        assert ask(port, path).status == 404
        assert ask(port, "/Race").status == 200
        assert paths == ["/Race"]


def test_uploads_are_counted_however_they_are_written(tmp_path):
    ways = [UPLOAD, UPLOAD.replace("_file", "%5Ffile"), UPLOAD.replace("/upload", "%2f%75pload")]
    with proxy(tmp_path, [HERE], SRVIZ_UPLOADS="3") as port:
        assert [ask(port, way, "PUT", b"1").status for way in ways * 2] == [200] * 3 + [429] * 3
        assert ask(port, "/_stcore/upload%5zfile/a/b", "PUT", b"1").status == 400  # which means nothing
        assert ask(port, "/Race").status == 200


def test_requests_are_counted_but_for_files_of_the_framework(tmp_path):
    with proxy(tmp_path, [HERE], SRVIZ_RATE="10", SRVIZ_PATH="/below") as port:
        statuses = [ask(port, "/below/static/index.js").status for _ in range(30)]
        statuses += [ask(port, "/below/Race").status for _ in range(5)]
        assert set(statuses) == {200}
        assert [ask(port, "/below/static/x", "PUT").status for _ in range(10)][-1] == 429
        assert ask(port, "/below/Race").status == 429


def test_a_class_of_a_hundred_behind_one_address_may_come_at_once_and_send_files(tmp_path):
    """All that a first visit loads, a hundred times, within the seconds that are counted together."""
    files = [f"/static/{path.relative_to(STATIC).as_posix()}" for path in STATIC.rglob("*.js")][:130]
    one = "".join(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n" for path in (*OTHERS, *files))
    sent = f"PUT {UPLOAD} HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n1"
    with proxy(tmp_path, [HERE]) as port:
        began = time.monotonic()
        for _ in range(100):
            with socket.create_connection(("127.0.0.1", port)) as visitor:
                visitor.sendall(f"{one}{3 * sent}GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
                said = b"".join(iter(lambda: visitor.recv(1 << 16), b""))
            assert said.count(b"HTTP/1.1 200 OK") == len(OTHERS) + len(files) + 4
        assert time.monotonic() - began < 10


def test_a_line_of_the_log_is_json(tmp_path):
    with proxy(tmp_path, [HERE]) as port:
        ask(port, '/Race?a="b"')
        ask(port, "/_stcore/metrics")
        for _ in range(100):  # a line is written once its answer is over
            lines = [
                json.loads(line) for line in (tmp_path / "log").read_text().split("\n")[:-1] if line.startswith("{")
            ]
            if {"/Race", "/_stcore/metrics"} <= {one["path"] for one in lines}:
                break
            time.sleep(0.1)
    asked, refused = (next(one for one in lines if one["path"] == path) for path in ("/Race", "/_stcore/metrics"))
    assert set(asked) == {"time", "client", "method", "path", "replica", "status", "bytes", "ms", "end"}
    assert (asked["client"], asked["method"], asked["status"], refused["status"]) == ("127.0.0.1", "GET", 200, 404)
    assert set(asked["ms"]) == {"request", "queue", "connect", "answer", "all"}


def test_a_visitor_stays_with_a_replica_that_leaves_and_nobody_new_comes_to_it(tmp_path):
    with replica() as (first, _, health), replica() as (second, _, _), proxy(tmp_path, [first, second]) as port:
        met = {}
        while len(met) < 2:
            answer = ask(port, "/")
            met.setdefault(answer.said.split()[0].decode(), answer.headers["Set-Cookie"])
        cookie = met[first[-5:].lstrip(":")]
        name, _, attributes = cookie.partition(";")
        assert "HttpOnly" in attributes
        assert "SameSite=Lax" in attributes
        health[0] = 404
        ends = time.monotonic() + 20
        while any(first.endswith(ask(port, "/").said.split()[0].decode()) for _ in range(4)):
            assert time.monotonic() < ends
            time.sleep(0.1)
        assert all(first.endswith(ask(port, "/", Cookie=name).said.split()[0].decode()) for _ in range(4))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A file of a certificate and its key, for nobody's name."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("certificate")
    make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    made = [*make, "-subj", "/CN=a", "-days", "2", "-keyout", folder / "key", "-out", folder / "certificate"]
    subprocess.run(made, check=True, capture_output=True)
    (folder / "site.pem").write_text((folder / "certificate").read_text() + (folder / "key").read_text())
    return folder / "site.pem"


@pytest.mark.parametrize(
    ("host", "outside", "target"),
    [
        ("a.example", "", "https://a.example/Race?n=3"),
        ("a.example:80", "443", "https://a.example/Race?n=3"),
        ("a.example:19080", "19443", "https://a.example:19443/Race?n=3"),
        ("[::1]:19080", "19443", "https://[::1]:19443/Race?n=3"),
    ],
)
def test_tls_is_where_visitors_are_redirected_to(host, outside, target, certificate, tmp_path):
    inside = free_port()
    own = {"SRVIZ_TLS_PORT": f"127.0.0.1:{inside}", "SRVIZ_CERT": str(certificate)}
    own |= {"SRVIZ_HTTPS": outside} if outside else {}
    with replica() as (server, paths, _), proxy(tmp_path, [server], **own) as port:
        answer = ask(port, "/Race?n=3", Host=host)
        assert (answer.status, answer.headers["Location"], paths) == (308, target, [])
        context = ssl.create_default_context(cafile=certificate)
        context.check_hostname = False
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        with context.wrap_socket(socket.create_connection(("127.0.0.1", inside))) as visitor:
            visitor.sendall(b"GET /Race HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            said = b"".join(iter(lambda: visitor.recv(1 << 16), b"")).decode()
        assert said.startswith("HTTP/1.1 200")
        assert said.endswith(" https")
        assert ("strict-transport-security: max-age=" in said.lower()) is (outside in ("", "443"))
