"""How near a method can come to a given pattern of weights, when its queries, keys and slice are fitted to it."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from srviz.attention.methods import METHODS
from srviz.attention.scores import Slice, seeded_heads, seeded_slice

HEAD_DIM = 8
RATE = 0.03
STEPS, STARTS = 300, 3
PROJECTIONS = {"relu": "mlp", "bump": "linear"}


@dataclass(frozen=True)
class FitStep:
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


class Fit:
    """One method fitted to one pattern by Adam from several starts, as far as it has come.

    It fits the query and key maps, and the slice of a sliced method. There is one head of 8 coordinates, its maps have
    a bias, and the weights are raw, as they are before the values are centred. There is more than one start because a
    start from which no weight is above zero has no gradient.
    """

    def __init__(self, method: str, x: Tensor, pattern: Tensor, *, steps: int = STEPS, starts: int = STARTS) -> None:
        """x: (n, D) the tokens; pattern: (n, n). steps: of each start."""
        if method not in METHODS:
            raise ValueError(f"method: expected one of {', '.join(METHODS)}, got {method!r}")
        self.method, self.x, self.pattern, self.steps, self.starts = method, x, pattern, steps, starts
        self.best, self.weights = float("inf"), torch.zeros_like(pattern)
        self._begin(0)

    def _begin(self, start: int) -> None:
        """Take the maps and the slice of this start, which are the untrained ones of a seed."""
        self.start, self.step = start, 0
        x = self.x
        inverse = torch.cat([torch.linalg.pinv(x), x.new_zeros(1, len(x))])
        q, k, _ = seeded_heads(x.unsqueeze(0), 1, HEAD_DIM, seed=start)
        self.maps = [(inverse @ projected[0, 0]).requires_grad_() for projected in (q, k)]
        self.slice: Slice | None = None
        if self.method in PROJECTIONS:
            kind = PROJECTIONS[self.method]
            self.slice = seeded_slice(1, HEAD_DIM, kind, seed=start, device=x.device).requires_grad_()
        self.optimizer = torch.optim.Adam([*self.maps, *(self.slice.parameters() if self.slice else ())], lr=RATE)

    def run(self) -> Iterator[FitStep]:
        """Go on to the end, a result every step. Between two of them `state` says all that is needed to go on."""
        tokens = torch.cat([self.x, torch.ones_like(self.x[:, :1])], 1).unsqueeze(0)  # the ones carry the bias
        while True:
            while self.step < self.steps:
                q, k = ((tokens @ m).unsqueeze(1) for m in self.maps)
                weights = METHODS[self.method].weights(q, k, slice_=self.slice, effective=False)[0, 0]
                loss = distance(weights, self.pattern)
                if not bool(loss.isfinite()):
                    break
                now = loss.item()
                if now < self.best:
                    self.best, self.weights = now, weights.detach()
                self.optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                self.optimizer.step()
                self.step += 1
                done = self.start * self.steps + self.step
                yield FitStep(done, self.starts * self.steps, now, self.best, self.weights)
            if self.start + 1 == self.starts:
                return
            self._begin(self.start + 1)

    def state(self) -> bytes:
        """All that `resume` needs to go on exactly as if it had not stopped."""
        held: dict[str, Any] = {"start": self.start, "step": self.step, "best": self.best, "weights": self.weights}
        held |= {"maps": [m.detach() for m in self.maps], "optimizer": self.optimizer.state_dict()}
        if self.slice:
            held["slice"] = self.slice.state_dict()
        written = io.BytesIO()
        torch.save(held, written)
        return written.getvalue()

    def resume(self, state: bytes) -> None:
        """Go back to a state of a fit of the same method to the same pattern."""
        held = torch.load(io.BytesIO(state), map_location=self.x.device, weights_only=True)
        self._begin(held["start"])
        self.step, self.best, self.weights = held["step"], held["best"], held["weights"]
        with torch.no_grad():
            for here, there in zip(self.maps, held["maps"], strict=True):
                here.copy_(there)
        if self.slice:
            self.slice.load_state_dict(held["slice"])
        self.optimizer.load_state_dict(held["optimizer"])
