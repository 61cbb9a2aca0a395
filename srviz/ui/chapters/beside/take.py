"""What can be taken away of the maps beside softmax."""

import json
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import streamlit as st

from srviz.attention import METHODS
from srviz.attention.method import Method
from srviz.figures import beside as figures
from srviz.inputs.patterns import PATTERNS
from srviz.measure.fit import STEPS
from srviz.ui.chapters.beside import WORDS, beside, fits
from srviz.ui.chapters.beside.record import TOKENS, reached, recorded
from srviz.ui.kit import compute, controls, trained
from srviz.ui.kit.program import VARIANTS, Code, Script
from srviz.ui.kit.table import Columns, pairs
from srviz.ui.kit.take import Figure, State

SCRIPTS = Path(__file__).parent / "scripts"


def caption(state: State) -> str:
    """Which tokens, which head, and in which order."""
    order = state["order"] if state["order"] in ("input", beside.OWN) else "by"
    return WORDS(
        "take.caption",
        n=controls.count(state),
        order=WORDS(f"take.order.{order}", method=beside.SHORT.get(beside.SCORED.get(state["order"], ""), "")),
        head=state["head"],
        heads=WORDS(f"take.heads.{_kind(state)}"),
        input=controls.chosen(state).title,
    )


def _kind(state: State) -> str:
    return trained.kind(compute.tokens(*controls.setting(state)[:3]), state["heads"])


def numbers(state: State) -> Columns:
    """Every pair, its tokens numbered as they come, and its weight by every method; effective where that differs."""
    weights = {}
    for pane in beside.panes(beside.setting_of(state)):
        weights[f"{pane.method}_effective" if pane.effective else pane.method] = pane.weights.ravel()
    n = controls.count(state)
    query, key = pairs(n, n)
    return {"query": query, "key": key, **weights}


def script(state: State) -> Script:
    """Every method's formula on the head that is shown; by its record, where the program does not write it out."""
    written = Script(SCRIPTS / "methods", WORDS("title"), {"shown": controls.shown(state, kind=_kind(state))})
    others = [method for method in METHODS.values() if method.name not in written.written]
    if not others:
        return written
    return replace(written, added={variant: _by_record(others, variant) for variant in VARIANTS})


def _by_record(methods: list[Method], variant: str) -> Code:
    """All in one statement, and the effective weights of those that centre the values in another: there may be many."""
    end = ".numpy()" if variant == "numpy" else ""
    lines = []
    for suffix, names in (
        ("", [method.name for method in methods]),
        ("_effective", [method.name for method in methods if method.centred]),
    ):
        if names:
            made = ", ".join(f"{name}{suffix}" for name in names)
            weights = f"METHODS[m].weights(head(**shown, method=m), effective={bool(suffix)}){end}"
            lines.append(f"[{made}] = map(lambda m: {weights}, {json.dumps(names)})")
    return Code("\n".join(lines), "from srviz.attention import METHODS")


MAPS = Figure(
    ("maps",), "beside-softmax", WORDS("take.maps"), caption, numbers, script,
    second={"input": "moons", "heads": "trained", "n": "20", "head": "2"},
)  # fmt: skip


# ---- how they are spread ----


def spread_caption(state: State) -> str:
    """Of which weights."""
    which = WORDS("take.query", query=state["query"]) if state["query"] else WORDS("take.every")
    return WORDS("take.spread", which=which, input=controls.chosen(state).title)


def spread_numbers(state: State) -> Columns:
    """The middle of each step of sizes, and the share of every method's weights in it."""
    one = state["query"]
    columns: Columns = {"size": np.sqrt(figures.EDGES[1:] * figures.EDGES[:-1])}
    for pane in beside.panes(beside.setting_of(state)):
        name = f"{pane.method}_effective" if pane.effective else pane.method
        columns[name] = figures.shares(pane.weights[one - 1 : one] if one else pane.weights)
    return columns


def spread_script(state: State) -> Script:
    """The same from the head that is shown, every method by its record."""
    lines = []
    for method in METHODS.values():
        lines.append(f'{method.name} = spread("{method.name}", effective=False)')
        lines += [f'{method.name}_effective = spread("{method.name}", effective=True)'] if method.centred else []
    values = {"shown": controls.shown(state, kind=_kind(state)), "query": state["query"]}
    return Script(SCRIPTS / "spread", WORDS("title"), values, added={"numpy": Code("\n".join(lines))})


SPREAD = Figure(
    ("histogram",), "spread", WORDS("take.sizes"), spread_caption, spread_numbers, spread_script,
    variants=("numpy",), second={"input": "moons", "heads": "trained", "n": "20", "query": "3"},
)  # fmt: skip


# ---- the fits ----


def _fits() -> fits.PatternFits | None:
    found: fits.PatternFits | None = st.session_state.get("_fits")
    return found


def fit_numbers(state: State) -> Columns:
    """Every pattern and method: the distance that was recorded, and the one that was reached here, so far."""
    rows = list(product(PATTERNS, METHODS))
    known, mine = recorded()["reached"], _fits()
    reached = [mine.reached(*row) if mine else None for row in rows]
    return {
        "pattern": [pattern for pattern, _ in rows],
        "method": [method for _, method in rows],
        "recorded": [str(known.get(pattern, {}).get(method, ["", ""])[1]) for pattern, method in rows],
        "here": [f"{one.last.best:.4f}" if one and one.last else "" for one in reached],
        "steps": [str(one.last.step) if one and one.last else "" for one in reached],
    }


def fit_script(state: State) -> Script:
    """The fits to the pattern of this input, or to the first one."""
    pattern = state["input"] if state["input"] in PATTERNS else next(iter(PATTERNS))
    values = {"pattern": pattern, "seed": state["seed"], "methods": list(METHODS), "tokens": TOKENS}
    return Script(SCRIPTS / "fits", WORDS("title"), values | {"steps": STEPS})


def fit_checked(state: State) -> Columns:
    """What the page's own job reaches."""
    values = fit_script(state).values
    seed, steps = values["seed"], values["steps"]
    return {"here": np.array([reached(values["pattern"], one, seed=seed, steps=steps)[1] for one in values["methods"]])}


FITS = Figure(
    ("fits",), "fits", WORDS("take.fits"), lambda state: WORDS("take.distances"), fit_numbers, fit_script,
    variants=("torch",), checked=fit_checked,
)  # fmt: skip
FIGURES = (MAPS, SPREAD, FITS)
