"""The sorted sums against the n² formula, values and gradients; against answers known in advance; and their digits."""

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from srviz.attention import hinge_sum, kernel_sum, reference
from srviz.attention.engines.table import engines, pick
from srviz.attention.kernels import Kernel, bump, distance, relu
from tests.attention.problems import (
    LEADS,
    Problem,
    assert_close,
    differentiate,
    examples,
    problems,
    random,
    relative,
)

DRAWN = {
    "relu": relu(),
    "distance": distance(),
    "bump": bump(0.75),
    "high at its nodes": Kernel((-1.0, 0.5), (2.0, -1.0), 0.5, -3.0),
    "zigzag": Kernel((-1.5, -0.5, 0.0, 0.25, 2.0), (0.0, 1.0, -1.0, 3.0, 0.5), -0.25, 0.0),
    "flat between": Kernel((-1.0, 0.0, 1.0, 2.0), (0.0, 1.0, 1.0, 0.0)),
    "zero between": Kernel((-2.0, -1.0, 1.0, 2.0), (1.0, 0.0, 0.0, 1.0), 1.0, 1.0),
    "one node": Kernel((0.5,), (1.0,), -2.0, 3.0),
    "to the left": Kernel((-0.25,), (0.0,), 1.0, 0.0),
    "constant": Kernel((0.0,), (4.0,)),
    "zero": Kernel((0.0, 1.0), (0.0, 0.0)),
    "two widths at once": Kernel((-3.0, -2.0, 0.0, 1.0), (1.0, -1.0, 2.0, 1.0)),
}
drawn = pytest.mark.parametrize("kernel", DRAWN.values(), ids=list(DRAWN))
sorted_path = pytest.mark.usefixtures("sorted_path")


def ramp(problem: Problem) -> float:
    """The longest distance from a query to a key."""
    return float((problem.s.max() - problem.t.min()).abs().max(problem.t.max() - problem.s.min()).double())


def bounds(problem: Problem, height: float, slope: float) -> tuple[float, float, float, float]:
    """How large the sums of absolute values can be: of y, ∂s, ∂t and ∂v, for |f| ≤ height and |f′| ≤ slope."""
    v, g, d = float(problem.v.abs().max()), float(problem.g.abs().max()), problem.v.shape[-1]
    n_q, n_k, copies = problem.s.shape[-1], problem.t.shape[-1], problem.lead.numel()
    product = copies * d * v * g * slope
    return n_k * height * v, n_k * product, n_q * product, copies * n_q * height * g


def check(problem: Problem, kernel: Kernel, height: float, slope: float, tol: float) -> None:
    """Values and gradients of the sorted sum, against float64 autograd of the n² formula on the same numbers."""
    double = problem.to(torch.float64)
    found = differentiate(lambda *x: kernel_sum(*x, kernel), (problem.s, problem.t, problem.v), problem.g)
    expected = differentiate(lambda *x: reference.kernel_sum(*x, kernel), (double.s, double.t, double.v), double.g)
    for a, b, bound in zip(found, expected, bounds(double, height, slope), strict=True):
        assert a.dtype == problem.s.dtype
        assert_close(a, b, bound, tol)


# Against the n² formula


@sorted_path
@examples
@given(problems())
def test_hinge_sum_is_the_dense_sum(problem: Problem) -> None:
    check(problem, relu(), ramp(problem), 1.0, 1e-13)
    y = hinge_sum(problem.s, problem.t, problem.v)
    assert torch.equal(y, kernel_sum(problem.s, problem.t, problem.v, relu()))


@sorted_path
@examples
@given(problems(), st.sampled_from(list(DRAWN)))
def test_kernel_sum_is_the_dense_sum(problem: Problem, name: str) -> None:
    """The kernel stretched to the scale of the scores, so that on their grid they tie with its nodes too."""
    stretch, plain = 2.0 ** int(torch.tensor(problem.b).frexp().exponent), DRAWN[name]
    kernel = Kernel(tuple(r * stretch for r in plain.nodes), plain.heights, plain.left / stretch, plain.right / stretch)
    height = 6 * (1 + ramp(problem) / stretch)
    check(problem, kernel, height, 16 / stretch, 1e-13)


@sorted_path
@examples
@given(problems(), st.sampled_from(list(DRAWN)))
def test_float32_sums_are_right_to_float32(problem: Problem, name: str) -> None:
    """Tied or not, shifted by up to a million: against float64 of the same float32 numbers."""
    single = problem.to(torch.float32)
    kernel = DRAWN[name]
    double = single.to(torch.float64)
    found = kernel_sum(single.s, single.t, single.v, kernel)
    height = 6 * (1 + ramp(double)) * (1 + max(abs(r) for r in kernel.nodes))
    assert_close(found, reference.kernel_sum(double.s, double.t, double.v, kernel), bounds(double, height, 1)[0], 1e-6)
    check(single, relu(), ramp(double), 1.0, 1e-6)


@sorted_path
@drawn
def test_ties_at_every_node(kernel: Kernel) -> None:
    """Every difference of scores is a node or half-way between two: nothing counts twice, and slopes there are 0."""
    s, t = random(0, 2, 40).mul(8).round() / 4, random(1, 2, 300).mul(8).round() / 4
    check(Problem(s, t, random(2, 2, 300, 3), random(3, 2, 40, 3), 1.0), kernel, 40.0, 8.0, 1e-13)


@pytest.mark.parametrize("apart", [0.0, 50.0, -50.0], ids=["among the keys", "above all keys", "below all keys"])
@pytest.mark.parametrize("d", [1, 20])
@sorted_path
def test_long_rows_in_many_tiles(apart: float, d: int) -> None:
    problem = Problem(random(0, 2, 400) + apart, random(1, 2, 1100), random(2, 2, 1100, d), random(3, 2, 400, d), 1.0)
    for kernel in (relu(), distance(), bump(0.5), DRAWN["zigzag"]):
        check(problem, kernel, 60.0, 16.0, 1e-13)


@pytest.mark.parametrize("rows", [1, 3, 40])
@pytest.mark.parametrize("n_k", [1, 6, 100, 257])
@sorted_path
def test_several_rows_in_one_tile(rows: int, n_k: int) -> None:
    problem = Problem(random(0, rows, 90), random(1, rows, n_k), random(2, rows, n_k, 2), random(3, rows, 90, 2), 1.0)
    for kernel in (relu(), bump(0.5), DRAWN["zigzag"]):
        check(problem, kernel, 60.0, 16.0, 1e-13)


def test_sizes_above_256_squared_are_sorted_and_right() -> None:
    """Without any change to the limit: the real sizes, the real tiles."""
    problem = Problem(random(0, 2, 80), random(1, 2, 5000), random(2, 2, 5000, 64), random(3, 2, 80, 64), 1.0)
    check(problem, relu(), ramp(problem), 1.0, 1e-13)
    check(problem, bump(0.1), 1.0, 10.0, 1e-13)


@pytest.mark.parametrize(("n_k", "engine"), [(256, "dense"), (257, "torch")])
def test_the_n2_formula_runs_up_to_256_squared_and_no_further(n_k: int, engine: str) -> None:
    s, t, v, one = random(0, 1, 256), random(1, 1, n_k), random(2, 1, n_k, 1), torch.ones(1, 1)
    assert pick("kernel_sum", s, t, v, relu()).name == engine
    assert pick("sliced_bump", s, t, v, one, one).name == engine
    assert pick("sliced_relu", s, t, v, None).name == engine


@drawn
@sorted_path
def test_gradcheck(kernel: Kernel) -> None:
    """Away from ties, gradients are what small steps find."""
    s, t, v = random(0, 2, 4).requires_grad_(), random(1, 1, 5).requires_grad_(), random(2, 5, 2).requires_grad_()
    assert torch.autograd.gradcheck(lambda *x: kernel_sum(*x, kernel), (s, t, v))


@sorted_path
@pytest.mark.parametrize("wanted", ["s", "t", "v"])
def test_one_gradient_alone_is_the_same(wanted: str) -> None:
    problem = Problem(random(0, 40), random(1, 50), random(2, 50, 3), random(3, 40, 3), 1.0)
    full = differentiate(lambda *x: kernel_sum(*x, DRAWN["zigzag"]), (problem.s, problem.t, problem.v), problem.g)
    inputs = {name: getattr(problem, name).clone().requires_grad_(name == wanted) for name in "stv"}
    kernel_sum(**inputs, kernel=DRAWN["zigzag"]).backward(problem.g)
    for name, expected in zip("stv", full[1:], strict=True):
        if name == wanted:
            torch.testing.assert_close(inputs[name].grad, expected)
        else:
            assert inputs[name].grad is None


@sorted_path
def test_upstream_gradients_that_do_not_lie_in_one_piece() -> None:
    s, t, v = random(0, 2, 40), random(1, 2, 50), random(2, 2, 50, 3)
    g = random(3, 2, 3, 40).mT
    for a, b in zip(
        differentiate(hinge_sum, (s, t, v), g), differentiate(reference.hinge_sum, (s, t, v), g), strict=True
    ):
        torch.testing.assert_close(a, b)
    ones = torch.ones(()).double().expand(2, 40, 3)
    torch.testing.assert_close(differentiate(hinge_sum, (s, t, v), ones)[3], reference.hinge_sum(-t, -s, ones))


@sorted_path
@pytest.mark.parametrize("lead", LEADS.values(), ids=list(LEADS))
def test_leading_dimensions_broadcast(lead: tuple[tuple[int, ...], ...]) -> None:
    s, t, v = random(0, *lead[0], 4), random(1, *lead[1], 5), random(2, *lead[2], 5, 3)
    full = torch.broadcast_shapes(*lead)
    y = hinge_sum(s, t, v)
    assert y.shape == (*full, 4, 3)
    torch.testing.assert_close(y, hinge_sum(s.expand(*full, 4), t.expand(*full, 5), v.expand(*full, 5, 3)))


# Answers known in advance


both = pytest.mark.usefixtures("path")


@both
def test_one_key_gives_one_ramp() -> None:
    s = torch.tensor([-1.0, 2.0, 2.5, 7.0])
    assert torch.equal(hinge_sum(s, torch.tensor([2.0]), torch.tensor([[10.0]]))[:, 0], torch.tensor([0, 0, 5.0, 50.0]))


@both
def test_equally_spaced_keys_of_equal_values_give_a_quadratic_at_the_knots() -> None:
    n, gap = 400, 0.25
    t = torch.arange(n, dtype=torch.float64) * gap
    v = torch.ones(n, 1, dtype=torch.float64)
    k = torch.arange(n, dtype=torch.float64)
    assert torch.equal(hinge_sum(t, t, v)[:, 0], gap * k * (k + 1) / 2)
    middle = hinge_sum(t + gap / 2, t, v)[:, 0]
    assert torch.equal(middle, gap * k * (k + 1) / 2 + gap / 2 * (k + 1))
    assert torch.equal(kernel_sum(t, t, v, distance())[:, 0], gap * (k * (k + 1) + (n - 1 - k) * (n - k)) / 2)


@both
def test_values_that_sum_to_zero_are_constant_beyond_the_last_key() -> None:
    t = random(0, 300)
    v = random(1, 300, 2)
    v[-1] -= v.sum(0)
    y = hinge_sum(t.max() + torch.tensor([0.0, 1.0, 1000.0]).double(), t, v)
    torch.testing.assert_close(y, -(t[:, None] * v).sum(0).expand(3, -1), rtol=1e-10, atol=1e-10)


@both
def test_a_constant_kernel_sums_the_values() -> None:
    t, v = random(1, 300), random(2, 300, 2)
    y = kernel_sum(random(0, 5), t, v, Kernel((0.25,), (3.0,)))
    torch.testing.assert_close(y, 3 * v.sum(0).expand(5, -1))


@both
def test_a_bump_between_two_keys_weighs_both() -> None:
    s, t = torch.tensor([0.25, 0.0, 1.0, 3.0]), torch.tensor([1.0, 0.0])
    v = torch.tensor([[1.0], [100.0]])
    assert torch.equal(kernel_sum(s, t, v, bump(1.0))[:, 0], torch.tensor([75.25, 100.0, 1.0, 0.0]))


@both
def test_the_doctest() -> None:
    y = hinge_sum(torch.tensor([2.0]), torch.tensor([0.0, 1.0, 5.0]), torch.tensor([[1.0], [10.0], [100.0]]))
    assert y.tolist() == [[12.0]]


@both
@drawn
def test_order_means_nothing_and_shifts_mean_nothing(kernel: Kernel) -> None:
    s, t, v = random(0, 40), random(1, 50), random(2, 50, 3)
    y = kernel_sum(s, t, v, kernel)
    generator = torch.Generator().manual_seed(0)
    keys, queries = torch.randperm(50, generator=generator), torch.randperm(40, generator=generator)
    torch.testing.assert_close(kernel_sum(s, t[keys], v[keys], kernel), y)
    torch.testing.assert_close(kernel_sum(s[queries], t, v, kernel), y[queries])
    torch.testing.assert_close(kernel_sum(s + 64, t + 64, v, kernel), y)


@both
def test_mirrored_scores_see_the_mirrored_kernel() -> None:
    s, t, v = random(0, 40), random(1, 50), random(2, 50, 3)
    kernel = DRAWN["zigzag"]
    torch.testing.assert_close(kernel_sum(-s, -t, v, kernel.mirrored()), kernel_sum(s, t, v, kernel))


# Sizes of nothing and of one


@both
@pytest.mark.parametrize("lead", [(), (2,), (0,), (2, 0, 3)], ids=str)
@pytest.mark.parametrize(("n_q", "n_k", "d"), [(0, 3, 2), (3, 0, 2), (3, 4, 0), (0, 0, 0), (1, 1, 1)], ids=str)
def test_shapes_of_nothing(lead: tuple[int, ...], n_q: int, n_k: int, d: int) -> None:
    s, t, v = torch.ones(*lead, n_q), torch.zeros(*lead, n_k), torch.ones(*lead, n_k, d)
    y, ds, dt, dv = differentiate(hinge_sum, (s, t, v), torch.ones(*lead, n_q, d))
    assert y.shape == (*lead, n_q, d)
    assert (ds.shape, dt.shape, dv.shape) == (s.shape, t.shape, v.shape)
    assert torch.equal(y, torch.full_like(y, float(n_k)))
    assert torch.equal(ds, torch.full_like(ds, float(n_k * d)))


@sorted_path
def test_no_values_are_sorted_too() -> None:
    """d = 0: an n² array would be made for nothing."""
    with Largest() as largest:
        assert hinge_sum(torch.zeros(300), torch.zeros(300), torch.zeros(300, 0)).shape == (300, 0)
    assert largest.numel < 300 * 300


# Precision


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@both
def test_half_precision_is_computed_in_float32(dtype: torch.dtype) -> None:
    s, t, v, g = (x.to(dtype) for x in (random(0, 40), random(1, 500), random(2, 500, 3), random(3, 40, 3)))
    found = differentiate(hinge_sum, (s, t, v), g)
    wide = differentiate(hinge_sum, (s.float(), t.float(), v.float()), g.float())
    for a, b in zip(found, wide, strict=True):
        assert a.dtype == dtype
        assert torch.equal(a, b.to(dtype))


@both
def test_autocast_changes_nothing() -> None:
    s, t, v, g = (random(k, *shape, dtype=torch.float32) for k, shape in enumerate([(40,), (50,), (50, 3), (40, 3)]))
    expected = differentiate(hinge_sum, (s, t, v), g)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        leaves = [x.clone().requires_grad_() for x in (s, t, v)]
        y = hinge_sum(*leaves)
    found = [y.detach(), *torch.autograd.grad(y, leaves, g)]  # backward belongs outside, says torch
    for a, b in zip(found, expected, strict=True):
        assert a.dtype == torch.float32
        assert torch.equal(a, b)


def test_float32_at_100_000_scores_shifted_by_1000() -> None:
    s, t = (random(k, 100_000, dtype=torch.float32) + 1000 for k in range(2))
    v = random(2, 100_000, 4, dtype=torch.float32)
    exact = hinge_sum(s.double(), t.double(), v.double())
    assert relative(hinge_sum(s, t, v), exact) < 2e-6
    for rows in torch.arange(0, 100_000, 500).split(50):  # and float64 itself, against the n² formula
        torch.testing.assert_close(exact[rows], reference.hinge_sum(s[rows].double(), t.double(), v.double()))


def test_float32_gradients_at_100_000_scores_shifted_by_1000() -> None:
    s, t = (random(k, 100_000, dtype=torch.float32) + 1000 for k in range(2))
    v, g = (random(k, 100_000, 2, dtype=torch.float32) for k in (2, 3))
    exact = differentiate(hinge_sum, (s.double(), t.double(), v.double()), g.double())
    for name, a, b in zip(("y", "s", "t", "v"), differentiate(hinge_sum, (s, t, v), g), exact, strict=True):
        assert relative(a, b) < 2e-6, name


# Memory


class Largest(TorchDispatchMode):
    """Notes the size of the largest tensor that any operation makes."""

    def __init__(self) -> None:
        super().__init__()
        self.numel = self.count = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        self.count += 1
        for x in result if isinstance(result, tuple | list) else (result,):
            if isinstance(x, Tensor):
                self.numel = max(self.numel, x.untyped_storage().nbytes() // x.element_size())
        return result


ONE = torch.ones(1, 1, dtype=torch.float64)
SORTED = {engine.operation: engine for engine in engines() if engine.name == "torch"}


@pytest.mark.parametrize(
    ("operation", "more"),
    [
        ("kernel_sum", (relu(),)),
        ("sliced_relu", (None,)),
        ("sliced_bump", (ONE, ONE)),
        ("sliced_bump", (ONE / 1000, ONE)),
        ("kernel_sum", (DRAWN["zigzag"],)),
    ],
    ids=["hinge_sum", "sliced_relu", "wide sliced_bump", "narrow sliced_bump", "kernel_sum"],
)
@pytest.mark.parametrize("precision", ["highest", "medium"])
def test_no_array_of_n_times_n(operation: str, more: tuple[Any, ...], precision: str) -> None:
    """n = 20,000, d = 8. Nothing is larger than one block of 32 partial sums for each number of an input.

    That is n · 32 · d where prefix sums avoid matrix products; the n² array would be 400 million.
    """
    n, d = 20_000, 8
    s, t, v, engine = random(0, 1, n), random(1, 1, n), random(2, 1, n, d), SORTED[operation]
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision(precision)
    try:
        with Largest() as largest:
            y = engine.forward(s, t, v, *more)
            engine.backward(torch.ones_like(y), s, t, v, *more, y, (True,) * 4)
    finally:
        torch.set_float32_matmul_precision(before)
    assert largest.count > 100
    assert largest.numel <= n * 32 * d
