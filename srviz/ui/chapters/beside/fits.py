"""The fits on Beside softmax: how near every method comes to a pattern when its maps are fitted to it."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import product

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from srviz import jobs
from srviz.attention import METHODS
from srviz.figures import beside as figures
from srviz.figures.theme import scale_end
from srviz.inputs import INPUTS
from srviz.inputs.patterns import PATTERNS
from srviz.ui.chapters.beside import WORDS
from srviz.ui.chapters.beside.beside import Matrix, order_of, orders, words_of
from srviz.ui.chapters.beside.record import TOKENS as FITTED
from srviz.ui.chapters.beside.record import recorded
from srviz.ui.kit import compute, controls, url, work
from srviz.ui.kit.cards import heading
from srviz.ui.kit.chart import mode
from srviz.ui.kit.figure import Arithmetic, figure
from srviz.ui.kit.table import markdown

NEAR = 0.316  # the distance below which a pattern counts as drawn
COVERED = 0.998  # of the weights of a map, up to whose sizes its scale goes


@dataclass(frozen=True, eq=False)
class Reached:
    """Where a fit stood at one step. distance: there; best: the least so far; weights: (n, n), those of the best.

    state: what the fit needs to go on from there.
    """

    step: int
    steps: int
    distance: float
    best: float
    weights: Matrix
    state: jobs.Packed

    @classmethod
    def read(cls, record: jobs.Record) -> "Reached":
        """From what the job says; see `srviz.measure.jobs.fit`."""
        arrays = {"weights": work.array(record["weights"]), "state": jobs.Packed.of_json(record["state"])}
        return cls(**record | arrays)


@dataclass
class Fitted:
    """One method fitted to one pattern, as far as it has come. trouble: why it could not go on, in a sentence."""

    first: Reached | None = None
    last: Reached | None = None
    done: bool = False
    trouble: str = ""

    def take(self, record: jobs.Record) -> None:
        """What the job says."""
        self.trouble = record.get(jobs.TROUBLE, "")
        if not self.trouble:
            self.last = Reached.read(record)
            self.first = self.first or self.last


@dataclass
class PatternFits:
    """The fits of a session at one seed. asked: the patterns that are being fitted, since this epoch of the page."""

    seed: int
    found: dict[tuple[str, str], Fitted] = field(default_factory=dict)
    asked: tuple[str, ...] = ()
    epoch: int = 0

    def reached(self, pattern: str, method: str) -> Fitted | None:
        """The fit of this method to this pattern, where it has made a step."""
        fitted = self.found.get((pattern, method))
        return fitted if fitted and fitted.last else None

    def complete(self, pattern: str) -> bool:
        """Whether every method has been fitted to it."""
        return all((pattern, method) in self.found and self.found[pattern, method].done for method in METHODS)


def pattern_fit(state: url.State, menu: Callable[[], object]) -> None:
    """How near each method comes to a pattern with its maps fitted to it: to this input's, or to all.

    The last thing that runs on the page; whatever interrupts it, it goes on where it was. menu: what is shown
    below the table.
    """
    fits: PatternFits | None = st.session_state.get("_fits")
    if fits is None or fits.seed != state["seed"]:
        fits = st.session_state["_fits"] = PatternFits(state["seed"])
    if fits.epoch != state.epoch:  # the visitor was away: what is there is shown, and nothing begins unasked
        fits.asked, fits.epoch = (), state.epoch
    mine = state["input"]
    if mine not in PATTERNS:
        st.markdown(WORDS("fits.none"))
    bar = None
    with st.container(key="fits"):
        table = st.empty()
    _table(fits, table)
    menu()
    st.caption(WORDS("fits.recorded", near=NEAR, **recorded()))
    known = {method for reached in recorded()["reached"].values() for method in reached}
    if unknown := [method.label for method in METHODS.values() if method.name not in known]:
        st.caption(WORDS("fits.unrecorded", methods=", ".join(unknown)))
    if fits.asked:
        bar = work.stop_and_bar("stop fit", _fit, fits, ())
    else:
        with st.container(horizontal=True, vertical_alignment="center"):
            if mine in PATTERNS and not fits.complete(mine):
                begun = any(fits.reached(mine, method) for method in METHODS)
                label = WORDS("fits.on") if begun else WORDS("fits.begin")
                st.button(label, key="fit", on_click=_fit, args=(fits, (mine,)))
            if not all(map(fits.complete, PATTERNS)):
                st.button(WORDS("fits.all"), key="fit all", on_click=_fit, args=(fits, tuple(PATTERNS)))
    for pattern in () if fits.asked else PATTERNS:
        reached = [fits.reached(pattern, method) for method in METHODS]
        last = [fitted.last for fitted in reached if fitted and fitted.last]
        if last and not fits.complete(pattern):
            label, fitted = next(
                (method.label, fitted)
                for method, fitted in zip(METHODS.values(), reached, strict=True)
                if not (fitted and fitted.done)
            )
            step = fitted.last.step if fitted and fitted.last else 0
            title, steps = INPUTS[pattern].title, last[0].steps
            st.markdown(WORDS("fits.stopped", pattern=title, method=label, step=step, steps=steps))
    for trouble in {fitted.trouble for fitted in fits.found.values() if fitted.trouble and not fits.asked}:
        st.warning(trouble)
    if any(fits.reached(mine, method) for method in METHODS):
        _maps(state, fits)
    if bar:
        _run(fits, mine, bar, table)


def _fit(fits: PatternFits, patterns: tuple[str, ...]) -> None:
    fits.asked = patterns


def _table(fits: PatternFits, place: DeltaGenerator) -> None:
    """Every pattern, how near every method has come to it when it was recorded, and how near it came here so far."""
    said = recorded()["reached"]

    def number(distance: float) -> str:
        text = f"{distance:.3f}"
        return f"**{text}**" if float(text) < NEAR else text

    def cell(pattern: str, method: str) -> str:
        known = said.get(pattern, {}).get(method)
        fitted = fits.reached(pattern, method)
        words = number(known[1]) if known else "–"
        if not fitted or not fitted.last:
            return words
        return f"{words} / {number(fitted.last.best)}{'' if fitted.done else ' …'}"

    head = [WORDS("fits.distance"), *(method.label for method in METHODS.values())]
    rows = [[INPUTS[pattern].title, *(cell(pattern, method) for method in METHODS)] for pattern in PATTERNS]
    here = any(fits.reached(pattern, method) for pattern, method in product(PATTERNS, METHODS))
    with place.container():
        st.markdown(markdown(head, rows, ["---", *["---:"] * len(METHODS)]))
        if here:
            st.markdown(WORDS("fits.here"))


def _maps(state: url.State, fits: PatternFits) -> None:
    """The pattern of this input and what each method made of it, in the order of the panes."""
    name, _, seed, number, device = controls.setting(state)
    pattern = PATTERNS[name](compute.tokens(name, FITTED, seed))
    order = order_of(state["order"])
    queries, keys = orders((name, FITTED, seed, number, device, "untrained"), order, FITTED)
    show = partial(figure, group="fitted", queries=queries, keys=keys)

    def drawing(weights: Matrix) -> str:
        top, shown = scale_end(weights, COVERED), weights[np.ix_(queries, keys)]
        json: str = figures.matrix(shown, top, signed=False, mode=mode(), order=words_of(order)).to_json()
        return json

    with st.container(border=True, key="fitted"):
        cells = st.columns(1 + len(METHODS), gap="medium")
    with cells[0]:
        heading(WORDS("fits.pattern"), INPUTS[name].title)
        shown = Arithmetic("{w}", {"w": ("z", 0)}, WORDS("fits.point"))
        alt = WORDS("fits.alt", input=INPUTS[name].title)
        show(drawing(pattern), key="fitted pattern", alt=alt, arithmetic=shown)
    for method, cell in zip(METHODS.values(), cells[1:], strict=True):
        fitted = fits.reached(name, method.name)
        if fitted is None or fitted.first is None or fitted.last is None:
            continue
        with cell:
            heading(method.label, WORDS("fits.reached", best=fitted.last.best, first=fitted.first.distance))
            weights = fitted.last.weights
            alt = WORDS("fits.fitted", method=method.label, distance=fitted.last.best)
            show(drawing(weights), key=f"fitted {method.name}", alt=alt, arithmetic=replace(shown, idle=""))
    st.caption(WORDS("fits.scale") if order == "input" else f"{WORDS('fits.order')} {WORDS('fits.scale')}")


def _run(fits: PatternFits, mine: str, bar: work.ProgressBar, table: DeltaGenerator) -> None:
    """The fits asked for, watched. Stop, or any other control, ends this; what they reached stays in the session."""
    wanted = list(product(fits.asked, METHODS))
    with work.turn(partial(bar.progress, 0.0)):
        for number, (pattern, method) in enumerate(wanted):
            fitted = fits.found.setdefault((pattern, method), Fitted())
            if fitted.done:
                continue
            _fit_one(fits.seed, pattern, method, fitted, partial(_show, bar, number, len(wanted)))
            if fitted.trouble:
                break
            fitted.done = True
            _table(fits, table)
            if pattern == mine:
                st.rerun()  # its map is on the page
    fits.asked = ()
    st.rerun()


def _show(bar: work.ProgressBar, number: int, count: int, share: float, text: str) -> None:
    """How far all fits are, where so much of this one of them is done."""
    bar.progress((number + share) / count, text)


def _fit_one(seed: int, pattern: str, method: str, fitted: Fitted, show: Callable[[float, str], object]) -> None:
    """One fit to its end, from where it was. show: told the share that is done, 0 … 1, and the words for it."""
    tokens = compute.tokens(pattern, FITTED, seed)
    attachments = {"x": work.pack(tokens.x), "pattern": work.pack(PATTERNS[pattern](tokens))}
    if fitted.last:
        attachments["state"] = fitted.last.state
    title, label = INPUTS[pattern].title, METHODS[method].label

    def tell() -> None:
        if fitted.last:
            text = WORDS("fits.doing", pattern=title, method=label, distance=fitted.last.best)
            show(fitted.last.step / fitted.last.steps, text)
        else:
            show(0.0, f"{title}, {label} …")

    plan = {"job": "measure.fit", "method": method}
    work.watch(jobs.stream(plan, attachments, work.limits("cpu")), fitted.take, tell)
