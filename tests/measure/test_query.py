"""One query's row is the row of the whole matrix of weights, by every method."""

import numpy as np
import pytest
import torch

from srviz.attention import METHODS, seeded_heads, seeded_slice, standardize
from srviz.measure import query as measure

SIZES = {"heads": 3, "head_dim": 5, "seed": 7}


@pytest.fixture(scope="module")
def x():
    return torch.randn(90, 4, generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="module")
def found(x):
    return measure.heads(x, projection="linear", **SIZES)


@pytest.fixture
def raw(x):
    """Queries, keys and their scores of all heads, the plain way."""
    q, k, _ = seeded_heads(x[None], 3, 5, seed=7)
    pi = seeded_slice(3, 5, "linear", seed=7)
    return q, k, pi(q), pi(k)


def test_scores_by_chunks_are_the_scores(x, raw, monkeypatch):
    monkeypatch.setattr(measure, "ROWS", 32)
    found = measure.heads(x, projection="linear", **SIZES)
    s, t = standardize(raw[2], raw[3])
    torch.testing.assert_close(found.s, s[0], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(found.t, t[0], atol=1e-5, rtol=1e-5)


def test_scores_of_other_points_are_on_the_same_scale(x, found):
    torch.testing.assert_close(found.key_scores(x[:20]), found.t[:, :20], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("bandwidth", [0.3, 2.0])
@pytest.mark.parametrize("method", METHODS)
def test_the_row_is_that_of_the_matrix(method, bandwidth, x, found, raw):
    q, k, s, t = raw
    s, t = (scores / bandwidth for scores in standardize(s, t))
    whole = METHODS[method].weights(q, k, slice_=lambda part: s if part is q else t)
    for head, query in ((0, 0), (2, 57)):
        row = measure.row(method, x, found, head, query, bandwidth=bandwidth)
        torch.testing.assert_close(row, whole[0, head, query], atol=1e-6, rtol=1e-4)


def test_tokens_that_are_all_alike_have_scores_and_weights():
    x = torch.ones(12, 3)
    found = measure.heads(x, **SIZES)
    for method in METHODS:
        assert measure.row(method, x, found, 0, 3).isfinite().all()
    assert found.key_scores(x).isfinite().all()


def test_near_is_a_tenth_for_even_weights_and_one_for_a_needle(x):
    assert measure.near(torch.ones(90), x, 5) == pytest.approx(0.1)
    assert measure.near(torch.eye(90)[5], x, 5) == 1
    far = int((x - x[5]).norm(dim=1).argmax())
    assert measure.near(-torch.eye(90)[far], x, 5) == 0
    assert np.isfinite(measure.near(torch.zeros(90), x, 5))
