"""The command `srviz`: it starts the app, or runs the benchmark."""

import argparse
import os
import re
import runpy
import signal
import sys
from importlib.metadata import PackageNotFoundError, requires, version

from srviz import host, places

DESCRIPTION = """\
Start the app that shows sliced ReLU attention at work, in the browser. It needs no network.

srviz bench [OPTIONS] runs the benchmark instead; srviz bench --help says what it can do."""
EPILOG = """\
Any other option is handed to Streamlit, such as --server.address 0.0.0.0 or --server.headless true;
streamlit run --help lists them. Ctrl+C stops the app."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command with these arguments, those of the command line where there are none; return its exit status."""
    given = sys.argv[1:] if arguments is None else arguments
    if given[:1] == ["bench"]:
        from srviz.measure import bench  # with torch, which takes seconds

        return bench.main(given[1:])
    ask = argparse.ArgumentParser(
        prog="srviz",
        usage="srviz [--port PORT] [--metrics-port PORT] [STREAMLIT OPTIONS]\n       srviz bench [OPTIONS]",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    ask.add_argument("--port", type=_port, help="the port of the app (8501, or the next that is free)")
    ask.add_argument(
        "--metrics-port", type=_port, help="a port of this machine with numbers for Prometheus, at /metrics"
    )
    chosen, others = ask.parse_known_args(given)
    if others and not others[0].startswith("--"):
        ask.error(f"expected an option or bench, got {others[0]!r}")
    missing = _missing()
    if missing:
        print(
            f"The app needs {', '.join(missing)}, not installed here. What it needs comes with: "
            'pip install "srviz[app]"',
            file=sys.stderr,
        )
        return 1
    if lacking := host.lacking_addresses():
        print(lacking, file=sys.stderr)
        return 1
    if chosen.metrics_port is not None:
        os.environ["SRVIZ_METRICS_PORT"] = str(chosen.metrics_port)
    port = [] if chosen.port is None else ["--server.port", str(chosen.port)]
    sys.argv = ["streamlit", "run", str(places.HOME / "app.py"), *port, *others]
    signal.signal(signal.SIGINT, lambda *_: sys.exit(0))  # Ctrl+C, which the server passes on when it has stopped
    runpy.run_module("streamlit", run_name="__main__", alter_sys=True)  # it ends by SystemExit
    return 0


def _port(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 65535:
        raise argparse.ArgumentTypeError(f"expected a number from 1 to 65535, got {text}")
    return number


def _missing() -> list[str]:
    """The distributions of the extra "app" that are not installed."""
    try:
        needed = [line for line in requires("srviz") or [] if re.search(r"extra == .app.", line)]
    except PackageNotFoundError:  # a checkout, which has no metadata
        needed = ["streamlit"]
    names = [re.split(r"[^\w.-]", line, maxsplit=1)[0] for line in needed]
    return [name for name in names if not _present(name)]


def _present(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True
