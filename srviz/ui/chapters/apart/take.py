"""What can be taken away of the crowds that are told apart."""

from pathlib import Path

import numpy as np
from torch import Tensor

from srviz.lab import separate
from srviz.lab.contexts import KINDS, Contexts
from srviz.lab.jobs.apart import unpacked
from srviz.lab.tasks import data
from srviz.ui.chapters.apart import WORDS, apart, recorded
from srviz.ui.chapters.apart.run import current
from srviz.ui.kit.program import Code, Script
from srviz.ui.kit.table import Columns
from srviz.ui.kit.take import Figure, State

SCRIPTS = Path(__file__).parent / "scripts"


def _built(state: State) -> tuple[Contexts, separate.Built]:
    """The crowds, and the construction on them."""
    crowds: Contexts = data(apart.task_of(state)).contexts  # type: ignore[attr-defined]
    return crowds, apart.construction(state, crowds)


def _fitted(state: State) -> dict[str, Tensor]:
    """Where the last layer of each fitted model on the page sends the tokens, by the name of what mixes them."""
    lanes = map(current().kept.get, apart.specs_of(state, apart.task_of(state)))
    looks = {lane.spec.mixing: lane.told[-1]["look"] for lane in lanes if lane and lane.told}
    return {f"{mixing}_fitted": unpacked(look["places"])[-1] for mixing, look in looks.items()}


def caption(state: State) -> str:
    """Which crowds, and how many heads."""
    heads, kind = state["heads"], KINDS[state["kind"]].lower()
    many = "many" if heads > 1 else "one"
    return WORDS(f"take.caption.{many}", crowds=state["sequences"], kind=kind, heads=heads)


def numbers(state: State) -> Columns:
    """Every token of every crowd: where it is, what the heads say of its crowd, its target, and where it arrives; and
    where each model that was fitted last had it, to the nearest thousandth.
    """
    crowds, built = _built(state)
    many, n, _ = crowds.tokens.shape
    crowd, token = (part.ravel() + 1 for part in np.indices((many, n)))
    parts = {"x": crowds.tokens, "target": crowds.targets, "reached": built.reached, **_fitted(state)}
    columns: Columns = {"crowd": crowd, "token": token}
    columns |= {f"label{h + 1}": built.labels[:, h].numpy()[crowd - 1] for h in range(built.labels.shape[1])}
    flat = {name: part.reshape(-1, 2).numpy() for name, part in parts.items()}
    return columns | {f"{name}{k + 1}": part[:, k] for name, part in flat.items() for k in range(2)}


def script(state: State) -> Script:
    """The construction with its heads and its direction, which the page has searched for."""
    _, built = _built(state)
    code = Code(f'data("{apart.task_of(state)}").contexts', kind="")
    heads = [[head.turn, head.place] for head in built.heads]
    digits = [Code(repr(value), kind="") for value in (heads, built.pointwise.direction.tolist())]
    return Script(
        SCRIPTS / "apart", WORDS("title"), {"crowds": code, "heads": digits[0]},
        {
            "numpy": {"direction": Code(f"np.array({digits[1].text})", kind="")},
            "torch": {"direction": Code(f"x.new_tensor({digits[1].text})", kind="")},
        },
    )  # fmt: skip


CROWDS = Figure(
    ("apart",), "tell-them-apart", WORDS("take.name"), caption, numbers, script,
    second={"kind": "means", "sequences": "3", "heads": "2", "seed": "5"},
)  # fmt: skip
FIGURES = (CROWDS, recorded.STEPS)
