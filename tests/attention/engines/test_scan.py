"""Prefix sums by blocks against the plain running sum."""

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from srviz.attention.engines.sorted.scan import BLOCK, prefix_sum, prefix_sum_scalar
from tests.attention.problems import random, relative

SIZES = [1, 2, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK, BLOCK**2, BLOCK**2 + 1, 2500]
sizes = pytest.mark.parametrize("n", SIZES)


def loop_segments(x: Tensor, segment: Tensor) -> Tensor:
    y = x.clone()
    for row in range(x.shape[0]):
        for k in range(1, x.shape[1]):
            if segment[row, k] == segment[row, k - 1]:
                y[row, k] += y[row, k - 1]
    return y


@sizes
@pytest.mark.parametrize("d", [1, 3])
def test_is_the_running_sum(n: int, d: int) -> None:
    x = random(n, 2, n, d)
    torch.testing.assert_close(prefix_sum(x), x.cumsum(1))


@sizes
def test_of_scalars_is_the_running_sum(n: int) -> None:
    x = random(n, 3, n)
    torch.testing.assert_close(prefix_sum_scalar(x), x.cumsum(1))


@sizes
@pytest.mark.parametrize("length", [1, 7, BLOCK, 100, 3000])
def test_restarts_at_every_segment(n: int, length: int) -> None:
    x = random(n, 2, n, 2)
    chosen = torch.rand(2, n, generator=torch.Generator().manual_seed(n)) < 1 / length
    segment = chosen.long().cumsum(1)
    torch.testing.assert_close(prefix_sum(x, segment), loop_segments(x, segment))


def test_an_empty_segment_of_blocks_is_carried_over() -> None:
    """One segment over many blocks, between short ones: what a block ends with may begin blocks before it."""
    n = 40 * BLOCK
    segment = torch.zeros(1, n, dtype=torch.long)
    segment[:, 5:] = 1
    segment[:, 38 * BLOCK + 3 :] = 2
    x = random(0, 1, n, 1)
    torch.testing.assert_close(prefix_sum(x, segment), loop_segments(x, segment))


def test_sums_of_nothing() -> None:
    assert prefix_sum(torch.zeros(2, 70, 0)).shape == (2, 70, 0)
    assert prefix_sum(torch.zeros(0, 70, 3)).shape == (0, 70, 3)


def test_leaves_its_input_alone() -> None:
    x = random(0, 2, 100, 3)
    before = x.clone()
    prefix_sum(x)
    prefix_sum(x, torch.zeros(2, 100, dtype=torch.long))
    prefix_sum_scalar(x[..., 0])
    assert torch.equal(x, before)


def test_float32_keeps_its_digits_over_a_long_sum() -> None:
    x = torch.rand(1, 2**18, 1, generator=torch.Generator().manual_seed(0))
    exact = x.double().cumsum(1)
    assert relative(prefix_sum(x), exact) < 2e-7
    assert relative(prefix_sum_scalar(x[..., 0]), exact[..., 0]) < 2e-7


class Products(TorchDispatchMode):
    """Notes every matrix product that runs."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = func.overloadpacket.__name__
        if name in ("mm", "bmm", "addmm", "baddbmm", "baddbmm_", "matmul", "einsum"):
            self.seen.append(name)
        return func(*args, **(kwargs or {}))


@pytest.fixture(params=["medium", "high"])
def fast_and_loose(request: pytest.FixtureRequest) -> Iterator[None]:
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision(request.param)
    yield
    torch.set_float32_matmul_precision(before)


@pytest.mark.usefixtures("fast_and_loose")
def test_keeps_full_float32_where_matrix_products_do_not() -> None:
    """On some machines such a product has 8 bits; on all of them there must be none."""
    x, segment = random(0, 2, 1500, 3, dtype=torch.float32), torch.arange(1500).expand(2, -1) // 400
    with Products() as products:
        found = prefix_sum(x), prefix_sum(x, segment), prefix_sum_scalar(x[..., 0])
    assert not products.seen
    assert relative(found[0], x.double().cumsum(1)) < 3e-7
    assert relative(found[1], loop_segments(x.double(), segment)) < 3e-7
    assert relative(found[2], x[..., 0].double().cumsum(1)) < 3e-7


def test_uses_matrix_products_where_they_are_exact() -> None:
    with Products() as products:
        prefix_sum(torch.ones(1, 100, 2))
    assert products.seen
