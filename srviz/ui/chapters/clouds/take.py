"""What can be taken away of a point cloud."""

from pathlib import Path

import numpy as np

from srviz.inputs import CLOUDS
from srviz.ui.chapters.clouds import WORDS, clouds, own
from srviz.ui.kit import shell
from srviz.ui.kit.program import Code, Script
from srviz.ui.kit.table import Columns
from srviz.ui.kit.take import Figure, State

SCRIPTS = Path(__file__).parent / "scripts"


def _setting(state: State) -> clouds.CloudSetting:
    name, mine = state["cloud"], own.current() if state["cloud"] == own.NAME else None
    n = clouds.nearest(name, state["n"])
    if mine:
        return clouds.CloudSetting(name, n, state["seed"], 0.0, 0.0, mine.upload.digest, mine.columns)
    return clouds.CloudSetting(name, n, state["seed"], state["noise"], state["outliers"])


def caption(state: State) -> str:
    """Which cloud and head, and which point asks."""
    title = WORDS("own.title") if state["cloud"] == own.NAME else CLOUDS[state["cloud"]].title
    return WORDS("take.caption", title=title, n=_setting(state).n, query=state["query"], head=state["head"])


def numbers(state: State) -> Columns:
    """Every point that is drawn: its number, where it is, and the weight that it gets by each method, times n."""
    setting, where = _setting(state), str(shell.device())
    projection = clouds.projection_of(state)
    shown = clouds.scene(setting, projection, where)
    query = min(state["query"], setting.n) - 1
    panes = clouds.answer(setting, projection, where, state["head"] - 1, query, state["b"])
    places = {f"x{k + 1}": shown.place[:, k] for k in range(3)}
    weights = {name: pane.weights for name, pane in panes.items()}
    return {"point": np.asarray(shown.drawn) + 1, **places, **weights}


def script(state: State) -> Script:
    """The three methods' rows of the query. A file of one's own is read again."""
    setting, projection = _setting(state), clouds.projection_of(state)
    kind = "trained" if projection == clouds.TRAINED else "untrained"
    shown = {"seed": setting.seed, "number": state["head"] - 1, "kind": kind, "head_dim": clouds.HEAD_DIM}
    if kind == "untrained":
        shown |= {"projection": projection, "bandwidth": state["b"]}
    if setting.own:
        columns = f", columns={setting.columns!r}" if setting.columns else ""
        made = f".tokens({setting.n}, random_state={setting.seed}{columns})"
        needed = "from pathlib import Path\nfrom srviz.inputs.files import read"
        code = Code(f'read("cloud.ply", Path("cloud.ply").read_bytes()){made}', needed, WORDS("take.file"), "")
        return Script(SCRIPTS / "clouds", WORDS("title"), {"tokens": code, "shown": shown, "query": state["query"]})
    code = Code(
        f'CLOUDS["{setting.name}"].make({setting.n}, random_state={setting.seed}, noise={setting.noise:g}, '
        f"outliers={setting.outliers:g})",
        "from srviz.inputs import CLOUDS", kind="",
    )  # fmt: skip
    return Script(SCRIPTS / "clouds", WORDS("title"), {"tokens": code, "shown": shown, "query": state["query"]})


CLOUD = Figure(
    ("clouds",), "point-cloud", WORDS("take.clouds"), caption, numbers, script,
    second={"cloud": "torus", "n": "512", "heads": "untrained", "slice": "linear", "b": "0.8", "query": "40"},
)  # fmt: skip
FIGURES = (CLOUD,)
