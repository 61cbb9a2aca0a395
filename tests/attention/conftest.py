"""Fixtures of the operator's tests."""

from collections.abc import Iterator

import pytest
import torch

from srviz.attention import checks, sweep


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Two workers with a thread for every core each wait for one another more than they work."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def sorted_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing counts as small, and tiles are as short as they get: 256 keys, or as many rows as fit into that."""
    monkeypatch.setattr(checks, "DENSE_LIMIT", 0)
    monkeypatch.setattr(sweep, "TILE_CPU", 256)


@pytest.fixture(params=["dense", "sorted"])
def path(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both routes, whatever the size."""
    monkeypatch.setattr(checks, "DENSE_LIMIT", 0 if request.param == "sorted" else 2**40)
    return str(request.param)
