"""What many runs say together: the mean over the seeds, and how far they lie apart."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from srviz.lab.mixing import mixings
from srviz.lab.spec import Spec
from srviz.lab.task import Recipe
from srviz.lab.tasks import find


@dataclass(frozen=True)
class RunGroup:
    """The runs of one task, mixing and recipe. values: their metric by seed, without those that diverged. step_seconds:
    the median time of a step; mixing: the share of it in what mixes.
    """

    task: str
    mixing: str
    recipe: Recipe
    values: tuple[float, ...]
    diverged: int
    step_seconds: float
    mixing_share: float
    results: tuple[Mapping[str, Any], ...]

    @property
    def mean(self) -> float:
        """Over the seeds; NaN where every run diverged."""
        return sum(self.values) / len(self.values) if self.values else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the mean by Student's t over the seeds; all there is with fewer than two."""
        return interval(self.values)

    @property
    def by_seed(self) -> dict[int, float]:
        """The metric of each seed, without those that diverged."""
        return {result["run"]["seed"]: result["metric"] for result in self.results if "diverged" not in result}


@dataclass(frozen=True)
class Difference:
    """What the runs of a line have more, or less, than those of another line with the same seeds. values: by seed."""

    line: RunGroup
    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Over the seeds."""
        return sum(self.values) / len(self.values)

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the mean difference, by Student's t over the pairs."""
        return interval(self.values)

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves out 0."""
        low, high = self.interval
        return low > 0 or high < 0


def interval(values: Sequence[float]) -> tuple[float, float]:
    """The 95 % interval of a mean by Student's t; everything where there are fewer than two values."""
    m = len(values)
    if m < 2:
        return -math.inf, math.inf
    mean = sum(values) / m
    half = t_quantile(m - 1) * math.sqrt(sum((x - mean) ** 2 for x in values) / (m - 1) / m)
    return mean - half, mean + half


def against(base: RunGroup, others: Iterable[RunGroup]) -> list[Difference]:
    """Each of the other lines against the base, seed by seed, where they share one."""
    theirs = base.by_seed
    found = []
    for line in others:
        values = tuple(value - theirs[seed] for seed, value in line.by_seed.items() if seed in theirs)
        if values:
            found.append(Difference(line, values))
    return found


def lines(results: Iterable[Mapping[str, Any]]) -> list[RunGroup]:
    """One for each task, mixing and recipe, in the order of the results. Of a run that is there twice the last one
    counts.
    """
    groups: dict[tuple[str, str, Recipe], dict[int, Mapping[str, Any]]] = {}
    for result in results:
        spec = Spec.of_json(result["run"])
        groups.setdefault((spec.task, spec.mixing, spec.recipe), {})[spec.seed] = result
    found = []
    for (task, mixing, recipe), by_seed in groups.items():
        group = tuple(by_seed.values())
        good = [result for result in group if "diverged" not in result]
        seconds = sorted(result["seconds"] / recipe.steps for result in good)
        shares = [result["mixing"] / result["seconds"] for result in good if result["seconds"]]
        found.append(
            RunGroup(
                task, mixing, recipe,
                tuple(result["metric"] for result in good),
                len(group) - len(good),
                seconds[len(seconds) // 2] if seconds else math.nan,
                sum(shares) / len(shares) if shares else math.nan,
                group,
            )
        )  # fmt: skip
    return found


def best(results: Iterable[Mapping[str, Any]], seeds: Iterable[int]) -> list[dict[str, Any]]:
    """The runs that come next: each task and mixing with the recipe that did best among the results, and new seeds."""
    chosen = list(seeds)
    found = best_lines(lines(results)).values()
    return [Spec(line.task, line.mixing, seed, line.recipe).to_json() for line in found for seed in chosen]


def best_lines(found: Iterable[RunGroup]) -> dict[tuple[str, str], RunGroup]:
    """The line that did best of each task and mixing, the first of those that did equally well."""
    best: dict[tuple[str, str], RunGroup] = {}
    for line in found:
        key = line.task, line.mixing
        if line.values and (key not in best or _is_better(line, best[key])):
            best[key] = line
    return best


def _is_better(one: RunGroup, other: RunGroup) -> bool:
    return one.mean > other.mean if find(one.task).better_up else one.mean < other.mean


def table(results: Iterable[Mapping[str, Any]]) -> str:
    """For a terminal."""
    rows = [("task", "method", "seeds", "mean", "95 % interval", "ms a step", "mixing")]
    for line in lines(results):
        low, high = line.interval
        between = f"{low:.3f} … {high:.3f}" if len(line.values) > 1 else "one seed"
        seeds = str(len(line.values)) + (f", {line.diverged} diverged" if line.diverged else "")
        label = mixings()[line.mixing].label
        rows.append(
            (
                line.task,
                label,
                seeds,
                f"{line.mean:.3f}",
                between,
                f"{1e3 * line.step_seconds:.1f}",
                f"{line.mixing_share:.0%}",
            )
        )
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def t_quantile(freedom: int) -> float:
    """The 0.975 quantile of Student's t, from a table or by its expansion around that of the normal distribution.

    The expansion (Abramowitz and Stegun 26.7.5) is exact to three digits from 6 degrees of freedom.
    """
    if freedom < 6:
        return (12.706, 4.303, 3.182, 2.776, 2.571)[freedom - 1]
    z, v = 1.959964, freedom
    return (
        z
        + (z**3 + z) / (4 * v)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * v**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * v**3)
    )
