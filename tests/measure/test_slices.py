"""What slices keep, against brute force and closed forms."""

import math
from itertools import pairwise

import pytest
import torch

from srviz.attention import sliced_relu
from srviz.measure import slices


def plane(n, seed, dim=2):
    return torch.randn(n, dim, generator=torch.Generator().manual_seed(seed))


def test_directions_by_angle_are_unit_vectors():
    torch.testing.assert_close(slices.direction(90.0), torch.tensor([0.0, 1.0]), atol=1e-6, rtol=0)
    torch.testing.assert_close(slices.direction(0.0, 90.0), torch.tensor([0.0, 0.0, 1.0]), atol=1e-6, rtol=0)
    for theta, tilt in ((12.3, None), (200.0, -41.0)):
        assert float(slices.direction(theta, tilt).norm()) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("held", [0, 7, 29])
def test_the_weights_give_the_operators_output_whatever_the_scale(held):
    scores, v = plane(30, 1)[:, 0], plane(30, 2, 3)
    row = slices.weights(scores, held)
    torch.testing.assert_close(row @ (v - v.mean(0)), sliced_relu(scores, scores, v)[held], atol=1e-6, rtol=1e-5)
    torch.testing.assert_close(slices.weights(7 * scores - 3, held), row, atol=1e-6, rtol=1e-5)
    assert int((row > 0).sum()) == int((scores < scores[held]).sum())


def test_one_score_for_all_gives_nothing():
    assert slices.weights(torch.ones(5), 2).tolist() == [0.0] * 5


@pytest.mark.parametrize("seed", range(5))
def test_the_most_confused_are_neighbours_and_lose_most(seed):
    x = plane(20, seed)
    scores = x @ slices.direction(30.0 * seed)
    i, j, lost = slices.most_confused(scores, x)
    order = scores.argsort().tolist()
    assert order.index(j) == order.index(i) + 1
    every = [math.dist(x[a].tolist(), x[b].tolist()) - float(scores[b] - scores[a]) for a, b in pairwise(order)]
    assert lost == pytest.approx(max(every), abs=1e-5)
    assert lost == pytest.approx(math.dist(x[i].tolist(), x[j].tolist()) - float(scores[j] - scores[i]), abs=1e-5)


@pytest.mark.parametrize("resolution", [0.01, 0.2, 0.5])
def test_pairs_not_told_apart_are_counted_head_after_head(resolution):
    x, scores = plane(12, 3), plane(4, 4, 12)
    expected = [0] * 4
    for i in range(12):
        for j in range(i):
            reach = resolution * math.dist(x[i].tolist(), x[j].tolist())
            for h in range(4):
                expected[h] += all(abs(float(scores[g, i] - scores[g, j])) < reach for g in range(h + 1))
    assert slices.not_told_apart(scores, x, resolution).tolist() == expected


@pytest.mark.parametrize(("dim", "factor"), [(1, 1.0), (2, 2 / math.pi), (3, 0.5), (4, 4 / (3 * math.pi))])
def test_the_mean_shadow_of_a_unit_vector(dim, factor):
    assert slices.shrinkage(dim) == pytest.approx(factor, rel=1e-12)
    unit = torch.eye(dim)[:1]
    measured = slices.mean_shadow(unit, slices.directions(100_000, dim, seed=5))
    assert float(measured) == pytest.approx(factor, abs=0.01)


@pytest.mark.parametrize("dim", [2, 3, 16])
def test_the_error_is_that_of_a_mean_of_independent_slices(dim):
    counts, errors = slices.errors(plane(100, 6, dim), most=1024, repeats=20, seed=1)
    assert counts == [2**k for k in range(11)]
    assert errors.shape == (20, 11)
    slope, factor = slices.fitted(counts, errors.square().mean(0).sqrt())
    assert slope == pytest.approx(-0.5, abs=0.04)
    assert factor == pytest.approx(math.sqrt(1 / (dim * slices.shrinkage(dim) ** 2) - 1), rel=0.2)
    again = slices.mean_shadow(plane(100, 6, dim), slices.directions(1024, dim, seed=1)[:256])
    exact = slices.shrinkage(dim) * plane(100, 6, dim).norm(dim=-1)
    assert float((again / exact - 1).square().mean().sqrt()) == pytest.approx(float(errors[0, 8]), rel=1e-3)


def test_the_fit_finds_a_power_law():
    counts = [1, 2, 4, 8, 16]
    slope, factor = slices.fitted(counts, torch.tensor([0.7 * count**-0.3 for count in counts]))
    assert (slope, factor) == (pytest.approx(-0.3, abs=1e-5), pytest.approx(0.7, rel=1e-5))


@pytest.mark.parametrize("most", [7, 45, 99])
def test_differences_are_of_all_pairs_or_of_as_many_as_are_asked_for(most):
    x = plane(10, 5, 3)
    found = slices.differences(x, most).tolist()
    every = [(x[i] - x[j]).tolist() for i in range(10) for j in range(i + 1, 10)]
    assert len(found) == min(most, 45)
    assert [every.index(one) for one in found] == sorted(every.index(one) for one in found)
    assert (found[0], found[-1]) == (every[0], every[-1])


def test_no_direction_has_scores_that_vary_more_than_the_most():
    x = (plane(40, 6) * torch.tensor([3.0, 1.0])).double()
    found = [float((x @ slices.direction(angle / 2).double()).var(correction=0)) for angle in range(360)]
    assert max(found) <= slices.most_variance(x) * (1 + 1e-6)
    assert slices.most_variance(x) == pytest.approx(max(found), rel=1e-3)
