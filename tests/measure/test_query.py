"""One query's row is the row of the whole matrix of weights, by every method."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from srviz.attention import METHODS, Projections
from srviz.measure import query as measure


@pytest.fixture(scope="module")
def x():
    return torch.randn(90, 4, generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="module")
def maps():
    return Projections.untrained(4, 3, 5, seed=7)


@pytest.fixture(scope="module")
def found(x, maps):
    return measure.scores(x, maps, "linear")


def test_scores_of_other_points_are_on_the_same_scale(x, maps, found):
    torch.testing.assert_close(measure.key_scores(x[:20], maps, "linear", found), found.t[:, :20], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("bandwidth", [0.3, 2.0])
@pytest.mark.parametrize("method", METHODS.values(), ids=list(METHODS))
def test_the_row_is_that_of_the_matrix(method, bandwidth, x, maps, found):
    all_heads = replace(maps.heads(x, projection="linear").standardized(), bandwidth=bandwidth)
    whole = method.weights(all_heads)
    for head, query in ((0, 0), (2, 57)):
        row = measure.row(method, measure.of_query(method, x, maps, found, head, query, bandwidth=bandwidth))
        torch.testing.assert_close(row, whole[head, query], atol=1e-6, rtol=1e-4)


def test_tokens_that_are_all_alike_have_scores_and_weights():
    x, maps = torch.ones(12, 3), Projections.untrained(3, 3, 5, seed=7)
    found = measure.scores(x, maps, "mlp")
    for method in METHODS.values():
        assert measure.row(method, measure.of_query(method, x, maps, found, 0, 3)).isfinite().all()
    assert measure.key_scores(x, maps, "mlp", found).isfinite().all()


def test_near_is_a_tenth_for_even_weights_and_one_for_a_needle(x):
    assert measure.near(torch.ones(90), x, 5) == pytest.approx(0.1)
    assert measure.near(torch.eye(90)[5], x, 5) == 1
    far = int((x - x[5]).norm(dim=1).argmax())
    assert measure.near(-torch.eye(90)[far], x, 5) == 0
    assert np.isfinite(measure.near(torch.zeros(90), x, 5))
