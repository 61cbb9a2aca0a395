"""How near a method can come to a given pattern of weights, when its queries, keys and slice are fitted to it."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from srviz.attention import METHODS, Heads, Projections

HEAD_DIM = 8
RATE = 0.03


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
    record = METHODS[method]
    tokens = torch.cat([x, torch.ones_like(x[:, :1])], 1)  # the bias acts on the column of ones
    inverse = torch.cat([torch.linalg.pinv(x), x.new_zeros(1, len(x))])
    best, kept = float("inf"), torch.zeros_like(pattern)
    for start in range(starts):
        untrained = Projections.untrained(x.shape[1], 1, HEAD_DIM, seed=start, device=x.device)
        maps = [(inverse @ part[0]).requires_grad_() for part in untrained.project(x)[:2]]  # those maps, to be fitted
        pi = untrained.pi(record.projection).requires_grad_() if record.projection else None
        optimizer = torch.optim.Adam([*maps, *(pi.parameters() if pi else ())], lr=RATE)
        for step in range(1, steps + 1):
            heads = Heads(*((tokens @ part).unsqueeze(0) for part in maps))  # (1, n, d) each
            weights = record.weights(heads.scored(pi, record) if pi else heads, effective=False)[0]
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
