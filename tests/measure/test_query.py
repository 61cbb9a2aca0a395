"""One query's row is the row of the whole matrix of weights, by every method."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from srviz.attention import METHODS, Heads, Projections
from srviz.measure import query as measure
from tests.attention.signed import SIGNED


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


def test_a_box_is_scored_on_a_grid_whose_first_axis_is_that_of_the_first_number():
    x, maps = torch.randn(30, 2, generator=torch.Generator().manual_seed(2)), Projections.untrained(2, 3, 5, seed=7)
    found = measure.scores(x, maps, "mlp")
    grid = measure.over_box(torch.tensor([[-1.0, 0.0], [1.0, 4.0]]), 5, maps, "mlp", found)
    assert grid.shape == (3, 5, 5)
    point = measure.key_scores(torch.tensor([[0.5, 1.0]]), maps, "mlp", found)
    torch.testing.assert_close(grid[:, 3, 1], point[:, 0])


def test_a_query_stands_among_all_keys_and_beside_the_nearest_of_those_asked_for():
    one = Heads(s=torch.tensor([0.6]), t=torch.tensor([0.5, -1.0, 0.75, 0.6, 2.0]))
    score, below, nearest = measure.standing(one, torch.tensor([1, 2, 4]), 2)
    assert (score, below, nearest.tolist()) == (pytest.approx(0.6), 2, [2, 4])
    assert measure.standing(one, torch.tensor([4, 0]), 9)[2].tolist() == [0, 4]


@pytest.mark.parametrize("method", [*METHODS.values(), SIGNED], ids=lambda method: method.name)
def test_a_share_is_written_over_n_and_less_the_mean(method):
    draw = torch.Generator().manual_seed(3)
    one = Heads(torch.randn(1, 4, generator=draw), torch.randn(12, 4, generator=draw))
    one = replace(one, s=torch.tensor([0.3]), t=torch.randn(12, generator=draw))
    share, terms = measure.share(method, one), method.terms(one)
    assert share.formula.startswith(terms.dividend.strip() if "divisor" in share.of_query else terms.numerator.strip())
    assert share.of_query.get("divisor", 1.0) == pytest.approx(float(torch.as_tensor(terms.divisor).sum()) / 12)
    raw = method.weights(one, effective=False)[0]
    assert share.of_query.get("mean", 0.0) == pytest.approx(float(12 * (raw - measure.row(method, one))[0]), abs=1e-6)
    assert all(len(numbers) == 12 for numbers in share.of_key.values())
