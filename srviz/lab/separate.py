"""An explicit construction that sends every token of every context to its own target.

It is one attention layer with sliced ReLU heads, then one pointwise map with one hidden layer of hinges.

Boufadène & Vialard (arXiv 2512.11411) prove that layers with such targets exist. This construction is our own, and a
small one. Every query is the same number s*, a place on a slice, which a query map of zero with a bias gives. So a
head puts out one number for a whole context, its label:

    label = Σ_j relu(s* − t_j) / Σ_l |s* − t_l| · (t_j − t̄)

with the scores t_j = ⟨w, x_j⟩ as values, too: a constant value would be wiped out by centring. The plain hinge sums
Σ_j relu(s − t_j) of two different clouds on a line differ somewhere, because their second derivative in s is the cloud
itself; of the label, which is centred and divided, it is measured here and not deduced. Where all labels differ, so do
all points (x, label), and a piecewise linear function of one coordinate in which they differ sends each to its target.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import pi

import torch
from torch import Tensor

from srviz.attention import sliced_relu

DIRECTIONS, PLACES = 90, 64  # that are tried for a head
ANGLES, SCALES = 36, 24  # that are tried for the coordinate of the pointwise map
MIX = (1.0, 0.7, 0.4)  # in which labels of several heads go into it
MOST_HEADS = len(MIX)
SAME = 1e-9  # points and labels that are nearer count as one
SCALE_LIMITS = (0.1, 4.0)  # of a label in that coordinate: from a part of its range to where the smallest gap spans all


@dataclass(frozen=True)
class SeparatingHead:
    """A slice and a place on it. turn: the angle of the direction w, in radians. place: s*."""

    turn: float
    place: float


@dataclass(frozen=True, eq=False)
class Pointwise:
    """bias + Σ_k relu(⟨direction, x⟩ − start − knots_k) slopes_k. direction: (D,), knots: (K,), slopes: (K, d).

    The coordinate runs from 0 to 1 over all points. gap: the smallest between two of them.
    """

    direction: Tensor
    start: float
    knots: Tensor
    slopes: Tensor
    bias: Tensor
    gap: float

    def __call__(self, x: Tensor) -> Tensor:
        """x: (…, D) → (…, d)."""
        z = x @ self.direction - self.start
        return self.bias + (z.unsqueeze(-1) - self.knots).relu() @ self.slopes

    @property
    def largest(self) -> float:
        """The largest weight of both layers."""
        return float(torch.cat((self.direction.abs(), self.slopes.abs().flatten())).amax())

    @property
    def stretch(self) -> float:
        """The largest weight of a label in the coordinate."""
        return float(self.direction[2:].abs().amax())


@dataclass(frozen=True, eq=False)
class Built:
    """The construction on N contexts of n tokens. labels: (N, heads). gap: the smallest between two contexts, in the
    head that tells them apart best. features: (N, n, 2 + heads), the state after attention. reached: (N, n, 2). lost:
    how many points with different targets are one point, so that nothing can send them to different places.
    """

    heads: tuple[SeparatingHead, ...]
    labels: Tensor
    gap: float
    pointwise: Pointwise
    features: Tensor
    reached: Tensor
    lost: int


def direction(turn: Tensor) -> Tensor:
    """Unit vectors at these angles: (…) → (…, 2)."""
    return torch.stack((turn.cos(), turn.sin()), -1)


def outputs(tokens: Tensor, turn: Tensor, places: Tensor) -> Tensor:
    """What heads put out for each context, by the operator: tokens (N, n, 2), turn (D,), places (D, P) → (D, N, P)."""
    t = direction(turn) @ tokens.flatten(0, 1).T  # (D, N · n)
    t = t.view(len(turn), *tokens.shape[:2])
    s = places.unsqueeze(1).expand(-1, tokens.shape[0], -1)
    return sliced_relu(s, t, t.unsqueeze(-1)).squeeze(-1)


def labels(tokens: Tensor, heads: Sequence[SeparatingHead]) -> Tensor:
    """The labels of all contexts: (N, heads)."""
    turn = tokens.new_tensor([head.turn for head in heads])
    places = tokens.new_tensor([[head.place] for head in heads])
    return outputs(tokens, turn, places).squeeze(-1).T


def gaps(labels: Tensor) -> Tensor:
    """|difference| for every pair of contexts: (…, N) → (…, pairs)."""
    i, j = torch.triu_indices(labels.shape[-1], labels.shape[-1], 1)
    return (labels[..., i] - labels[..., j]).abs()


def search(tokens: Tensor, heads: int = 1) -> tuple[SeparatingHead, ...]:
    """Heads whose labels tell the contexts apart, one after the other: each makes the smallest gap as large as can be.

    Tried are `DIRECTIONS` around the circle and, on each slice, `PLACES` from the lowest token to the highest.
    """
    turn = torch.arange(DIRECTIONS, dtype=tokens.dtype) * (2 * pi / DIRECTIONS)
    t = tokens.flatten(0, 1) @ direction(turn).T  # (N · n, D)
    low, high = t.amin(0), t.amax(0)
    part = torch.arange(1, PLACES + 1, dtype=tokens.dtype) / PLACES
    places = low[:, None] + (high - low)[:, None] * part
    found = gaps(outputs(tokens, turn, places).transpose(1, 2))  # (D, P, pairs)
    best = found.new_zeros(found.shape[-1])
    chosen = []
    for _ in range(heads):
        k = int(torch.maximum(found, best).amin(-1).flatten().argmax())
        d, p = divmod(k, PLACES)
        best = torch.maximum(found[d, p], best)
        chosen.append(SeparatingHead(float(turn[d]), float(places[d, p])))
    return tuple(chosen)


def interpolate(points: Tensor, targets: Tensor) -> tuple[Pointwise, int]:
    """The pointwise map that sends points (M, D) to targets (M, 2), and how many points cannot reach theirs.

    Points that are one point go to the middle of their targets. D is 2 and the number of labels.
    """
    same = torch.cdist(points, points, p=float("inf"), compute_mode="donot_use_mm_for_euclid_dist") <= SAME
    first = same.int().argmax(1)  # the first point that each is the same as
    kept = first == torch.arange(len(points))
    middle = torch.stack([targets[first == k].mean(0) for k in torch.nonzero(kept).flatten()])
    lost = sum(
        int((targets[first == k] - mean).abs().amax() > SAME) * int((first == k).sum())
        for k, mean in zip(torch.nonzero(kept).flatten(), middle, strict=True)
    )
    way, gap = coordinate(points[kept])
    z = points[kept] @ way
    order = z.argsort()
    start, span = float(z[order[0]]), float(z[order[-1]] - z[order[0]]) or 1.0
    knots, height = (z[order] - start) / span, middle[order]
    rise = (height[1:] - height[:-1]) / (knots[1:] - knots[:-1]).unsqueeze(1)
    slopes = torch.cat((rise[:1], rise[1:] - rise[:-1]))
    return Pointwise(way / span, start / span, knots[:-1], slopes, height[0], gap), lost


def coordinate(points: Tensor) -> tuple[Tensor, float]:
    """A direction (D,) in which the points (M, D) differ, the smallest gap as large as it can be among those tried, and
    that gap as a part of their range.
    """
    mix = points.new_tensor(MIX[: points.shape[1] - 2])
    label = points[:, 2:] @ mix
    reach = float(label.max() - label.min())
    reach = reach if reach > SAME else 0.0
    steps = label.sort().values.diff()
    clear = steps[steps > SAME]
    least, most = SCALE_LIMITS
    most = most * reach / float(clear.min()) if len(clear) else 10 * least
    part = torch.arange(SCALES, dtype=points.dtype) / (SCALES - 1)
    scales = least * (max(most, least) / least) ** part / (reach or 1.0)
    angle = torch.arange(ANGLES, dtype=points.dtype) * (pi / ANGLES)
    ways = torch.cat(
        (
            direction(angle).repeat_interleave(SCALES, 0),
            (scales.repeat(ANGLES)[:, None] * mix),
        ),
        1,
    )
    z = (ways @ points.T).sort(1).values
    found = z.diff(dim=1).amin(1) / (z[:, -1] - z[:, 0]) if len(points) > 1 else points.new_ones(len(ways))
    k = int(found.argmax())
    return ways[k], float(found[k])


def build(tokens: Tensor, targets: Tensor, heads: int | Sequence[SeparatingHead] = 1) -> Built:
    """The construction. tokens, targets: (N, n, 2) float64. heads: how many are searched for, or the heads themselves.

    Raises ValueError, with a sentence.
    """
    if tokens.shape != targets.shape or tokens.dim() != 3 or tokens.shape[-1] != 2 or len(tokens) < 2:
        raise ValueError(
            f"tokens, targets: expected (N, n, 2) with N ≥ 2 each, got {tuple(tokens.shape)}, {tuple(targets.shape)}"
        )
    many = heads if isinstance(heads, int) else len(heads)
    if not 1 <= many <= MOST_HEADS:
        raise ValueError(f"heads: expected 1 to {MOST_HEADS}, got {many}")
    chosen = search(tokens, heads) if isinstance(heads, int) else tuple(heads)
    found = labels(tokens, chosen)
    gap = float(gaps(found.T).amax(0).amin())
    features = torch.cat((tokens, found.unsqueeze(1).expand(-1, tokens.shape[1], -1)), -1)
    pointwise, lost = interpolate(features.flatten(0, 1), targets.flatten(0, 1))
    return Built(chosen, found, gap, pointwise, features, pointwise(features), lost)
