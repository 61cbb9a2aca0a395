"""A server and a real browser. Without a browser the tests are skipped, under CI=true they fail."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

ROOT = Path(__file__).parents[2]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
expect.set_options(timeout=20_000)  # two slow cores full of browsers, and WebGL in software
IDLE = "[data-testid=stApp][data-test-script-state=notRunning]"
# a deep link makes Streamlit probe two addresses under the page's own path; their 404s are harmless
HARMLESS = re.compile(r"/[^/]+/_stcore/(health|host-config)$|/favicon")


def pytest_collection_modifyitems(items):
    for item in items:
        if "browser" in Path(item.fspath).parent.name:
            item.add_marker("browser")


def chromium():
    usual = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
    names = [os.environ.get("CHROMIUM", ""), *usual]
    return next((found for found in map(shutil.which, filter(None, names)) if found), None)


@contextmanager
def running_server(script="app.py"):
    """`streamlit run app.py` as a visitor would meet it: (address, process)."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", script, "--server.port", str(port)]
    command += ["--server.address", "127.0.0.1", "--server.headless", "true"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{address}/_stcore/health", timeout=1).close()
                break
            except OSError:
                assert process.poll() is None, process.stdout.read().decode()
                time.sleep(0.1)
        yield address, process
    finally:
        process.terminate()
        process.communicate(timeout=20)


@pytest.fixture(scope="session")
def server():
    with running_server() as (address, _):
        yield address


@pytest.fixture
def fresh_server():
    """A server that has shown nothing yet: (address, process)."""
    with running_server() as server:
        yield server


@pytest.fixture(scope="module")
def figures_server():
    """A page of live figures, for the promises that no page of the course needs all of."""
    with running_server("tests/browser/apps/figures.py") as (address, _):
        yield address


@pytest.fixture
def settled():
    """Wait until the script of a page is idle."""
    return lambda page: page.wait_for_selector(IDLE)


@pytest.fixture(scope="session")
def browser():
    path = chromium()
    if path is None:
        if os.environ.get("CI") == "true":
            pytest.fail("no Chromium on the PATH, and none in CHROMIUM")
        pytest.skip("no Chromium on the PATH, and none in CHROMIUM")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def context_of(browser):
    """A profile for each set of options. Tests share it, so that Streamlit and plotly.js are fetched once."""
    contexts = {}

    def context(options):
        key = repr(sorted(options.items()))
        if key not in contexts:
            contexts[key] = browser.new_context(**options)
        return contexts[key]

    yield context
    for one in contexts.values():
        one.close()


@pytest.fixture
def visit(context_of):
    """Open an address; whatever goes wrong in the browser fails the test at its end."""
    pages, problems = [], []

    def open_(address, *, width=1440, height=900, asked=None, **options):
        """asked: a list that gets the address of all that the page fetches."""
        page = context_of(options).new_page()
        pages.append(page)
        page.set_viewport_size({"width": width, "height": height})
        page.set_default_timeout(30_000)

        def hear(message):
            if message.type == "error" and not HARMLESS.search(message.location.get("url", "")):
                problems.append(message.text)

        page.on("console", hear)
        page.on("pageerror", lambda error: problems.append(str(error)))
        if asked is not None:
            page.on("request", lambda request: asked.append(request.url))
        page.goto(address)
        page.wait_for_selector(IDLE)
        return page

    yield open_
    for page in (page for page in pages if not page.is_closed()):
        page.evaluate("localStorage.clear()")  # what one test leaves in the profile is not the next one's
        page.close()
    assert not problems
