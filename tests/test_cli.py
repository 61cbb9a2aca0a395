"""The command `srviz`, as far as it goes without a server; tests/browser/test_install.py starts one."""

import runpy
import signal
import sys
from importlib.metadata import PackageNotFoundError

import pytest

from srviz import cli, places
from srviz.measure import bench


@pytest.fixture
def started(monkeypatch):
    """The command lines that Streamlit was started with."""
    lines = []
    monkeypatch.setattr(sys, "argv", ["srviz"])
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(runpy, "run_module", lambda name, **_: lines.append([name, *sys.argv]))
    return lines


@pytest.mark.parametrize(
    ("given", "handed"),
    [
        ([], []),
        (["--port", "8600"], ["--server.port", "8600"]),
        (["--server.address", "0.0.0.0", "--port", "1"], ["--server.port", "1", "--server.address", "0.0.0.0"]),
    ],
)
def test_the_app_is_started(given, handed, started):
    assert cli.main(given) == 0
    assert started == [["streamlit", "streamlit", "run", str(places.HOME / "app.py"), *handed]]
    assert (places.HOME / "app.py").is_file()


def test_numbers_for_prometheus_are_asked_for_by_the_environment(started, monkeypatch):
    monkeypatch.setenv("SRVIZ_METRICS_PORT", "1")
    assert cli.main(["--metrics-port", "9100"]) == 0
    assert cli.os.environ["SRVIZ_METRICS_PORT"] == "9100"
    assert "--metrics-port" not in started[0]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--metrics-port", "0"], "expected a number from 1 to 65535, got 0"),
        (["--port", "0"], "expected a number from 1 to 65535, got 0"),
        (["--port", "x"], "invalid"),
        (["benchmark"], "expected an option or bench, got 'benchmark'"),
    ],
)
def test_a_wrong_argument_is_named(given, said, started, capsys):
    with pytest.raises(SystemExit) as end:
        cli.main(given)
    assert end.value.code == 2
    assert said in capsys.readouterr().err
    assert started == []


def test_help_says_what_there_is(capsys):
    with pytest.raises(SystemExit) as end:
        cli.main(["--help"])
    assert end.value.code == 0
    said = capsys.readouterr().out
    for words in ("--port", "srviz bench", "Streamlit"):
        assert words in said


def test_bench_gets_the_rest(monkeypatch, started):
    seen = []
    monkeypatch.setattr(bench, "main", lambda arguments: seen.append(arguments) or 3)
    assert cli.main(["bench", "--quick", "--port", "8"]) == 3
    assert seen == [["--quick", "--port", "8"]]
    assert started == []


def test_what_is_missing_is_named(monkeypatch, started, capsys):
    lines = [
        "torch>=2.4",
        'streamlit<2,>=1.67; extra == "app"',
        "no-such.thing>=1; extra == 'app'",
        'nor; extra == "dev"',
    ]
    monkeypatch.setattr(cli, "requires", lambda _: lines)
    assert cli.main([]) == 1
    said = capsys.readouterr().err
    assert (
        said == 'The app needs no-such.thing, not installed here. What it needs comes with: pip install "srviz[app]"\n'
    )
    assert started == []


def test_a_checkout_has_no_metadata(monkeypatch, started):
    def requires(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr(cli, "requires", requires)
    assert cli.main([]) == 0
    monkeypatch.setattr(cli, "_present", lambda name: name != "streamlit")
    assert cli.main([]) == 1
    assert len(started) == 1
