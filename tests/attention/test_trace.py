"""One run written out: every field is what the one before makes of it, and the end is sliced ReLU attention."""

import dataclasses

import pytest
import torch
from torch import Tensor

from srviz.attention import Trace, reference, sliced_relu, standardize, trace
from tests.attention.problems import loop_sliced_relu, random

CASES: dict[str, tuple[Tensor, Tensor, Tensor]] = {
    "self": (random(0, 12), random(0, 12), random(2, 12, 3)),
    "cross": (random(0, 5), random(1, 30), random(2, 30, 2) + 3),
    "one key": (random(0, 4), random(1, 1), random(2, 1, 2)),
    "one of each": (random(0, 1), random(1, 1), random(2, 1, 1)),
    "tied": (random(0, 12).mul(2).round(), random(1, 9).mul(2).round(), random(2, 9, 2)),
    "all equal": (torch.ones(4).double(), torch.ones(6).double(), random(2, 6, 2)),
    "queries above": (random(0, 5) + 50, random(1, 8), random(2, 8, 2)),
    "queries below": (random(0, 5) - 50, random(1, 8), random(2, 8, 2)),
    "no queries": (torch.zeros(0).double(), random(1, 8), random(2, 8, 2)),
}
cases = pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))


@cases
def test_every_field_follows_from_the_ones_before(case: tuple[Tensor, Tensor, Tensor]) -> None:
    s, t, v = case
    run = trace(s, t, v)
    for found, expected in zip((run.s, run.t), standardize(s, t)[:2], strict=True):
        torch.testing.assert_close(found, expected)
    assert sorted(run.order.tolist()) == list(range(len(t)))
    assert torch.equal(run.t_sorted, run.t[run.order])
    assert bool((run.t_sorted.diff() >= 0).all())
    torch.testing.assert_close(run.u, (v - v.mean(0))[run.order])
    r = run.s[:, None] - run.t_sorted
    for k in range(len(t)):
        torch.testing.assert_close(run.S[k], run.u[: k + 1].sum(0))
        knot = (run.t_sorted[k] - run.t_sorted).relu() @ run.u
        torch.testing.assert_close(run.R[k], knot)
    assert torch.equal(run.p, (r > 0).sum(1))
    torch.testing.assert_close(run.hinge, r.relu() @ run.u)
    torch.testing.assert_close(run.N, r.abs().sum(1))
    torch.testing.assert_close(run.y * run.N[:, None], run.hinge)


@cases
def test_it_ends_where_the_operator_ends(case: tuple[Tensor, Tensor, Tensor]) -> None:
    s, t, v = case
    run = trace(s, t, v)
    torch.testing.assert_close(run.y, sliced_relu(*standardize(s, t)[:2], v))
    torch.testing.assert_close(run.y, reference.sliced_relu(s, t, v))
    torch.testing.assert_close(run.y, loop_sliced_relu(s, t, v, [True] * len(t)), rtol=1e-6, atol=1e-9)


def test_a_record_that_cannot_be_changed_of_fields_in_the_order_of_the_algorithm() -> None:
    run = trace(*CASES["self"])
    names = ["s", "t", "order", "t_sorted", "u", "S", "R", "p", "hinge", "N", "y"]
    assert [field.name for field in dataclasses.fields(Trace)] == names
    with pytest.raises(dataclasses.FrozenInstanceError):
        run.y = run.hinge  # type: ignore[misc]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_in_float32(dtype: torch.dtype) -> None:
    s, t, v = (x.to(dtype) for x in CASES["cross"])
    run, wide = trace(s, t, v), trace(s.float(), t.float(), v.float())
    assert torch.equal(run.y, wide.y)
    assert run.y.dtype == torch.float32
