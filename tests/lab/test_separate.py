"""The construction sends every token of every context to its target, by what the operator puts out."""

import math

import pytest
import torch

from srviz.attention import reference
from srviz.lab import contexts, separate
from srviz.lab.separate import SeparatingHead, build, labels


def random_crowds(seed, sequences=6, n=5):
    """Crowds that the lab has not made: any points, the first three of them in every crowd."""
    draw = torch.Generator().manual_seed(seed)
    x = torch.randn(sequences, n, 2, generator=draw).double()
    x[:, :3] = x[0, :3]
    return x, torch.randn(sequences, n, 2, generator=draw).double()


@pytest.mark.parametrize("kind", contexts.KINDS)
@pytest.mark.parametrize("heads", [1, 3])
def test_every_token_comes_to_its_target(kind, heads):
    for seed, (sequences, close) in enumerate([(2, 0.0), (4, 0.9), (8, 0.0), (8, 0.99)]):
        made = contexts.make(kind, sequences, seed, close)
        built = build(made.tokens, made.targets, heads)
        assert (built.reached - made.targets).abs().max() < 1e-6
        assert built.lost == 0
        assert built.gap > 1e-4
        assert len(built.pointwise.knots) == sequences * contexts.n - 1


@pytest.mark.parametrize("seed", range(4))
def test_it_holds_for_any_crowds_and_any_targets(seed):
    x, targets = random_crowds(seed)
    assert (build(x, targets).reached - targets).abs().max() < 1e-6


def test_labels_are_what_the_formula_says():
    x, _ = random_crowds(7)
    for turn, place in ((0.3, 0.2), (2.0, -0.7), (5.1, 1.4)):
        t = x @ x.new_tensor([math.cos(turn), math.sin(turn)])
        s = t.new_full((len(t), 1), place)
        dense = reference.sliced_relu(s, t, t.unsqueeze(-1)).flatten()
        torch.testing.assert_close(labels(x, [SeparatingHead(turn, place)])[:, 0], dense, rtol=0, atol=1e-12)
        by_hand = [
            sum(max(0.0, place - a) * (a - sum(row) / len(row)) for a in row) / sum(abs(place - a) for a in row)
            for row in t.tolist()
        ]
        assert dense.tolist() == pytest.approx(by_hand, abs=1e-12)


def test_the_search_finds_no_worse_place_than_any_it_tries():
    x, _ = random_crowds(3)
    (head,) = separate.search(x)
    best = separate.gaps(labels(x, [head]).T).min()
    for turn in torch.linspace(0, 6.2, 19).tolist():
        for place in (-1.0, -0.2, 0.4, 1.1):
            d = round(turn / (2 * math.pi) * separate.DIRECTIONS) * 2 * math.pi / separate.DIRECTIONS
            t = x @ separate.direction(x.new_tensor(d))
            part = (place - t.min()) / (t.max() - t.min())
            on_grid = t.min() + (t.max() - t.min()) * (part * separate.PLACES).round().clamp(1, 64) / separate.PLACES
            assert separate.gaps(labels(x, [SeparatingHead(d, float(on_grid))]).T).min() <= best + 1e-12


def test_more_heads_leave_a_larger_gap():
    for seed in range(4):
        made = contexts.make("any", 8, seed)
        found = [build(made.tokens, made.targets, heads).gap for heads in (1, 2, 3)]
        assert found == sorted(found)
        assert found[2] > 1.2 * found[0]


@pytest.mark.parametrize("kind", contexts.KINDS)
def test_the_gap_shrinks_as_b_comes_to_a_and_the_label_is_stretched(kind):
    built = []
    for close in (0, 0.5, 0.9, 0.99, 1):
        made = contexts.make(kind, 2, 2, close)
        built.append(build(made.tokens, made.targets))
    assert [b.gap for b in built] == sorted((b.gap for b in built), reverse=True)
    assert built[-1].gap < 1e-12
    assert [b.lost for b in built] == [0, 0, 0, 0, 2 * contexts.n]
    assert built[3].pointwise.stretch > 4 * built[0].pointwise.stretch


def test_equal_moments_are_told_apart_among_the_tokens_alone():
    """What the question of the page says: right of all tokens every hinge is open, left of all none is."""
    made = contexts.make("moments", 4, 0)
    for turn in (0.0, 1.0, 4.0):
        t = made.tokens @ separate.direction(torch.tensor(turn).double())
        for place in (float(t.max()), float(t.max()) + 2.0, float(t.min())):
            assert separate.gaps(labels(made.tokens, [SeparatingHead(turn, place)]).T).max() < 1e-12
        inside = float(t.median())
        assert separate.gaps(labels(made.tokens, [SeparatingHead(turn, inside)]).T).max() > 1e-3


def test_from_a_place_where_no_label_differs_tokens_of_one_crowd_come_to_their_targets():
    made = contexts.make("moments", 4, 0)
    built = build(made.tokens, made.targets, [SeparatingHead(0.3, 2.0)])
    assert built.gap < 1e-12
    several = made.members.flatten().bincount()[made.members] > 1
    assert built.lost == int(several.sum()) > 0
    assert (built.reached - made.targets)[~several].abs().max() < 1e-6
    assert built.reached.isfinite().all()


def test_two_tokens_of_a_crowd_on_one_place_go_to_the_middle():
    made = contexts.make("any", 2, 0)
    x = made.tokens.clone()
    x[0, 1] = x[0, 0]
    built = build(x, made.targets)
    assert built.lost == 2
    assert built.reached[0, 0].tolist() == pytest.approx(made.targets[0, :2].mean(0).tolist())
    assert (built.reached - made.targets)[1].abs().max() < 1e-6


@pytest.mark.parametrize(
    ("shape", "heads", "sentence"),
    [
        ((1, 6, 2), 1, r"tokens, targets: expected \(N, n, 2\) with N ≥ 2 each, got \(1, 6, 2\)"),
        ((3, 6, 3), 1, "tokens, targets: expected"),
        ((3, 6, 2), 0, "heads: expected 1 to 3, got 0"),
        ((3, 6, 2), 4, "heads: expected 1 to 3, got 4"),
    ],
)
def test_what_cannot_be_built_gets_a_sentence(shape, heads, sentence):
    x = torch.randn(*shape, generator=torch.Generator().manual_seed(1)).double()
    with pytest.raises(ValueError, match=sentence):
        build(x, x, heads)
