"""The choice between heads that the lab trained and untrained ones, on every page that looks at heads."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st
from torch import Tensor

from srviz.attention import Heads, Method
from srviz.inputs import Tokens
from srviz.lab import trained
from srviz.lab.task import Task
from srviz.ui.kit import WORDS, url

KINDS = ("trained", "untrained")


@dataclass(frozen=True, eq=False)
class Look:
    """Trained heads on some tokens. x: (n, …), what the models of this task take."""

    task: Task
    x: Tensor

    def maps(self, method: Method, device: str = "cpu") -> trained.TrainedProjections | None:
        """The first layer of the model that was trained with a method; None where none was."""
        return trained.maps(self.task.name, method.name, device)

    def head(self, method: Method, number: int, device: str) -> Heads | None:
        """One head of that layer, as the method takes it, with the bandwidth that it has learned."""
        return trained.head(self.task, self.x, method, number, device)

    def says(self, methods: Sequence[Method]) -> str:
        """What these heads were trained on, and how well each model does there."""
        found = [(method.label, trained.find(self.task.name, method.name)) for method in methods]
        scores = ", ".join(f"{label} {one.metric:.2f}" for label, one in found if one is not None)
        others = [label for label, one in found if one is None]
        measure = WORDS(f"heads.measure.{'bits' if self.task.metric == 'bits' else 'share'}")
        said = [WORDS("heads.trained", task=self.task.title, measure=measure, scores=scores)]
        said += [WORDS("heads.random", methods=", ".join(others))] if others else []
        return " ".join(said)


def parameter(default: str = "trained") -> url.Parameter:
    """Which heads a page shows where there are both."""
    return url.choice("heads", KINDS, default)


def suits(tokens: Tokens) -> str:
    """Which heads mean something on these tokens: trained ones where a model has learned from such tokens. Points of
    the plane may be anything, and the model that looks at them has seen handwriting alone.
    """
    return "trained" if tokens.x.shape[1] != 2 and trained.task_of(tokens) else "untrained"


def control(*, there: bool) -> None:
    """The switch, where something was trained on such tokens."""
    if not there:
        return
    st.segmented_control(
        WORDS("heads.label"), list(KINDS), key=url.key("heads"), format_func=WORDS.table("heads.kinds").__getitem__,
        required=True, help=WORDS("heads.help"),
    )  # fmt: skip


def look(tokens: Tokens) -> Look | None:
    """Trained heads for these tokens, where there are any."""
    found = trained.task_of(tokens)
    return Look(*found) if found else None


def kind(tokens: Tokens, chosen: str) -> str:
    """Which heads these tokens are shown with where these are chosen: untrained ones where no model fits the tokens."""
    return "untrained" if look(tokens) is None else chosen
