"""Models that are fitted to the contexts on screen; fits of other contexts and methods are kept beside them."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import streamlit as st

from srviz import jobs
from srviz.lab import Spec
from srviz.ui.chapters.apart import WORDS
from srviz.ui.kit import training

MOST_LANES = 12  # fits that are kept, the latest ones


class Lane(training.Lane):
    """One fit. Of what is told of it the live component draws where its tokens are."""

    def drawn(self, record: jobs.Record) -> jobs.Record | None:
        """A look, and nothing of any other record."""
        return record if "look" in record else None


@dataclass(kw_only=True)
class ContextFits(training.PageTraining[Lane]):
    """The fits of a session. lanes: of the last request. kept: all fits, by their specification."""

    name = "apart"
    running: bool = False
    kept: dict[Spec, Lane] = field(default_factory=dict)

    def begin(self, specs: Sequence[Spec]) -> None:
        """Ask for these; what is over of them is kept, and so is what was stopped."""
        for spec in specs:
            self.kept[spec] = self.kept.pop(spec, Lane(spec))
        for spec in list(self.kept)[:-MOST_LANES]:
            del self.kept[spec]
        self.lanes = [self.kept[spec] for spec in specs]
        self.go_on()

    def again(self, specs: Sequence[Spec]) -> None:
        """Let these begin anew."""
        for spec in specs:
            self.kept.pop(spec, None)
        self.life = time.monotonic()
        self.begin(specs)

    def doing(self) -> str:
        """The present steps, in words."""
        done = " · ".join(f"{lane.label} {lane.step:,}" for lane in self.lanes)
        return WORDS("fits.doing", done=done, steps=max(spec.recipe.steps for spec in self.specs))


def current() -> ContextFits:
    """The fits of this session."""
    found: ContextFits = st.session_state.setdefault("_apart_fits", ContextFits())
    return found
