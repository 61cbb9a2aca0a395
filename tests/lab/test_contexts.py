"""Contexts share tokens and are never the same set; those of equal moments have equal moments."""

from itertools import combinations

import pytest
import torch

from srviz.lab import contexts

each = pytest.mark.parametrize("kind", contexts.KINDS)


@each
@pytest.mark.parametrize("sequences", [2, 5, 8])
def test_contexts_are_distinct_and_share_tokens(kind, sequences):
    for seed in range(15):
        made = contexts.make(kind, sequences, seed, 0.3)
        rows = [frozenset(row) for row in made.members.tolist()]
        assert len(set(rows)) == sequences
        assert all(len(row) == contexts.n for row in rows)
        assert len(made.twins) == sum(len(a & b) for a, b in combinations(rows, 2)) >= 3
        assert set(made.own) == rows[1] - rows[0]
        assert len(made.pool) == len(frozenset.union(*rows))  # no token that nobody holds
        tokens = made.tokens
        for crowd in tokens:
            assert torch.cdist(crowd, crowd).add(torch.eye(contexts.n).double()).min() > 0.05
        assert contexts.smallest(made) > 0.01
        assert made.pool.abs().max() <= 1.05
        assert made.targets.abs().max() <= 0.95
        flat = made.targets.view(-1, 2)
        assert (flat[made.twins[:, 0]] - flat[made.twins[:, 1]]).norm(dim=1).min() > 0.2


@pytest.mark.parametrize("close", [0.0, 0.37, 0.99, 1.0])
def test_means_and_second_moments_are_equal_where_they_are_said_to_be(close):
    for seed in range(10):
        for kind in ("means", "moments"):
            x = contexts.make(kind, 8, seed, close).tokens
            assert (x.mean(1) - x.mean(1)[0]).abs().max() < 1e-12
            second = torch.einsum("cni,cnj->cij", x, x)
            apart = (second - second[0]).abs().max()
            assert apart < 1e-12 if kind == "moments" else apart > 0.01
        third = torch.einsum("cni,cnj,cnk->cijk", x, x, x)  # of equal moments
        assert (third[1] - third[0]).abs().max() >= 1e-3 * (1 - close)


@each
def test_b_comes_to_a(kind):
    found = [contexts.make(kind, 4, 1, close) for close in (0, 0.5, 0.9, 1)]
    apart = [contexts.distance(*made.tokens[:2]) for made in found]
    assert apart == sorted(apart, reverse=True)
    assert apart[0] > 0.08
    assert apart[-1] < 1e-12
    for made in found:
        assert torch.equal(made.targets, found[0].targets)
        assert torch.equal(made.members, found[0].members)


def test_a_seed_gives_the_same_and_another_seed_gives_others():
    one, other = contexts.make("any", 6, 3), contexts.make("any", 6, 3)
    assert torch.equal(one.pool, other.pool)
    assert torch.equal(one.targets, other.targets)
    assert not torch.equal(one.pool, contexts.make("any", 6, 4).pool)


def test_the_distance_is_that_of_the_shortest_move():
    a = torch.randn(6, 2, generator=torch.Generator().manual_seed(1)).double()
    assert contexts.distance(a, a[[3, 1, 0, 2, 5, 4]]) == 0
    assert contexts.distance(a, a + torch.tensor([3.0, 4.0])) == pytest.approx(5)


def test_tokens_and_targets_are_moved_by_hand():
    made = contexts.make("any", 3, 0)
    moved = made.moved({0: (0.5, -0.5), 99: (0.0, 0.0)}, {7: (0.1, 0.2), -1: (0.0, 0.0), 18: (0.0, 0.0)})
    assert moved.pool[0].tolist() == [0.5, -0.5]
    assert torch.equal(moved.pool[1:], made.pool[1:])
    assert moved.targets.view(-1, 2)[7].tolist() == pytest.approx([0.1, 0.2])
    assert int((moved.targets != made.targets).sum()) == 2


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        (("every", 4, 0), "kind: expected one of any, means, moments, got 'every'"),
        (("any", 1, 0), "sequences: expected a whole number from 2 to 8, got 1"),
        (("any", 9, 0), "sequences: expected a whole number"),
        (("any", True, 0), "sequences: expected a whole number"),
        (("any", 4, 0, 1.5), "close: expected a number from 0 to 1, got 1.5"),
        (("any", 4, 0, float("nan")), "close: expected a number"),
    ],
)
def test_what_cannot_be_made_gets_a_sentence(how, sentence):
    with pytest.raises(ValueError, match=sentence):
        contexts.make(*how)
