"""HAProxy with the configuration of deploy/, before servers of a test."""

import os
import socket
import subprocess
import time
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path

DEPLOY = Path(__file__).parents[1] / "deploy"
BACKEND = "backend replicas from srviz"


def free_port():
    """A port of this machine that nobody listens at."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def ask(port, path, method="GET", body=None, **headers):
    """The answer to a request, read to its end, in `said`."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        answer.said = answer.read()
        return answer


@contextmanager
def proxy(folder, servers, **environment):
    """The port at which it listens. folder: where its log will be. servers: "host:port" of each, or lines of a backend
    that answers by itself.
    """
    lines = [line if " " in line else f"server {place} {line}" for place, line in enumerate(servers)]
    (folder / "replicas.cfg").write_text("\n    ".join([BACKEND, *lines]) + "\n")
    port = free_port()
    own = {"SRVIZ_PORT": f"127.0.0.1:{port}", "SRVIZ_STICKY_KEY": "a key of this test"} | environment
    command = ["haproxy", "-db", "-f", DEPLOY / "haproxy.cfg", "-f", folder / "replicas.cfg"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, env=os.environ | own, stdout=log)
    try:
        for _ in range(100):
            with suppress(OSError, HTTPException):
                if ask(port, f"{own.get('SRVIZ_PATH', '')}/_stcore/health").status < 500:
                    break
            assert process.poll() is None
            time.sleep(0.1)
        yield port
    finally:
        process.kill()
        process.wait()
