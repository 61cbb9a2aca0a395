"""Sliced ReLU and sliced bump attention, sorted, against the n² formulas: masks, ties and digits included."""

from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from torch import Tensor

from srviz.attention import reference, sliced_bump, sliced_relu
from srviz.attention.engines.sorted.sweep import RADIX
from tests.attention.problems import LEADS, Problem, assert_close, differentiate, examples, problems, random, relative

Operator = Callable[..., Tensor]
OPERATORS: dict[str, Operator] = {
    "relu": sliced_relu,
    "bump": lambda s, t, v, *, key_mask=None: sliced_bump(s, t, v, 0.75, key_mask=key_mask),
}
every = pytest.mark.parametrize("operator", OPERATORS.values(), ids=list(OPERATORS))
sorted_path = pytest.mark.usefixtures("sorted_path")
both = pytest.mark.usefixtures("path")
fast = pytest.mark.usefixtures("fast_path")


def full(problem: Problem) -> Problem:
    """Leading dimensions spelled out: the n² formulas broadcast masks less freely."""
    lead = problem.lead
    s, t = problem.s.expand(*lead, -1), problem.t.expand(*lead, -1)
    return Problem(s, t, problem.v.expand(*lead, -1, -1), problem.g, problem.b, problem.full_keep)


def folded(found: Tensor, like: Tensor) -> Tensor:
    """The gradient of a broadcast tensor from that of its expansion."""
    return found.sum_to_size(like.shape)


def check_relu(problem: Problem, tol: float) -> None:
    found = differentiate(
        lambda *x: sliced_relu(*x, key_mask=problem.keep), (problem.s, problem.t, problem.v), problem.g
    )
    double = full(problem.to(torch.float64))
    expected = differentiate(
        lambda *x: reference.sliced_relu(*x, double.keep), (double.s, double.t, double.v), double.g
    )
    v, g, d = float(double.v.abs().max()), float(double.g.abs().max()), double.v.shape[-1]
    keep = torch.ones_like(double.t) if double.keep is None else double.keep.double()
    total = ((double.s[..., None] - double.t[..., None, :]).abs() * keep[..., None, :]).sum(-1)
    inverse = torch.where(total > 0, 1 / total, 0)  # (…, n_q): slopes of a query's weights are of this size
    n_q, n_k = total.shape[-1], keep.shape[-1]
    steepest = 4 * d * v * g * float(inverse.max() if inverse.numel() else 0)
    copies = problem.lead.numel()
    sizes = (2 * v, copies * n_k * steepest, copies * n_q * steepest, copies * n_q * g)
    for a, b, like, size in zip(found, expected, (found[0], problem.s, problem.t, problem.v), sizes, strict=True):
        assert a.dtype == problem.s.dtype
        assert_close(a, folded(b, like), size, tol)


def check_bump(problem: Problem, tol: float) -> None:
    lead = problem.lead
    b = torch.full(lead[-1:], problem.b, dtype=problem.s.dtype)  # one for each head
    found = differentiate(
        lambda *x: sliced_bump(*x, key_mask=problem.keep), (problem.s, problem.t, problem.v, b), problem.g
    )
    double = full(problem.to(torch.float64))
    wide = b.double().expand(lead)
    expected = differentiate(
        lambda *x: reference.sliced_bump(*x, double.keep), (double.s, double.t, double.v, wide), double.g
    )
    v, g, d = float(double.v.abs().max()), float(double.g.abs().max()), double.v.shape[-1]
    n_q, n_k = problem.s.shape[-1], problem.t.shape[-1]
    kept = n_k if double.keep is None else max(1, int(double.keep.sum(-1).min()))
    copies, slope = lead.numel(), d * v * g / problem.b
    sizes = (v, copies * slope, copies * n_q * slope / kept, copies * n_q * g / kept, copies * n_q * slope)
    likes = (found[0], problem.s, problem.t, problem.v, b)
    for a, e, like, size in zip(found, expected, likes, sizes, strict=True):
        assert a.dtype == problem.s.dtype
        assert_close(a, folded(e, like), size, tol)


# Against the n² formulas


@sorted_path
@examples
@given(problems(masks=True))
def test_sliced_relu_is_the_dense_formula(problem: Problem) -> None:
    check_relu(problem, 1e-12)


@sorted_path
@examples
@given(problems(masks=True))
def test_sliced_bump_is_the_dense_formula(problem: Problem) -> None:
    check_bump(problem, 1e-12)


@fast
@examples
@given(problems(masks=True))
def test_sliced_relu_in_float32(problem: Problem) -> None:
    check_relu(problem.to(torch.float32), 2e-6)


@fast
@examples
@given(problems(masks=True, ties=True))
def test_sliced_bump_in_float32(problem: Problem) -> None:
    """On a grid, where float32 is exact: elsewhere a key may lie on either side of a node, and slopes there jump."""
    check_bump(problem.to(torch.float32), 2e-6)


@sorted_path
@pytest.mark.parametrize("n", [1000, 3000])
def test_ties_of_bfloat16_scores(n: int) -> None:
    """Half of the queries share their score with another one, and with keys."""
    s, t = (random(k, 2, n).bfloat16().double() for k in range(2))
    problem = Problem(s[:, :300], t, random(2, 2, n, 3) + 1, random(3, 2, 300, 3), 0.25)
    assert len(t[0].unique()) < 0.7 * n
    check_relu(problem, 1e-12)
    check_bump(problem, 1e-12)


@sorted_path
@pytest.mark.parametrize("apart", [0.0, 50.0, -50.0], ids=["among the keys", "above all keys", "below all keys"])
@pytest.mark.parametrize("d", [1, 20])
def test_long_rows_in_many_tiles(apart: float, d: int) -> None:
    keep = torch.arange(1100) % 3 != 1
    for b in (0.3, 60.0):
        v, g = random(2, 2, 1100, d) + 100, random(3, 2, 400, d)
        problem = Problem(random(0, 2, 400) + apart, random(1, 2, 1100), v, g, b, keep)
        check_relu(problem, 1e-11)
        check_bump(problem, 1e-12)


def test_sizes_above_256_squared_are_sorted_and_right() -> None:
    """Without any change to the limit: the real sizes, the real tiles."""
    v, g, keep = random(2, 2, 5000, 64), random(3, 2, 80, 64), torch.arange(5000) % 5 != 1
    problem = Problem(random(0, 2, 80), random(1, 2, 5000), v, g, 0.1, keep)
    check_relu(problem, 1e-12)
    check_bump(problem, 1e-12)


@sorted_path
@pytest.mark.parametrize("masked", [False, True], ids=["all kept", "some masked"])
def test_gradcheck(masked: bool) -> None:
    s, t, v = random(0, 2, 6), random(1, 2, 7), random(2, 2, 7, 2)
    keep = torch.tensor([[True] * 7, [True, False, True, True, False, True, True]]) if masked else None
    b = torch.tensor([0.5, 1.3], dtype=torch.float64)
    inputs = [x.requires_grad_() for x in (s, t, v)]
    assert torch.autograd.gradcheck(lambda *x: sliced_relu(*x, key_mask=keep), inputs)
    assert torch.autograd.gradcheck(lambda *x: sliced_bump(*x, key_mask=keep), [*inputs, b.requires_grad_()])


@sorted_path
def test_a_bandwidth_learned_alone() -> None:
    s, t, v, b = random(0, 2, 40), random(1, 2, 50), random(2, 2, 50, 2), torch.tensor(0.7).double().requires_grad_()
    sliced_bump(s, t, v, b).square().sum().backward()
    expected = torch.tensor(0.7).double().requires_grad_()
    reference.sliced_bump(s, t, v, expected).square().sum().backward()
    torch.testing.assert_close(b.grad, expected.grad)


@both
@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 1), (2, 3)], ids=str)
def test_bandwidths_broadcast_to_the_leading_dimensions(shape: tuple[int, ...]) -> None:
    s, t, v = random(0, 2, 3, 10), random(1, 2, 3, 20), random(2, 2, 3, 20, 2)
    b = random(3, *shape).exp()
    y = sliced_bump(s, t, v, b)
    for i in range(2):
        for h in range(3):
            one = float(b.expand(2, 3)[i, h])
            torch.testing.assert_close(y[i, h], sliced_bump(s[i, h], t[i, h], v[i, h], one))


@both
@every
@pytest.mark.parametrize("lead", LEADS.values(), ids=list(LEADS))
def test_leading_dimensions_broadcast(operator: Operator, lead: tuple[tuple[int, ...], ...]) -> None:
    s, t, v = random(0, *lead[0], 4), random(1, *lead[1], 5), random(2, *lead[2], 5, 3)
    whole = torch.broadcast_shapes(*lead)
    keep = torch.tensor([True, True, False, True, True])
    y = operator(s, t, v, key_mask=keep)
    assert y.shape == (*whole, 4, 3)
    expanded = operator(
        s.expand(*whole, 4), t.expand(*whole, 5), v.expand(*whole, 5, 3), key_mask=keep.expand(*whole, 5)
    )
    torch.testing.assert_close(y, expanded)


# Masks


@both
@every
@pytest.mark.parametrize("poison", [torch.nan, torch.inf, -torch.inf], ids=str)
def test_what_lies_under_the_mask_does_no_harm(operator: Operator, poison: float) -> None:
    """Neither to the outputs nor to any gradient; those of masked keys are 0."""
    s, t, v, g = random(0, 2, 30), random(1, 2, 40), random(2, 2, 40, 3), random(3, 2, 30, 3)
    keep = torch.rand(2, 40, generator=torch.Generator().manual_seed(0)) < 0.6
    keep[0, 0] = False  # the first key too, whose score might be taken to fill in
    bad_t, bad_v = torch.where(keep, t, poison), torch.where(keep[..., None], v, poison)
    y, ds, dt, dv = differentiate(lambda *x: operator(*x, key_mask=keep), (s, bad_t, bad_v), g)
    assert not dt[~keep].any()
    assert not dv[~keep].any()
    for row in range(2):
        kept = keep[row]
        alone = differentiate(operator, (s[row], t[row, kept], v[row, kept]), g[row])
        for a, b in zip((y[row], ds[row], dt[row, kept], dv[row, kept]), alone, strict=True):
            torch.testing.assert_close(a, b)


@both
@every
def test_all_masked_gives_zeros(operator: Operator) -> None:
    s, t, v = random(0, 2, 30), torch.full((2, 40), torch.nan).double(), torch.full((2, 40, 3), torch.nan).double()
    t[1], v[1] = random(1, 40), random(2, 40, 3)
    keep = torch.stack([torch.zeros(40), torch.ones(40)]) > 0
    y, ds, dt, dv = differentiate(lambda *x: operator(*x, key_mask=keep), (s, t, v), torch.ones(2, 30, 3))
    for x in (y, ds, dt, dv):
        assert not x[0].any()
        assert x[1].any()
        assert x.isfinite().all()


@both
@every
def test_a_mask_that_keeps_everything_is_no_mask(operator: Operator) -> None:
    s, t, v = random(0, 30), random(1, 40), random(2, 40, 3)
    torch.testing.assert_close(operator(s, t, v, key_mask=torch.ones(40) > 0), operator(s, t, v))


# Answers known in advance


@both
def test_one_key_is_its_own_mean() -> None:
    s, t, v = torch.tensor([-1.0, 0.0, 3.0]), torch.zeros(1), torch.tensor([[7.0, 1e6]])
    assert not sliced_relu(s, t, v).any()
    assert torch.equal(sliced_bump(s, t, v, 4.0), torch.tensor([[0.75], [1.0], [0.25]]) * v)


@both
def test_two_keys() -> None:
    """(relu(3 − 0) · (1 − 3) + relu(3 − 1) · (5 − 3)) / (3 + 2)."""
    y = sliced_relu(torch.tensor([3.0, 0.5, -9.0]), torch.tensor([0.0, 1.0]), torch.tensor([[1.0], [5.0]]))
    torch.testing.assert_close(y, torch.tensor([[-0.4], [-1.0], [0.0]]))


@both
def test_all_scores_equal() -> None:
    s, t, v, g = torch.full((30,), 2.5), torch.full((40,), 2.5), random(2, 40, 3).float(), torch.ones(30, 3)
    for found in differentiate(sliced_relu, (s, t, v), g):
        assert not found.any()
    y, ds, dt, dv = differentiate(lambda *x: sliced_bump(*x, 1.0), (s, t, v), g)
    torch.testing.assert_close(y, v.mean(0).expand(30, -1))
    assert not ds.any()
    assert not dt.any()
    torch.testing.assert_close(dv, torch.full((40, 3), 30 / 40))


@both
def test_equal_values_attend_to_nothing() -> None:
    y = sliced_relu(random(0, 30), random(1, 40), torch.full((40, 2), 123.4).double())
    assert float(y.abs().max()) < 1e-12


@both
def test_equally_spaced_keys_seen_from_above() -> None:
    """Above all keys N is Σ (s − t), and y the covariance of −t and v over the mean distance."""
    t, s = torch.arange(300).double(), torch.tensor([299.0, 1000.0]).double()
    y = sliced_relu(s, t, t[:, None])
    variance = (300**2 - 1) / 12
    torch.testing.assert_close(y[:, 0], -variance / (s - t.mean()))


@both
def test_shifting_and_scaling_all_scores_changes_nothing() -> None:
    s, t, v = random(0, 2, 30), random(1, 2, 40), random(2, 2, 40, 3)
    y = sliced_relu(s, t, v)
    for shift, scale in ((100.0, 1.0), (0.0, 1e6), (-3.0, 1e-6)):
        torch.testing.assert_close(sliced_relu(s * scale + shift, t * scale + shift, v), y, rtol=1e-6, atol=1e-8)
    torch.testing.assert_close(sliced_relu(s, t, v + 10), y)
    assert not torch.allclose(sliced_relu(s + 1, t, v), y)
    z = sliced_bump(s, t, v, 0.5)
    torch.testing.assert_close(sliced_bump(s * 4 + 64, t * 4 + 64, v, 2.0), z)
    assert not torch.allclose(sliced_bump(s * 4, t * 4, v, 0.5), z)


@both
@every
def test_order_means_nothing(operator: Operator) -> None:
    s, t, v, keep = random(0, 40), random(1, 50), random(2, 50, 3), torch.arange(50) % 4 != 0
    generator = torch.Generator().manual_seed(0)
    keys, queries = torch.randperm(50, generator=generator), torch.randperm(40, generator=generator)
    y = operator(s, t, v, key_mask=keep)
    torch.testing.assert_close(operator(s, t[keys], v[keys], key_mask=keep[keys]), y)
    torch.testing.assert_close(operator(s[queries], t, v, key_mask=keep), y[queries])


# Sizes of nothing and of one


@both
@every
@pytest.mark.parametrize("lead", [(), (2,), (0,), (2, 0, 3)], ids=str)
@pytest.mark.parametrize(("n_q", "n_k", "d"), [(0, 3, 2), (3, 0, 2), (3, 4, 0), (0, 0, 0), (1, 1, 1)], ids=str)
@pytest.mark.parametrize("masked", [False, True], ids=["no mask", "a mask"])
def test_shapes_of_nothing(operator: Operator, lead: tuple[int, ...], n_q: int, n_k: int, d: int, masked: bool) -> None:
    s, t, v = torch.ones(*lead, n_q), torch.zeros(*lead, n_k), torch.ones(*lead, n_k, d)
    mask = torch.ones(*lead, n_k) > 0 if masked else None
    found = differentiate(lambda *x: operator(*x, key_mask=mask), (s, t, v), torch.ones(*lead, n_q, d))
    assert [tuple(x.shape) for x in found] == [(*lead, n_q, d), (*lead, n_q), (*lead, n_k), (*lead, n_k, d)]
    assert all(x.isfinite().all() for x in found)
    if n_k == 0 or operator is sliced_relu:
        assert not found[0].any()


# Precision


@both
@every
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("masked", [False, True], ids=["no mask", "a mask"])
def test_half_precision_is_computed_in_float32(operator: Operator, dtype: torch.dtype, masked: bool) -> None:
    s, t, v, g = (x.to(dtype) for x in (random(0, 40), random(1, 500), random(2, 500, 3), random(3, 40, 3)))
    mask = torch.arange(500) % 3 > 0 if masked else None
    found = differentiate(lambda *x: operator(*x, key_mask=mask), (s, t, v), g)
    wide = differentiate(lambda *x: operator(*x, key_mask=mask), (s.float(), t.float(), v.float()), g.float())
    for a, b in zip(found, wide, strict=True):
        assert a.dtype == dtype
        assert torch.equal(a, b.to(dtype))


@both
@every
def test_autocast_changes_nothing(operator: Operator) -> None:
    s, t, v, g = (random(k, *shape, dtype=torch.float32) for k, shape in enumerate([(40,), (50,), (50, 3), (40, 3)]))
    expected = differentiate(operator, (s, t, v), g)
    leaves = [x.clone().requires_grad_() for x in (s, t, v)]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        y = operator(*leaves)
    for a, b in zip([y.detach(), *torch.autograd.grad(y, leaves, g)], expected, strict=True):
        assert a.dtype == torch.float32
        assert torch.equal(a, b)


@fast
@pytest.mark.parametrize("n", [300, 1000, RADIX + 7])
@every
def test_strides_mean_nothing(n: int, operator: Operator) -> None:
    """Every argument laid out the other way round: heads last."""
    s, t, v, g = (random(k, 2, n, dtype=torch.float32) for k in (0, 1, 2, 3))
    v, g, mask = v.unsqueeze(-1).repeat(1, 1, 3), g.unsqueeze(-1).repeat(1, 1, 3), random(4, 2, n) > -1

    def turned(x: Tensor) -> Tensor:
        return x.transpose(0, 1).contiguous().transpose(0, 1)

    def given(x: Tensor, turn: bool) -> Tensor:
        return turned(x) if turn else x

    found = [
        differentiate(
            lambda *x, turn=turn: operator(*x, key_mask=given(mask, turn)), [given(x, turn) for x in (s, t, v)],
            given(g, turn),
        )
        for turn in (False, True)
    ]  # fmt: skip
    for a, b in zip(*found, strict=True):
        assert torch.equal(a, b)


@fast
def test_three_levels_of_values_round_no_worse() -> None:
    s, t = (random(k, 100_000, dtype=torch.float32) for k in range(2))
    level = torch.randint(3, (100_000, 4), generator=torch.Generator().manual_seed(2))
    v = torch.tensor([33.0, 83.0, 133.0])[level]
    assert relative(sliced_relu(s, t, v), sliced_relu(s.double(), t.double(), v.double())) < 1e-6


@fast
@pytest.mark.parametrize(("mean", "tol"), [(1e4, 1e-6), (1e6, 4e-6)])
def test_values_far_from_zero_lose_no_more_than_their_own_digits(mean: float, tol: float) -> None:
    s, t = (random(k, 70_000, dtype=torch.float32) for k in range(2))
    v = random(2, 70_000, 4, dtype=torch.float32) + mean
    assert relative(sliced_relu(s, t, v), sliced_relu(s.double(), t.double(), v.double())) < tol


@fast
@pytest.mark.parametrize("mean", [0.0, 1.0, 100.0])
def test_float32_relu_at_100_000_scores_shifted_by_1000(mean: float) -> None:
    s, t = (random(k, 100_000, dtype=torch.float32) + 1000 for k in range(2))
    v = random(2, 100_000, 4, dtype=torch.float32) + mean
    exact = sliced_relu(s.double(), t.double(), v.double())
    assert relative(sliced_relu(s, t, v), exact) < 1e-6
    for rows in torch.arange(0, 100_000, 1250).split(40):  # and float64 itself, against the n² formula
        truth = reference.sliced_relu(s[rows].double(), t.double(), v.double())
        torch.testing.assert_close(exact[rows], truth, rtol=1e-9, atol=1e-12)


@fast
@pytest.mark.parametrize("b", [0.01, 0.03, 0.1, 0.3, 1.0])
def test_float32_bump_at_100_000_scores_shifted_by_1000(b: float) -> None:
    s, t = (random(k, 100_000, dtype=torch.float32) + 1000 for k in range(2))
    v, width = random(2, 100_000, 4, dtype=torch.float32), torch.tensor(b)
    exact = sliced_bump(s.double(), t.double(), v.double(), width.double())
    assert relative(sliced_bump(s, t, v, width), exact) < 2e-6
    for rows in torch.arange(0, 100_000, 1250).split(40):
        truth = reference.sliced_bump(s[rows].double(), t.double(), v.double(), width.double())
        torch.testing.assert_close(exact[rows], truth, rtol=1e-9, atol=1e-12)


@fast
def test_float32_gradients_at_100_000() -> None:
    """Against float64, which the tests above check. On a grid of 2⁻¹², full of ties, whose differences float32 holds.

    Off it a difference may round to the other side of a node of the bump, where its slope jumps: 1e-4 then.
    """
    n = 100_000
    s, t, v, g = (random(k, n, *shape, dtype=torch.float32) for k, shape in enumerate([(), (), (2,), (2,)]))
    s, t = (s * 4096).round() / 4096, (t * 4096).round() / 4096
    for operator, inputs in ((sliced_relu, (s, t, v)), (sliced_bump, (s, t, v, torch.tensor(0.5)))):
        exact = differentiate(operator, [x.double() for x in inputs], g.double())
        for name, a, e in zip(("y", "s", "t", "v", "b"), differentiate(operator, inputs, g), exact, strict=False):
            assert relative(a, e) < 5e-6, name


@fast
def test_many_tiles_do_not_add_up_their_roundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four hundred tiles, each of which starts where the last one ended."""
    monkeypatch.setattr("srviz.attention.engines.sorted.sweep.TILE_CPU", 256)
    s, t = random(0, 2000, dtype=torch.float32), random(1, 100_000, dtype=torch.float32)
    v = random(2, 100_000, 4, dtype=torch.float32)
    for operator in (sliced_relu, lambda s, t, v: sliced_bump(s, t, v, 3.0)):
        found, exact = operator(s, t, v), operator(s.double(), t.double(), v.double())
        assert relative(found, exact) < 4e-7
