"""How near a method can come to a given pattern of weights, when its queries, keys and slice are fitted to it."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from srviz.attention.methods import METHODS
from srviz.attention.scores import Slice, seeded_heads, seeded_slice

HEAD_DIM = 8
RATE = 0.03
PROJECTIONS = {"relu": "mlp", "bump": "linear"}


@dataclass(frozen=True)
class Progress:
    """One step of a fit. distance: at this step; best: the least so far; weights: (n, n) at the best step."""

    step: int
    steps: int
    distance: float
    best: float
    weights: Tensor


def distance(weights: Tensor, pattern: Tensor) -> Tensor:
    """min over α of ‖α A − P‖ / ‖P‖ (Frobenius), which the scale of the values could take up. (n, n) both → ()."""
    alpha = (weights * pattern).sum() / weights.square().sum().clamp_min(1e-20)
    apart: Tensor = (alpha * weights - pattern).norm() / pattern.norm()
    return apart


def fit(method: str, x: Tensor, pattern: Tensor, *, steps: int = 300, starts: int = 3) -> Iterator[Progress]:
    """Fit the query and key maps, and the slice of a sliced method, by Adam from several starts; a result every step.

    x: (n, D), pattern: (n, n). One head of 8 coordinates, its maps with a bias, raw weights (before the values are
    centred). A start from which no weight is above zero has no gradient, hence more than one.
    """
    tokens = torch.cat([x, torch.ones_like(x[:, :1])], 1).unsqueeze(0)  # the bias acts on the column of ones
    inverse = torch.cat([torch.linalg.pinv(x), x.new_zeros(1, len(x))])
    best, kept = float("inf"), torch.zeros_like(pattern)
    for start in range(starts):
        q, k, _ = seeded_heads(x.unsqueeze(0), 1, HEAD_DIM, seed=start)
        maps = [(inverse @ projected[0, 0]).requires_grad_() for projected in (q, k)]  # the seeded ones, to be fitted
        pi: Slice | None = None
        if method in PROJECTIONS:
            pi = seeded_slice(1, HEAD_DIM, PROJECTIONS[method], seed=start, device=x.device).requires_grad_()
        optimizer = torch.optim.Adam([*maps, *(pi.parameters() if pi else ())], lr=RATE)
        for step in range(1, steps + 1):
            q, k = ((tokens @ m).unsqueeze(1) for m in maps)
            weights = METHODS[method].weights(q, k, slice_=pi, effective=False)[0, 0]
            loss = distance(weights, pattern)
            if not bool(loss.isfinite()):
                break
            now = loss.item()
            if now < best:
                best, kept = now, weights.detach()
            yield Progress(start * steps + step, starts * steps, now, best, kept)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
