"""What was recorded: every function of the menu with every method and several seeds, and what a head holds apart."""

import json
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import median, stdev
from typing import Any

import streamlit as st

from srviz import places
from srviz.attention.methods import METHODS, LineStyle
from srviz.figures import lab as figures
from srviz.lab.mixing import mixings
from srviz.lab.results import LONG, read
from srviz.lab.summary import RunGroup, lines
from srviz.lab.tasks.crowd import FAMILY, MENU
from srviz.ui.chapters.crowd import WORDS
from srviz.ui.chapters.crowd.crowd import BESIDE
from srviz.ui.kit.chart import chart, mode
from srviz.ui.kit.program import Script
from srviz.ui.kit.recorded import where
from srviz.ui.kit.table import Columns
from srviz.ui.kit.take import Figure, State, away, chosen

RUNS, CAPACITY = places.RECORDED / "lab/crowd.jsonl", places.RECORDED / "lab/capacity.json"
FAR = "4096"  # tokens of the other test
MEASURES = ("rank", "told apart", "patterns")
SCRIPTS = Path(__file__).parent / "scripts"


def table() -> None:
    """R² of every function and method, at 64 tokens and at 4,096."""
    found = _runs()
    if not found:
        st.markdown(WORDS("recorded.nothing"))
        return
    of = {(line.task, line.mixing): line for line in found}
    rows = []
    for target in MENU.values():
        mine = {name: of.get((f"{FAMILY}:{target.formula}", name)) for name in BESIDE}
        best = max((line for line in mine.values() if line), key=lambda line: line.mean, default=None)
        cells = {mixings()[name].label: _cell(line, best) for name, line in mine.items()}
        rows.append({"f(x, μ)": target.title} | cells)
    st.table(rows, hide_index=True)
    st.markdown(_tally(rows))
    seeds = max(len(line.values) for line in found)
    told = (result.get("where", {}) for line in found for result in line.results)
    st.caption(WORDS("recorded.caption", seeds=seeds, where=where(told)))


def _tally(rows: Sequence[Mapping[str, str]]) -> str:
    """For how many functions each method is the best, or not clearly beaten."""
    labels = [label for label in rows[0] if label != "f(x, μ)"]
    good = {label: sum(row[label].startswith("**") for row in rows) for label in labels}
    parts = [f"{label} {count}" for label, count in sorted(good.items(), key=lambda pair: -pair[1])]
    return WORDS("recorded.tally", n=len(rows), methods=", ".join(parts))


def _cell(line: RunGroup | None, best: RunGroup | None) -> str:
    if line is None or best is None:
        return ""
    far = [result["sizes"][FAR]["metric"] for result in line.results if FAR in result.get("sizes", {})]
    deviation = stdev(line.values) if len(line.values) > 1 else 0.0
    text = f"{line.mean:.3f} ± {deviation:.3f} → {sum(far) / len(far):.2f}" if far else f"{line.mean:.3f}"
    return f"**{text}**" if median(line.values) >= min(best.values) - 1e-3 else text


def capacity() -> None:
    """The measured curves of what a head can hold apart."""
    found = _held()
    if not found:
        st.markdown(WORDS("capacity.nothing"))
        return
    measure = st.segmented_control(
        WORDS("capacity.measure"), MEASURES, default="rank", required=True, key="capacity measure",
        format_func=lambda name: WORDS(f"capacity.measures.{name}.title"), label_visibility="collapsed",
    )  # fmt: skip
    st.markdown(WORDS(f"capacity.measures.{measure}.text"))
    precision = "float64" if measure == "patterns" else st.segmented_control(
        WORDS("capacity.precision"), ["float32", "half"], default="half", required=True,
        format_func=lambda name: WORDS(f"capacity.precisions.{name}"),
        key=f"capacity precision {measure}", label_visibility="collapsed",
    )  # fmt: skip
    state = {"precision": precision}
    drawn = {label: (_look(head), x, y) for label, (head, x, y) in _drawn(measure, state).items()}
    along, axis = (WORDS(f"capacity.measures.{measure}.{part}") for part in ("along", "axis"))
    drawing = figures.curves(drawn, along=along, axis=axis, mode=mode(), log=True)
    chart(drawing, _caption(measure, state), f"capacity {measure}", st.container())
    away(HELD[measure], state)
    st.caption(WORDS("capacity.caption", where=where([found.get("where", {})])))


def _held() -> dict[str, Any]:
    """What was measured of heads; {} where nothing was."""
    return _capacity(CAPACITY.stat().st_mtime_ns) if CAPACITY.exists() else {}


def _precision(measure: str, state: State) -> str:
    """The numbers in which it was measured: those that were chosen, else the usual ones."""
    return chosen(state, "precision", "float64" if measure == "patterns" else "half")


def _drawn(measure: str, state: State) -> dict[str, tuple[str, list[float], list[float]]]:
    """By the label of each head: its name, where along it was measured, and the mean over the seeds there."""
    drawn: dict[str, tuple[str, list[float], list[float]]] = {}
    for one in _held().get("found", ()):
        if (one["measure"], one["precision"]) == (measure, _precision(measure, state)):
            _, x, y = drawn.setdefault(one["label"], (one["head"], [], []))
            x.append(float(one["at"]))
            y.append(sum(one["values"]) / len(one["values"]))
    return drawn


def _caption(measure: str, state: State) -> str:
    """What is measured, and what each head came to at the end."""
    drawn = _drawn(measure, state)
    told = (WORDS("capacity.line", head=label, y=y[-1], x=x[-1]) for label, (_, x, y) in drawn.items())
    return f"{WORDS(f'capacity.measures.{measure}.title')}: {'; '.join(told)}"


def _numbers(measure: str, state: State) -> Columns:
    drawn = _drawn(measure, state)
    told = [(label, x, y) for label, (_, xs, ys) in drawn.items() for x, y in zip(xs, ys, strict=True)]
    return dict(zip(("line", "at", "mean"), map(list, zip(*told, strict=True)), strict=True))


def _figure(measure: str) -> Figure:
    """What is taken away of a measure."""

    def script(state: State) -> Script:
        values = {"measure": measure, "precision": _precision(measure, state)}
        return Script(SCRIPTS / "capacity", WORDS("title"), values)

    return Figure(
        (f"capacity {measure}",), f"capacity-{measure.replace(' ', '-')}", WORDS("capacity.take"),
        partial(_caption, measure), partial(_numbers, measure), script, variants=("numpy",),
        there=lambda state: bool(_held()),
    )  # fmt: skip


HELD = {measure: _figure(measure) for measure in MEASURES}


def _look(head: str) -> LineStyle:
    name, _, d = head.partition("-")
    if name not in METHODS:
        return LineStyle(symbol="diamond")
    look = METHODS[name].look
    return LineStyle(look.tone, look.dashed or d == "1", look.symbol, look.filled)


@st.cache_data(max_entries=2, show_spinner=False)
def _capacity(changed: int) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(CAPACITY.read_text("utf-8"))
    return found


def _runs() -> list[RunGroup]:
    return _read(RUNS.stat().st_mtime_ns) if RUNS.exists() else []


@st.cache_resource(max_entries=2, show_spinner=False)
def _read(changed: int) -> list[RunGroup]:
    return [line for line in lines(read(RUNS, without=LONG)) if line.values]
