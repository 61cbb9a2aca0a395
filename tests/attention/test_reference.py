"""The n² formulas against plain loops over numbers, and their gradients at ties against derivatives written by hand."""

import pytest
import torch

from srviz.attention import reference
from srviz.attention.kernels import Kernel, bump, distance, relu
from tests.attention.problems import (
    differentiate,
    loop_kernel,
    loop_sliced_bump,
    loop_sliced_relu,
    loop_sum,
    random,
)

S = torch.tensor([-2.0, 0.0, 0.5, 0.5, 1.0, 3.0], dtype=torch.float64)
T = torch.tensor([0.5, -1.0, 1.0, 0.5, 2.0], dtype=torch.float64)
V = random(0, 5, 3) + 1
G = random(1, 6, 3)
MASKS = {
    "all kept": [True] * 5,
    "two masked": [True, False, True, True, False],
    "one kept": [False, False, True, False, False],
    "all masked": [False] * 5,
}
masks = pytest.mark.parametrize("keep", MASKS.values(), ids=list(MASKS))


def test_hinge_sum() -> None:
    torch.testing.assert_close(reference.hinge_sum(S, T, V), loop_sum(lambda r: max(0.0, r), S, T, V))


KERNELS = {
    "relu": relu(),
    "distance": distance(),
    "bump": bump(1.5),
    "ends": Kernel((-1.0, 0.5), (2.0, -1.0), 0.5, -3.0),
    "zigzag": Kernel((-1.5, -0.5, 0.0, 0.25, 2.0), (0.0, 1.0, -1.0, 3.0, 0.5), -0.25, 0.0),
    "one node": Kernel((0.5,), (1.0,), 2.0, 2.0),
    "constant": Kernel((0.0,), (4.0,)),
}


@pytest.mark.parametrize("kernel", KERNELS.values(), ids=list(KERNELS))
def test_kernel_sum(kernel: Kernel) -> None:
    expected = loop_sum(lambda r: loop_kernel(kernel.nodes, kernel.heights, kernel.left, kernel.right, r), S, T, V)
    torch.testing.assert_close(reference.kernel_sum(S, T, V, kernel), expected)
    stretched = loop_sum(lambda r: loop_kernel(kernel.nodes, kernel.heights, kernel.left, kernel.right, r / 2), S, T, V)
    torch.testing.assert_close(reference.kernel_sum(S, T, V, kernel, torch.tensor([[2.0]]).double()), stretched)


@masks
def test_sliced_relu(keep: list[bool]) -> None:
    found = reference.sliced_relu(S, T, V, torch.tensor(keep))
    torch.testing.assert_close(found, loop_sliced_relu(S, T, V, keep))
    if all(keep):
        assert torch.equal(found, reference.sliced_relu(S, T, V))


@masks
def test_sliced_bump(keep: list[bool]) -> None:
    b = torch.tensor(1.5, dtype=torch.float64)
    found = reference.sliced_bump(S, T, V, b, torch.tensor(keep))
    torch.testing.assert_close(found, loop_sliced_bump(S, T, V, 1.5, keep))
    if all(keep):
        assert torch.equal(found, reference.sliced_bump(S, T, V, b))


def test_each_row_of_a_batch_is_a_problem_of_its_own() -> None:
    s, t, v, b = random(0, 2, 3, 4), random(1, 2, 3, 5), random(2, 2, 3, 5, 2), torch.tensor([0.5, 1.0, 2.0]).double()
    keep = torch.rand(2, 3, 5, generator=torch.Generator().manual_seed(3)) < 0.7
    relus, bumps = reference.sliced_relu(s, t, v, keep), reference.sliced_bump(s, t, v, b, keep)
    for i in range(2):
        for h in range(3):
            kept = keep[i, h].tolist()
            torch.testing.assert_close(relus[i, h], loop_sliced_relu(s[i, h], t[i, h], v[i, h], kept))
            torch.testing.assert_close(bumps[i, h], loop_sliced_bump(s[i, h], t[i, h], v[i, h], float(b[h]), kept))


@masks
def test_weights_times_values_are_the_outputs(keep: list[bool]) -> None:
    mask, b = torch.tensor(keep), torch.tensor(1.5, dtype=torch.float64)
    effective = reference.sliced_relu_weights(S, T, mask)
    torch.testing.assert_close(effective @ V, reference.sliced_relu(S, T, V, mask))
    torch.testing.assert_close(effective.sum(-1), torch.zeros(6).double(), rtol=0, atol=1e-15)
    raw = reference.sliced_relu_weights(S, T, mask, effective=False)
    torch.testing.assert_close(raw @ reference.centre(V, mask), reference.sliced_relu(S, T, V, mask))
    torch.testing.assert_close(
        reference.sliced_bump_weights(S, T, b, mask) @ V, reference.sliced_bump(S, T, V, b, mask)
    )
    for weights in (effective, raw, reference.sliced_bump_weights(S, T, b, mask)):
        assert not weights[:, ~mask].any()


def test_a_query_below_all_keys_or_at_all_of_them_attends_to_nothing() -> None:
    assert not reference.sliced_relu(torch.tensor([-5.0]).double(), T, V).any()
    assert not reference.sliced_relu(torch.ones(2).double(), torch.ones(5).double(), V).any()


def test_centred_values_sum_to_zero_whatever_their_mean() -> None:
    v = random(0, 1000, 2, dtype=torch.float32) + 1000
    assert float(reference.centre(v).sum(-2).abs().max()) < 1e-3  # one subtraction alone leaves 0.03
    keep = torch.arange(1000) % 3 == 0
    centred = reference.centre(v, keep)
    assert not centred[~keep].any()
    assert float(centred.sum(-2).abs().max()) < 1e-3


def test_hinge_gradients_at_ties_take_0_for_the_slope_at_0() -> None:
    _, ds, dt, dv = differentiate(reference.hinge_sum, (S, T, V), G)
    above = [[float(a > c) for c in T.tolist()] for a in S.tolist()]
    step = torch.tensor(above).double()
    torch.testing.assert_close(ds, (step * (G @ V.T)).sum(1))
    torch.testing.assert_close(dt, -(step * (G @ V.T)).sum(0))
    torch.testing.assert_close(dv, (S[:, None] - T).relu().T @ G)


@masks
def test_sliced_relu_gradients_at_ties_take_0_for_slope_and_sign_at_0(keep: list[bool]) -> None:
    mask = torch.tensor(keep)
    _, ds, dt, dv = differentiate(lambda s, t, v: reference.sliced_relu(s, t, v, mask), (S, T, V), G)
    kept, n = [j for j in range(5) if keep[j]], max(sum(keep), 1)
    u = V - V[mask].sum(0) / n
    expected_s, expected_t, expected_v = torch.zeros(6).double(), torch.zeros(5).double(), torch.zeros(5, 3).double()
    for i in range(6):
        r = {j: float(S[i] - T[j]) for j in kept}
        total = sum(abs(x) for x in r.values())
        if not total:
            continue
        y = sum(max(0.0, r[j]) / total * u[j] for j in kept)
        for j in kept:
            slope = float(r[j] > 0) * float(G[i] @ u[j]) - (float(r[j] > 0) - float(r[j] < 0)) * float(G[i] @ y)
            expected_s[i] += slope / total
            expected_t[j] -= slope / total
            expected_v[j] += max(0.0, r[j]) / total * G[i]
    expected_v[mask] -= expected_v[mask].sum(0) / n
    torch.testing.assert_close(ds, expected_s)
    torch.testing.assert_close(dt, expected_t)
    torch.testing.assert_close(dv, expected_v)


def test_bump_gradients_at_ties_take_0_for_the_slope_at_its_three_nodes() -> None:
    b = torch.tensor(0.5, dtype=torch.float64)
    _, ds, dt, dv, db = differentiate(reference.sliced_bump, (S, T, V, b), G)
    r = S[:, None] - T
    slope = torch.where((r.abs() < 0.5) & (r != 0), -r.sign() / 0.5, 0) / 5
    torch.testing.assert_close(ds, (slope * (G @ V.T)).sum(1))
    torch.testing.assert_close(dt, -(slope * (G @ V.T)).sum(0))
    torch.testing.assert_close(dv, (1 - r.abs() / 0.5).relu().T @ G / 5)
    torch.testing.assert_close(db, -(slope * r * (G @ V.T)).sum() / 0.5)
