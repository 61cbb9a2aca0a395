"""How near a method can come to a given pattern of weights, when its queries, keys and slice are fitted to it."""

import io
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from srviz.attention import METHODS, Heads, Projections

HEAD_DIM = 8
RATE = 0.03
STEPS, STARTS = 300, 3


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
        self.method, self.x, self.pattern, self.steps, self.starts = METHODS[method], x, pattern, steps, starts
        self.best, self.weights = float("inf"), torch.zeros_like(pattern)
        self._begin(0)

    def _begin(self, start: int) -> None:
        """Take the maps and the slice of this start, which are the untrained ones of a seed."""
        self.start, self.step = start, 0
        x = self.x
        inverse = torch.cat([torch.linalg.pinv(x), x.new_zeros(1, len(x))])
        untrained = Projections.untrained(x.shape[1], 1, HEAD_DIM, seed=start, device=x.device)
        self.maps = [(inverse @ part[0]).requires_grad_() for part in untrained.project(x)[:2]]
        kind = self.method.projection
        self.slice = untrained.pi(kind).requires_grad_() if kind else None
        self.optimizer = torch.optim.Adam(self._fitted(), lr=RATE)

    def run(self) -> Iterator[FitStep]:
        """Go on to the end, a result every step. Between two of them `state` says all that is needed to go on."""
        tokens = torch.cat([self.x, torch.ones_like(self.x[:, :1])], 1)  # the ones carry the bias
        while True:
            while self.step < self.steps:
                heads = Heads(*((tokens @ part).unsqueeze(0) for part in self.maps))  # (1, n, d) each
                heads = heads.scored(self.slice, self.method) if self.slice else heads
                weights = self.method.weights(heads, effective=False)[0]
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
        """All that `resume` needs to go on exactly as if it had not stopped, as the arrays of an NPZ file."""
        place = np.array([self.start, self.step])
        held = {"place": place, "best": np.array(self.best), "weights": self.weights.cpu().numpy()}
        for number, parameter in enumerate(self._fitted()):
            held[f"parameter {number}"] = parameter.detach().cpu().numpy()
            for name, value in self.optimizer.state[parameter].items():
                held[f"{name} {number}"] = value.cpu().numpy()
        written = io.BytesIO()
        np.savez(written, **held)  # type: ignore[arg-type]
        return written.getvalue()

    def resume(self, state: bytes) -> None:
        """Go back to a state of a fit of the same method to the same pattern."""
        held = np.load(io.BytesIO(state), allow_pickle=False)
        self._begin(int(held["place"][0]))
        self.step, self.best = int(held["place"][1]), float(held["best"])
        self.weights = torch.from_numpy(held["weights"]).to(self.x.device)
        for number, parameter in enumerate(self._fitted()):
            with torch.no_grad():
                parameter.copy_(torch.from_numpy(held[f"parameter {number}"]))
            for name in ("step", "exp_avg", "exp_avg_sq"):
                if f"{name} {number}" in held:
                    value = torch.from_numpy(held[f"{name} {number}"])
                    self.optimizer.state[parameter][name] = value if name == "step" else value.to(self.x.device)

    def _fitted(self) -> list[Tensor]:
        """The parameters, in the order in which the optimizer has them."""
        return [*self.maps, *(self.slice.parameters() if self.slice else ())]
