"""The ranks and bins of the sorted pass against their definitions, where rounding is at its worst."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from srviz.attention import kernel_sum, reference, sliced_bump
from srviz.attention.engines.sorted import sweep
from srviz.attention.engines.sorted.sweep import Ladder
from srviz.attention.kernels import Kernel, bump
from tests.attention.problems import assert_close, examples, random, relative

pytestmark = pytest.mark.usefixtures("sorted_path")


@st.composite
def scores(draw: st.DrawFn) -> tuple[Tensor, Tensor, float]:
    """Scores of all sizes at once, on grids or off them, in either precision; and an offset that hits some
    differences."""
    dtype = draw(st.sampled_from([torch.float32, torch.float64]))
    seed, n_q, n_k = draw(st.integers(0, 2**20)), draw(st.integers(1, 40)), draw(st.integers(1, 80))
    kind = draw(st.sampled_from(["grid", "sizes", "islands", "tied", "ulps"]))
    step = draw(st.sampled_from([0.1, 0.3, 1 / 3, 0.7, 1.0]))
    s, t = random(seed, 2, n_q), random(seed + 1, 2, n_k)
    if kind == "grid":
        s, t = (s * 6).round() * step, (t * 6).round() * step
    elif kind == "sizes":
        s, t = s * 10 ** (random(seed + 2, 2, n_q) * 3), t * 10 ** (random(seed + 3, 2, n_k) * 3)
    elif kind == "islands":
        s, t = s + (random(seed + 2, 2, n_q) > 0) * 1e6, t + (random(seed + 3, 2, n_k) > 0) * 1e6
    elif kind == "ulps":
        eps, step = torch.finfo(dtype).eps, 1.0
        s, t = s * eps, t.sign() + (random(seed + 2, 2, n_k) * 2).round() * eps / 2
    else:
        s, t = s.sign() * 1000, t.sign() * 1000
    offset = draw(st.sampled_from([-3 * step, -step, step, 7 * step, 1e-3, 1e6, -1e6]))
    return s.to(dtype), t.to(dtype), offset


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("n", [1, 5, sweep.RADIX - 1, sweep.RADIX, sweep.RADIX + 3])
def test_sorting_is_sorting(dtype: torch.dtype, n: int) -> None:
    x = random(n, 3, n, dtype=dtype)
    x[0, : n // 2] = 0
    x[0, n // 3 : n // 2] = -0.0
    x[1, ::2] *= 1e30
    x[2, :3] = torch.finfo(dtype).tiny / 8
    for given_ in (x, x.T.contiguous().T):
        values, place = sweep.ascending(given_)
        assert torch.equal(values, x.sort(-1).values)
        assert torch.equal(x.gather(-1, place), values)
        assert torch.equal(place.sort(-1).values, torch.arange(n).expand(3, -1))


@examples
@given(scores())
def test_ranks_the_other_way_round_need_no_search(case: tuple[Tensor, Tensor, float]) -> None:
    ladder = Ladder.of(*case[:2])
    searched = Ladder(ladder.t, ladder.s, ladder.key, ladder.query)
    assert len(ladder.lower) == len(ladder.upper)  # known from here on
    assert torch.equal(ladder.swapped.lower, searched.lower)
    assert torch.equal(ladder.swapped.upper, searched.upper)


@examples
@given(scores())
def test_ranks_count_the_differences_themselves(case: tuple[Tensor, Tensor, float]) -> None:
    s, t, offset = case
    ladder = Ladder.of(s, t)
    r = ladder.s[:, :, None] - ladder.t[:, None]
    for given_ in (offset, torch.full((2, 1), offset, dtype=s.dtype)):
        limit = given_ if isinstance(given_, float) else given_[..., None]
        assert torch.equal(ladder.below(given_), (r > limit).sum(-1))
        assert torch.equal(ladder.below(given_, closed=True), (r >= limit).sum(-1))
    assert torch.equal(ladder.below(), (r > 0).sum(-1))
    assert torch.equal(ladder.below(closed=True), (r >= 0).sum(-1))


@examples
@given(scores())
def test_a_bin_begins_at_the_first_key_a_length_above_the_last_beginning(case: tuple[Tensor, Tensor, float]) -> None:
    _, t, offset = case
    length = abs(offset)
    t = t.sort(-1).values
    starts = sweep._bin_starts(Ladder.of(t, t), length)
    for row, found in zip(t, starts.tolist(), strict=True):
        start = 0
        for k in range(len(row)):
            if bool(row[k] - row[start] >= length):
                start = k
            assert found[k] == start


def test_a_ladder_sorts_and_remembers_the_places() -> None:
    s, t = random(0, 3, 5), random(1, 3, 7)
    ladder = Ladder.of(s, t)
    assert torch.equal(ladder.s, s.sort(-1).values)
    assert torch.equal(s.view(-1)[ladder.query], ladder.s)
    assert torch.equal(t.view(-1)[ladder.key], ladder.t)
    mirrored, swapped = ladder.mirrored(), ladder.swapped
    assert torch.equal(-t.view(-1)[mirrored.key], mirrored.t)
    assert torch.equal(t.view(-1)[swapped.query], swapped.s)


@pytest.mark.parametrize("b", [0.01, 0.1])
def test_float32_bumps_between_scores_of_very_different_sizes(b: float) -> None:
    """Near 0 a difference has all its digits, whatever lies at a million."""
    t = torch.cat([torch.rand(500, generator=torch.Generator().manual_seed(0)), torch.full((500,), 1e6)])
    s = torch.rand(400, generator=torch.Generator().manual_seed(1))
    v = random(0, 1000, 3, dtype=torch.float32)
    exact = reference.sliced_bump(s.double(), t.double(), v.double(), torch.tensor(b).double())
    assert relative(sliced_bump(s, t, v, b), exact) < 1e-6


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
@pytest.mark.parametrize("step", [0.1, 0.3, 1 / 3, 0.7, 0.05, 1.0])
@pytest.mark.parametrize("offset", [0.0, 0.05, -3.0, 100.0])
def test_windows_as_long_as_a_few_steps_of_a_grid(step: float, offset: float, dtype: torch.dtype) -> None:
    """Most keys lie exactly at the ends of windows and bins, as far as the grid's rounding lets them."""
    generator = torch.Generator().manual_seed(0)
    s = (torch.randint(-5, 25, (60,), generator=generator).double() * step + offset).to(dtype)
    t = (torch.randint(0, 20, (90,), generator=generator).double() * step + offset).to(dtype)
    v = torch.rand(90, 1, generator=generator, dtype=torch.float64).to(dtype) + 1
    kernels = [bump(steps * step) for steps in (1, 2, 3, 5, 7)]
    kernels += [
        Kernel([-2 * step, step, 4 * step], [1, 2, -1], 0.5, -1),
        Kernel([3 * step, 4 * step, 9 * step], [0, 3, -1]),
        Kernel([-9 * step, -8 * step, -5 * step, 2 * step], [2, 0, 1, 1]),
    ]
    rounding = 8 * (abs(offset) + 25 * step) * torch.finfo(dtype).eps / step
    for kernel in kernels:
        exact = reference.kernel_sum(s.double(), t.double(), v.double(), kernel)
        assert_close(kernel_sum(s, t, v, kernel), exact, 90 * 6, 2 * rounding)


def test_every_row_is_right_where_a_line_has_very_many_bins() -> None:
    """Ten thousand bins and more: positions counted in bins would round, and windows lose a key here and there."""
    s, t, v = (random(seed, 20_000, dtype=torch.float32) for seed in range(3))
    b = 2e-4
    found = sliced_bump(s, t, v[:, None], b).double()
    exact = sliced_bump(s.double(), t.double(), v[:, None].double(), float(torch.tensor(b)))
    assert float((found - exact).abs().max()) < 2e-6 * float(exact.abs().max())
    some = slice(0, 20_000, 100)
    truth = reference.sliced_bump(s[some].double(), t.double(), v[:, None].double(), torch.tensor(b).double())
    torch.testing.assert_close(exact[some], truth)


def test_a_whole_bin_inside_a_window() -> None:
    """Far from 0 bins are shorter than their window, by what rounding may do to its ends: one may lie inside, whole."""
    kernel = Kernel([98.0, 99.0, 100.0, 101.0], [0.0, 5.0, 5.0, 0.0])
    short = sweep._slack(kernel.pieces(), torch.finfo(torch.float32).eps)
    length, bit = 1 - short, short / 4
    t = torch.tensor([0.0, length - bit, length, 1.5, 2 * length])  # bins begin at the first, third and last
    starts = sweep._bin_starts(Ladder.of(t[None], t[None]), length)
    assert starts.tolist() == [[0, 0, 2, 2, 4]]
    s = torch.tensor([100 + length - 1.5 * bit])  # the last four are in its window from 99 to 100
    v = 10.0 ** torch.arange(5)[:, None]
    exact = reference.kernel_sum(s.double(), t.double(), v.double(), kernel)
    torch.testing.assert_close(kernel_sum(s, t, v, kernel).double(), exact, rtol=1e-4, atol=0)


def test_no_window_inside_a_bin() -> None:
    """Differences that round to its two ends, of keys less than its length apart: neither may count twice."""
    kernel = Kernel([62.5, 63.5, 64.5, 65.5], [0.0, 5.0, 5.0, 0.0])
    s, t = torch.tensor([65.0]), torch.tensor([0.5000037, 1.0, 1.5000027])
    assert (s - t).tolist()[::2] == [64.5, 63.5 - 2.0**-18]
    v = 10.0 ** torch.arange(3)[:, None]
    exact = reference.kernel_sum(s.double(), t.double(), v.double(), kernel)
    torch.testing.assert_close(kernel_sum(s, t, v, kernel).double(), exact, rtol=1e-4, atol=0)
