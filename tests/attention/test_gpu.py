"""On a GPU the operators give what they give on the CPU, forward and backward, at sizes of one tile and of many."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from srviz.attention import METHODS, Projections, SlicedAttention, hinge_sum, kernel_sum, sliced_bump, sliced_relu
from srviz.attention.kernels import Kernel
from tests.attention.problems import differentiate, random, relative

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here"),
    pytest.mark.parametrize("device", ["cuda"]),
]

OPERATORS: dict[str, Callable[..., Tensor]] = {
    "hinge_sum": lambda s, t, v, keep: hinge_sum(s, t, v),
    "kernel_sum": lambda s, t, v, keep: kernel_sum(s, t, v, Kernel((-1.5, 0.0, 0.25), (1.0, -1.0, 3.0), 0.5, -0.25)),
    "sliced_relu": lambda s, t, v, keep: sliced_relu(s, t, v, key_mask=keep),
    "sliced_bump": lambda s, t, v, keep: sliced_bump(s, t, v, 0.25, key_mask=keep),
}


@pytest.mark.parametrize("operator", OPERATORS.values(), ids=list(OPERATORS))
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize(("n_q", "n_k", "d"), [(50, 60, 3), (500, 700, 4), (3000, 20_000, 64)], ids=str)
@pytest.mark.parametrize("tile", [1 << 26, 1 << 14], ids=["one launch", "many tiles"])
def test_gives_what_the_cpu_gives(
    operator: Callable[..., Tensor],
    dtype: torch.dtype,
    n_q: int,
    n_k: int,
    d: int,
    tile: int,
    device: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On a grid, whose differences are exact: ties fall alike on both."""
    monkeypatch.setattr("srviz.attention.engines.sorted.sweep.TILE_GPU", tile)
    s, t = ((random(k, 2, n) * 4096).round() / 4096 for k, n in enumerate((n_q, n_k)))
    inputs = [x.to(dtype) for x in (s, t, random(2, 2, n_k, d) + 1)]
    g, keep = random(3, 2, n_q, d).to(dtype), torch.arange(n_k) % 7 != 3
    expected = differentiate(lambda *x: operator(*x, keep), inputs, g)
    found = differentiate(lambda *x: operator(*x, keep.to(device)), [x.to(device) for x in inputs], g.to(device))
    for a, b in zip(found, expected, strict=True):
        assert a.device.type == device
        assert a.dtype == dtype
        assert relative(a.cpu(), b) < (1e-5 if dtype == torch.float32 else 1e-11)


@pytest.mark.parametrize("precision", ["high", "medium"])
def test_large_sums_keep_full_float32_where_tf32_is_allowed(device: str, precision: str) -> None:
    s, t, v = (random(k, *shape).float() for k, shape in enumerate([(2, 3000), (2, 20_000), (2, 20_000, 8)]))
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision(precision)
    try:
        found = sliced_relu(s.to(device), t.to(device), v.to(device)).cpu()
    finally:
        torch.set_float32_matmul_precision(before)
    assert relative(found, sliced_relu(s.double(), t.double(), v.double())) < 2e-6


def test_autocast_changes_nothing(device: str) -> None:
    s, t, v = (random(k, *shape).float().to(device) for k, shape in enumerate([(2, 500), (2, 700), (2, 700, 3)]))
    expected = sliced_relu(s, t, v)
    with torch.autocast(device):
        assert torch.equal(sliced_relu(s, t, v), expected)


@pytest.mark.parametrize("kernel", ["relu", "bump"])
def test_the_layer(device: str, kernel: str) -> None:
    attention, x = SlicedAttention(16, 2, kernel=kernel), random(0, 2, 400, 16).float()
    padding = torch.arange(400).expand(2, -1) > 350
    expected = attention(x, x, x, padding, need_weights=False)[0]
    x = x.to(device)
    found = attention.to(device)(x, x, x, padding.to(device), need_weights=False)[0]
    assert relative(found.cpu(), expected) < 1e-4


@pytest.mark.parametrize("name", list(METHODS))
def test_the_methods(device: str, name: str) -> None:
    method, x = METHODS[name], random(0, 400, 8).float()
    here, there = (Projections.untrained(8, 3, 8, device=where).heads(x.to(where), method) for where in ("cpu", device))
    assert relative(method.apply(there).cpu(), method.apply(here)) < 1e-4


def test_scores_on_the_cpu_and_values_on_the_gpu(device: str) -> None:
    with pytest.raises(ValueError, match="v: expected the device of s, cpu, got cuda"):
        hinge_sum(torch.ones(2), torch.ones(2), torch.ones(2, 1, device=device))
