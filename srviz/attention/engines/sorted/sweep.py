"""The sorted pass: prefix sums over sorted keys, looked up by sorted queries.

Keys and queries of B rows (batch times heads) lie sorted on one line, a `Ladder`. Walking up the keys, the pass carries

    P(u) = Σ_{t_j ≤ u} v_j            R(u) = Σ_{t_j ≤ u} (u − t_j) v_j

by the recurrence R_{k+1} = R_k + (t_(k+1) − t_(k)) P_k over the knots: gaps and never positions enter, so nothing
cancels. A query takes both at the last knot before its own position. Walking down gives the same for the keys above.

A bounded window is summed without differences, too. The keys are cut into bins as long as the window, and the sums
restart in each bin: a window is a prefix of one bin, found on the way up, and a suffix of the bin before it, found on
the way down. Where rounding could put a window inside a bin, bins are shorter by that; a bin inside a window is found
like a prefix.

The keys are taken in tiles that stay in a CPU's cache; P and R are carried from tile to tile.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import pairwise

import torch
from torch import Tensor
from torch.nn.functional import pad

from srviz.attention.engines.sorted.scan import prefix_sum_scalar, scan
from srviz.attention.kernels import Piece

TILE_CPU = 1 << 18  # numbers in a tile of values: small enough for the cache
RADIX = 1 << 15  # numbers in a row from which torch sorts integers by radix
TILE_GPU = 1 << 26  # one launch for everything that fits comfortably


@dataclass(frozen=True)
class Ladder:
    """Sorted scores of B rows.

    s, t: (B, n_q), (B, n_k), ascending. query, key: their places in the flat (B·n_q, d), (B·n_k, d) arrays.
    """

    s: Tensor
    t: Tensor
    query: Tensor
    key: Tensor

    @classmethod
    def of(cls, s: Tensor, t: Tensor) -> "Ladder":
        """Sort s: (B, n_q) and t: (B, n_k)."""
        (s, query), (t, key) = ascending(s), ascending(t)
        row = torch.arange(len(s), device=s.device)[:, None]
        return cls(s, t, query.add_(row * s.shape[1]), key.add_(row * t.shape[1]))

    @cached_property
    def lower(self) -> Tensor:
        """How many keys lie below each query → (B, n_q)."""
        return torch.searchsorted(self.t, self.s)

    @cached_property
    def upper(self) -> Tensor:
        """How many keys lie below each query or at it → (B, n_q)."""
        return torch.searchsorted(self.t, self.s, right=True)

    @cached_property
    def swapped(self) -> "Ladder":
        """Queries as keys and keys as queries. Where this one's ranks are known, its ranks need no search."""
        other = Ladder(self.t, self.s, self.key, self.query)
        n = self.t.shape[1]
        for mine, its in (("lower", "upper"), ("upper", "lower")):
            if mine in self.__dict__:  # s_i ≤ t_j where at most j keys lie below s_i; s_i < t_j, at most j up to it
                other.__dict__[its] = _up_to(self.__dict__[mine], n)
        return other

    def mirrored(self) -> "Ladder":
        """The same line walked the other way."""
        return Ladder(-self.s.flip(-1), -self.t.flip(-1), self.query.flip(-1), self.key.flip(-1))

    def below(self, offset: Tensor | float = 0.0, closed: bool = False) -> Tensor:
        """How many keys have s − t > offset (closed: ≥), as the difference rounds. offset: (B, 1) → (B, n_q), integers.

        s − offset rounds to the digits of s, s − t does not where s and t are near: a search for s − offset leaves
        ranks open, and bisection between them compares the differences themselves.
        """
        if isinstance(offset, float) and offset == 0:
            return self.upper if closed else self.lower
        size = abs(offset) if isinstance(offset, float) else offset.abs()
        slack = (self.s.abs() + size) * (4 * torch.finfo(self.s.dtype).eps)
        low = torch.searchsorted(self.t, self.s - offset - slack)
        high = torch.searchsorted(self.t, self.s - offset + slack, right=True)
        for _ in range(int((high - low).max()).bit_length()):
            middle = (low + high) // 2
            r = self.s - self.t.gather(-1, middle.clamp_max(self.t.shape[1] - 1))
            passed = (r >= offset if closed else r > offset) & (low < high)
            low, high = torch.where(passed, middle + 1, low), torch.where(passed, high, middle)
        return low


def _up_to(ranks: Tensor, n: int) -> Tensor:
    """How many of the ranks (B, m) are at most j, for j = 0 … n − 1 → (B, n)."""
    one = torch.ones((), dtype=ranks.dtype, device=ranks.device).expand_as(ranks)
    return ranks.new_zeros(len(ranks), n + 1).scatter_add_(-1, ranks, one).cumsum(-1)[:, :n].contiguous()


def pick(x: Tensor, index: Tensor) -> Tensor:
    """x[index] for a flat x and an index of any shape, four times as fast on a CPU."""
    return x.index_select(0, index.reshape(-1)).view(index.shape)


def ascending(x: Tensor) -> tuple[Tensor, Tensor]:
    """x: (B, n) sorted along its rows, and the places it had there.

    On a CPU long rows are sorted as integers that have the same order, row by row: those torch sorts by radix, several
    times as fast. A negative float's bits fall while it rises; −0 becomes 0.
    """
    if x.device.type != "cpu" or x.shape[1] < RADIX:
        values, place = x.sort(-1)
        return values, place
    whole = {torch.float32: torch.int32, torch.float64: torch.int64}[x.dtype]
    size, rest = torch.iinfo(whole).bits - 1, torch.iinfo(whole).max
    bits = (x + 0.0).contiguous().view(whole)
    bits ^= (bits >> size) & rest
    place = torch.empty(x.shape, dtype=torch.int64, device=x.device)
    for row, found in zip(bits, place, strict=True):
        torch.sort(row, out=(row, found))
    bits ^= (bits >> size) & rest
    return bits.view(x.dtype), place


@dataclass(frozen=True)
class Rows:
    """Rows of a flat (B·n, d) array, read through an order: (x − mean − rest) · weight.

    mean, rest: (B, d), the rounded mean and what the rounding left, or None. weight: (B·n,) or None.
    """

    x: Tensor
    mean: Tensor | None = None
    rest: Tensor | None = None
    weight: Tensor | None = None

    def take(self, index: Tensor, rows: slice) -> Tensor:
        """The rows named by index: (b, m), which belong to these of the B rows, less the mean. Returns (b, m, d)."""
        x = self.x.index_select(0, index.reshape(-1)).view(*index.shape, self.x.shape[-1])
        if self.mean is not None:
            x.sub_(self.mean[rows, None])
        if self.weight is not None:
            x.mul_(pick(self.weight, index).unsqueeze(-1))
        return x

    def take_exact(self, index: Tensor, rows: slice) -> Tensor:
        """The same less the rest of the mean. A running sum takes the rest off its sums instead, where it rounds
        once.
        """
        x = self.take(index, rows)
        if self.rest is not None:
            rest = self.rest[rows, None]
            x.sub_(rest if self.weight is None else rest * pick(self.weight, index).unsqueeze(-1))
        return x


Moments = tuple[Tensor, Tensor]


@dataclass(frozen=True)
class _Plan:
    """Where each query finds one piece, walking one way, in that way's order; it takes ramp · R + step · P there."""

    count: Tensor  # (B, n_q) keys passed when the position is reached
    far: Tensor  # from the last of them to the position, 0 where nothing is to be had
    found: Tensor  # 1.0 or 0.0
    turn: Tensor  # ± found / b: how r / b changes with the distance to the position
    node: float  # r / b at the position
    ramp: Tensor
    step: Tensor
    summed: bool
    dots: Moments | None  # (B·n_q,) each


def sweep(
    ladder: Ladder,
    values: Rows,
    pieces: list[Piece],
    *,
    bandwidth: Tensor | None = None,
    out: Tensor | None = None,
    scale: Tensor | None = None,
    dot: Rows | None = None,
    moments: bool = False,
) -> list[Moments]:
    """Add Σ_j f(s_i − t_j) v_j to `out`, f the sum of the summed pieces, and return dot products for derivatives.

    bandwidth: (B, 1) stretches the pieces (None: 1). out: (B·n_q, d), in the queries' own order. scale: (B, n_q), in
    ladder order, multiplies the sums. For the rows x_i of `dot`, piece by piece, over the keys j in its window:
    Σ ⟨v_j, x_i⟩ and, with `moments`, Σ (r/b) ⟨v_j, x_i⟩; (B, n_q) each, in the queries' own order.
    """
    results = [(ladder.s.new_zeros(ladder.s.numel()), ladder.s.new_zeros(ladder.s.numel())) for _ in pieces if dot]
    ways: dict[tuple[bool, float], list[_Plan]] = {}
    starts: dict[float, Tensor] = {}
    unit: Tensor | float = 1.0 if bandwidth is None else bandwidth
    slack = _slack(pieces, torch.finfo(ladder.t.dtype).eps)

    @cache
    def below(node: float, closed: bool) -> Tensor:
        return ladder.below(node * unit if node else 0.0, closed)

    for i, piece in enumerate(pieces):
        width = piece.high - piece.low
        if math.isfinite(width) and width not in starts:
            starts[width] = _bin_starts(ladder, max(width - slack, width / 2) * unit)
        dots = results[i] if results and piece.dotted else None
        for down, plan in _plans(ladder, piece, below, starts.get(width), unit, scale, dots):
            ways.setdefault((down, width), []).append(plan)
    several = sum(plan.summed for plans in ways.values() for plan in plans) > 1
    for (down, width), plans in ways.items():
        side = ladder.mirrored() if down else ladder
        start = starts.get(width)
        if start is not None and down:
            start = start.flip(-1)
        _walk(side, start, values, plans, out, dot, moments, several)
    return [(p.view_as(ladder.s), r.view_as(ladder.s)) for p, r in results]


def _slack(pieces: list[Piece], eps: float) -> float:
    """How much shorter than a window its bins are, so that it never lies inside one: s − t rounds near both its ends.

    Not where the window begins or ends at 0, as those of a bump do: there both are compared with the same number.
    """
    ends = [max(abs(piece.low), abs(piece.high)) for piece in pieces if piece.low and piece.high]
    return 8 * eps * max((end for end in ends if math.isfinite(end)), default=0.0)


def _bin_starts(ladder: Ladder, length: Tensor | float) -> Tensor:
    """For each sorted key, the rank of the first key of its bin → (B, n_k). length: (B, 1).

    A bin begins at a key, and the next one at the first key `length` or more above it. Found by jumping from bin to
    bin, twice as far each time: a position counted in lengths from the lowest key would round.
    """
    n = ladder.t.shape[1]
    rank = torch.arange(n, device=ladder.t.device)
    jump = Ladder(ladder.t, ladder.t, ladder.key, ladder.key).below(-length)  # where the next bin would begin
    jump = pad(torch.maximum(jump, rank + 1), (0, 1), value=n)
    new = torch.zeros_like(jump, dtype=torch.bool)
    new[:, 0] = True
    while bool((jump[:, 0] < n).any()):
        new.scatter_(-1, torch.where(new, jump, n), True)
        jump = jump.gather(-1, jump)
    return torch.where(new[:, :n], rank, 0).cummax(-1).values


def _plans(
    ladder: Ladder,
    piece: Piece,
    below: Callable[[float, bool], Tensor],
    starts: Tensor | None,
    unit: Tensor | float,
    scale: Tensor | None,
    dots: Moments | None,
) -> Iterator[tuple[bool, _Plan]]:
    """The lookups that give a piece: (whether walking down, plan).

    The window of a query holds the keys of ranks kd … ku − 1. Everything is decided on ranks, where nothing rounds.
    It is the beginning of one bin, the end of one, or the end of one and the beginning of the next; where bins are
    shorter than the window, there may be a whole one between the two.
    """
    n = ladder.t.shape[1]
    ku = kd = between = None
    if piece.low > -math.inf:
        ku = below(piece.low, piece.closed)
        up_found = ku > 0
    if piece.high < math.inf:
        kd = below(piece.high, True)
        down_found = kd < n
    top = piece.height
    if ku is not None and kd is not None and starts is not None:
        top += piece.slope * (piece.high - piece.low)
        start = starts.gather(-1, (ku - 1).clamp_min(0))  # of the bin that holds the last key of the window
        before = starts.gather(-1, (start - 1).clamp_min(0))  # and of the bin before it
        some = ku > kd
        up_found = some & (start >= kd)
        down_found = some & (start != kd)
        between = some & (before > kd)
    slope = piece.slope / unit
    ups = [] if ku is None else [(ku, up_found)]
    if between is not None and bool(between.any()):
        ups.append((start, between))
    for count, here in ups:
        knot = (count - 1).clamp_min(0)
        far = torch.where(here, ladder.s - ladder.t.gather(-1, knot) - piece.low * unit, 0)
        found = here.to(far.dtype)
        weight = found if scale is None else found * scale
        step = weight * piece.height + weight * far * slope
        yield False, _Plan(count, far, found, found / unit, piece.low, weight * slope, step, piece.summed, dots)
    if kd is not None:
        far = piece.high * unit - (ladder.s - ladder.t.gather(-1, kd.clamp_max(n - 1)))
        far = torch.where(down_found, far, 0).flip(-1)
        found = down_found.to(far.dtype).flip(-1)
        weight = found if scale is None else found * scale.flip(-1)
        step = weight * top - weight * far * slope
        yield (
            True,
            _Plan((n - kd).flip(-1), far, found, -found / unit, piece.high, -weight * slope, step, piece.summed, dots),
        )


def _walk(
    side: Ladder,
    bins: Tensor | None,
    values: Rows,
    plans: list[_Plan],
    out: Tensor | None,
    dot: Rows | None,
    moments: bool,
    several: bool,
) -> None:
    """Go along the keys tile by tile, and give the queries of each tile what they find at their knots.

    bins: (B, n_k), equal where two keys share a bin, or None.
    """
    rows, n = side.t.shape
    d = values.x.shape[-1]
    sums = out is not None and any(plan.summed for plan in plans)
    gap = side.t.diff(dim=-1, prepend=side.t[:, :1])  # (B, n_k)
    hold = torch.ones_like(gap)  # 1 where a key carries on from the key before it
    if bins is not None:
        hold = (bins.diff(dim=-1, prepend=bins[:, :1]) == 0).to(gap.dtype)
        gap = gap * hold
    kept = None if values.rest is None or values.weight is None else pick(values.weight, side.key)
    size = max(256, (TILE_CPU if gap.device.type == "cpu" else TILE_GPU) // max(d, 1))
    cuts = _cuts(plans, n, size) if n > size else None
    start_p = start_r = nothing = gap.new_zeros(1, 1), gap.new_zeros(1, 1)
    for part, keys in _tiles(rows, n, size):
        u = values.take(side.key[part, keys], part)  # (b, m, d)
        bin_ = None if bins is None else bins[part, keys]
        g = gap[part, keys].unsqueeze(-1)
        enters = hold[part, keys.start, None]  # (b, 1): 1 where the first key carries on from the tile before
        stays = enters if bin_ is None else enters * (bin_[:, :1] == bin_[:, -1:])  # and where the last one still does
        drift = values.rest[part] if values.rest is not None and kept is None else None
        p, own = scan(u, bin_, enters * start_p[0], drift)
        if kept is not None and values.rest is not None:
            rest = prefix_sum_scalar(kept[part, keys]).unsqueeze(-1) * values.rest[part, None]
            p -= rest
            own -= rest[:, -1]
        r = None
        if sums or moments:
            torch.mul(p[:, :-1], g[:, 1:], out=u[:, 1:])
            u[:, 0] = start_p[0] * g[:, 0]
            r, own_r = scan(u, bin_, enters * start_r[0])
            start_r = _add(start_r, own_r, stays)
        start_p = _add(start_p, own, stays)
        for i, plan in enumerate(plans):
            start, stop = (0, side.s.shape[1]) if cuts is None else cuts[i][part.start][keys.start // size]
            step = max(1, size // (part.stop - part.start))
            for q in range(start, stop, step):
                _look_up(side, plan, p, r, part, keys.start, slice(q, min(q + step, stop)), out, dot, moments, several)
        if keys.stop == n:
            start_p = start_r = nothing


def _add(start: tuple[Tensor, Tensor], own: Tensor, stays: Tensor) -> tuple[Tensor, Tensor]:
    """What the next tile starts from: the start of this one where it stays, and the tile's own sums. (b, d) each.

    Two numbers, the sum and what rounding lost of it: over many tiles that would add up.
    """
    high, low = stays * start[0], own + stays * start[1]
    total = high + low
    part = total - high
    return total, (high - (total - part)) + (low - part)


def _tiles(rows: int, n: int, size: int) -> Iterator[tuple[slice, slice]]:
    """Which rows and which of their keys go together: many short rows, or a stretch of one long row."""
    if n > size:
        for row in range(rows):
            for k in range(0, n, size):
                yield slice(row, row + 1), slice(k, min(k + size, n))
    else:
        group = max(1, size // n)
        for row in range(0, rows, group):
            yield slice(row, min(row + group, rows)), slice(0, n)


def _cuts(plans: list[_Plan], n: int, size: int) -> list[list[list[tuple[int, int]]]]:
    """For each plan, row and tile: the stretch of the sorted queries whose knots lie in the tile."""
    cuts = []
    for plan in plans:
        edge = torch.tensor([-1, *range(size, n, size), n], device=plan.count.device)
        found = torch.searchsorted(plan.count, edge.expand(len(plan.count), -1).contiguous(), right=True).tolist()
        cuts.append([list(pairwise(row)) for row in found])
    return cuts


def _look_up(
    side: Ladder,
    plan: _Plan,
    p: Tensor,
    r: Tensor | None,
    part: slice,
    start: int,
    queries: slice,
    out: Tensor | None,
    dot: Rows | None,
    moments: bool,
    several: bool,
) -> None:
    """Give one stretch of queries what they find at their knots. p, r: (b, m, d), of the keys from `start` on."""
    b, m, _ = p.shape
    here = (part, queries)
    query = side.query[here]  # (b, c)
    place = query.reshape(-1)
    knot = (plan.count[here] - 1).clamp_min(0) - start + torch.arange(b, device=p.device)[:, None] * m
    p = p.flatten(0, 1).index_select(0, knot.view(-1))
    r = None if r is None else r.flatten(0, 1).index_select(0, knot.view(-1))
    if dot is not None and plan.dots is not None:
        x = dot.take_exact(query, part).flatten(0, 1)
        found = plan.found[here].reshape(-1)
        r_dot = (r * x).sum(-1) if r is not None and moments else None
        p_dot = x.mul_(p).sum(-1) * found
        plan.dots[0].index_add_(0, place, p_dot)
        if r_dot is not None:
            r_dot += plan.far[here].reshape(-1) * p_dot
            plan.dots[1].index_add_(0, place, plan.node * p_dot + plan.turn[here].reshape(-1) * r_dot)
    if out is not None and plan.summed:
        p *= plan.step[here].reshape(-1, 1)
        if r is not None:
            p.addcmul_(r, plan.ramp[here].reshape(-1, 1))
        if several:
            out.index_add_(0, place, p)
        else:
            out.index_copy_(0, place, p)
