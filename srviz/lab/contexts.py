"""Sequences of tokens in the plane that share tokens on purpose, and for every token of each a place it is to go to.

Two sequences that share a token are two contexts of it. The first two, A and B, differ in a few tokens of B's own,
which can be moved towards those of A until nothing tells the two contexts apart.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations, permutations
from math import cos, pi, sin

import torch
from torch import Generator, Tensor

n = 6  # tokens of a sequence
LEAST, MOST = 2, 8  # sequences
KINDS = {
    "any": "Any crowds",
    "means": "Equal means",
    "moments": "Equal means and second moments",
}
STEPS = 100  # of closeness, from 0 to 1
POOL = 10  # tokens that contexts of any kind are drawn from
APART = 0.35  # two places that one token is to go to, at least, where there is room
DRAWS = 256  # tries at a place that is far enough from others
FULL = 2 * pi
Places = Mapping[int, tuple[float, float]]  # which one → where it is


@dataclass(frozen=True, eq=False)
class Contexts:
    """N sequences of `n` tokens. pool: (P, 2) float64, all tokens there are. members: (N, n), which of them each
    sequence holds, each at most once. targets: (N, n, 2), where each is to go. own: the tokens of the pool in which B
    differs from A. path: (STEPS + 1, len(own), 2), where they lie at each closeness.
    """

    pool: Tensor
    members: Tensor
    targets: Tensor
    own: tuple[int, ...]
    path: Tensor

    def __len__(self) -> int:
        return len(self.members)

    @property
    def tokens(self) -> Tensor:
        """Where the tokens of all sequences lie: (N, n, 2)."""
        return self.pool[self.members]

    @cached_property
    def twins(self) -> Tensor:
        """Every pair of one token in two contexts, as places among the N · n of all: (pairs, 2)."""
        flat = self.members.flatten()
        one, other = torch.triu_indices(len(flat), len(flat), 1)
        return torch.stack((one, other), 1)[flat[one] == flat[other]]

    def moved(self, tokens: Places, targets: Places) -> "Contexts":
        """With some tokens of the pool, and some targets among the N · n of all, at other places.

        Numbers of tokens or targets that there are none of are ignored.
        """
        pool, aims = self.pool.clone(), self.targets.clone()
        for k, place in tokens.items():
            if 0 <= k < len(pool):
                pool[k] = pool.new_tensor(place)
        for k, place in targets.items():
            if 0 <= k < aims[..., 0].numel():
                aims.view(-1, 2)[k] = aims.new_tensor(place)
        return replace(self, pool=pool, targets=aims)


def make(kind: str, sequences: int, seed: int, close: float = 0.0) -> Contexts:
    """Contexts from a seed. Up to a closeness of 1 no two of them are the same set.

    kind: one of `KINDS`. "means": each is three of five pairs of opposite tokens about one centre. "moments": each is
    an equilateral triangle on an outer circle and one on an inner circle, seen askew; however a triangle is turned, its
    mean and its second moments stay the same, on every line through the plane, too. (Triples with equal sums and equal
    sums of squares, such as {0, 4, 5} and {1, 2, 6}, are what two such triangles are on a line: solutions of the
    Prouhet–Tarry–Escott problem of degree 2.) close: from 0, as far as they were drawn, to 1, where B is A. Raises
    ValueError, with a sentence.
    """
    if kind not in KINDS:
        raise ValueError(f"kind: expected one of {', '.join(KINDS)}, got {str(kind)[:40]!r}")
    if not isinstance(sequences, int) or isinstance(sequences, bool) or not LEAST <= sequences <= MOST:
        raise ValueError(f"sequences: expected a whole number from {LEAST} to {MOST}, got {str(sequences)[:40]}")
    if not isinstance(close, int | float) or not 0 <= close <= 1:
        raise ValueError(f"close: expected a number from 0 to 1, got {str(close)[:40]}")
    draw = Generator().manual_seed(seed)
    pool, members, path = {"any": _any, "means": _means, "moments": _moments}[kind](draw, sequences)
    own = tuple(range(len(pool), len(pool) + path.shape[1]))
    used, members = torch.unique(members, return_inverse=True)  # without what no sequence holds
    own = tuple(int((used == k).nonzero()) for k in own)
    pool = torch.cat((pool, path[round(close * STEPS)]))[used]
    found = Contexts(pool, members, torch.zeros(*members.shape, 2, dtype=pool.dtype), own, path)
    return replace(found, targets=_targets(draw, found))


def _uniform(draw: Generator, *shape: int, reach: float = 1.0) -> Tensor:
    return (2 * torch.rand(*shape, generator=draw, dtype=torch.float64) - 1) * reach


def _far(candidates: Tensor, others: Tensor, least: float) -> Tensor:
    """The first of some candidates (C, 2) that is so far from all others (M, 2); if none is, the farthest one."""
    if not len(others):
        return candidates[0]
    nearest = torch.cdist(candidates, others).amin(1)
    enough = nearest >= least
    return candidates[int(enough.int().argmax())] if bool(enough.any()) else candidates[int(nearest.argmax())]


def _rows(draw: Generator, members: list[list[int]], first: list[int], sequences: int, own: list[int]) -> Tensor:
    """A, B, and some of the others, in random order: B is A with its last tokens replaced by its own."""
    order = torch.randperm(len(members), generator=draw).tolist()
    others = [members[k] for k in order if members[k] != first][: sequences - 2]
    return torch.tensor([first, first[: n - len(own)] + own, *others])


def _any(draw: Generator, sequences: int) -> tuple[Tensor, Tensor, Tensor]:
    """Six of ten tokens each; B has one of its own."""
    pool = torch.empty(0, 2, dtype=torch.float64)
    for _ in range(POOL):
        pool = torch.cat((pool, _far(_uniform(draw, DRAWS, 2), pool, 0.35).unsqueeze(0)))
    every = [list(one) for one in combinations(range(POOL), n)]
    first = every[int(torch.randint(len(every), (), generator=draw))]
    rows = _rows(draw, every, first, sequences, [POOL])
    goal, stay = pool[first[-1]], pool[first[:-1]]
    return pool, rows, _straight(draw, goal, stay, _uniform(draw, DRAWS, 2)).unsqueeze(1)


def _straight(draw: Generator, goal: Tensor, stay: Tensor, starts: Tensor) -> Tensor:
    """A straight way to the goal (2,), at first far from it and never near those that stay: (STEPS + 1, 2)."""
    part = torch.linspace(0, 1, STEPS + 1, dtype=goal.dtype)[:, None]
    ways = starts[:, None] + part * (goal - starts[:, None])  # (starts, STEPS + 1, 2)
    near = torch.cdist(ways.flatten(0, 1), stay).amin(1).view(len(starts), -1)[:, :-1].amin(1)
    length = (starts - goal).norm(dim=1)
    good = (near >= 0.15) & (length >= 0.6)
    return ways[int(good.int().argmax()) if bool(good.any()) else int(torch.minimum(near, length / 4).argmax())]


def _means(draw: Generator, sequences: int) -> tuple[Tensor, Tensor, Tensor]:
    """Three of five pairs of opposite tokens each; B has a pair of its own."""
    angle = (torch.arange(5) + 0.5 * torch.rand(5, generator=draw)) * (pi / 5) + pi * torch.rand((), generator=draw)
    radius = 0.45 + 0.5 * torch.rand(5, generator=draw)
    arms = (torch.stack((angle.cos(), angle.sin()), 1) * radius[:, None]).double()
    centre = _uniform(draw, 2, reach=0.05)
    pairs = torch.stack((arms, -arms), 1)  # (5, 2, 2)
    every = [[2 * k + side for k in chosen for side in (0, 1)] for chosen in combinations(range(5), 3)]
    first = every[int(torch.randint(len(every), (), generator=draw))]
    goal, stay = arms[first[-1] // 2], pairs.flatten(0, 1)[first[:-2]]
    way = _straight(draw, goal, torch.cat((stay, torch.zeros(1, 2).double())), _uniform(draw, DRAWS, 2, reach=0.9))
    rows = _rows(draw, every, first, sequences, [10, 11])
    return pairs.flatten(0, 1) + centre, rows, torch.stack((way, -way), 1) + centre


def _moments(draw: Generator, sequences: int) -> tuple[Tensor, Tensor, Tensor]:
    """One of three outer triangles and one of three inner ones each; B has an inner one of its own."""
    start = (FULL * torch.rand(2, generator=draw)).tolist()
    circles = [
        [_triangle(radius, turn + side * FULL / 9) for side in range(3)]
        for radius, turn in zip((1.0, 0.55), start, strict=True)
    ]
    pool = torch.cat([*circles[0], *circles[1]])
    every = {
        (i, j): [3 * i + k for k in range(3)] + [9 + 3 * j + k for k in range(3)] for i in range(3) for j in range(3)
    }
    i, j = torch.randint(3, (2,), generator=draw).tolist()
    first = every.pop((i, j))
    every.pop((i, (j - 1) % 3))  # B passes there on its way to A
    rows = _rows(draw, list(every.values()), first, sequences, [18, 19, 20])
    turns = [start[1] + j * FULL / 9 - FULL / 6 * (1 - step / STEPS) for step in range(STEPS + 1)]
    path = torch.stack([_triangle(0.55, turn) for turn in turns])
    angle = pi * float(torch.rand((), generator=draw))
    flat = 0.7 + 0.25 * float(torch.rand((), generator=draw))
    c, s = cos(angle), sin(angle)
    askew = torch.tensor([[c, s], [-s * flat, c * flat]], dtype=torch.float64)
    return pool @ askew, rows, path @ askew


def _triangle(radius: float, turn: float) -> Tensor:
    corners = [(radius * cos(turn + k * FULL / 3), radius * sin(turn + k * FULL / 3)) for k in range(3)]
    return torch.tensor(corners, dtype=torch.float64)


def _targets(draw: Generator, contexts: Contexts) -> Tensor:
    """A random place for each token of each sequence; one token gets places far from each other."""
    found: dict[int, list[Tensor]] = {}
    for k in contexts.members.flatten().tolist():
        before = found.setdefault(k, [])
        others = torch.stack(before) if before else torch.empty(0, 2, dtype=torch.float64)
        before.append(_far(_uniform(draw, DRAWS, 2, reach=0.95), others, APART))
    taken = {k: iter(places) for k, places in found.items()}
    flat = [next(taken[k]) for k in contexts.members.flatten().tolist()]
    return torch.stack(flat).view(*contexts.members.shape, 2)


ORDERS = torch.tensor(list(permutations(range(n))))  # (720, n)


def distance(one: Tensor, other: Tensor) -> float:
    """How far two sequences (n, 2) are apart: the mean way of a token in the shortest move of one crowd onto the other.

    This is the Wasserstein distance of order 1 between the two as measures.
    """
    ways = torch.cdist(one, other)
    return float(ways[torch.arange(n), ORDERS].mean(1).amin())


def smallest(contexts: Contexts) -> float:
    """The smallest distance between any two of the contexts."""
    tokens = contexts.tokens
    return min(distance(tokens[i], tokens[j]) for i, j in combinations(range(len(tokens)), 2))
