"""Fixtures of the operator's tests."""

import os
from collections.abc import Iterator

import pytest
import torch

from srviz.attention import checks, native, sweep


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Two workers with a thread for every core each wait for one another more than they work."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def take(route: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Compute by one route alone, whatever the size: "dense", "sorted" (torch alone) or "native" (float32)."""
    monkeypatch.setattr(checks, "DENSE_LIMIT", 2**40 if route == "dense" else 0)
    if route == "native":
        if native.library() is None and os.environ.get("CI") != "true":
            pytest.skip("there is no C compiler")
        assert native.library() is not None
        monkeypatch.setattr(native, "LEAST", 0)
    else:
        monkeypatch.setattr(native, "library", lambda: None)


@pytest.fixture
def sorted_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing counts as small, and tiles are as short as they get: 256 keys, or as many rows as fit into that."""
    take("sorted", monkeypatch)
    monkeypatch.setattr(sweep, "TILE_CPU", 256)


@pytest.fixture(params=["sorted", "native"])
def fast_path(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways to sort, at their real sizes of tiles."""
    take(request.param, monkeypatch)
    return str(request.param)


@pytest.fixture(params=["dense", "sorted", "native"])
def path(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """All routes, whatever the size."""
    take(request.param, monkeypatch)
    return str(request.param)
