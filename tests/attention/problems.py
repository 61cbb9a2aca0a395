"""Problems for the operator and what they are checked with: loops, gradients, and bounds on what rounding may do.

The loops know nothing of `srviz`: they are the oracle of the n² formulas, which are the oracle of everything else.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from torch import Tensor

examples = settings(
    deadline=None,
    derandomize=True,
    database=None,
    max_examples=50,
    # a fixture set once for all examples of a test is what is wanted here: it sets constants
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@dataclass(frozen=True)
class Problem:
    """s: (…, n_q), t: (…, n_k), v: (…, n_k, d), upstream g: (…, n_q, d) and a bandwidth; keep: (…, n_k) or None."""

    s: Tensor
    t: Tensor
    v: Tensor
    g: Tensor
    b: float
    keep: Tensor | None = None

    @property
    def lead(self) -> torch.Size:
        """The broadcast leading dimensions."""
        return torch.broadcast_shapes(self.s.shape[:-1], self.t.shape[:-1], self.v.shape[:-2])

    def to(self, dtype: torch.dtype) -> "Problem":
        """The same numbers in another dtype."""
        return Problem(self.s.to(dtype), self.t.to(dtype), self.v.to(dtype), self.g.to(dtype), self.b, self.keep)

    @property
    def full_keep(self) -> Tensor | None:
        """The mask in the full shape, as the n² formulas want it."""
        return None if self.keep is None else self.keep.expand(*self.lead, self.t.shape[-1])


def random(seed: int, *shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
    """Normal numbers of a seed."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)


LEADS = {
    "one": ((), (), ()),
    "batch": ((3,), (3,), (3,)),
    "heads": ((2, 3), (2, 3), (2, 3)),
    "values shared": ((2, 2), (2, 2), ()),
    "queries shared": ((), (2,), (2,)),
    "crossed": ((2, 1), (1, 3), (1, 1)),
}


@st.composite
def problems(draw: st.DrawFn, *, ties: bool | None = None, masks: bool = False) -> Problem:
    """Any shape on either side of a tile, tied or not, shifted up to 2²⁰, scaled from 2⁻²⁰ to 2²⁰.

    Tied scores lie on a grid of 1/8, of which the bandwidth is a multiple; powers of two keep that exact.
    """
    seed = draw(st.integers(0, 2**20))
    n_q = draw(st.sampled_from([1, 2, 3, 7, 31, 33, 64, 255, 257, 300]))
    n_k = draw(st.sampled_from([1, 2, 3, 5, 31, 32, 33, 100, 256, 257, 513, 600]))
    d = draw(st.sampled_from([1, 2, 3, 5]))
    lead_s, lead_t, lead_v = LEADS[draw(st.sampled_from(list(LEADS)))]
    tied = draw(st.booleans()) if ties is None else ties
    scale = 2.0 ** draw(st.sampled_from([0, 0, -20, -3, 5, 20]))
    offset = draw(st.sampled_from([0.0, 0.0, 1.0, -1000.0, 2.0**20]))
    spread = draw(st.sampled_from([1.0, 1.0, 0.0, 5.0]))
    s, t = random(seed, *lead_s, n_q) * spread, random(seed + 1, *lead_t, n_k) * spread
    apart = draw(st.sampled_from([0.0, 0.0, 0.5, 40.0, -40.0]))  # all queries above, or below, all keys
    s = s + apart
    b = draw(st.sampled_from([0.125, 0.25, 0.375, 1.0, 2.5, 64.0]))
    if tied:
        s, t = (s * 8).round() / 8, (t * 8).round() / 8
    else:
        b *= 1.0371
    keep = None
    if masks:
        share = draw(st.sampled_from([None, 1.0, 0.7, 0.1, 0.0]))
        if share is not None:
            generator = torch.Generator().manual_seed(seed + 2)
            keep = torch.rand(*torch.broadcast_shapes(lead_s, lead_t, lead_v), n_k, generator=generator) < share
    v = random(seed + 3, *lead_v, n_k, d) + draw(st.sampled_from([0.0, 3.0]))
    g = random(seed + 4, *torch.broadcast_shapes(lead_s, lead_t, lead_v), n_q, d)
    problem = Problem((s + offset) * scale, (t + offset) * scale, v, g, b * scale, keep)
    if draw(st.booleans()):  # views that do not lie in one piece
        stretch = [torch.stack([x, x + 1], -1)[..., 0] for x in (problem.s, problem.t)]
        problem = Problem(*stretch, problem.v.mT.contiguous().mT, problem.g, problem.b, keep)
    return problem


def differentiate(f: Callable[..., Tensor], inputs: Sequence[Tensor], g: Tensor) -> list[Tensor]:
    """[f(*inputs), then the gradients of ⟨g, f⟩ for each input]."""
    leaves = [x.detach().clone().requires_grad_() for x in inputs]
    y = f(*leaves)
    return [y.detach(), *torch.autograd.grad(y, leaves, g.to(y.dtype))]


def relative(a: Tensor, b: Tensor) -> float:
    """‖a − b‖ / ‖b‖ in float64."""
    return float((a.double() - b.double()).norm() / b.double().norm())


def assert_close(found: Tensor, expected: Tensor, bound: float, tol: float) -> None:
    """Every entry within tol of the expected one and of `bound`, the size of the terms that were summed."""
    assert found.shape == expected.shape
    error = (found.double() - expected.double()).abs()
    limit = tol * (expected.double().abs() + bound)
    assert bool((error <= limit).all()), f"off by {float(error.max()):.3e}, allowed {float(limit.max()):.3e}"


# Loops


def loop_kernel(nodes: Sequence[float], heights: Sequence[float], left: float, right: float, r: float) -> float:
    """A piecewise linear function by its definition."""
    if r <= nodes[0]:
        return heights[0] + left * (r - nodes[0])
    for k in range(len(nodes) - 1):
        if r <= nodes[k + 1]:
            part = (r - nodes[k]) / (nodes[k + 1] - nodes[k])
            return (1 - part) * heights[k] + part * heights[k + 1]
    return heights[-1] + right * (r - nodes[-1])


def loop_sum(f: Callable[[float], float], s: Tensor, t: Tensor, v: Tensor) -> Tensor:
    """Σ_j f(s_i − t_j) v_j of one head."""
    y = torch.zeros(len(s), v.shape[-1], dtype=torch.float64)
    for i, a in enumerate(s.tolist()):
        for j, c in enumerate(t.tolist()):
            for k, x in enumerate(v[j].tolist()):
                y[i, k] += f(a - c) * x
    return y


def loop_sliced_relu(s: Tensor, t: Tensor, v: Tensor, keep: Sequence[bool]) -> Tensor:
    """Σ_j relu(s_i − t_j) / N_i · (v_j − v̄) of one head, over the kept keys alone."""
    y = torch.zeros(len(s), v.shape[-1], dtype=torch.float64)
    kept = [j for j in range(len(t)) if keep[j]]
    for k in range(v.shape[-1]):
        mean = sum(float(v[j, k]) for j in kept) / max(len(kept), 1)
        for i, a in enumerate(s.tolist()):
            total = sum(abs(a - float(t[j])) for j in kept)
            for j in kept:
                if total > 0:
                    y[i, k] += max(0.0, a - float(t[j])) / total * (float(v[j, k]) - mean)
    return y


def loop_sliced_bump(s: Tensor, t: Tensor, v: Tensor, b: float, keep: Sequence[bool]) -> Tensor:
    """(1/n) Σ_j max(0, 1 − |s_i − t_j| / b) v_j of one head, over the n kept keys."""
    kept = [j for j in range(len(t)) if keep[j]]
    if not kept:
        return torch.zeros(len(s), v.shape[-1], dtype=torch.float64)
    return loop_sum(lambda r: max(0.0, 1 - abs(r) / b), s, t[kept], v[kept]) / len(kept)
