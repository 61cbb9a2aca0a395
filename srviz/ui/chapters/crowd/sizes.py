"""How well the models do with more and fewer tokens than they learned from, and what can be taken away of it."""

from pathlib import Path

import numpy as np
import streamlit as st

from srviz.attention.methods import Look
from srviz.figures import lab as figures
from srviz.lab import Spec
from srviz.ui.chapters.crowd import WORDS
from srviz.ui.chapters.crowd.run import Learning, current
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
    lines = {
        run.specs[k].of_mixing.label: (look(run.specs[k]), list(found), list(found.values()))
        for k, found in _errors(run).items()
    }
    drawing = figures.curves(lines, along=WORDS("sizes.along"), axis=WORDS("sizes.axis"), mode=mode(), log=True)
    chart(drawing, _label(run), KEY, st.container())
    away(SIZES, {})


def _errors(run: Learning) -> dict[int, dict[int, float]]:
    """By model and number of tokens: the share of the variance that is missed."""
    return {k: {n: max(LEAST, 1 - r2) for n, r2 in found.items()} for k, found in sorted(run.sizes.items())}


def _label(run: Learning) -> str:
    learned_at, told = run.specs[0].recipe.n, []
    for k, found in _errors(run).items():
        most, model = max(found), run.specs[k].of_mixing.label
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
    learned_at, most = run.specs[0].recipe.n, max(max(found) for found in run.sizes.values())
    for k, found in sorted(run.sizes.items()):
        here, there = 1 - found[run.specs[k].recipe.n], 1 - found[max(found)]
        label = run.specs[k].of_mixing.label
        if found[run.specs[k].recipe.n] < LEARNED:
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


def look(spec: Spec) -> Look:
    """The line of a model."""
    method = spec.of_mixing.method
    return method.look if method else Look()


def _run() -> Learning:
    run = current()
    assert run is not None
    return run


def _numbers(state: State) -> Columns:
    """Every model and number of tokens: the share of the variance that is missed there."""
    run = _run()
    cells = [(run.specs[k].mixing, n, error) for k, found in _errors(run).items() for n, error in found.items()]
    models, tokens, errors = zip(*cells, strict=True)
    return {"model": list(models), "tokens": np.array(tokens), "error": np.array(errors)}


def _script(state: State) -> Script:
    """The models of the page learn again, and are tested likewise."""
    run = _run()
    return Script(SCRIPTS / "sizes", WORDS("title"), {"runs": [run.specs[k].brief() for k in sorted(run.sizes)]})


SIZES = Figure(
    (KEY,), "more-tokens", WORDS("take.sizes"), lambda state: _label(_run()), _numbers, _script, variants=("torch",),
    there=lambda state: bool((run := current()) and run.sizes),
    checked=lambda state: {"error": _numbers(state)["error"]},
)  # fmt: skip
