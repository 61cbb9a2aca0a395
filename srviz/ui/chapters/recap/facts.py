"""The numbers of the last page, all of them read from what is recorded."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from srviz import numbers, places
from srviz.attention.methods import by_dots, sliced
from srviz.measure import bench
from srviz.measure.plan import Row
from srviz.ui.chapters.recap import WORDS

SIZES = (64, 256, 512, 1024, 4096, 16384, 65536)
MOST_BYTES = 2_000_000  # of a recorded file


@dataclass(frozen=True)
class Times:
    """Whole layers, their projections included, side by side. rows: n, and what was measured of both, or None."""

    rows: tuple[tuple[int, Row | None, Row | None], ...]
    provenance: Mapping[str, Any]

    @property
    def spread(self) -> float:
        """How far the quartiles lie from their median at most, as a share of it."""
        known = [row for _, *pair in self.rows for row in pair if row and row.seconds and row.lower and row.upper]
        off = [max(row.upper / row.seconds - 1, 1 - row.lower / row.seconds) for row in known]  # type: ignore[operator]
        return max(off, default=0.0)

    @property
    def first(self) -> int | None:
        """The n in the table from which on sliced ReLU is faster, where both were measured; None where it never is."""
        known = [(n, softmax.seconds, relu.seconds) for n, softmax, relu in self.rows if softmax and relu]
        found = None
        for n, theirs, ours in reversed(known):
            if theirs and ours:
                if ours >= theirs:
                    break
                found = n
        return found

    def table(self) -> str:
        """In Markdown; the last column says how many times as fast sliced ReLU is."""
        lines = [f"| {' | '.join(WORDS.texts('costs.columns'))} | |", "|---:|---:|---:|---|"]
        for n, softmax, relu in self.rows:
            lines.append(f"| {n:,} | {_time(softmax)} | {_time(relu)} | {_compared(softmax, relu)} |")
        return "\n".join(lines)


def _time(row: Row | None) -> str:
    if row is None:
        return WORDS("unmeasured")
    if row.seconds is None:
        return row.stopped or WORDS("unmeasured")
    return numbers.duration(row.seconds)


def _compared(softmax: Row | None, relu: Row | None) -> str:
    if not softmax or not relu or not softmax.seconds or not relu.seconds:
        return ""
    factor = softmax.seconds / relu.seconds
    return WORDS("costs.fast", factor=factor) if factor >= 1 else WORDS("costs.slow", factor=1 / factor)


@cache
def times() -> Times | None:
    """From the recorded run with the most times of whole layers of both, the newest of such; None where none is."""
    found: list[tuple[int, str, Times]] = []
    layers = first, second = f"{by_dots().name}-layer", f"{sliced().name}-layer"
    for file in sorted(places.RECORDED.glob("*.json")):
        if file.stat().st_size > MOST_BYTES:
            continue
        run = bench.read(file.read_text("utf-8"))
        rows_of = {(row.method, row.n): row for row in run.rows.values() if row.direction == "forward"}
        if all(any(method == name for method, _ in rows_of) for name in layers):
            rows = tuple((n, rows_of.get((first, n)), rows_of.get((second, n))) for n in SIZES)
            timed = sum(bool(row and row.seconds) for _, *both in rows for row in both)
            found.append((timed, str(run.provenance.get("date", "")), Times(rows, run.provenance)))
    return max(found, key=lambda one: one[:2])[2] if found else None


@cache
def fits() -> dict[str, dict[str, float]]:
    """How near each method came to each pattern of Beside softmax, 0 for the pattern itself: pattern → method → it."""
    said = json.loads((places.RECORDED / "fits" / "patterns.json").read_text("utf-8"))
    return {pattern: {name: pair[1] for name, pair in of.items()} for pattern, of in said["reached"].items()}
