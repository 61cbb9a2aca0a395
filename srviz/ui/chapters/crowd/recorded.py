"""What was recorded: every function of the menu with every method and several seeds, and what a head holds apart."""

import json
import math
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

import streamlit as st

from srviz import places
from srviz.attention.methods import METHODS, Look
from srviz.figures import lab as figures
from srviz.lab.mixing import mixings
from srviz.lab.summary import Line, lines
from srviz.lab.sweep import read
from srviz.lab.tasks.crowd import FAMILY, MENU
from srviz.ui.chapters.crowd.crowd import BESIDE
from srviz.ui.kit.chart import chart, mode

RUNS, CAPACITY = places.RECORDED / "lab/crowd.jsonl", places.RECORDED / "lab/capacity.json"
FAR = "4096"  # tokens of the other test
TITLES = {
    "rank": "The rank of the weights of n tokens",
    "told apart": "Tokens that are told apart, by the number of heads",
    "patterns": "Sets of keys that a row can favour",
}


def table() -> None:
    """R² of every function and method, at 64 tokens and at 4,096."""
    found = _runs()
    if not found:
        st.markdown("Nothing is recorded yet.")
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
    where = found[0].results[0].get("where", {})
    st.caption(
        "R² in the test at 64 tokens, and after the arrow with 4,096 tokens of the same measures: the mean over "
        f"{seeds} seeds, ± the deviation over them. Bold: the best of the row, and each method of which half the seeds "
        f"come as far as the worst seed of the best, or within 0.001. {_plain(where)}. The command: python -m "
        "srviz.lab sweep assets/plans/crowd.json."
    )


def _tally(rows: Sequence[Mapping[str, str]]) -> str:
    """For how many functions each method is the best, or not clearly beaten."""
    labels = [label for label in rows[0] if label != "f(x, μ)"]
    good = {label: sum(row[label].startswith("**") for row in rows) for label in labels}
    parts = [f"{label} {count}" for label, count in sorted(good.items(), key=lambda pair: -pair[1])]
    return f"Of {len(rows)} functions, the best or not clearly beaten: {', '.join(parts)}."


def _cell(line: Line | None, best: Line | None) -> str:
    if line is None or best is None:
        return ""
    far = [result["sizes"][FAR]["metric"] for result in line.results if FAR in result.get("sizes", {})]
    text = f"{line.mean:.3f} ± {_deviation(line.values):.3f} → {sum(far) / len(far):.2f}" if far else f"{line.mean:.3f}"
    return f"**{text}**" if median(line.values) >= min(best.values) - 1e-3 else text


def _deviation(values: Sequence[float]) -> float:
    mean = sum(values) / len(values)
    return math.sqrt(sum((x - mean) ** 2 for x in values) / max(1, len(values) - 1))


def capacity() -> None:
    """The measured curves of what a head can hold apart."""
    found = _capacity(CAPACITY.stat().st_mtime_ns) if CAPACITY.exists() else None
    if found is None:
        st.markdown("Nothing is recorded yet.")
        return
    measure = st.segmented_control(
        "Measure", list(TITLES), default="rank", required=True, format_func=TITLES.__getitem__, key="capacity measure",
        label_visibility="collapsed",
    )  # fmt: skip
    st.markdown(WORDS[str(measure)])
    precision = "float64" if measure == "patterns" else st.segmented_control(
        "Precision", ["float32", "half"], default="half", required=True,
        key=f"capacity precision {measure}", label_visibility="collapsed",
    )  # fmt: skip
    mine = [one for one in found["found"] if one["measure"] == measure and one["precision"] == precision]
    drawn: dict[str, tuple[Look, list[float], list[float]]] = {}
    for one in mine:
        look = _look(one["head"])
        label = one["label"]
        drawn.setdefault(label, (look, [], []))
        drawn[label][1].append(one["at"])
        drawn[label][2].append(sum(one["values"]) / len(one["values"]))
    words = "; ".join(f"{label} {y[-1]:,.0f} at {x[-1]:,.0f}" for label, (_, x, y) in drawn.items())
    along, axis = AXES[str(measure)]
    drawing = figures.curves(drawn, along=along, axis=axis, mode=mode(), log=True)
    chart(drawing, f"{TITLES[str(measure)]}: {words}", f"capacity {measure}", st.container())
    st.caption(
        f"Means over 5 seeds; {_plain(found.get('where', {}))}. The command: python -m srviz.lab capacity. How it is "
        "measured is said in srviz/lab/capacity.py."
    )


WORDS = {
    "rank": "n tokens with different scores, each both query and key, give n × n weights. Their rank says how many "
    "independent combinations of "
    "the keys the rows can be. Linear attention with d features has rank d at most. ReLU, the bump and Laplace have "
    "full rank for different scores, or one less, for any n, and softmax of different numbers has full rank too. But "
    "singular values fall, and a precision sees only those that are large enough; those of softmax of one number fall "
    "fastest of these.",
    "told apart": "A random cloud in the plane attends to itself. How many of its tokens get different outputs, "
    "before two of them coincide in this precision? These are outputs of attention alone, without the token that is "
    "carried past it. A sliced head has one number for each token, so near neighbours collide; a second head looks "
    "from another side.",
    "patterns": "A row favours the keys that get more than its mean. With one number per token a query moves along a "
    "line, and here the sets were at most about twice as many as the keys; linear attention with one feature has a "
    "single "
    "one. With 16 numbers and 64 keys nearly every one of the 50,000 queries that were tried found a new set: that is "
    "a least number.",
}
AXES = {
    "rank": ("tokens n", "rank"),
    "told apart": ("heads", "tokens told apart, at most 4,096 tried"),
    "patterns": ("keys n", "different sets"),
}


def _look(head: str) -> Look:
    name, _, d = head.partition("-")
    if name not in METHODS:
        return Look(symbol="diamond")
    look = METHODS[name].look
    return Look(look.tone, look.dashed or d == "1", look.symbol, look.filled)


@st.cache_data(max_entries=2, show_spinner=False)
def _capacity(changed: int) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(CAPACITY.read_text("utf-8"))
    return found


def _runs() -> list[Line]:
    return _read(RUNS.stat().st_mtime_ns) if RUNS.exists() else []


@st.cache_resource(max_entries=2, show_spinner=False)
def _read(changed: int) -> list[Line]:
    return [line for line in lines(read(RUNS)) if line.values]


def _plain(where: Mapping[str, Any]) -> str:
    words = [str(where.get(name, "")) for name in ("date", "processor", "torch")]
    return ", ".join("".join(c for c in word if c.isalnum() or c in " .-+()@") for word in words)
