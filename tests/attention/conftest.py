"""Fixtures of the operator's tests."""

import os
from collections.abc import Iterator

import pytest
import torch

from srviz.attention import use
from srviz.attention.engines.native import library
from srviz.attention.engines.sorted import sweep

# what is in use where one engine is to compute alone; float64 is beyond the native one, and left to torch
ENGINES = {"dense": ("dense",), "torch": ("torch",), "native": ("native", "torch")}


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Two workers with a thread for every core each wait for one another more than they work."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def needs_compiler() -> None:
    """Skip where there is no C compiler; on CI there is one."""
    if library.library() is None and os.environ.get("CI") != "true":
        pytest.skip("there is no C compiler")
    assert library.library() is not None


def using(name: str) -> Iterator[str]:
    """Compute by one engine, whatever the size."""
    if name == "native":
        needs_compiler()
    with use(*ENGINES[name]):
        yield name


@pytest.fixture
def sorted_path(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """By sorting in torch, and tiles are as short as they get: 256 keys, or as many rows as fit into that."""
    monkeypatch.setattr(sweep, "TILE_CPU", 256)
    yield from using("torch")


@pytest.fixture(params=["torch", "native"])
def fast_path(request: pytest.FixtureRequest) -> Iterator[str]:
    """Both ways to sort, at their real sizes of tiles."""
    yield from using(str(request.param))


@pytest.fixture(params=list(ENGINES))
def path(request: pytest.FixtureRequest) -> Iterator[str]:
    """All engines, whatever the size."""
    yield from using(str(request.param))


@pytest.fixture
def compiled() -> Iterator[str]:
    """By the compiled engine, whatever the size."""
    yield from using("native")


@pytest.fixture
def no_programs() -> Iterator[None]:
    """Leave none of torch's compiled programs to the next test."""
    yield
    torch.compiler.reset()
