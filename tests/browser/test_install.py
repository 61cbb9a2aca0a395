"""The wheel: built, installed where nothing may be written, and started from some other folder."""

import ctypes
import gzip
import os
import platform
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import time
import urllib.request
import venv
import zipfile
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import pytest
from playwright.sync_api import expect

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(os.name == "nt", reason="permissions of files are set by chmod")
PLOTLY = f"app/static/plotly-{version('plotly')}.min.js"
SOURCES = ["app.py", "pages", "assets", ".streamlit", "srviz", "pyproject.toml", "setup.py", "MANIFEST.in", "README.md"]
SENT = "performance.getEntriesByType('resource').filter(e => e.name.includes('plotly')).map(e => e.transferSize)"
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
ALONE = ["--no-build-isolation", "--no-deps", "--no-index"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where all of this happens."""
    place = tmp_path_factory.mktemp("install")
    yield place
    subprocess.run(["chmod", "-R", "u+w", place], check=True)


@pytest.fixture(scope="module")
def wheel(folder):
    """Built from the source distribution, which thereby is seen to be complete."""
    source = folder / "source"
    source.mkdir()
    for name in [*SOURCES, "LICENSE", "CITATION.cff", "CHANGELOG.md", "CONTRIBUTING.md"]:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
        copy(ROOT / name, source / name)
    build = "from setuptools.build_meta import build_sdist; build_sdist('..')"
    subprocess.run([sys.executable, "-c", build], cwd=source, check=True, capture_output=True)
    shutil.rmtree(source)
    [packed] = folder.glob("*.tar.gz")
    subprocess.run([*PIP, "wheel", *ALONE, "--wheel-dir", folder, packed], check=True, capture_output=True)
    [built] = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def command(wheel, folder):
    """The command srviz of a virtual environment that borrows the other packages; nothing in it is writable."""
    place = folder / "venv"
    venv.create(place, symlinks=True)
    paths = sysconfig.get_paths(vars={"base": str(place), "platbase": str(place)}, scheme="venv")
    Path(paths["purelib"], "borrowed.pth").write_text(sysconfig.get_path("purelib"))
    subprocess.run(
        [*PIP, "--python", place / "bin" / "python", "install", "--no-deps", "--no-index", wheel], check=True
    )
    subprocess.run(["chmod", "-R", "a-w", place], check=True)
    return place / "bin" / "srviz"


def bound():
    """What makes root, too, keep to the permissions of files, as everybody else does; empty where it is not needed."""
    if os.getuid() != 0:
        return []
    less = "-dac_override,-dac_read_search"
    without = ["setpriv", f"--inh-caps={less}", f"--bounding-set={less}"]
    works = shutil.which("setpriv") and subprocess.run([*without, "true"], capture_output=True).returncode == 0
    return without if works else []


@contextmanager
def running(command, base="", **environment):
    """The app, started from an empty folder and mounted at base: its address."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    place = command.parents[2] / f"elsewhere-{port}"
    place.mkdir()
    inherited = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "XDG_CACHE_HOME")}
    line = [*bound(), command, "--port", str(port), "--server.address", "127.0.0.1", "--server.headless", "true"]
    process = subprocess.Popen(
        [*line, "--server.baseUrlPath", base],
        cwd=place,
        env=inherited | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    address = f"http://127.0.0.1:{port}{base}"
    try:
        for attempt in range(600):
            try:
                urllib.request.urlopen(f"{address}/_stcore/health", timeout=1).close()
                break
            except OSError:
                assert process.poll() is None, process.stdout.read().decode()
                assert attempt < 599, "the app did not start within a minute"
                time.sleep(0.1)
        yield address
    finally:
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=20)[0].decode()
    assert process.returncode == 0
    assert list(place.iterdir()) == []
    assert "Traceback" not in said
    assert "WARNING" not in said


def tree(place):
    return {path: path.lstat().st_mtime_ns for path in place.rglob("*")}


def files(place):
    """The files of the checkout in this folder, but for byte-code."""
    found = [path for path in (ROOT / place).rglob("*") if path.is_file() and path.suffix != ".pyc"]
    return {path.relative_to(ROOT).as_posix() for path in found}


def test_the_wheel_has_all_and_no_more(wheel):
    with zipfile.ZipFile(wheel) as packed:
        names = packed.namelist()
        [metadata] = (packed.read(name).decode() for name in names if name.endswith(".dist-info/METADATA"))
        [commands] = (packed.read(name).decode() for name in names if name.endswith("entry_points.txt"))
    app = {name.removeprefix("srviz/app/") for name in names if name.startswith("srviz/app/")}
    tracked = [path for place in ("pages", "assets", ".streamlit") for path in (ROOT / place).rglob("*")]
    wanted = {
        path.relative_to(ROOT).as_posix() for path in tracked if path.is_file() and path.suffix not in (".png", ".pyc")
    }
    assert app == wanted | {"app.py"}
    package = [path for path in (ROOT / "srviz").rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert {path.relative_to(ROOT).as_posix() for path in package} <= set(names)
    assert {name.split("/")[0] for name in names} == {"srviz", f"srviz-{wheel.name.split('-')[1]}.dist-info"}
    for line in ("Project-URL: Paper", "Keywords: ", "Classifier: Typing :: Typed", "License-Expression: MIT"):
        assert line in metadata
    assert "srviz = srviz.cli:main" in commands


def test_started_from_elsewhere_pages_show_and_nothing_is_written(command, folder, visit, settled):
    home = folder / "home"
    home.mkdir()
    before = tree(command.parents[1])
    with running(command, HOME=str(home), XDG_CACHE_HOME=str(home / "cache"), SRVIZ_NATIVE="0") as address:
        page = visit(f"{address}/Beside_softmax", color_scheme="light")
        expect(page.locator(".figure .main-svg").first).to_be_attached()
        ground = page.evaluate("getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor")
        assert ground == "rgb(251, 250, 247)"  # of .streamlit/config.toml
        [first] = page.evaluate(SENT)
        assert 1e6 < first < 2e6  # once, and compressed
        page.reload()
        expect(page.locator(".figure .main-svg").first).to_be_attached()
        assert page.evaluate(SENT) == [0], "plotly.js was fetched again"
        page.goto(f"{address}/Race")
        settled(page)
        expect(page.locator(".race .handle").first).to_be_visible()
        assert page.evaluate("[...document.images].every(image => image.naturalWidth > 0)")
    assert tree(command.parents[1]) == before
    assert list(home.rglob("*")) == []


@pytest.mark.skipif(shutil.which("cc") is None or sys.platform != "linux", reason="there is no C compiler")
def test_a_wheel_with_the_engine_is_of_a_machine_and_of_any_python(wheel, folder):
    machine = platform.machine()
    [packed] = folder.glob("*.tar.gz")
    named = {"SRVIZ_BUILD_NATIVE": "1", "SRVIZ_WHEEL_PLATFORM": f"manylinux_2_17_{machine}"}
    where = folder / "native"
    subprocess.run(
        [*PIP, "wheel", *ALONE, "--wheel-dir", where, packed], check=True, capture_output=True, env=os.environ | named
    )
    [built] = where.glob("*.whl")
    assert built.name == wheel.name.replace("-py3-none-any.whl", f"-py3-none-manylinux_2_17_{machine}.whl")
    made = f"srviz/attention/engines/native/native-{machine}.so"
    with zipfile.ZipFile(wheel) as plain, zipfile.ZipFile(built) as native:
        assert {*native.namelist()} - {*plain.namelist()} == {made}
        library = ctypes.CDLL(native.extract(made, where))
    assert library.sliced_relu_forward
    assert library.sliced_bump_slopes


def test_without_a_home_and_below_a_path(command):
    with running(command, "/some/base", HOME="/nonexistent") as address:
        request = urllib.request.Request(f"{address}/{PLOTLY}", headers={"Accept-Encoding": "gzip"})
        with urllib.request.urlopen(request) as response:
            assert "immutable" in response.headers["Cache-Control"]
            assert b"plotly.js v" in gzip.decompress(response.read())[:1000]
