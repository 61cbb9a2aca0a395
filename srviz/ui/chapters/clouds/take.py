"""What can be taken away of a point cloud."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from srviz.attention.methods import sliced
from srviz.inputs import CLOUDS
from srviz.ui.chapters.clouds import WORDS, own, scene
from srviz.ui.chapters.clouds.clouds import line_key, projection_of, setting_of
from srviz.ui.kit import shell
from srviz.ui.kit.program import Code, Script
from srviz.ui.kit.table import Columns
from srviz.ui.kit.take import Figure, State

if TYPE_CHECKING:
    from srviz.ui.chapters.clouds.attend import Attended

SCRIPTS = Path(__file__).parent / "scripts"


def caption(state: State) -> str:
    """Which cloud and head, and which point asks."""
    title = WORDS("own.title") if state["cloud"] == own.NAME else CLOUDS[state["cloud"]].title
    return WORDS("take.caption", title=title, n=setting_of(state).n, query=state["query"], head=state["head"])


def numbers(state: State) -> Columns:
    """Every point that is drawn: its number, where it is, and the weight that it gets by each method, times n."""
    setting, where = setting_of(state), str(shell.device())
    projection = projection_of(state)
    shown = scene.scene(setting, projection, where)
    query = min(state["query"], setting.n) - 1
    panes = scene.answer(setting, projection, where, state["head"] - 1, query, state["b"])
    places = {f"x{k + 1}": shown.place[:, k] for k in range(3)}
    weights = {name: pane.weights for name, pane in panes.items()}
    return {"point": np.asarray(shown.drawn) + 1, **places, **weights}


def script(state: State) -> Script:
    """The three methods' rows of the query. A file of one's own is read again."""
    return Script(SCRIPTS / "clouds", WORDS("title"), _values(state))


def _values(state: State) -> dict[str, object]:
    """The cloud, the head and the query, as programs have them."""
    setting, projection = setting_of(state), projection_of(state)
    kind = "trained" if projection == scene.TRAINED else "untrained"
    shown = {"seed": setting.seed, "number": state["head"] - 1, "kind": kind, "head_dim": scene.HEAD_DIM}
    if kind == "untrained":
        shown |= {"projection": projection, "bandwidth": state["b"]}
    return {"tokens": _tokens(setting), "shown": shown, "query": state["query"]}


def _tokens(setting: scene.CloudSetting) -> Code:
    """The cloud in a program. A file of one's own is read again."""
    if setting.own:
        columns = f", columns={setting.columns!r}" if setting.columns else ""
        made = f".tokens({setting.n}, random_state={setting.seed}{columns})"
        needed = "from pathlib import Path\nfrom srviz.inputs.files import read"
        return Code(f'read("cloud.ply", Path("cloud.ply").read_bytes()){made}', needed, WORDS("take.file"), "")
    return Code(
        f'CLOUDS["{setting.name}"].make({setting.n}, random_state={setting.seed}, noise={setting.noise:g}, '
        f"outliers={setting.outliers:g})",
        "from srviz.inputs import CLOUDS", kind="",
    )  # fmt: skip


# ---- the scores on a line ----


def _scored(state: State) -> dict[str, np.ndarray]:
    """The scores of all keys (n,), by the name of each method that takes scores."""
    shown: scene.Scene = scene.scene(setting_of(state), projection_of(state), str(shell.device()))
    return shown.keys(state["head"] - 1)


def scores_numbers(state: State) -> Columns:
    """Every key, and its score as each method takes it."""
    found = _scored(state)
    return {"key": np.arange(1, setting_of(state).n + 1), **{f"t_{name}": t for name, t in found.items()}}


def scores_script(state: State) -> Script:
    """The same scores, and where the query stands among them."""
    lines = "\n".join(f't_{name} = scores("{name}")' for name in _scored(state))
    return Script(SCRIPTS / "scores", WORDS("title"), _values(state), added={"numpy": Code(lines)})


CLOUD = Figure(
    ("clouds",), "point-cloud", WORDS("take.clouds"), caption, numbers, script,
    second={"cloud": "torus", "n": "512", "heads": "untrained", "slice": "linear", "b": "0.8", "query": "40"},
)  # fmt: skip
SCORES = Figure(
    tuple(map(line_key, scene.methods())), "scores", WORDS("take.scores"),
    lambda state: WORDS("take.line", query=state["query"], head=state["head"]), scores_numbers, scores_script,
    variants=("numpy",), second={"cloud": "torus", "n": "512", "heads": "untrained", "slice": "linear", "query": "40"},
)  # fmt: skip


# ---- all tokens attend to all ----


def attended() -> "Attended | None":
    """What was attended to last in this session."""
    run: Attended | None = st.session_state.get("_run")
    return run


def _run() -> "Attended":
    run = attended()
    assert run is not None
    return run


def outputs(state: State) -> Columns:
    """The output at every point that is drawn, coordinate by coordinate of the heads that are done."""
    run = _run()
    y = np.concatenate(run.outputs, 1)
    return {"point": scene.scene(*run.place).drawn + 1} | {f"y{k + 1}": y[:, k] for k in range(y.shape[1])}


def outputs_script(state: State) -> Script:
    """The same heads, one after the other."""
    run = _run()
    setting, method = run.place.setting, sliced()
    shown = {"seed": setting.seed, "head_dim": scene.HEAD_DIM, "projection": scene.kind(run.place.projection, method)}
    values = {"tokens": _tokens(setting), "shown": shown, "heads": len(run.outputs)}
    return Script(SCRIPTS / "attended", WORDS("title"), values | {"most": scene.MOST_DRAWN, "seed": setting.seed})


ATTENDED = Figure(
    ("attended",), "attend-to-everything", WORDS("take.attended"), lambda state: WORDS("take.output"), outputs,
    outputs_script, variants=("torch",),
    there=lambda state: bool((run := attended()) and run.outputs and not run.running),
    checked=lambda state: {name: y for name, y in outputs(state).items() if name != "point"},
)  # fmt: skip
FIGURES = (CLOUD, SCORES, ATTENDED)
