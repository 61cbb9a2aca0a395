"""How well the models do with more and fewer tokens than they learned from, and what can be taken away of it."""

from pathlib import Path

import numpy as np
import streamlit as st

from srviz.figures import lab as figures
from srviz.ui.chapters.crowd import WORDS
from srviz.ui.chapters.crowd.run import Lane, Learning, current
from srviz.ui.kit.chart import chart, mode
from srviz.ui.kit.program import Script
from srviz.ui.kit.table import Columns
from srviz.ui.kit.take import Figure, State, away

SCRIPTS = Path(__file__).parent / "scripts"
KEY = "crowd sizes"
LEAST = 1e-5  # of the variance that is missed: less is drawn as so much
FLAT = 1.25  # times the error at the usual number of tokens: up to so much it does not count as grown
LEARNED = 0.5  # R² from which on a model counts as one that has learned the function


def shown(run: Learning) -> None:
    """The errors of all models that have ended, by the number of tokens."""
    learned_at = run.specs[0].recipe.n
    st.subheader(WORDS("sizes.title"), anchor=False)
    st.markdown(f"{WORDS('sizes.text', n=learned_at)} {grown(run)}")
    lines = {lane.label: (lane.spec.of_mixing.look, list(lane.sizes), _errors(lane)) for lane in run.tested}
    drawing = figures.curves(lines, along=WORDS("sizes.along"), axis=WORDS("sizes.axis"), mode=mode(), log=True)
    chart(drawing, _label(run), KEY, st.container())
    away(SIZES, {})


def _errors(lane: Lane) -> list[float]:
    """The share of the variance that is missed at each number of tokens."""
    return [max(LEAST, 1 - r2) for r2 in lane.sizes.values()]


def _label(run: Learning) -> str:
    learned_at, told = run.specs[0].recipe.n, []
    for lane in run.tested:
        found = dict(zip(lane.sizes, _errors(lane), strict=True))
        most, model = max(found), lane.label
        told.append(
            WORDS("sizes.line", model=model, error=found[learned_at], n=learned_at, last=found[most], most=most)
        )
    return WORDS("sizes.label", lines="; ".join(told))


def grown(run: Learning) -> str:
    """Whose error grows from the crowds it learned from to the largest ones, whose does not, and who has none to speak
    of, because it has not learned the function.
    """
    told: dict[str, list[str]] = {"stays": [], "grows": []}
    never: list[str] = []
    learned_at, most = run.specs[0].recipe.n, max(max(lane.sizes) for lane in run.tested)
    for lane in run.tested:
        here, there = 1 - lane.sizes[learned_at], 1 - lane.sizes[max(lane.sizes)]
        label = lane.label
        if lane.sizes[learned_at] < LEARNED:
            never.append(label)
        else:
            what = "stays" if there <= FLAT * here else "grows"
            told[what].append(f"{label} ({_error(here)} → {_error(there)})")
    parts = [
        WORDS(f"sizes.error.{what}", n=learned_at, most=most, models=", ".join(labels))
        for what, labels in told.items()
        if labels
    ]
    if never:
        parts.append(WORDS(f"sizes.never.{'one' if len(never) == 1 else 'many'}", models=", ".join(never)))
    return " ".join(parts)


def _error(missed: float) -> str:
    """A share of the variance, without powers of ten."""
    if missed < 0.001:
        return WORDS("sizes.under")
    return f"{missed:.2g}" if missed < 10 else f"{missed:,.0f}"


def _run() -> Learning:
    run = current()
    assert run is not None
    return run


def _numbers(state: State) -> Columns:
    """Every model and number of tokens: the share of the variance that is missed there."""
    cells = [
        (lane.spec.mixing, n, error)
        for lane in _run().tested
        for n, error in zip(lane.sizes, _errors(lane), strict=True)
    ]
    models, tokens, errors = zip(*cells, strict=True)
    return {"model": list(models), "tokens": np.array(tokens), "error": np.array(errors)}


def _script(state: State) -> Script:
    """The models of the page learn again, and are tested likewise."""
    return Script(SCRIPTS / "sizes", WORDS("title"), {"runs": [lane.spec.brief() for lane in _run().tested]})


SIZES = Figure(
    (KEY,), "more-tokens", WORDS("take.sizes"), lambda state: _label(_run()), _numbers, _script, variants=("torch",),
    there=lambda state: bool((run := current()) and run.tested),
    checked=lambda state: {"error": _numbers(state)["error"]},
)  # fmt: skip
