"""Fits come nearer to a pattern, and the distance is what it says."""

import pytest
import torch

from srviz.attention import METHODS
from srviz.inputs import INPUTS
from srviz.inputs.patterns import PATTERNS
from srviz.measure.fit import distance, fit


def problem(name, n=24):
    tokens = INPUTS[name].make(n, random_state=1)
    return torch.from_numpy(tokens.x), torch.from_numpy(PATTERNS[name](tokens))


def test_the_distance_does_not_see_the_scale():
    pattern = torch.eye(5, dtype=torch.float64)
    assert distance(3 * pattern, pattern) < 1e-12
    assert distance(torch.ones(5, 5, dtype=torch.float64), pattern) == pytest.approx((1 - 1 / 5) ** 0.5)
    assert distance(torch.zeros(5, 5, dtype=torch.float64), pattern) == 1


@pytest.mark.parametrize("method", METHODS)
def test_a_fit_comes_nearer_step_by_step(method):
    steps = list(fit(method, *problem("clusters"), steps=40, starts=2))
    assert [step.step for step in steps] == list(range(1, 81))
    assert steps[-1].steps == 80
    best = [step.best for step in steps]
    assert best == sorted(best, reverse=True)
    assert best[-1] < steps[0].distance - 0.05
    assert distance(steps[-1].weights, problem("clusters")[1]).item() == pytest.approx(best[-1], abs=1e-5)


@pytest.mark.parametrize("method", ["softmax", "relu", "linear"])
@pytest.mark.parametrize("seed", [1, 2])
def test_a_needle_is_found_by_every_head_that_has_a_bias(method, seed):
    tokens = INPUTS["needle"].make(24, random_state=seed)
    pattern = torch.from_numpy(PATTERNS["needle"](tokens))
    assert list(fit(method, torch.from_numpy(tokens.x), pattern))[-1].best < 0.05


def test_what_the_page_says_of_the_one_before():
    found = {method: list(fit(method, *problem("shift")))[-1].best for method in ("softmax", "relu", "bump")}
    assert found["softmax"] < 0.15
    assert found["bump"] < 0.3
    assert found["relu"] > 0.9
