"""Beside softmax: every method's weights on the same queries and keys, linked, with their arithmetic."""

import contextlib
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
from srviz.figures.theme import scale_end
from srviz.inputs.patterns import PATTERNS
from srviz.measure.spread import spread
from srviz.ui.chapters.beside import WORDS
from srviz.ui.kit import compute, controls, source, trained, url
from srviz.ui.kit.chart import chart, mode
from srviz.ui.kit.figure import Arithmetic, Click, clicked, figure, pair
from srviz.ui.kit.table import markdown

LEAST, MOST = 4, 256
# the orders of queries and keys, by their names in the link: as they come, or by the scores of a method that takes them
SCORED = {"sorted" if method is sliced() else name: name for name, method in METHODS.items() if method.projection}
SHORT = {name: METHODS[name].short or METHODS[name].label for name in SCORED.values()}
OWN = "own"  # each method by its own scores, and those that have none as the first sliced one
ORDERS = (
    {OWN: WORDS("orders.own")}
    | {order: WORDS("orders.all", method=SHORT[name]) for order, name in SCORED.items()}
    | {"input": WORDS("orders.input")}
)
PARAMETERS = (
    *controls.parameters("clusters", sizes=(LEAST, MOST, 48), seed=119, head=3),
    url.choice("order", tuple(ORDERS), OWN),
    trained.parameter("untrained"),
    url.whole("query", 0, MOST, 0),  # the held pair, from 1; 0 where none is held
    url.whole("key", 0, MOST, 0),
)
GROUP, ROW = "beside", 4
FAINT = 6  # times as large as another map's: a scale that makes that one's weights too pale to be seen
DRAWN, FACTOR = 128, 2  # beyond so many rows a pane has fewer pixels than cells: drawn coarser by so much
PLACES, PATTERN = "places", "pattern"
Matrix = NDArray[np.float32]
HeadsSetting = tuple[str, int, int, int, str, str]  # `controls.Setting`, and which of `trained.KINDS`


@dataclass(frozen=True, eq=False)
class MatrixPane:
    """One matrix. tone: of its method's line; weights: (n, n); effective: whether they are those of centred values;
    formula: of a weight; terms as in `Arithmetic`.
    """

    title: str
    method: str
    tone: str
    note: str
    weights: Matrix
    effective: bool
    formula: str
    template: str
    terms: dict[str, tuple[str, object]]

    @property
    def signed(self) -> bool:
        """Whether some of the weights are negative, so that their shades have to go both ways from 0."""
        return bool((self.weights < 0).any())


@st.cache_data(max_entries=32, show_spinner=False)
def panes(setting: HeadsSetting) -> list[MatrixPane]:
    """Every method's weights, raw, and effective where centring the values changes them."""
    result = []
    for method in METHODS.values():
        heads = _heads(setting, method)
        template, terms = _arithmetic(method, heads)
        weights = _weights(method, heads, effective=False)
        sums = weights.sum(1)
        if np.allclose(sums, 1, atol=1e-5):
            note = WORDS("maps.sums.one")
        else:
            note = WORDS("maps.sums.other", least=sums.min(), most=sums.max())
        shown = WORDS("maps.terms.raw", terms=template.replace("\n", " "))
        title = WORDS("maps.raw", method=method.label) if method.centred else method.label
        formula = method.formula.removesuffix(" − row mean")
        terms |= {"w": ("z", 0), "sum": ("i", sums.tolist())}
        tone = method.look.tone
        result.append(MatrixPane(title, method.name, tone, note, weights, False, formula, shown, terms))
        if method.centred:
            weights = _weights(method, heads, effective=True)
            mean = sums / len(weights)
            terms = {"a": ("z+i", mean.tolist()), "mean": ("i", mean.tolist()), "w": ("z", 0)}
            terms |= {"sum": ("i", weights.sum(1).tolist())}
            note, shown = WORDS("maps.sums.zero"), WORDS("maps.terms.effective")
            title = WORDS("maps.effective", method=method.label)
            result.append(MatrixPane(title, method.name, tone, note, weights, True, method.formula, shown, terms))
    return result


def _heads(setting: HeadsSetting, method: Method) -> Heads:
    """The head on screen, as a method takes it."""
    return compute.heads(*setting[:5], method, kind=setting[5])


def weights_of(state: dict[str, Any] | url.State, method: Method) -> Matrix:
    """The raw weights of the head on screen: (n, n)."""
    return _weights(method, _heads(setting_of(state), method), effective=False)


def setting_of(state: dict[str, Any] | url.State) -> HeadsSetting:
    """All that determines a head on screen, and the key of its cache."""
    return *controls.setting(state), state["heads"]


def _arithmetic(method: Method, heads: Heads) -> tuple[str, dict[str, tuple[str, object]]]:
    """The arithmetic of a raw weight, as the live figure writes it out."""
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
    gap, equals = ("\n", " = {w}") if said.numerator.endswith("\n") else (" ", "\n= {w}")
    return f"{said.dividend}{gap}/ {divisor}{equals}", terms


def _weights(method: Method, heads: Heads, *, effective: bool) -> Matrix:
    array: Matrix = method.weights(heads, effective=effective).cpu().numpy()
    return array


@st.cache_data(max_entries=64, show_spinner=False)
def orders(setting: HeadsSetting, order: str, n: int) -> tuple[list[int], list[int]]:
    """The n queries and keys as they come, or from the lowest score to the highest, of sliced ReLU or of the bump."""
    if order == "input":
        return list(range(n)), list(range(n))
    s, t = _heads(setting, METHODS[SCORED[order]]).scores
    return s.argsort(stable=True).tolist(), t.argsort(stable=True).tolist()


def order_of(order: str, method: str = "") -> str:
    """The order of one method's map where each has its own: by its scores, or by those of the first sliced method."""
    if order != OWN:
        return order
    return next((name for name, scored in SCORED.items() if scored == method), "sorted")


def words_of(order: str, method: str = "") -> str:
    """The order of a map, for its axes. method: of the map, by name; none of the pattern's."""
    if order == "input":
        return WORDS("maps.order.input")
    by = SCORED[order_of(order, method)]
    return WORDS("maps.order.score") if by == method else WORDS("maps.order.other", method=SHORT[by])


def _rows(cells: list[int]) -> list[list[int]]:
    """Cells of these widths, row by row."""
    rows: list[list[int]] = [[]]
    for cell in cells:
        if sum(rows[-1]) + cell > ROW:
            rows.append([])
        rows[-1].append(cell)
    return rows


def _pane_keys() -> list[str]:
    return [f"pane{number}" for number in range(sum(1 + method.centred for method in METHODS.values()))]


def _existing(values: dict[str, Any]) -> dict[str, Any]:
    """A held pair that exists; a key is held with its query only, and a pair whose tokens are gone is let go."""
    there = values["query"] >= 1 and max(values["query"], values["key"]) <= controls.count(values)
    return {name: values[name] if there else 0 for name in ("query", "key")}


def beside_softmax() -> url.State:
    """The controls and the linked panes; a click holds a pair, and its query is what the spread below is about."""
    state = url.settle(*PARAMETERS, together=_existing)
    for click in filter(None, map(clicked, [*_pane_keys(), PLACES, PATTERN])):
        state["query"], state["key"] = (0 if token is None else token + 1 for token in (click.query, click.key))
    _, tokens = controls.row(state, LEAST, MOST, _order, _suit)
    n, setting = tokens.n, setting_of(state)
    look = trained.look(tokens)
    if look:
        switch, says = st.columns([1, 4], gap="medium", vertical_alignment="center")
        with switch:
            trained.control(there=True)
        says.caption(look.says(list(METHODS.values())) if state["heads"] == "trained" else WORDS("untrained"))
    shown, drawn = panes(setting), drawings(setting, state["order"], mode())
    held = Click(*(state[name] - 1 if state[name] else None for name in ("query", "key")))
    show = partial(figure, group=GROUP, held=held)
    wide = drawn.words and not drawn.pattern  # a sentence is read along its lines, and has no pattern to show beside
    blank = ["\u00a0"] if drawn.own else []  # as high as the titles of the maps
    widths = [1] * len(shown) + ([1] if drawn.pattern else []) + [2 if wide else 1, 1]
    with st.container(border=True, key="maps"):
        with st.container(key="panes"):
            rows = [st.columns(row + [1] * (ROW - sum(row)), gap="medium")[: len(row)] for row in _rows(widths)]
        cells = iter([cell for row in rows for cell in row])
        for number, (pane, key) in enumerate(zip(shown, _pane_keys(), strict=True)):
            with next(cells):
                end = WORDS(f"maps.darkest.{'signed' if pane.signed else 'plain'}", end=drawn.ends[number])
                _head(pane.title, pane.note, *([end] if drawn.own else []))
                by_cell = pane.weights if n > DRAWN else None
                arithmetic = Arithmetic(pane.template, pane.terms, pane.formula, by_cell, pane.title)
                queries, keys = orders(setting, order_of(state["order"], pane.method), n)
                alt = _told(pane, held, words_of(state["order"], pane.method))
                show(drawn.panes[number], key=key, alt=alt, queries=queries, keys=keys, arithmetic=arithmetic)
        if drawn.pattern:
            with next(cells):
                _head(WORDS("pattern.title"), WORDS("pattern.note"), *blank)
                queries, keys = orders(setting, order_of(state["order"]), n)
                show(drawn.pattern, key=PATTERN, alt=WORDS("pattern.title"), queries=queries, keys=keys)
        with next(cells):
            _head(WORDS("tokens.title"), WORDS("tokens.note"), *blank)
            with st.container(key="lines") if wide else contextlib.nullcontext():
                show(drawn.places, key=PLACES, alt=WORDS("tokens.alt", n=n), points=range(n))
        with next(cells):
            scale = "own" if drawn.own else "same"
            _head(WORDS("shades.title"), *WORDS.texts(f"shades.{scale}.notes"))
            show(drawn.scales, key="scales", alt=WORDS(f"shades.{scale}.alt", top=drawn.top, reach=drawn.reach))
        pair(GROUP, key="pair", idle=WORDS("maps.point"))
    notes = [WORDS("maps.coarse", factor=FACTOR)] if n > DRAWN else []
    notes += [] if look else [WORDS("untrained")]
    st.caption(" ".join(notes + [method.note for method in METHODS.values() if method.note]))
    return state


def _told(pane: MatrixPane, held: Click, order: str) -> str:
    """A map in a sentence or two: what it shows, and the weight of the pair that is held."""
    n = len(pane.weights)
    row, column = np.unravel_index(int(np.argmax(pane.weights)), pane.weights.shape)
    says = WORDS(
        "maps.told", title=pane.title, n=n, order=order, note=pane.note, most=pane.weights.max(),
        query=row + 1, key=column + 1,
    )  # fmt: skip
    if held.query is None or held.key is None:
        return says
    weight = pane.weights[held.query, held.key]
    return f"{says} {WORDS('maps.held', query=held.query + 1, key=held.key + 1, weight=weight)}"


@dataclass(frozen=True)
class Drawings:
    """The figures of one setting as JSON, and where their scales end."""

    panes: tuple[str, ...]
    places: str
    words: bool  # whether the places are words to be read
    pattern: str
    scales: str
    top: float
    reach: float
    ends: tuple[float, ...]  # of each pane, the size of a weight from which on its shade is the darkest
    own: bool  # whether each raw map has a scale of its own


@st.cache_data(max_entries=32, show_spinner=False)
def drawings(setting: HeadsSetting, order: str, mode: str) -> Drawings:
    """Every matrix in its order, the tokens, and the pattern where the input has one."""
    shown, tokens = panes(setting), compute.tokens(*setting[:3])
    ends = [scale_end(pane.weights) for pane in shown]
    raw = [end for pane, end in zip(shown, ends, strict=True) if not pane.signed]
    top, own = max(raw), max(raw) > FAINT * min(raw)
    reach = max([end for pane, end in zip(shown, ends, strict=True) if pane.signed], default=top)
    ends = [reach if pane.signed else end if own else top for pane, end in zip(shown, ends, strict=True)]

    def matrix(weights: Matrix, top: float, signed: bool, method: str = "") -> str:
        queries, keys = orders(setting, order_of(order, method), tokens.n)
        block, words = FACTOR if tokens.n > DRAWN else 1, words_of(order, method)
        shown = weights[np.ix_(queries, keys)]
        json: str = figures.matrix(shown, top, signed=signed, mode=mode, block=block, order=words).to_json()
        return json

    pattern = PATTERNS[setting[0]](tokens) if setting[0] in PATTERNS else None
    return Drawings(
        tuple(matrix(pane.weights, end, pane.signed, pane.method) for pane, end in zip(shown, ends, strict=True)),
        figures.places(tokens.place, tokens.colour, tokens.words, mode=mode).to_json(),
        figures.legible(tokens.words),
        "" if pattern is None else matrix(pattern, float(pattern.max()) or 1.0, False),
        figures.scales(None if own else top, reach, mode=mode).to_json(),
        top,
        reach,
        tuple(ends),
        own,
    )


def _head(title: str, *notes: str) -> None:
    """A title and what stands below it, a line each."""
    st.markdown("  \n".join([f"**{title}**", *(f":gray[{note}]" for note in notes)]))


def _suit() -> None:
    """Another input is shown with the heads that mean something there."""
    state = url.current()
    values = state.values | {"input": st.session_state[url.key("input")]}
    state["heads"] = trained.suits(compute.tokens(*controls.setting(values)[:3]))


def _order(place: DeltaGenerator) -> None:
    place.segmented_control(
        WORDS("orders.label"), list(ORDERS), key=url.key("order"), format_func=ORDERS.__getitem__, required=True
    )


def spreads(state: url.State, menu: Callable[[], None]) -> None:
    """How the weights are spread: for one query where one was clicked, else for all. menu: of the histogram."""
    setting = setting_of(state)
    one = state["query"]
    st.markdown(WORDS("spread.one", query=one) if one else WORDS("spread.all"))
    if one:
        st.button(
            WORDS("spread.button"), key="all queries", on_click=_all_queries, args=(url.key("query"), url.key("key"))
        )
    histogram, table = _spread(setting, one, mode())
    chart(histogram, WORDS("spread.alt"), "histogram", st.container())
    menu()
    st.markdown(table)
    st.caption(WORDS("spread.entropy") if one else f"{WORDS('spread.entropy')} {WORDS('spread.means')}")


@st.cache_data(max_entries=64, show_spinner=False)
def _spread(setting: HeadsSetting, one: int, mode: str) -> tuple[str, str]:
    """The histogram as JSON and the table as Markdown, of one query from 1, or of all where that is 0."""
    shown = panes(setting)
    rows = slice(one - 1, one) if one else slice(None)
    lines = []
    for pane in shown:
        found = spread(torch.from_numpy(pane.weights[rows]).double())
        keys = WORDS("spread.keys", keys=found.effective.mean(), n=len(pane.weights))
        lines.append([pane.title, f"{found.zeros.mean():.2f}", f"{found.entropy.mean():.2f}", keys])
    weights = {pane.title: pane.weights[rows] for pane in shown}
    drawing = figures.histogram(weights, [pane.tone for pane in shown], mode=mode)
    table = markdown(["", *WORDS.texts("spread.columns")], lines, ["---", "---:", "---:", "---:"])
    return drawing.to_json(), table


def _all_queries(*keys: str) -> None:
    st.session_state.update(dict.fromkeys(keys, 0))


@cache
def code() -> str:
    """What computed the weights on this page, read from the functions themselves."""
    functions: list[Callable[..., object]] = [method.weights for method in METHODS.values()]
    functions += [standardize, reference.sliced_relu_weights, reference.sliced_bump_weights]
    return source.text(*functions)
