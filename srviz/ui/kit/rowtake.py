"""What can be taken away of a page that shows one query among many tokens: see `row`."""

from pathlib import Path

import numpy as np

from srviz.ui.kit import row
from srviz.ui.kit.program import Code, Script
from srviz.ui.kit.table import Columns
from srviz.ui.kit.take import State

SCRIPTS = Path(__file__).parent / "scripts"


def numbers(head: row.Head, query: int, *, raw: bool) -> Columns:
    """Every key: its score t, and the weight that the query gives it by each method on screen."""
    found = {name: weights.cpu().numpy() for name, weights in row.weights(head, query, effective=not raw).items()}
    _, t = head.parts.scores
    return {"key": np.arange(1, head.n + 1), "t": t.cpu().numpy(), **found}


def script(title: str, tokens: Code, state: State, query: int, *, kind: str) -> Script:
    """The program of one query. tokens: how a program has them. query: from 0."""
    shown = {"seed": state["seed"], "number": state["head"] - 1, "kind": kind}
    return Script(SCRIPTS / "row", title, {"tokens": tokens, "shown": shown, "query": query + 1, "raw": state["raw"]})
