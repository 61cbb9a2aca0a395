"""Servers without the seconds that imports take: this process has imported what is heavy, and forks for each.

It reads an order from every line of standard input, {"script", "port", "base", "said", "environment"}, starts such a
server in a child, and writes the child's number. A child has shown nothing yet and knows no session. What it imports of
the app itself it imports by itself, as any server; what it says goes to the file `said`.
"""

import json
import os
import signal
import sys
from functools import cache
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).parents[2]
HEAVY = ("torch", "streamlit.web.cli", "scipy.spatial", "pandas", "plotly.graph_objects", "PIL.Image")


def serve(order):
    """Become `streamlit run` of the script."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    nowhere = os.open(os.devnull, os.O_RDONLY)
    said = os.open(order["said"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream, file in enumerate((nowhere, said, said)):
        os.dup2(file, stream)
    os.environ |= {"PYTHONPATH": str(ROOT)} | order["environment"]
    where = ["--server.port", order["port"], "--server.address", "127.0.0.1", "--server.headless", "true"]
    where += ["--server.baseUrlPath", order["base"].strip("/")] if order["base"] else []
    sys.argv = ["streamlit", "run", order["script"], *where]
    import_module("streamlit.web.cli").main()


def main():
    sys.path.insert(0, str(ROOT))
    for name in HEAVY:
        import_module(name)
    from streamlit.components.v2 import manifest_scanner as scanner

    scanner.scan_component_manifests = cache(scanner.scan_component_manifests)  # it looks through all that is installed
    scanner.scan_component_manifests()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # children that end are not waited for
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            serve(json.loads(line))
            os._exit(0)
        print(child, flush=True)


if __name__ == "__main__":
    main()
