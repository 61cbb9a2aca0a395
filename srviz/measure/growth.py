"""How measured times grow with n, and where one method overtakes another."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from srviz.measure.plan import Row

DECADE = 10
CERTAIN = 0.1  # standard error of a slope that is worth saying
FIXED = 4  # times as long as at the least n: from there on most of a call is work that grows


def points(rows: Iterable[Row], method: str) -> list[Row]:
    """The measured rows of a method, n ascending."""
    return sorted((row for row in rows if row.method == method and row.seconds), key=lambda row: row.n)


def slope(rows: Sequence[Row]) -> float | None:
    """The power a of the fit time ∝ n^a over the last decade of n, least squares on both logarithms; None below three
    points.
    """
    found = _fit(rows)
    return found[0] if found else None


def law(rows: Sequence[Row]) -> float | None:
    """The slope, where it says how the work grows. None where its standard error is above 0.1, and where the last
    decade begins among calls that take hardly longer than one at the least n, what any call costs.
    """
    found, first = _fit(rows), next((row for row in rows if row.n * DECADE >= rows[-1].n), None)
    if not found or not first or (first.seconds or 0) < FIXED * (rows[0].seconds or 0):
        return None
    return found[0] if found[1] <= CERTAIN else None


def _fit(rows: Sequence[Row]) -> tuple[float, float] | None:
    """A slope and its standard error."""
    last = [row for row in rows if row.n * DECADE >= rows[-1].n]
    if len(last) < 3:
        return None
    x, y = [math.log(row.n) for row in last], [math.log(row.seconds or 1) for row in last]
    middle, height = sum(x) / len(x), sum(y) / len(y)
    along = sum((a - middle) ** 2 for a in x)
    power = sum((a - middle) * (b - height) for a, b in zip(x, y, strict=True)) / along
    rest = sum((b - height - power * (a - middle)) ** 2 for a, b in zip(x, y, strict=True))
    return power, math.sqrt(rest / (len(x) - 2) / along)


@dataclass(frozen=True)
class Crossover:
    """From n on the second method is faster, up to the last n both were measured at. low, high: where that is so by the
    better and by the worse quartiles of both, None where it is at no n measured. n None: it never is; the smallest n
    measured: it always is.
    """

    n: float | None
    low: float | None
    high: float | None


def crossover(first: Sequence[Row], second: Sequence[Row]) -> Crossover | None:
    """Where `second` overtakes `first` for good, straight lines between the points on log–log axes; None where they
    share no n.
    """
    mine = {row.n: row for row in second}
    both = [(row, mine[row.n]) for row in first if row.n in mine]
    if not both:
        return None
    return Crossover(
        _from([(a.n, _ahead(a.seconds, b.seconds)) for a, b in both]),
        _from([(a.n, _ahead(a.upper, b.lower)) for a, b in both]),
        _from([(a.n, _ahead(a.lower, b.upper)) for a, b in both]),
    )


def _ahead(slower: float | None, faster: float | None) -> float:
    return math.log((slower or 1) / (faster or 1))


def _from(ahead: list[tuple[int, float]]) -> float | None:
    """The n from which on the second is ahead."""
    if ahead[-1][1] <= 0:
        return None
    for (n, before), (m, after) in reversed(list(pairwise(ahead))):
        if before <= 0:
            return float(n * (m / n) ** (-before / (after - before)))
    return float(ahead[0][0])
