"""What one slice keeps of the tokens, and what many slices keep. n tokens x: (n, D); scores: (n,), of queries and keys
alike.
"""

import math

import torch
from torch import Tensor

from srviz.attention import reference, standardize


def direction(theta: float, tilt: float | None = None) -> Tensor:
    """The unit vector at these angles in degrees: (2,), or (3,) where it is tilted out of the plane."""
    a, b = math.radians(theta), math.radians(tilt or 0.0)
    flat = [math.cos(a) * math.cos(b), math.sin(a) * math.cos(b)]
    return torch.tensor(flat if tilt is None else [*flat, math.sin(b)])


def most_variance(x: Tensor) -> float:
    """The largest variance of the scores ⟨θ, x_i⟩ along any unit vector θ: the largest eigenvalue of the covariance of
    tokens x (Pearson, 1901), whose eigenvector is the first principal component.
    """
    return float(torch.linalg.eigvalsh(x.mT.cov(correction=0))[-1])


def weights(scores: Tensor, held: int) -> Tensor:
    """What the token `held`, as a query, gives every key before the values are centred: (n,)."""
    s, t, *_ = standardize(scores, scores)
    return reference.sliced_relu_weights(s[held : held + 1], t, effective=False)[0]


def most_confused(scores: Tensor, x: Tensor) -> tuple[int, int, float]:
    """Of all neighbours on the line the two whose distance shrinks most, and how much: |x_i − x_j| − |s_i − s_j|."""
    order = scores.argsort(stable=True)
    i, j = order[:-1], order[1:]
    lost = (x[i] - x[j]).norm(dim=-1) - (scores[j] - scores[i])
    k = int(lost.argmax())
    return int(i[k]), int(j[k]), float(lost[k])


def not_told_apart(scores: Tensor, x: Tensor, resolution: float) -> Tensor:
    """How many pairs none of the first 1 … H heads tells apart: (H,). scores: (H, n), standardized.

    A head tells i and j apart where |s_i − s_j| ≥ resolution · |x_i − x_j|.
    """
    i, j = torch.triu_indices(len(x), len(x), 1, device=x.device)
    told = (scores[:, i] - scores[:, j]).abs() >= resolution * (x[i] - x[j]).norm(dim=-1)
    left: Tensor = (told.int().cummax(0).values == 0).sum(-1)
    return left


def shrinkage(dim: int) -> float:
    """The mean of |⟨θ, e⟩| for a unit vector e and a random direction θ of R^dim: Γ(D/2) / (√π Γ((D + 1)/2))."""
    return math.exp(math.lgamma(dim / 2) - math.lgamma((dim + 1) / 2)) / math.sqrt(math.pi)


def directions(count: int, dim: int, *, seed: int) -> Tensor:
    """Random unit vectors: (count, dim)."""
    drawn = torch.randn(count, dim, generator=torch.Generator().manual_seed(seed))
    unit: Tensor = drawn / drawn.norm(dim=-1, keepdim=True)
    return unit


def differences(x: Tensor, most: int) -> Tensor:
    """x_i − x_j for all pairs i < j, or for `most` evenly spread ones of them where there are more: (P, D)."""
    i, j = torch.triu_indices(len(x), len(x), 1)
    keep = torch.linspace(0, len(i) - 1, min(len(i), most)).long()
    return x[i[keep]] - x[j[keep]]


def mean_shadow(differences: Tensor, theta: Tensor) -> Tensor:
    """(1/L) Σ_l |⟨θ_l, x − y⟩| for every pair: differences (P, D), theta (L, D) → (P,)."""
    return (theta @ differences.T).abs().mean(0)


def errors(differences: Tensor, *, most: int, repeats: int, seed: int) -> tuple[list[int], Tensor]:
    """How far the mean over L random directions is from c·|x − y|, for L = 1, 2, 4 … most: L and (repeats, len(L)).

    The error of one draw is the root mean square over all pairs of the relative error. differences: (P, D).
    """
    counts = [2**k for k in range(most.bit_length())]
    expected = shrinkage(differences.shape[-1]) * differences.norm(dim=-1)
    found = []
    for theta in directions(repeats * counts[-1], differences.shape[-1], seed=seed).view(repeats, counts[-1], -1):
        sums = torch.zeros_like(expected)
        for before, count in zip([0, *counts], counts, strict=False):
            sums = sums + (theta[before:count] @ differences.T).abs().sum(0)
            found.append((sums / count / expected - 1).square().mean().sqrt())
    return counts, torch.stack(found).view(repeats, len(counts))


def fitted(counts: list[int], error: Tensor) -> tuple[float, float]:
    """Least squares of log error on log L: error ≈ factor · L^slope. error: (len(counts),). Returns (slope, factor)."""
    log = torch.tensor(counts, dtype=torch.float64).log()
    away = log - log.mean()
    level = error.double().log()
    slope = float((away * level).sum() / away.square().sum())
    return slope, float((level.mean() - slope * log.mean()).exp())
