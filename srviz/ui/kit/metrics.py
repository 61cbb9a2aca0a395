"""Numbers about this server for Prometheus, on a port of their own: SRVIZ_METRICS_PORT, or `srviz --metrics-port`.

They are written by hand in Prometheus's text format, which is a few lines: a client library would keep counters of its
own, and all that is told here is known already. Whoever may read them is decided by the address, which is this
machine's own unless SRVIZ_METRICS_ADDRESS names another. A page has no part in it, so that it is answered under load.
"""

import logging
import os
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from streamlit import runtime

from srviz import host
from srviz.jobs import LOCAL
from srviz.ui.kit import WORDS, ending, work

PORT, ADDRESS = "SRVIZ_METRICS_PORT", "SRVIZ_METRICS_ADDRESS"
BOUNDS = (0.05, 0.1, 0.15, 0.3, 0.5, 1.0, 1.5, 3.0, 10.0)  # seconds of an answer
TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Answers:
    """How many answers of each page were given, and in how many seconds. Safe between the threads of sessions."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: dict[str, list[float]] = {}

    def count(self, page: str, seconds: float) -> None:
        """One more; the pages are those of the course, so that this does not grow."""
        with self._lock:
            of = self._found.setdefault(page, [0.0] * (len(BOUNDS) + 2))
            of[-1] += seconds
            of[-2] += 1
            for place, bound in enumerate(BOUNDS):
                of[place] += seconds <= bound

    def lines(self) -> Iterator[str]:
        """As a histogram."""
        with self._lock:
            found = {page: list(of) for page, of in self._found.items()}
        yield f"# HELP srviz_answer_seconds {WORDS('metrics.answer_seconds')}"
        yield "# TYPE srviz_answer_seconds histogram"
        for page, (*counts, count, total) in sorted(found.items()):
            for bound, at_most in zip(BOUNDS, counts, strict=True):
                yield f'srviz_answer_seconds_bucket{{page="{page}",le="{bound}"}} {at_most:g}'
            yield f'srviz_answer_seconds_bucket{{page="{page}",le="+Inf"}} {count:g}'
            yield f'srviz_answer_seconds_sum{{page="{page}"}} {total:.6f}'
            yield f'srviz_answer_seconds_count{{page="{page}"}} {count:g}'


ANSWERS = Answers()  # of this process; a count is nobody's secret


def text() -> str:
    """All numbers, as Prometheus reads them."""
    spent = os.times()
    resident = _resident()
    told = [
        ("sessions", "gauge", _sessions()),
        ("pages_at_work", "gauge", ending.at_work()),
        ("queue", "gauge", work.waiting()),
        ("jobs_begun_total", "counter", LOCAL.begun),
        ("cpu_seconds_total", "counter", spent.user + spent.system),
        ("jobs_cpu_seconds_total", "counter", spent.children_user + spent.children_system),
        ("resident_bytes", "gauge", resident),
        ("memory_available_bytes", "gauge", host.available()),
        ("start_time_seconds", "gauge", BEGAN),
    ]
    lines = []
    for name, kind, value in told:
        if value is not None:
            says = WORDS(f"metrics.{name}")
            lines += [f"# HELP srviz_{name} {says}", f"# TYPE srviz_{name} {kind}", f"srviz_{name} {value:.12g}"]
    return "\n".join([*lines, *ANSWERS.lines()]) + "\n"


BEGAN = time.time()


def _sessions() -> int:
    return len(runtime.get_instance()._session_mgr.list_active_sessions()) if runtime.exists() else 0


def _resident() -> int | None:
    try:
        return host.status("VmRSS")
    except OSError:  # the system does not say
        return None


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """The numbers, at /metrics and nowhere else."""
        if self.path.partition("?")[0] != "/metrics":
            self.send_error(404)
            return
        told = text().encode()
        self.send_response(200)
        self.send_header("Content-Type", TYPE)
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    def log_message(self, *_: object) -> None:
        """Nothing is written for each reading."""


def serve() -> ThreadingHTTPServer | None:
    """Begin to tell, if a port is named. A port that cannot be had is said in the log, and the app goes on."""
    asked = os.environ.get(PORT, "")
    log = logging.getLogger(__name__)
    if not asked:
        return None
    try:
        server = ThreadingHTTPServer((os.environ.get(ADDRESS) or "127.0.0.1", int(asked)), _Page)
    except (OSError, ValueError, OverflowError) as error:
        log.error("%s=%s: the numbers for Prometheus cannot be served: %s", PORT, asked, error)
        return None
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
    return server
