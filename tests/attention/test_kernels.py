"""Kernels as data: what they are, that their pieces are the function, and what is no function."""

import math
from typing import Any

import pytest
import torch

from srviz.attention.kernels import KERNELS, MAX_NODES, Kernel, bump, distance, relu
from tests.attention.problems import loop_kernel

DRAWN = {
    "relu": relu(),
    "distance": distance(),
    "bump": bump(0.75),
    "end slopes": Kernel((-1.0, 0.5), (2.0, -1.0), 0.5, -3.0),
    "zigzag": Kernel((-1.5, -0.5, 0.0, 0.25, 2.0), (0.0, 1.0, -1.0, 3.0, 0.5), -0.25, 0.0),
    "flat between": Kernel((-1.0, 0.0, 1.0, 2.0), (0.0, 1.0, 1.0, 0.0)),
    "zero between": Kernel((-2.0, -1.0, 1.0, 2.0), (1.0, 0.0, 0.0, 1.0)),
    "one node": Kernel((0.5,), (1.0,), -2.0, 3.0),
    "one node, a line": Kernel((0.5,), (1.0,), 2.0, 2.0),
    "constant": Kernel((0.0,), (4.0,)),
    "zero": Kernel((0.0, 1.0), (0.0, 0.0)),
    "uneven": Kernel((0.1, 0.7, 1e3), (-1 / 3, 0.2, 7.0), 0.1, 0.0),
}
drawn = pytest.mark.parametrize("kernel", DRAWN.values(), ids=list(DRAWN))


def around(kernel: Kernel) -> torch.Tensor:
    """Every node, between them, and beyond both ends."""
    nodes = torch.tensor(kernel.nodes, dtype=torch.float64)
    between = (nodes[1:] + nodes[:-1]) / 2
    ends = torch.tensor([kernel.nodes[0] - 2.5, kernel.nodes[-1] + 2.5], dtype=torch.float64)
    return torch.cat([nodes, nodes - 1e-3, nodes + 1e-3, between, ends])


@drawn
def test_is_the_function_of_its_nodes(kernel: Kernel) -> None:
    r = around(kernel)
    expected = [loop_kernel(kernel.nodes, kernel.heights, kernel.left, kernel.right, x) for x in r.tolist()]
    torch.testing.assert_close(kernel(r), torch.tensor(expected, dtype=torch.float64), rtol=1e-13, atol=1e-13)


@drawn
def test_its_derivative_is_the_slope_and_0_at_a_node(kernel: Kernel) -> None:
    r = around(kernel).requires_grad_()
    (found,) = torch.autograd.grad(kernel(r).sum(), r)
    step = 1e-4
    for x, slope in zip(r.tolist(), found.tolist(), strict=True):
        ends = [loop_kernel(kernel.nodes, kernel.heights, kernel.left, kernel.right, x + h) for h in (-step, step)]
        expected = 0 if x in kernel.nodes else (ends[1] - ends[0]) / (2 * step)
        assert slope == pytest.approx(expected, abs=1e-8)


@drawn
def test_its_pieces_are_the_function_each_point_in_one(kernel: Kernel) -> None:
    """A piece counts the keys from low (where closed) to below high; what no piece holds is 0."""
    for r in around(kernel).tolist():
        holds = [p for p in kernel.pieces() if p.low < r < p.high or (p.closed and r == p.low)]
        value = 0.0
        for piece in holds:
            base = piece.high if math.isinf(piece.low) else piece.low
            value += piece.height + piece.slope * (r - base)
        assert len(holds) <= 1
        assert value == pytest.approx(float(kernel(torch.tensor(r, dtype=torch.float64))), abs=1e-12)


@drawn
def test_mirrored_changes_the_sign_of_its_argument(kernel: Kernel) -> None:
    r = around(kernel)
    torch.testing.assert_close(kernel.mirrored()(-r), kernel(r), rtol=1e-13, atol=1e-13)
    assert kernel.mirrored().mirrored() == kernel


def test_the_named_kernels() -> None:
    r = torch.tensor([-2.0, -0.5, 0.0, 0.25, 3.0])
    expected = {
        "relu": torch.tensor([0.0, 0.0, 0.0, 0.25, 3.0]),
        "distance": torch.tensor([2.0, 0.5, 0.0, 0.25, 3.0]),
        "bump": torch.tensor([0.0, 0.5, 1.0, 0.75, 0.0]),
    }
    for name, heights in expected.items():
        assert torch.equal(KERNELS[name].f(r), heights)
        pieces = KERNELS[name].pieces
        assert pieces is not None
        assert torch.equal(pieces(r), heights)
    assert torch.equal(bump(4.0)(r), torch.tensor([0.5, 0.875, 1.0, 0.9375, 0.25]))


def test_takes_any_sequence_of_numbers() -> None:
    assert Kernel([0, 1], torch.tensor([1, 2])) == Kernel((0.0, 1.0), (1.0, 2.0))  # type: ignore[arg-type]
    assert hash(Kernel([0, 1], [1, 2])) == hash(Kernel((0.0, 1.0), (1.0, 2.0)))  # type: ignore[arg-type]
    assert len(Kernel(range(MAX_NODES), range(MAX_NODES)).nodes) == MAX_NODES  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        pytest.param(((), ()), ValueError, r"nodes: expected 1 to 256 of them, got 0", id="no nodes"),
        pytest.param((range(257), range(257)), ValueError, r"nodes: expected 1 to 256 .*, got 257", id="too many"),
        pytest.param(((0, 1, 1), (0, 0, 0)), ValueError, r"nodes: expected ascending .*, got 1 and then 1", id="equal"),
        pytest.param(((0, 2, 1), (0, 0, 0)), ValueError, r"nodes: .*, got 2 and then 1", id="descending"),
        pytest.param(((0.0, -0.0), (0, 0)), ValueError, r"nodes: .*ascending", id="two zeros"),
        pytest.param(((0, math.nan), (0, 0)), ValueError, r"nodes: expected finite numbers, got nan", id="NaN node"),
        pytest.param(((0, math.inf), (0, 0)), ValueError, r"nodes: expected finite numbers, got inf", id="infinite"),
        pytest.param(((0, 1), (0, math.nan)), ValueError, r"heights: .*finite.*, got nan", id="NaN height"),
        pytest.param(((0, 1), (0,)), ValueError, r"heights: expected one for each of the 2 .*, got 1", id="one height"),
        pytest.param(((0,), (0,), math.inf), ValueError, r"left: .*finite.*, got inf", id="infinite left slope"),
        pytest.param(((0,), (0,), 0, math.nan), ValueError, r"right: .*finite.*, got nan", id="NaN right slope"),
        pytest.param(((0, 5e-324), (0, 1)), ValueError, r"nodes: expected a finite slope.*, got inf", id="a jump"),
        pytest.param(((-1e308, 1e308), (0, 1)), ValueError, r"nodes: expected a finite slope", id="too far apart"),
        pytest.param((("a",), (0,)), TypeError, r"nodes: expected numbers, got \('a',\)", id="text"),
        pytest.param((3, (0,)), TypeError, r"nodes: expected numbers, got 3", id="one number"),
        pytest.param(((0,), (None,)), TypeError, r"heights: expected numbers", id="None"),
    ],
)
def test_what_is_no_function(arguments: tuple[Any, ...], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        Kernel(*arguments)


@pytest.mark.parametrize("b", [0.0, -1.0, math.nan, math.inf])
def test_a_bump_without_a_width(b: float) -> None:
    with pytest.raises(ValueError, match=r"bandwidth: .*|nodes: .*"):
        bump(b)
