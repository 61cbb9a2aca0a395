"""One head and a crowd on a line, without any training: what the head's output tells of the crowd.

The keys are the crowd, at scores t_j. With the value 1 for every key, and neither centred nor divided, the output at s
is the mean excess R(s) = (1/n) Σ_j relu(s − t_j). R bends at the keys and nowhere else: R'' is the crowd itself. On a
grid of step h that holds all keys, (R(s + h) − 2 R(s) + R(s − h)) / h is the share of the keys at s, exactly.

The paper's head (arXiv 2512.11411) divides by Σ_l |s − t_l| and centres the values. Both can be undone where the mean
score of the crowd is known, and the divided output tells it: it is 1/2 just there.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from srviz.attention import sliced_relu

STEP = 0.01  # of the grid, in scores
LOW, HIGH = -300, 300  # ends of the grid, in steps; keys lie within, three steps from an end or more
FLAT = 1e-9  # what is nearer to 0 cannot be divided by
SINGULAR = 1e-7  # the same of what is read step by step, whose errors add up


def grid() -> Tensor:
    """Where the head is asked: (HIGH − LOW + 1,), in float64."""
    return torch.arange(LOW, HIGH + 1, dtype=torch.float64) * STEP


@dataclass(frozen=True)
class Form:
    """One form of the head. name: url-safe. label: for people. of: keys (n,) → its output on the grid. back: output,
    mean of the keys → the share of the keys at each place of the grid; NaN where it says nothing of it.
    """

    name: str
    label: str
    of: Callable[[Tensor], Tensor]
    back: Callable[[Tensor, Tensor], Tensor]


def _bare(t: Tensor) -> Tensor:
    return (grid().unsqueeze(-1) - t).relu().mean(-1)


def _divided(t: Tensor) -> Tensor:
    r = grid().unsqueeze(-1) - t
    far = r.abs().sum(-1)
    return torch.where(far > 0, r.relu().sum(-1) / torch.where(far > 0, far, 1), 0)


def _silent(t: Tensor) -> Tensor:
    """The paper's head with the value 1 for every key: centred, all values are 0."""
    return sliced_relu(grid(), t, torch.ones_like(t).unsqueeze(-1)).squeeze(-1)


def _full(t: Tensor) -> Tensor:
    """The paper's head; the value of a key is its own score."""
    return sliced_relu(grid(), t, t.unsqueeze(-1)).squeeze(-1)


def second_differences(sums: Tensor) -> Tensor:
    """(…, m) → (…, m): the second difference over the step, 0 at the two ends."""
    found = torch.zeros_like(sums)
    found[..., 1:-1] = (sums[..., 2:] - 2 * sums[..., 1:-1] + sums[..., :-2]) / STEP
    return found


def from_divided(y: Tensor, mean: Tensor) -> Tensor:
    """y = R/N with N = (1/n) Σ|s − t|. Of R + L = N and R − L = s − mean follows N = (s − mean) / (2y − 1)."""
    above, ratio = grid() - mean, 2 * y - 1
    known = (above.abs() > FLAT) & (ratio.abs() > FLAT)
    sums = torch.where(known, y * above / torch.where(known, ratio, 1), torch.nan)
    return second_differences(sums)


def from_full(y: Tensor, mean: Tensor) -> Tensor:
    """y N = C, where C'' = (s − mean) μ and N'' = 2 μ: read from left to right, one place of the grid after the other.

    Left of all keys N = mean − s. At each place both second differences follow from μ there, and y at the next place
    says which μ it is; but where 2y there is s − mean it does not. All that is read depends on this μ along a line, and
    all shares together are 1, which says what it is. There is one such place: 2y − (s − mean) falls where it is 0.
    """
    above, said = (grid() - mean).tolist(), y.tolist()
    one, other = (torch.tensor(_from_left(said, above, guess), dtype=torch.float64) for guess in (0.0, 1.0))
    apart = float((other - one).sum())
    return one + (1 - float(one.sum())) / apart * (other - one) if abs(apart) > SINGULAR else one


def _from_left(said: list[float], above: list[float], guess: float) -> list[float]:
    """guess: the share of the keys at the first place of which the next output does not tell."""
    found = [0.0] * len(said)
    far = [-above[0], -above[1]]  # N
    sums = [said[0] * far[0], said[1] * far[1]]  # C
    for k in range(1, len(said) - 1):
        next_far, next_sum = 2 * far[k] - far[k - 1], 2 * sums[k] - sums[k - 1]  # if nobody stands here
        tells = STEP * (2 * said[k + 1] - above[k])
        if abs(tells) > SINGULAR * STEP:
            found[k] = (next_sum - said[k + 1] * next_far) / tells
        else:
            found[k], guess = guess, math.nan
        far.append(next_far + 2 * STEP * found[k])
        sums.append(next_sum + STEP * above[k] * found[k])
    return found


def _nothing(y: Tensor, mean: Tensor) -> Tensor:
    return torch.full_like(y, torch.nan)


FORMS = {
    form.name: form
    for form in (
        Form("bare", "the bare sum", _bare, lambda y, mean: second_differences(y)),
        Form("divided", "divided by Σ|s − t|", _divided, from_divided),
        Form("ones", "divided and centred, all values 1", _silent, _nothing),
        Form("full", "divided and centred, the value is the key's own score", _full, from_full),
    )
}
