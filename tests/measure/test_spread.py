"""Closed forms of how weights are spread."""

import math

import pytest
import torch

from srviz.measure.spread import spread


def test_closed_forms():
    weights = torch.tensor([[0.25] * 4, [0, 0, 1, 0], [0, 0, 0, 0], [0.5, -0.5, 0, 0]], dtype=torch.float64)
    found = spread(weights)
    assert found.zeros.tolist() == [0, 0.75, 1, 0.5]
    assert found.entropy.tolist() == pytest.approx([math.log(4), 0, 0, math.log(2)])
    assert found.effective.tolist() == pytest.approx([4, 1, 0, 2])
