"""What makes the tests quicker, for all of them, and what keeps one from another."""

import sys
from contextlib import suppress
from functools import cache

import pytest
import torch

from srviz import host

# One thread for each of the processes that share the tests. With more of them each waits for the others in a busy loop,
# and some tests take three times as long. Tests of threads ask for as many as they need.
torch.set_num_threads(1)

with suppress(ImportError):  # the tests of the operator run without the app
    from streamlit.components.v2 import manifest_scanner

    # Every app that a test runs looks for components among all that is installed, for a third of a second. It finds the
    # same each time.
    manifest_scanner.scan_component_manifests = cache(manifest_scanner.scan_component_manifests)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers():
    """One more than there are processors: a test of a page waits for its browser or its server some of the time."""
    return host.cores() + 1


@pytest.fixture(autouse=True)
def _same_main():
    """A page that Streamlit runs takes the place of `__main__`, which the processes of a sweep import again."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main
