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


def fit(method: str, x: Tensor, pattern: Tensor, *, steps: int = 300, seed: int = 0) -> Iterator[Progress]:
    """Fit the query and key maps, and the slice of a sliced method, by Adam; a result after every step.

    x: (n, D), pattern: (n, n). One head of 8 coordinates, raw weights (before the values are centred).
    """
    tokens = x.unsqueeze(0)
    q, k, _ = seeded_heads(tokens, 1, HEAD_DIM, seed=seed)
    inverse = torch.linalg.pinv(x)
    maps = [(inverse @ start[0, 0]).requires_grad_() for start in (q, k)]  # the seeded projections, to be fitted
    pi: Slice | None = None
    if method in PROJECTIONS:
        pi = seeded_slice(1, HEAD_DIM, PROJECTIONS[method], seed=seed, device=x.device).requires_grad_()
    optimizer = torch.optim.Adam([*maps, *(pi.parameters() if pi else ())], lr=RATE)
    best, kept = float("inf"), torch.zeros_like(pattern)
    for step in range(1, steps + 1):
        q, k = ((tokens @ m).unsqueeze(1) for m in maps)
        weights = METHODS[method].weights(q, k, slice_=pi, effective=False)[0, 0]
        loss = distance(weights, pattern)
        if not bool(loss.isfinite()):
            return
        now = loss.item()
        if now < best:
            best, kept = now, weights.detach()
        yield Progress(step, steps, now, best, kept)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
