"""What can be taken away of a slice, and of many."""

from pathlib import Path

import numpy as np
import torch

from srviz.attention.methods import sliced
from srviz.inputs.shapes import SPACE
from srviz.lab import trained
from srviz.ui.chapters.slices import WORDS, slices
from srviz.ui.kit.program import Code, Script
from srviz.ui.kit.table import Columns
from srviz.ui.kit.take import Figure, State

SCRIPTS = Path(__file__).parent / "scripts"
WRITTEN_OUT = 24  # tokens whose coordinates stand in the program


def _cloud(state: State) -> tuple[str, int, int]:
    return state["input"], state["n"], state["seed"]


def caption(state: State) -> str:
    """Which tokens, which slice, and which query."""
    if state["by"] == "hand":
        kind = "space" if state["input"] in SPACE else "plane"
    else:
        kind = "trained" if state["by"] == "trained" else "untrained"
    values = {name: state[name] for name in ("n", "theta", "tilt", "head", "held")}
    return WORDS(f"take.caption.{kind}", title=slices.POINTS[state["input"]].title, **values)


def numbers(state: State) -> Columns:
    """Every token: where it lies, its score on the slice that is shown, and the weight that the query gives it."""
    x = slices.points(*_cloud(state))
    heads = None if state["by"] == "hand" else slices.scored(*_cloud(state), state["by"])
    points = torch.from_numpy(x)
    score = slices.scores_of(state, points, heads)
    answer = slices.answer(state, points, heads)
    places = {f"x{k + 1}": x[:, k] for k in range(x.shape[1])}
    weight = np.array(answer["weights"], dtype=np.float32)
    return {"token": np.arange(1, len(x) + 1), **places, "score": score.cpu().numpy(), "weight": weight}


def script(state: State) -> Script:
    """A direction that is turned by hand, or the heads of a layer."""
    name, n, seed = _cloud(state)
    values = {"x": _tokens(name, n, seed), "held": state["held"]}
    if state["by"] == "hand":
        tilt = state["tilt"] if name in SPACE else 0.0
        return Script(SCRIPTS / "hand", WORDS("title"), values | {"degrees": [state["theta"], tilt]})
    raw = _raw(name, n, seed, state["by"])
    values |= {"raw": raw, "head": state["head"], "resolution": state["resolution"] / 100}
    return Script(SCRIPTS / "heads", WORDS("title"), values)


def _tokens(name: str, n: int, seed: int) -> object:
    if n <= WRITTEN_OUT:
        return slices.points(name, n, seed)
    made, module = ("SPACE", "srviz.inputs.shapes") if name in SPACE else ("INPUTS", "srviz.inputs")
    return Code(
        f'{made}["{name}"].make({n}, random_state={seed}).x', f"from {module} import {made}", WORDS("take.tokens")
    )


def _raw(name: str, n: int, seed: int, by: str) -> Code:
    """What Π says of every token in every head, as an expression of x."""
    tokens = "torch.as_tensor(x, dtype=torch.float32)"
    task = trained.task_of(slices.POINTS[name].make(n, random_state=seed)) if by == "trained" else None
    if task and trained.find(task[0].name, sliced().name):
        maps = f'trained.find("{task[0].name}", "{sliced().name}").projections()'
        return Code(
            f'{maps}.scores({tokens}, "{sliced().projection}")[1]',
            "import torch\nfrom srviz.lab import trained", WORDS("take.trained"), "torch",
        )  # fmt: skip
    kind = sliced().projection if by == "trained" else by
    maps = f"Projections.untrained(x.shape[1], {slices.HEADS}, {slices.HEAD_DIM}, seed={seed})"
    return Code(
        f'{maps}.scores({tokens}, "{kind}")[1]',
        "import torch\nfrom srviz.attention import Projections", WORDS("take.untrained"), "torch",
    )  # fmt: skip


SLICE = Figure(
    ("slices",), "slices", WORDS("take.slice"), caption, numbers, script,
    second={"by": "mlp", "head": "3", "n": "40", "held": "7"},
)  # fmt: skip


# ---- many slices ----


def many_caption(state: State) -> str:
    """How many slices."""
    slices = 2 ** state["many"]
    return WORDS(f"take.means.{'one' if slices == 1 else 'many'}", slices=slices)


def many_numbers(state: State) -> Columns:
    """Every pair that is looked at: its distance, and its mean shadow."""
    distance, shadow = slices.shadows(*_cloud(state), state["many"])
    return {"distance": distance, "shadow": shadow}


def many_script(state: State) -> Script:
    """The same directions, from their seed."""
    name, n, seed = _cloud(state)
    made, module = ("SPACE", "srviz.inputs.shapes") if name in SPACE else ("INPUTS", "srviz.inputs")
    x = Code(f'{made}["{name}"].make({n}, random_state={seed}).x', f"from {module} import {made}")
    return Script(SCRIPTS / "many", WORDS("title"), {"x": x, "slices": 2 ** state["many"], "seed": seed})


MANY = Figure(
    ("many",), "many-slices", WORDS("take.many"), many_caption,
    many_numbers, many_script, variants=("torch",), second={"input": "s_curve", "many": "6", "n": "12"},
)  # fmt: skip
FIGURES = (SLICE, MANY)
