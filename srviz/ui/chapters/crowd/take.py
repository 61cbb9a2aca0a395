"""What can be taken away of the functions of a crowd."""

from pathlib import Path

import numpy as np
import torch

from srviz.inputs import INPUTS
from srviz.lab.jobs.crowd import places
from srviz.lab.miniature import FORMS, grid
from srviz.lab.rebuild import COUNTS
from srviz.lab.tasks.crowd import FAMILY
from srviz.ui.chapters.crowd import WORDS, crowd, rebuilt, recorded
from srviz.ui.chapters.crowd.run import Learning, current
from srviz.ui.chapters.crowd.sizes import SIZES
from srviz.ui.kit.program import Code, Script
from srviz.ui.kit.table import Columns
from srviz.ui.kit.take import Figure, State

SCRIPTS = Path(__file__).parent / "scripts"
READ = ("bare", "divided")  # forms that a short program reads back


# ---- a function, and what models learn of it ----


def _run(state: State) -> Learning | None:
    """The training of the function on screen, once it is over."""
    run = current()
    formula, _ = crowd.formula_of(state)
    over = run is not None and not run.running and not run.left and bool(run.tested)
    return run if over and run and run.specs[0].task == f"{FAMILY}:{formula.text}" else None


def caption(state: State) -> str:
    """Which function, and who has learned it."""
    formula, _ = crowd.formula_of(state)
    run = _run(state)
    models = ", ".join(spec.of_mixing.label for spec in run.specs) if run else ""
    how = "learned" if run else "new"
    return WORDS(f"take.function.{how}", formula=formula.text, n=len(state["places"]), models=models)


def numbers(state: State) -> Columns:
    """Every place x of the picture, the function f there, and what each model says."""
    formula, _ = crowd.formula_of(state)
    x = places()
    place, payload = (torch.tensor(state[name], dtype=torch.float64)[None] for name in ("places", "payloads"))
    columns: Columns = {"x": x.numpy(), "f": formula.of(x[None].double(), place, payload)[0].numpy()}
    run = _run(state)
    if run:
        said = crowd.said_of(run, state)
        columns |= {f"said{k + 1}": np.array(numbers, dtype=np.float64) for k, numbers in enumerate(said)}
    return columns


def script(state: State) -> Script:
    """The function, and the training of all that have learned it."""
    formula, _ = crowd.formula_of(state)
    run = _run(state)
    values = {"place": list(state["places"]), "payload": list(state["payloads"])}
    code = Code(f"parse({formula.text!r})", kind="")
    runs = [spec.brief() for spec in run.specs] if run else []
    return Script(SCRIPTS / "function", WORDS("title"), values | {"formula": code, "runs": runs})


# ---- one head and a crowd on a line ----


def excess_caption(state: State) -> str:
    """Which form of the head."""
    form = WORDS(f"excess.forms.{state['form']}.caption")
    return WORDS("take.excess.caption", keys=len(state["keys"]), form=form)


def excess_numbers(state: State) -> Columns:
    """Every place s of the grid, the output y there, and the share of the keys where a short program reads it back."""
    t = torch.tensor(list(state["keys"]), dtype=torch.float64)
    form = FORMS[state["form"]]
    y = form.of(t)
    columns: Columns = {"s": grid().numpy(), "y": y.numpy()}
    return columns | ({"share": form.back(y, t.mean()).numpy()} if state["form"] in READ else {})


def excess_script(state: State) -> Script:
    """What the head says, and the crowd read back."""
    return Script(SCRIPTS / "excess", WORDS("title"), {"t": list(state["keys"]), "form": state["form"]})


# ---- a cloud from its slices ----


def rebuilt_caption(state: State) -> str:
    """Which cloud, from how many slices."""
    cloud = INPUTS[state["cloud"]].title
    many = "one" if state["slices"] == "1" else "many"
    return WORDS(f"take.rebuilt.caption.{many}", cloud=cloud, points=rebuilt.POINTS, slices=state["slices"])


def rebuilt_numbers(state: State) -> Columns:
    """Every point of the cloud, and beside it a point that was rebuilt."""
    cloud, found, *_ = rebuilt.made(state["cloud"])
    points = found[COUNTS.index(int(state["slices"]))]
    return {f"{name}{k + 1}": part[:, k] for name, part in (("x", cloud), ("found", points)) for k in range(2)}


def rebuilt_script(state: State) -> Script:
    """The same steps from the same beginning."""
    values = {"cloud": state["cloud"], "count": int(state["slices"]), "steps": rebuilt.STEPS}
    return Script(SCRIPTS / "rebuilt", WORDS("title"), values)


FUNCTION = Figure(
    ("crowd",), "function-of-a-crowd", WORDS("take.function.name"), caption, numbers, script, variants=("torch",),
    second={"target": "own", "f": "mean(abs(c - x)) + max(p)", "places": "-1_0_0.5_2_-2", "payloads": "1_0_-1_0.5_0.2"},
)  # fmt: skip
EXCESS = Figure(
    ("excess",), "crowd-on-a-line", WORDS("take.excess.name"), excess_caption, excess_numbers, excess_script,
    second={"form": "full", "keys": "-1_0.2_0.2_1.5"},
)  # fmt: skip
REBUILT = Figure(
    ("rebuilt",), "cloud-from-slices", WORDS("take.rebuilt.name"), rebuilt_caption, rebuilt_numbers, rebuilt_script,
    second={"cloud": "circles", "slices": "8"},
)  # fmt: skip
FIGURES = (FUNCTION, SIZES, EXCESS, REBUILT, *recorded.HELD.values())
