"""A server and a real browser. Without a browser the tests are skipped, under CI=true they fail."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import expect, sync_playwright

from tests.proxy import free_port

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
def running_server():
    """`streamlit run app.py` as a visitor would meet it: (address, process)."""
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    command += ["--server.address", "127.0.0.1", "--server.headless", "true"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until_healthy(address, lambda: process.poll() is None or process.stdout.read().decode())
        yield address, process
    finally:
        process.terminate()
        process.communicate(timeout=20)


def wait_until_healthy(address, runs):
    """Wait for a server to answer. runs: True while it does, else what it said at its end."""
    for _ in range(600):
        try:
            urllib.request.urlopen(f"{address}/_stcore/health", timeout=1).close()
            return
        except OSError:
            said = runs()
            assert said is True, said
            time.sleep(0.1)
    raise AssertionError("no server within a minute")


@pytest.fixture(scope="session")
def start(tmp_path_factory):
    """How to start a server without the seconds that imports take; see zygote.py.

    start(script, port, base, **environment) is for a `with`, and gives its address and its process. What the server
    says is in `process.said`, a file.
    """
    program = str(Path(__file__).with_name("zygote.py"))
    pipe = subprocess.PIPE
    places = tmp_path_factory.mktemp("servers")

    @contextmanager
    def start(script="app.py", port=None, base="", **environment):
        port = port or free_port()
        said = places / f"{port}-{time.monotonic_ns()}"
        order = {"script": script, "port": str(port), "base": base, "said": str(said), "environment": environment}
        zygote.stdin.write(f"{json.dumps(order)}\n".encode())
        zygote.stdin.flush()
        process = psutil.Process(int(zygote.stdout.readline()))
        process.said = said
        address = f"http://127.0.0.1:{port}{base}"
        try:
            wait_until_healthy(address, lambda: process.is_running() or said.read_text())
            yield address, process
        finally:
            with suppress(psutil.NoSuchProcess):
                process.terminate()
            process.wait(timeout=20)

    with subprocess.Popen([sys.executable, program], cwd=ROOT, stdin=pipe, stdout=pipe) as zygote:
        yield start
        zygote.stdin.close()


@pytest.fixture(scope="session")
def server(start):
    with start() as (address, _):
        yield address


@pytest.fixture
def fresh_server():
    """A server that has shown nothing yet and imported nothing yet: (address, process)."""
    with running_server() as server:
        yield server


@pytest.fixture(scope="session")
def fresh_port():
    """Where servers listen one after the other, so that the browser knows Streamlit's own files from the one before."""
    return free_port()


@pytest.fixture
def forked_server(start, fresh_port):
    """A server that has shown nothing yet, with what is heavy imported already: (address, process)."""
    with start(port=fresh_port) as server:
        yield server


@pytest.fixture(scope="module")
def figures_server(start):
    """A page of live figures, for the promises that no page of the course needs all of."""
    with start("tests/browser/apps/figures.py") as (address, _):
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
def tabs(browser):
    """What lends tabs: of the profile that a set of options makes, one that an earlier test left, or a new one.

    A tab that is used again has Streamlit and plotly.js compiled, which takes more time than most pages do.
    """
    contexts, left = {}, {}

    def lend(options):
        key = repr(sorted(options.items()))
        if key not in contexts:
            contexts[key] = browser.new_context(**options)
        idle = left.setdefault(key, [])
        page = idle.pop() if idle else contexts[key].new_page()
        return page, idle

    yield lend
    for one in contexts.values():
        one.close()


@pytest.fixture
def visit(tabs):
    """Open an address; whatever goes wrong in the browser fails the test at its end."""
    lent, problems = [], []

    def hear(message):
        if message.type == "error" and not HARMLESS.search(message.location.get("url", "")):
            problems.append(message.text)

    def fail(error):
        problems.append(str(error))

    def open_(address, *, width=1440, height=900, asked=None, **options):
        """asked: a list that gets the address of all that the page fetches."""

        def ask(request):
            asked.append(request.url)

        page, idle = tabs(options)
        hears = {"console": hear, "pageerror": fail} | ({} if asked is None else {"request": ask})
        lent.append((page, idle, hears, options.get("color_scheme", "light")))
        page.set_viewport_size({"width": width, "height": height})
        page.set_default_timeout(30_000)
        for what, listener in hears.items():
            page.on(what, listener)
        page.goto(address)
        page.wait_for_selector(IDLE)
        return page

    yield open_
    for page, idle, hears, scheme in lent:
        if page.is_closed():
            continue
        page.evaluate("localStorage.clear(), sessionStorage.clear()")  # what one test leaves is not the next one's
        for what, listener in hears.items():
            page.remove_listener(what, listener)
        page.emulate_media(color_scheme=scheme)
        page.mouse.move(0, 0)
        page.goto("about:blank")
        idle.append(page)
    assert not problems
