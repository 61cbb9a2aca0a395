"""What can be taken away of the reasons: one figure each."""

from pathlib import Path

import numpy as np
import torch

from srviz.attention import reference
from srviz.ui.chapters.why import WORDS, why
from srviz.ui.kit.program import Script
from srviz.ui.kit.table import Columns
from srviz.ui.kit.take import Figure, State

SCRIPTS = Path(__file__).parent / "scripts"
KEYS, VALUES = (torch.tensor(part, dtype=torch.float64) for part in (why.KEYS, why.VALUES))


def _line(*queries: float) -> torch.Tensor:
    return torch.tensor(queries, dtype=torch.float64)


# ---- relu and not the distance ----


def _pair(state: State) -> Columns:
    i, j = state["pair"]
    r = np.array([i - j, j - i])
    return {"gives": ("i to j", "j to i"), "relu": np.maximum(r, 0), "distance": np.abs(r)}


# ---- the normalizer ----


def _divisor(state: State) -> Columns:
    """The weights of the query's row, by both divisors."""
    s = _line(state["query"])
    weights = reference.sliced_relu_weights(s, KEYS, effective=False)[0].numpy()
    hinge = (s - KEYS).relu().numpy()
    own = hinge / hinge.sum() if hinge.any() else np.full(len(hinge), np.nan)
    return {"t": KEYS.numpy(), "by_distance": weights, "by_own_sum": own}


# ---- shifting and scaling ----


def _alike(state: State) -> Columns:
    moved = [state["scale"] * (scores + state["shift"]) for scores in (_line(why.HELD), KEYS)]
    bandwidth = torch.tensor(why.BANDWIDTH, dtype=torch.float64)
    weights = [reference.sliced_relu_weights(s, t, effective=False)[0] for s, t in ((_line(why.HELD), KEYS), moved)]
    bumps = [reference.sliced_bump_weights(s, t, bandwidth)[0] for s, t in ((_line(why.HELD), KEYS), moved)]
    names = ("relu_before", "relu_after", "bump_before", "bump_after")
    found = {name: part.numpy() for name, part in zip(names, [*weights, *bumps], strict=True)}
    return {"t": KEYS.numpy(), **found}


# ---- centring ----


def _centred(state: State) -> Columns:
    """The outputs along the line, of values to which a number was added, without centring and with it."""
    s = torch.linspace(why.LOW, why.HIGH, 121, dtype=torch.float64)
    weights = reference.sliced_relu_weights(s, KEYS, effective=False)
    v = VALUES + state["added"]
    return {"s": s.numpy(), "plain": (weights @ v).numpy(), "centred": (weights @ (v - v.mean())).numpy()}


def _script(state: State, name: str, *names: str) -> Script:
    """A program of this name, with these numbers of the state."""
    values = {name: list(state[name]) if isinstance(state[name], tuple) else state[name] for name in names}
    return Script(SCRIPTS / name, WORDS("title"), values)


# ---- what is measured ----


def _errors(found: dict[str, list[float]], powers: tuple[int, ...]) -> Columns:
    columns: Columns = {name: np.array(errors, dtype=np.float64) for name, errors in found.items()}
    return {"power": list(powers), **columns}


PAIR = Figure(
    ("why pair",), "relu-or-distance", WORDS("take.pair.name"),
    lambda state: WORDS("take.pair.caption", i=state["pair"][0], j=state["pair"][1]),
    _pair, lambda state: _script(state, "pair", "pair"), second={"pair": "-1_0.5"},
)  # fmt: skip
DIVISOR = Figure(
    ("why divisor",), "two-divisors", WORDS("take.divisor.name"),
    lambda state: WORDS("take.divisor.caption", query=state["query"]),
    _divisor, lambda state: _script(state, "divisor", "query"), second={"query": "0.5"},
)  # fmt: skip
ALIKE = Figure(
    ("why alike",), "shift-and-scale", WORDS("take.alike.name"),
    lambda state: WORDS("take.alike.caption", shift=state["shift"], scale=state["scale"]),
    _alike, lambda state: _script(state, "alike", "shift", "scale"), second={"shift": "-1", "scale": "0.5"},
)  # fmt: skip
CENTRED = Figure(
    ("why centred",), "centring", WORDS("take.centred.name"),
    lambda state: WORDS("take.centred.caption", added=state["added"]),
    _centred, lambda state: _script(state, "centred", "added"), second={"added": "-0.5"},
)  # fmt: skip
SHIFTS = Figure(
    ("why shifts",), "gaps-or-products", WORDS("take.shifts.name"), lambda state: WORDS("take.shifts.caption"),
    lambda state: _errors(why.of_shifts(), why.SHIFTS), lambda state: _script(state, "shifts"), variants=("torch",),
)  # fmt: skip
SCALES = Figure(
    ("why scales",), "standardizing", WORDS("take.scales.name"), lambda state: WORDS("take.scales.caption"),
    lambda state: _errors(why.of_scales(), why.SCALES),
)  # fmt: skip
FIGURES = (PAIR, DIVISOR, SCALES, ALIKE, SHIFTS, CENTRED)
OF = {"pair": PAIR, "divisor": DIVISOR, "alike": ALIKE, "centred": CENTRED}
