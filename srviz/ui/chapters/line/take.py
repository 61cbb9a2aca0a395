"""What can be taken away of the line."""

from pathlib import Path

import numpy as np
import torch

from srviz.attention import METHODS, Heads
from srviz.ui.chapters.line import WORDS
from srviz.ui.chapters.line.line import answers
from srviz.ui.kit.program import Script
from srviz.ui.kit.table import Columns, pairs
from srviz.ui.kit.take import Figure, State

SCRIPTS = Path(__file__).parent / "scripts"


def caption(state: State) -> str:
    """Which kernel, and what was dragged."""
    kernel = WORDS(f"take.kernel.{state['kernel']}", b=state["b"])
    counts = {
        kind: WORDS(f"take.counts.{kind}.{'one' if len(state[kind]) == 1 else 'many'}", n=len(state[kind]))
        for kind in ("queries", "keys")
    }
    return WORDS("take.caption", kernel=kernel, held=state["held"], **counts)


def numbers(state: State) -> Columns:
    """Every pair: scores s and t, value v, weight w, and the output y of its query."""
    s, t = (torch.tensor(state[name], dtype=torch.float32) for name in ("queries", "keys"))
    heads = Heads(s=s, t=t, bandwidth=state["b"])
    w = METHODS[state["kernel"]].weights(heads, effective=False).numpy()
    line = {name: state[name] for name in ("kernel", "b", "queries", "keys", "values")}
    query, key = pairs(*w.shape)
    return {
        "query": query,
        "key": key,
        "s": np.array(state["queries"])[query - 1],
        "t": np.array(state["keys"])[key - 1],
        "v": np.array(state["values"])[key - 1],
        "w": w.ravel(),
        "y": np.array(answers(line), dtype=np.float32)[query - 1],
    }


def script(state: State) -> Script:
    """Of the kernel that is shown."""
    values = {"s": state["queries"], "t": state["keys"], "v": state["values"]}
    values |= {"b": state["b"]} if state["kernel"] == "bump" else {}
    return Script(SCRIPTS / state["kernel"], WORDS("title"), values)


LINE = Figure(
    ("scalar_line",), "attention-on-a-line", WORDS("take.name"), caption, numbers, script,
    second={"kernel": "bump", "b": "0.6", "queries": "-1_0.5_2.9", "keys": "-2_0_0_1", "values": "1_-0.5_0.25_-1"},
)  # fmt: skip
FIGURES = (LINE,)
