"""The numbers for Prometheus."""

import re
import urllib.error
import urllib.request

import pytest

from srviz.ui.kit import metrics
from tests.browser.conftest import free_port

LINE = re.compile(r"^(# (HELP|TYPE) \w+ .+|\w+(\{\w+=\"[^\"]*\"(,\w+=\"[^\"]*\")*\})? -?[\d.e+-]+)$")


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv(metrics.PORT, str(free_port()))
    server = metrics.serve()
    yield server
    server.shutdown()
    server.server_close()


def read(server, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}{path}", timeout=5) as answer:
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        return answer.read().decode()


def test_they_are_told_in_the_format_of_prometheus_and_to_this_machine_alone(server):
    lines = read(server, "/metrics").splitlines()
    assert all(map(LINE.match, lines)), [line for line in lines if not LINE.match(line)]
    values = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    assert float(values["srviz_resident_bytes"]) > 50e6
    assert float(values["srviz_cpu_seconds_total"]) > 0
    assert {"srviz_sessions", "srviz_queue", "srviz_pages_at_work", "srviz_jobs_begun_total"} <= set(values)
    assert server.server_address[0] == "127.0.0.1"
    with pytest.raises(urllib.error.HTTPError, match="404"):
        read(server, "/")


def test_answers_are_a_histogram():
    answers = metrics.Answers()
    for seconds in (0.04, 0.2, 20.0):
        answers.count("line", seconds)
    found = dict(line.rsplit(" ", 1) for line in answers.lines() if not line.startswith("#"))
    counts = [int(found[f'srviz_answer_seconds_bucket{{page="line",le="{bound}"}}']) for bound in metrics.BOUNDS]
    assert counts == [1, 1, 1, 2, 2, 2, 2, 2, 2]
    assert found['srviz_answer_seconds_bucket{page="line",le="+Inf"}'] == "3"
    assert float(found['srviz_answer_seconds_sum{page="line"}']) == pytest.approx(20.24)


@pytest.mark.parametrize("asked", ["x", "-1", "99999999"])
def test_a_port_that_cannot_be_had_is_said_and_ends_nothing(asked, monkeypatch, caplog):
    monkeypatch.setenv(metrics.PORT, asked)
    assert metrics.serve() is None
    assert f"SRVIZ_METRICS_PORT={asked}: the numbers for Prometheus cannot be served" in caplog.text


def test_without_a_port_there_are_none(monkeypatch):
    monkeypatch.delenv(metrics.PORT, raising=False)
    assert metrics.serve() is None
