"""What the chart of a race shows: the bet, the lines of the methods, and recorded runs behind them."""

import re
from dataclasses import asdict
from typing import Any

from srviz.attention.methods import ways
from srviz.measure.bench import Run
from srviz.measure.growth import crossover, law, points
from srviz.measure.plan import Row
from srviz.numbers import duration
from srviz.ui.chapters.race import WORDS
from srviz.ui.chapters.race.bet import BETS, FAST, PLACES, SLOW, in_a_sentence
from srviz.ui.chapters.race.recorded import recorded
from srviz.ui.kit import url

LEAST, MOST = 6, 20  # n on the chart, powers of two
LOW, HIGH = -5, 3  # seconds on the chart, powers of ten
LINE_PIXELS, DASH = 2, "6 4"


def sent(state: url.State, run: Run | None, racing: bool) -> dict[str, Any]:
    """What the component is sent: the bet, the axes, recorded runs, and what was measured."""
    found = measured(run) if run else {"lines": [], "crossover": None}
    direction = run.plan.directions[0] if run else state["direction"]
    raced = [name for name in BETS if name in state["methods"]]
    ghosts = [
        {"text": WORDS("chart.ghost", title=title), "lines": lines}
        for title, rows in (recorded() if run and run.rows and state["recorded"] else ())  # not before the bet
        if (lines := _lines(rows, direction, raced))
    ]
    return {
        "epoch": state.epoch,
        "start": {name: list(state[name]) for name in BETS},
        "blank": {name: list(bet) for name, bet in BETS.items()},
        "bets": [{"name": name, "label": in_a_sentence(name), "style": _style(name)} for name in BETS],
        "places": list(PLACES),
        "axes": {"least": LEAST, "most": MOST, "low": LOW, "high": HIGH},
        "locked": racing,
        "ghosts": ghosts,
        "guides": _guides(None),
        "alt": _alt(run),
        **found,
    }


def measured(run: Run) -> dict[str, Any]:
    """What the chart shows of a run, anew as it goes on."""
    rows = list(run.rows.values())
    lines = []
    for name in run.plan.methods:
        found = points(rows, name)
        stop = next((row for row in rows if row.method == name and row.stopped), None)
        if not found and not stop:
            continue
        lines.append({
            "name": name,
            "label": ways()[name].label,
            "style": _style(name),
            "points": [[row.n, row.seconds, row.lower, row.upper] for row in found],
            "slope": law(found),
            "stop": _stopped(stop) if stop else None,
        })  # fmt: skip
    return {"lines": lines, "crossover": _marked(run), "guides": _guides(run)}


def _marked(run: Run) -> dict[str, Any] | None:
    """The crossover as the chart shows it, where there is one."""
    rows = run.rows.values()
    cross = crossover(points(rows, SLOW), points(rows, FAST))
    if cross is None or cross.n is None or cross.n <= run.plan.least:
        return None
    return asdict(cross) | {"text": WORDS("chart.crossover", n=float(f"{cross.n:.2g}"))}


def _style(name: str) -> dict[str, Any]:
    """How the line of a method looks: its tone (a colour of the theme), width, dashes and mark."""
    look = ways()[name].look
    return {
        "width": LINE_PIXELS,
        "tone": look.tone,
        "dash": DASH if look.dashed else None,
        "mark": look.symbol,
        "filled": look.filled,
    }


def _stopped(row: Row) -> dict[str, Any]:
    return {"n": row.n, "seconds": row.expected, "text": re.split("[:;]", row.stopped)[0], "why": row.stopped}


def _lines(rows: list[Row], direction: str, methods: list[str]) -> list[dict[str, Any]]:
    mine = [row for row in rows if row.direction == direction]
    lines = [
        {"name": name, "style": _style(name), "points": [[row.n, row.seconds] for row in points(mine, name)]}
        for name in methods
    ]
    return [line for line in lines if line["points"]]


def _guides(run: Run | None) -> list[dict[str, Any]]:
    """n² through the last point of softmax, n log n through the last of sliced ReLU; before, both from one corner."""
    anchors = []
    for text, power, name in ((f"∝ {ways()[name].cost}", ways()[name].growth, name) for name in (SLOW, FAST)):
        found = points(run.rows.values(), name) if run else []
        n, seconds = (found[-1].n, found[-1].seconds) if found else (64, 2e-5)
        anchors.append({"text": text, "power": power, "n": n, "seconds": seconds})
    return anchors


def _alt(run: Run | None) -> str:
    if run is None or not run.rows:
        return WORDS("chart.label")
    parts = []
    for name in run.plan.methods:
        if found := points(run.rows.values(), name):
            time = duration(found[-1].seconds or 0)
            parts.append(WORDS("chart.time", method=ways()[name].label, time=time, n=found[-1].n))
    return WORDS("chart.measured", times="; ".join(parts))
