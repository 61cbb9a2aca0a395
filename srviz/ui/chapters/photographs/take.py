"""What can be taken away of a photograph."""

import numpy as np
import streamlit as st

from srviz.inputs import Tokens
from srviz.inputs.pictures import PHOTOGRAPHS, digit, patches
from srviz.ui.chapters.photographs import WORDS, photographs
from srviz.ui.kit import row, rowtake, shell, trained
from srviz.ui.kit.program import Code, Script
from srviz.ui.kit.table import Columns
from srviz.ui.kit.take import Figure, State


def _own(state: State) -> photographs.OwnPicture | None:
    own: photographs.OwnPicture | None = st.session_state.get("_own_picture") if state["picture"] == "own" else None
    return own if own is not None and own.picture is not None else None


def _tokens(state: State) -> Tokens:
    """The patches that the page has just made; made again where there is no page."""
    kept = st.session_state.get("_patches")
    if kept:
        made: photographs.PictureTokens = kept[1]
        return made.tokens
    own = _own(state)
    if own is not None and own.picture is not None:
        return patches(own.picture.pixels, int(state["side"]))
    if state["picture"] == "digit":
        return digit(state["digit"])
    return patches(PHOTOGRAPHS[_name(state)](), int(state["side"]))


def _name(state: State) -> str:
    """Of the photograph that is shown, also until there is one of one's own."""
    return state["picture"] if state["picture"] in PHOTOGRAPHS else "china"


def _query(state: State, tokens: Tokens) -> int:
    """The patch that is held, else the one that is shown while nobody points at one."""
    rest = photographs.REST["own" if _own(state) else "digit" if state["picture"] == "digit" else _name(state)]
    assert tokens.grid is not None
    return photographs.patch(state["at"] or rest, tokens.grid)


def caption(state: State) -> str:
    """Which picture, patches and head, and which patch asks."""
    tokens = _tokens(state)
    picture = state["picture"] if _own(state) or state["picture"] == "digit" else _name(state)
    return WORDS(
        f"take.caption.{'pixels' if state['picture'] == 'digit' else 'patches'}",
        picture=WORDS(f"pictures.{picture}"), n=tokens.n, side=state["side"],
        query=_query(state, tokens) + 1, head=state["head"],
        kind=WORDS(f"take.kind.{trained.kind(tokens, state['heads'])}"),
    )  # fmt: skip


def numbers(state: State) -> Columns:
    """Every patch, its row and column, its score as a key, and its weights."""
    tokens = _tokens(state)
    look = trained.look(tokens) if state["heads"] == "trained" else None
    head = row.head(tokens, state["seed"], state["head"] - 1, str(shell.device()), "", look)
    found = rowtake.numbers(head, _query(state, tokens), raw=state["raw"])
    assert tokens.grid is not None
    down, across = np.indices(tokens.grid)
    return {"key": found.pop("key"), "row": down.ravel() + 1, "column": across.ravel() + 1, **found}


def script(state: State) -> Script:
    """The program of the query that is shown. A picture of one's own is read from a file."""
    side = int(state["side"])
    if state["picture"] == "digit":
        made, names, says = f"digit({state['digit']})", "digit", ""
    elif _own(state):
        made = f'patches(read_picture(Path("picture.png").read_bytes()).pixels, {side})'
        names, says = "patches, read_picture", WORDS("take.uploaded")
    else:
        made, names = f'patches(PHOTOGRAPHS["{_name(state)}"](), {side})', "PHOTOGRAPHS, patches"
        says = WORDS("take.photograph")
    needed = f"from pathlib import Path\nfrom srviz.inputs.pictures import {names}"  # what is not used is left out
    code = Code(made, needed, says, "")
    tokens = _tokens(state)
    kind = trained.kind(tokens, state["heads"])
    return rowtake.script(WORDS("title"), code, state, _query(state, tokens), kind=kind)


PATCHES = Figure(
    ("patches",), "photograph", WORDS("take.name"), caption, numbers, script,
    second={"picture": "digit", "digit": "12", "heads": "untrained", "head": "2", "at": "300_500", "raw": "1"},
)  # fmt: skip
FIGURES = (PATCHES,)
