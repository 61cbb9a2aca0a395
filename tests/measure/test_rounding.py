"""What rounding does to sums of ReLU: little to gaps and to standardized scores, much to the other ways."""

import math

import torch

from srviz.attention import reference
from srviz.measure import rounding


def test_gaps_keep_their_digits_wherever_the_scores_lie_and_products_lose_them():
    found = rounding.of_shifts(range(8))
    assert max(found["gaps"]) < 1e-6
    assert found["products"][0] < 1e-6
    assert found["products"][6] > 0.01


def test_both_ways_are_the_same_sum_in_float64():
    s, t, v = (x.double() for x in rounding.problem())
    torch.testing.assert_close(rounding.by_products(s, t, v), reference.hinge_sum(s, t, v))


def test_half_precision_needs_scores_near_one():
    powers = range(-8, 7)
    found = rounding.of_scales(powers)
    raw = dict(zip(powers, found["raw"], strict=True))
    assert max(found["standardized"]) < 3e-3
    assert raw[0] < 3e-3
    assert raw[-8] > 0.1
    assert raw[4] > 0.1
    assert math.isinf(raw[6])
