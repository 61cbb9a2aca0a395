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
# two slow cores full of browsers, WebGL in software, and work in a process that first has to import torch
expect.set_options(timeout=40_000)
IDLE = "[data-testid=stApp][data-test-script-state=notRunning]"
# a deep link makes Streamlit probe two addresses under the page's own path; their 404s are harmless
HARMLESS = re.compile(r"/[^/]+/_stcore/(health|host-config)$|/favicon")


def pytest_collection_modifyitems(items):
    for item in items:
        if "browser" in Path(item.fspath).parent.name:
            item.add_marker("browser")


def chromium():
    names = [os.environ.get("CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
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


@pytest.fixture
def visit(browser):
    """Open an address; whatever goes wrong in the browser fails the test at its end."""
    contexts, problems = [], []

    def open_(address, *, width=1440, height=900, **options):
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)

        def hear(message):
            if message.type == "error" and not HARMLESS.search(message.location.get("url", "")):
                problems.append(message.text)

        page.on("console", hear)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(address)
        page.wait_for_selector(IDLE)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert not problems
