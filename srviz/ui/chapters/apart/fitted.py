"""The buttons of the fits, and what they came to."""

from dataclasses import dataclass

import streamlit as st

from srviz.lab import Spec
from srviz.lab.train import NEAR
from srviz.ui.chapters.apart import WORDS
from srviz.ui.chapters.apart.run import current


def buttons(specs: tuple[Spec, ...]) -> None:
    """Fit, go on, or begin again; and why something could not go on."""
    fits = current()
    lanes = [fits.kept.get(spec) for spec in specs]
    over = bool(specs) and all(lane and lane.over for lane in lanes)
    begun = any(lane and not lane.over and lane.state for lane in lanes)
    with st.container(horizontal=True, vertical_alignment="center", key="start"):
        label = WORDS("fits.again") if over else WORDS("fits.on") if begun else WORDS("fits.fit")
        st.button(label, key="fit", on_click=fits.again if over else fits.begin, args=(specs,), disabled=not specs)
        if begun and not over:
            st.button(WORDS("fits.anew"), key="fit again", on_click=fits.again, args=(specs,))
        if specs:
            seed, recipe = specs[0].seed, specs[0].recipe
            says = WORDS(
                f"fits.recipe.{'one' if recipe.layers == 1 else 'many'}",
                steps=recipe.steps, width=recipe.width, layers=recipe.layers, heads=recipe.heads, seed=seed,
            )  # fmt: skip
            st.caption(says)
    if fits.trouble:
        st.warning(fits.trouble)
    for lane in lanes:
        if lane and lane.diverged:
            st.warning(f"{lane.label}: {lane.diverged}")


@dataclass(frozen=True)
class FitResult:
    """What one fit came to, in numbers."""

    label: str
    near: int
    tokens: int
    steps: int
    seconds: float
    parameters: int


def results(specs: tuple[Spec, ...]) -> list[FitResult]:
    """Of the fits that are over."""
    lanes = [lane for spec in specs if (lane := current().kept.get(spec)) and lane.end]
    return [
        FitResult(
            lane.label,
            round(lane.end["accuracy"] * lane.end["asked"]),
            lane.end["asked"],
            lane.spec.recipe.steps,
            lane.end["seconds"],
            lane.parameters,
        )
        for lane in lanes
        if lane.end
    ]


def told(specs: tuple[Spec, ...]) -> None:
    """A sentence for each fit that is over."""
    found = results(specs)
    if not found:
        return
    st.markdown("  \n".join(WORDS("fits.result", within=NEAR, **vars(one)) for one in found))
    st.caption(WORDS("fits.seed"))
