"""The page of kernels: a curve f(r) and its map, the operator's answer to both, and why the values are centred."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
import torch
from numpy.typing import NDArray

from srviz.attention import Kernel, kernel_sum
from srviz.attention.heads import EPSILON
from srviz.attention.methods import by_dots
from srviz.figures.spectrum import spectrum
from srviz.inputs import Input, Tokens
from srviz.measure.curve import Curve, Nodes, Rules, apart, attend
from srviz.measure.spectrum import distance_spectrum
from srviz.numbers import decimal
from srviz.ui.chapters.kernels import WORDS, curves
from srviz.ui.chapters.kernels.curves import GAP, MOST_NODES, REACH, STEEPEST, TALLEST
from srviz.ui.kit import compute, controls, report, shell, source, url
from srviz.ui.kit.chart import chart, mode
from srviz.ui.kit.component import SIGNED, TOLERANCE, component

HERE = Path(__file__).parent

LEAST, MOST = 8, 64  # tokens on the map
MANY, FEWER = 4096, 1024  # tokens on which moved scores are compared: with a sorted route, and without
NARROWEST, WIDEST = 0.1, 4.0  # bandwidths
LIMITS = {"far": REACH, "tallest": TALLEST, "steepest": STEEPEST, "gap": GAP, "most": MOST_NODES,
          "narrowest": NARROWEST, "widest": WIDEST}  # fmt: skip
SHIFTS = (-1000, -100, -10, -1, 0, 1, 10, 100, 1000)  # of all scores
SCALES = (0.01, 0.1, 0.25, 0.5, 1, 2, 4, 10, 100)  # of all scores
QUERIES = 3  # the largest shift of the queries only
DIVISORS = {"distance": "Σ|s − t|", "n": "n", "one": "", "rows": "Σf"}  # of a row, as they stand in a formula
TINY = torch.finfo(torch.float32).tiny  # a divisor of a smaller size has no digits left, and counts as 0


def _nodes(name: str, default: Nodes) -> url.Parameter:
    """Nodes (r, height) of a drawn curve, ascending in r, at least `GAP` apart: "-1~0_0.5~1"."""
    place = url.reals("r", -REACH, REACH, 1, (0.0,)).read
    height = url.reals("f", -TALLEST, TALLEST, 1, (0.0,)).read

    def read(text: str) -> tuple[Nodes, bool]:
        parts = text[: 24 * MOST_NODES].split("_")
        valid = len(parts) <= MOST_NODES and len(text) <= 24 * MOST_NODES
        found = []
        for part in parts[:MOST_NODES]:
            pair = part.split("~")
            if len(pair) != 2:
                valid = False
                continue
            (r, fine), (h, also) = place(pair[0]), height(pair[1])
            valid = valid and fine and also and _number(pair[0]) and _number(pair[1])
            if _number(pair[0]) and _number(pair[1]):
                found.append((round(r[0], 2), round(h[0], 2)))
        apart: list[tuple[float, float]] = []
        for r_h in sorted(found):
            if not apart or r_h[0] - apart[-1][0] > GAP - 1e-6:
                apart.append(r_h)
        return (tuple(apart), valid and apart == found) if apart else (default, False)

    return url.Parameter(name, default, read, lambda nodes: "_".join(f"{r:g}~{h:g}" for r, h in nodes))


def _number(text: str) -> bool:
    try:
        return float(text[:40]) == float(text[:40])
    except ValueError:
        return False


PARAMETERS = (
    *controls.parameters("china", sizes=(LEAST, MOST, 32), seed=7),
    curves.parameter(),
    url.real("b", NARROWEST, WIDEST, 1.0),
    _nodes("nodes", ((-1.0, 0.0), (0.0, 1.0), (1.0, -0.5), (2.5, 0.0))),
    url.real("left", -STEEPEST, STEEPEST, 0.0),
    url.real("right", -STEEPEST, STEEPEST, 0.0),
    url.choice("divide", ("usual", *DIVISORS), "usual"),  # usual: the curve's own
    url.flag("centred"),
    url.flag("sorted"),
    url.flag("standard", True),
    url.real("shift", SHIFTS[0], SHIFTS[-1], 0.0),
    url.real("scale", SCALES[0], SCALES[-1], 1.0),
    url.real("queries", -QUERIES, QUERIES, 0.0),
    url.whole("row", 0, MOST, 0),  # the held cell, from 1; 0 where none is held
    url.whole("column", 0, MOST, 0),
)
DRAGGED = ("kernel", "b", "nodes", "left", "right", "divide", "centred", "sorted", "standard", "shift", "scale",
           "queries", "row", "column")  # fmt: skip


MOVES = {
    "shifts": SHIFTS,
    "scales": SCALES,
    "queries": QUERIES,
    "asTheyWere": {p.name: p.default for p in PARAMETERS if p.name in ("shift", "scale", "queries", "standard")},
}


def kernel_map() -> url.State:
    """Show the curve and its map; what was dragged comes back on release and goes into the URL."""
    state = url.settle(*PARAMETERS, together=_existing)
    number = report.take(state, "kernel_map", "kernel", DRAGGED)
    chosen, tokens = controls.row_with_picture(state, LEAST, MOST, lambda *shown: _says(state, *shown))
    setting = controls.setting(state)
    s, t, v = compute.head(*setting)
    curve, rules = curve_of(state), rules_of(state)
    many = chosen.nearest(MANY if curve.pieces() else FEWER)
    both = torch.cat([torch.ones_like(v[:, :1]), v[:, :1]], -1)
    answer = attend(curve, rules, s, t, both).cpu().numpy()
    data = {
        "epoch": state.epoch,
        "setting": " ".join(map(str, setting)),
        "start": {name: state[name] for name in DRAGGED},
        "curves": curves.sent(),
        "s": s.tolist(),
        "t": t.tolist(),
        "v": v[:, 0].tolist(),
        "words": tokens.words,
        "beside": {"name": by_dots().name, "sums": softmax_rows(*setting)},
        "colour": None if tokens.colour is None else (tokens.colour * 255).round().astype(int).tolist(),
        "signed": SIGNED,
        "limits": LIMITS,
        "moves": MOVES,
        "divisors": DIVISORS,
        "epsilon": EPSILON,
        "tiny": TINY,
        "tolerance": TOLERANCE,
        "answer": {
            "id": number,
            "sums": answer[:, 0].tolist(),
            "y": answer[:, 1].tolist(),
            "many": many,
            "change": change(chosen.name, many, *setting[2:], curve, rules) if rules.moved else None,
        },
    }
    component("kernel", HERE)(key="kernel_map", data=data, on_kernel_change=lambda: None)
    return state


def curve_of(state: url.State | dict[str, Any]) -> Curve:
    """The curve on the page."""
    return Curve(*(state[name] for name in ("kernel", "b", "nodes", "left", "right")))


def rules_of(state: url.State | dict[str, Any]) -> Rules:
    """What the state asks for around the curve: the divisor, the centring and the moves of the scores."""
    divide = curves.usual(state["kernel"]) if state["divide"] == "usual" else state["divide"]
    return Rules(divide, *(state[name] for name in ("centred", "standard", "shift", "scale", "queries")))


def _existing(values: dict[str, Any]) -> dict[str, Any]:
    """A held cell that exists; none where only one of its sides is given, or where its tokens are gone."""
    there = all(1 <= values[name] <= controls.count(values) for name in ("row", "column"))
    return {name: values[name] if there else 0 for name in ("row", "column")}


def _says(state: url.State, chosen: Input, tokens: Tokens) -> str:
    return WORDS("input", line=chosen.line, n=tokens.n, seed=state["seed"])


@st.cache_data(max_entries=64, show_spinner=False)
def softmax_rows(name: str, n: int, seed: int, head: int, device: str) -> list[float]:
    """What each row of the same head's softmax weights sums to, computed and not assumed: (n,)."""
    softmax = by_dots()
    sums: list[float] = softmax.weights(compute.heads(name, n, seed, head, device, softmax)).sum(-1).tolist()
    return sums


@st.cache_data(max_entries=64, show_spinner=False)
def change(name: str, n: int, seed: int, head: int, device: str, curve: Curve, rules: Rules) -> float:
    """How far the outputs move when the raw scores are moved: the largest change, as a part of the largest output."""
    raw = compute.head(name, n, seed, head, device)
    before = attend(curve, replace(rules, shift=0.0, scale=1.0, queries=0.0), *raw)
    after = attend(curve, rules, *raw)
    return apart(after, before, before)


def why_centre(state: url.State) -> None:
    """The eigenvalues of −|t_i − t_j|: one of them is negative, and centring removes it."""
    chosen = controls.chosen(state)
    size = chosen.nearest(state["n"])
    whole, flat = eigenvalues(chosen.name, size, state["seed"], state["head"] - 1, str(shell.device()))
    n = len(whole)
    panes = {WORDS("centring.panes.whole", n=n): whole, WORDS("centring.panes.flat", n=n - 1): flat}
    figure = spectrum(panes, mode=mode())
    below, still = (int((values < -1e-10 * np.abs(whole).max()).sum()) for values in (whole, flat))
    st.subheader(WORDS("centring.title"), anchor=False)
    least, flattest = _signed(whole.min()), _signed(flat.min())
    st.markdown(WORDS("centring.says", n=n, below=_count(below), least=least, still=_count(still), flat=flattest))
    alt = WORDS("centring.alt", whole=whole.min(), flat=flat.min())
    chart(figure, alt, "kernels spectrum", st.container())
    st.caption(WORDS("centring.how", n=n))


def _count(number: int) -> str:
    how = {0: "none", 1: "one"}.get(number, "many")
    return WORDS(f"centring.count.{how}", n=number)


def _signed(x: float) -> str:
    """A number with two decimals, or with two significant digits where it is below 0.1: −35.98, 0.0015."""
    return decimal(x, ".2f" if abs(x) >= 0.1 else ".2g")


def code() -> str:
    """The source of the operator's two entrances for a drawn curve, read from the functions themselves."""
    return source.text(kernel_sum, Kernel.pieces)


@st.cache_data(max_entries=64, show_spinner=False)
def eigenvalues(
    name: str, n: int, seed: int, head: int, device: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Of −|t_i − t_j| for the raw key scores of a head: on all vectors (n,), and on those that sum to zero (n − 1,)."""
    whole, flat = distance_spectrum(compute.head(name, n, seed, head, device)[1])
    return whole.numpy(), flat.numpy()
