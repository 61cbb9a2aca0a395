"""Beside softmax: every method's weights on the same queries and keys, linked, with their arithmetic."""

import contextlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np
import streamlit as st
import torch
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator
from torch import Tensor

from srviz.attention import METHODS, Heads, Method, reference, standardize
from srviz.attention.methods import sliced
from srviz.figures import beside as figures
from srviz.inputs.patterns import PATTERNS
from srviz.measure.spread import spread
from srviz.ui.kit import compute, controls, url
from srviz.ui.kit.chart import mode
from srviz.ui.kit.figure import Arithmetic, Click, clicked, figure

LEAST, MOST = 4, 256
# the orders of queries and keys, by their names in the link: as they come, or by the scores of a method that takes them
SCORED = {"sorted" if method is sliced() else name: name for name, method in METHODS.items() if method.projection}
ORDERS = {"input": "input"} | {
    order: f"{METHODS[name].label.removeprefix('Sliced ')} score" for order, name in SCORED.items()
}
BY = {"input": ""} | {
    order: f", sorted by the scores of {METHODS[name].label.replace('Sliced', 'sliced')}"
    for order, name in SCORED.items()
}
PARAMETERS = (
    *controls.parameters("clusters", sizes=(LEAST, MOST, 48), seed=119, head=3),
    url.choice("order", tuple(ORDERS), "sorted"),
    url.whole("query", 0, MOST, 0),  # the held pair, from 1; 0 where none is held
    url.whole("key", 0, MOST, 0),
)
GROUP, ROW = "beside", 4
DRAWN, FACTOR = 128, 2  # beyond so many rows a pane has fewer pixels than cells: drawn coarser by so much
PLACES, PATTERN = "places", "pattern"
Matrix = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class MatrixPane:
    """One matrix. tone: of its method's line; weights: (n, n); terms as in `Arithmetic`."""

    title: str
    tone: str
    note: str
    weights: Matrix
    signed: bool
    template: str
    terms: dict[str, tuple[str, object]]


@st.cache_data(max_entries=32, show_spinner=False)
def panes(name: str, n: int, seed: int, number: int, device: str) -> list[MatrixPane]:
    """Every method's weights, raw, and effective where centring the values changes them."""
    result = []
    for method in METHODS.values():
        heads = compute.heads(name, n, seed, number, device, method)
        template, terms = _arithmetic(method, heads)
        weights = _weights(method, heads, effective=False)
        sums = weights.sum(1)
        note = (
            "rows sum to 1" if np.allclose(sums, 1, atol=1e-5) else f"rows sum to {sums.min():.2f} … {sums.max():.2f}"
        )
        shown = template + "\nrow sum {sum}"
        title = f"{method.label}, raw" if method.signed else method.label
        terms |= {"w": ("z", 0), "sum": ("i", sums.tolist())}
        tone = method.look.tone
        result.append(MatrixPane(title, tone, note, weights, False, shown, terms))
        if method.signed:
            weights = _weights(method, heads, effective=True)
            mean = sums / len(weights)
            terms = {"a": ("z+i", mean.tolist()), "mean": ("i", mean.tolist()), "w": ("z", 0)}
            terms |= {"sum": ("i", weights.sum(1).tolist())}
            shown = "{a} − row mean {mean}\n= {w}\nrow sum {sum}"
            result.append(MatrixPane(f"{method.label}, effective", tone, "rows sum to 0", weights, True, shown, terms))
    return result


def _arithmetic(method: Method, heads: Heads) -> tuple[str, dict[str, tuple[str, object]]]:
    """What a raw weight is made of, as the live figure writes it out."""
    said = method.terms(heads)
    terms: dict[str, tuple[str, object]] = {name: ("i", x.tolist()) for name, x in said.of_query.items()}
    terms |= {name: ("j", x.tolist()) for name, x in said.of_key.items()}
    features = said.features or (lambda x: x)
    for name, scale in said.of_pair.items():
        q, k = (features(x).tolist() for x in heads.dots)
        terms[name] = ("dot", {"q": q, "k": k, "scale": scale})
    divisor = str(said.divisor)
    if isinstance(said.divisor, Tensor):
        divisor, terms["divisor"] = "{divisor}", ("i", said.divisor.tolist())
    numerator = said.numerator.rstrip("\n")
    gap, equals = ("\n", " = {w}") if numerator != said.numerator else (" ", "\n= {w}")
    return f"{numerator}{gap}/ {divisor}{equals}", terms


def _weights(method: Method, heads: Heads, *, effective: bool) -> Matrix:
    array: Matrix = method.weights(heads, effective=effective).cpu().numpy()
    return array


@st.cache_data(max_entries=64, show_spinner=False)
def orders(setting: controls.Setting, order: str, n: int) -> tuple[list[int], list[int]]:
    """The n queries and keys as they come, or from the lowest score to the highest, of sliced ReLU or of the bump."""
    if order == "input":
        return list(range(n)), list(range(n))
    s, t = compute.heads(*setting, METHODS[SCORED[order]]).scores
    return s.argsort(stable=True).tolist(), t.argsort(stable=True).tolist()


def _rows(panes: int, wide: bool) -> list[list[int]]:
    """The widths of the cells, row by row: one for each pane, then one for the tokens and one for the pattern.

    wide: the tokens are read as lines of text, in a cell of double width, and have no pattern.
    """
    full, left = divmod(panes, ROW)
    rows = [[1] * ROW for _ in range(full)]
    if left + 2 > ROW:
        rows.append([1] * ROW)
        left = 0 if wide else left - ROW
    rest = [1] * max(left, 0) + [2] if wide else []
    return [*rows, rest + [1] * (ROW - sum(rest))]


def _pane_keys() -> list[str]:
    return [f"pane{number}" for number in range(sum(1 + method.signed for method in METHODS.values()))]


def _existing(values: dict[str, Any]) -> dict[str, Any]:
    """A held pair that exists; a key is held with its query only, and a pair whose tokens are gone is let go."""
    there = values["query"] >= 1 and max(values["query"], values["key"]) <= controls.count(values)
    return {name: values[name] if there else 0 for name in ("query", "key")}


def beside_softmax() -> url.State:
    """The controls and the linked panes; a click holds a pair, and its query is what the spread below is about."""
    state = url.settle(*PARAMETERS, together=_existing)
    for click in filter(None, map(clicked, [*_pane_keys(), PLACES, PATTERN])):
        state["query"], state["key"] = (0 if token is None else token + 1 for token in (click.query, click.key))
    _, tokens = controls.row(state, LEAST, MOST, _order)
    n, setting = tokens.n, controls.setting(state)
    shown, drawn = panes(*setting), drawings(setting, state["order"], mode())
    queries, keys = orders(setting, state["order"], n)
    held = Click(*(state[name] - 1 if state[name] else None for name in ("query", "key")))
    show = partial(figure, group=GROUP, held=held)
    wide = drawn.words and not drawn.pattern  # a sentence is read along its lines, and has no pattern to show beside
    with st.container(key="panes"):
        cells = [cell for widths in _rows(len(shown), wide) for cell in st.columns(widths, gap="medium")]
    for number, (pane, key, cell) in enumerate(zip(shown, _pane_keys(), cells, strict=False)):
        with cell:
            _head(pane.title, pane.note)
            idle = "Point at a cell." if number == 0 else ""
            arithmetic = Arithmetic(pane.template, pane.terms, idle, pane.weights if n > DRAWN else None)
            alt = f"{pane.title}: weights of {n} queries on {n} keys"
            show(drawn.panes[number], key=key, alt=alt, queries=queries, keys=keys, arithmetic=arithmetic)
    rest = cells[len(shown) :]
    with rest[0]:
        _head("The tokens", "ringed: query and key")
        with st.container(key="lines") if wide else contextlib.nullcontext():
            show(drawn.places, key=PLACES, alt=f"{n} tokens where they lie", points=range(n))
    if drawn.pattern:
        with rest[1]:
            _head("The pattern asked for", "known for this input")
            show(drawn.pattern, key=PATTERN, alt="The pattern asked for", queries=queries, keys=keys)
    notes = " ".join(method.note for method in METHODS.values() if method.note)
    coarse = f"Of {FACTOR} × {FACTOR} cells the largest is drawn; the numbers are each cell's own. "
    st.caption(
        f"Queries run down, keys across{BY[state['order']]}. {coarse if n > DRAWN else ''}All raw weights share one "
        f"scale, from the ground at 0 to ink at {drawn.top:.3f}; effective weights are brown below zero and teal "
        f"above, up to ± {drawn.reach:.3f}. The projections are untrained. {notes}".rstrip()
    )
    return state


@dataclass(frozen=True)
class Drawings:
    """The figures of one setting as JSON, and where their scales end."""

    panes: tuple[str, ...]
    places: str
    words: bool  # whether the places are words to be read
    pattern: str
    top: float
    reach: float


@st.cache_data(max_entries=32, show_spinner=False)
def drawings(setting: controls.Setting, order: str, mode: str) -> Drawings:
    """Every matrix in its order, the tokens, and the pattern where the input has one."""
    shown, tokens = panes(*setting), compute.tokens(*setting[:3])
    queries, keys = orders(setting, order, tokens.n)
    top = max(float(np.quantile(pane.weights, 0.995)) for pane in shown if not pane.signed)
    reach = max([float(np.quantile(np.abs(pane.weights), 0.995)) for pane in shown if pane.signed], default=top)

    def matrix(weights: Matrix, top: float, signed: bool) -> str:
        block = FACTOR if tokens.n > DRAWN else 1
        json: str = figures.matrix(weights[np.ix_(queries, keys)], top, signed=signed, mode=mode, block=block).to_json()
        return json

    pattern = PATTERNS[setting[0]](tokens) if setting[0] in PATTERNS else None
    return Drawings(
        tuple(matrix(pane.weights, reach if pane.signed else top, pane.signed) for pane in shown),
        figures.places(tokens.place, tokens.colour, tokens.words, mode=mode).to_json(),
        figures.legible(tokens.words),
        "" if pattern is None else matrix(pattern, float(pattern.max()) or 1.0, False),
        top,
        reach,
    )


def _head(title: str, note: str) -> None:
    st.markdown(f"**{title}**  \n:gray[{note}]")


def _order(place: DeltaGenerator) -> None:
    place.segmented_control("Order", list(ORDERS), key=url.key("order"), format_func=ORDERS.__getitem__, required=True)


def spreads(state: url.State) -> None:
    """How the weights are spread: for one query where one was clicked, else for all."""
    setting = controls.setting(state)
    one = state["query"]
    st.markdown(f"For query {one}, held above." if one else "For all queries; click a cell above for its query alone.")
    if one:
        st.button("All queries", key="all queries", on_click=_all_queries, args=(url.key("query"), url.key("key")))
    histogram, table = _spread(setting, one, mode())
    alt = "Histogram of the sizes of the weights of every method, on a log axis"
    figure(histogram, key="histogram", alt=alt)
    st.markdown(table)
    each = "" if one else "Both are means over the queries, and the mean of e^H is more than e to the mean H."
    st.caption(
        "H is the entropy of a query's |w| / Σ|w|, in nats. A query that attends to m keys alike has H = ln m, so e^H "
        f"says to how many keys it attends, as if alike. {each}"
    )


@st.cache_data(max_entries=64, show_spinner=False)
def _spread(setting: controls.Setting, one: int, mode: str) -> tuple[str, str]:
    """The histogram as JSON and the table as Markdown, of one query from 1, or of all where that is 0."""
    shown = panes(*setting)
    rows = slice(one - 1, one) if one else slice(None)
    lines = ["| | share of exact zeros | entropy H | e^H, in keys |", "|---|---:|---:|---:|"]
    for pane in shown:
        found = spread(torch.from_numpy(pane.weights[rows]).double())
        numbers = f"{found.zeros.mean():.2f} | {found.entropy.mean():.2f} | {found.effective.mean():.1f}"
        lines.append(f"| {pane.title} | {numbers} of {len(pane.weights)} |")
    weights = {pane.title: pane.weights[rows] for pane in shown}
    drawing = figures.histogram(weights, [pane.tone for pane in shown], mode=mode)
    return drawing.to_json(), "\n".join(lines)


def _all_queries(*keys: str) -> None:
    st.session_state.update(dict.fromkeys(keys, 0))


@cache
def code() -> str:
    """What computed the weights on this page, read from the functions themselves."""
    functions: list[Callable[..., object]] = [method.weights for method in METHODS.values()]
    functions += [standardize, reference.sliced_relu_weights, reference.sliced_bump_weights]
    return "\n\n".join(inspect.getsource(function) for function in functions)
