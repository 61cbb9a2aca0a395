"""What can be taken away of a kernel."""

from pathlib import Path

import numpy as np
import torch

from srviz.attention.kernels import KERNELS
from srviz.measure.curve import attend
from srviz.ui.chapters.kernels import WORDS, kernels
from srviz.ui.kit import compute, controls
from srviz.ui.kit.program import Code, Script
from srviz.ui.kit.table import Columns, pairs
from srviz.ui.kit.take import Figure, State

SCRIPTS = Path(__file__).parent / "scripts"


def caption(state: State) -> str:
    """The curve, its tokens, and the divisor of its rows, in words."""
    rules = kernels.rules_of(state)
    named = KERNELS.get(state["kernel"])  # None: the curve that is drawn
    shown = "own" if named is None else "some" if named.bandwidth else "none"
    return WORDS(
        f"take.map.caption.{'centred' if rules.centred else 'plain'}",
        kernel=WORDS(f"take.map.kernel.{shown}", kernel=named.label if named else "", b=state["b"]),
        n=controls.count(state),
        input=controls.chosen(state).title,
        divide=WORDS(f"take.map.divide.{rules.divide}"),
    )


def numbers(state: State) -> Columns:
    """Every pair: the scores s and t as they are used, and the weight w; the output y of its query, coordinate 0."""
    s, t, v = compute.head(*controls.setting(state))
    curve, rules = kernels.curve_of(state), kernels.rules_of(state)
    w = attend(curve, rules, s, t, torch.eye(len(t), device=t.device))
    y = attend(curve, rules, s, t, v[:, :1])[:, 0]
    s, t = rules.scores(s, t)
    query, key = pairs(*w.shape)
    return {
        "query": query,
        "key": key,
        "s": s.cpu().numpy()[query - 1],
        "t": t.cpu().numpy()[key - 1],
        "w": w.cpu().numpy().ravel(),
        "y": y.cpu().numpy()[query - 1],
    }


def script(state: State) -> Script:
    """The program of the curve on screen: one for straight pieces, another for all other curves."""
    curve, rules = kernels.curve_of(state), kernels.rules_of(state)
    values = {"shown": controls.shown(state), "divide": rules.divide, "centred": rules.centred}
    values |= {"scale": rules.scale, "shift": rules.shift, "queries": rules.queries, "standard": rules.standard}
    pieces = curve.pieces()
    if pieces is None:
        named = KERNELS[curve.kernel]
        name = Code(repr(named.name), says=f"f(r) = {named.formula}", kind="")
        values |= {"kernel": name, "b": curve.b if named.bandwidth else 1.0}
        return Script(SCRIPTS / "smooth", WORDS("title"), values)
    values |= {"nodes": pieces.nodes, "heights": pieces.heights, "left": pieces.left, "right": pieces.right}
    return Script(SCRIPTS / "pieces", WORDS("title"), values)


KERNEL = Figure(
    ("kernel_map",), "kernel", WORDS("take.map.name"), caption, numbers, script,
    second={"kernel": "drawn", "input": "clusters", "n": "20", "centred": "1", "left": "0.5", "scale": "2"},
)  # fmt: skip


# ---- why the values are centred ----


def spectrum_numbers(state: State) -> Columns:
    """The eigenvalues on all vectors, and on those that sum to zero."""
    whole, flat = kernels.eigenvalues(*controls.setting(state))
    on = ["all vectors"] * len(whole) + ["zero sum"] * len(flat)
    return {"on": on, "eigenvalue": np.concatenate([whole, flat])}


SPECTRUM = Figure(
    ("kernels spectrum",), "eigenvalues", WORDS("take.spectrum.name"),
    lambda state: WORDS("take.spectrum.caption", n=controls.count(state)),
    spectrum_numbers, lambda state: Script(SCRIPTS / "spectrum", WORDS("title"), {"shown": controls.shown(state)}),
    second={"input": "clusters", "n": "12"},
)  # fmt: skip
FIGURES = (KERNEL, SPECTRUM)
