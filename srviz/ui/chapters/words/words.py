"""Words: the visitor's own sentence as tokens, each weight drawn on the words."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from srviz.inputs import Tokens, files
from srviz.inputs.base import Unreadable
from srviz.inputs.words import (
    DEFAULT,
    MOST_CHARACTERS,
    MOST_TOKENS,
    between,
    cut,
    fitting,
    sentence,
    split,
    unspaced,
)
from srviz.numbers import LARGEST_SEED
from srviz.ui.chapters.words import WORDS
from srviz.ui.kit import compute, controls, row, shell, trained, uploads, url
from srviz.ui.kit.component import component
from srviz.ui.kit.visitor import visitor

HERE = Path(__file__).parent

UNITS = ("words", "characters")
IN_LINK = 2_000  # characters of a text at most
LEAST = 4  # tokens
PARAMETERS = (
    url.text("text", IN_LINK, DEFAULT),
    url.choice("unit", UNITS, "characters", before="words"),
    trained.parameter(),
    url.whole("head", 1, compute.HEADS, 1),
    url.whole("held", 0, MOST_TOKENS, 0),
    url.flag("raw"),
    url.whole("seed", 0, LARGEST_SEED, 18),
)


@dataclass(frozen=True, eq=False)
class TextTokens:
    """A text as tokens, one head of them, and what the browser writes them from. trained: None where it is not."""

    tokens: Tokens
    trained: trained.Look | None
    head: row.Head
    look: dict[str, Any]


def own_sentence() -> bool:
    """The text, the two copies of it that show the weights, and the strip; a click holds a token. Returns whether the
    heads on screen are trained ones.
    """
    state = url.settle(*PARAMETERS, together=_held)
    switch = _controls()
    words = split(state["text"], state["unit"])
    if len(words) < LEAST:
        found = "many" if len(words) > 1 else "one" if words else "none"
        st.info(WORDS(f"short.{found}", least=LEAST, n=len(words)))
        return False
    own = _embeddings(len(words))
    digest = hashlib.sha256(repr((words, gaps(state["text"], words, state["unit"]))).encode()).hexdigest()
    by = "seeded" if own is None else own[0]
    setting = " ".join(map(str, (digest, by, state["heads"], state["seed"], state["head"], shell.device())))
    made = row.kept("words", setting, lambda: _make(state, None if own is None else own[1], setting), own=True)
    with switch:
        trained.control(there=own is None and trained.look(made.tokens) is not None)
    _says(state, made, own is not None)
    held = row.sent("words", state, made.head)
    if held is not None:
        state["held"] = held + 1
    rest = made.tokens.n // 2
    data = {
        "setting": setting,
        "epoch": state.epoch,
        "held": state["held"] - 1,
        "rest": rest,
        "raw": state["raw"],
        "answer": row.answer(made.head, state["held"] - 1 if state["held"] else rest, raw=state["raw"]),
        **row.constants(made.head),
    }
    with st.container(gap=None):
        row.send(made.head, made.look)
        component("words", HERE)(key="words", data=data, on_hold_change=lambda: None)
    return made.trained is not None


def gaps(text: str, words: tuple[str, ...], unit: str) -> list[str]:
    """What stands in the text before each token: a line end, a space, or nothing. Among characters a space is one."""
    found = between(text, unit)[: len(words)]
    return ["\n" if "\n" in gap or "\r" in gap else " " if gap else "" for gap in found]


def _controls() -> DeltaGenerator:
    """The controls; the place of the switch between heads, which depends on the tokens."""
    st.text_area(
        WORDS("controls.text"),
        key=url.key("text"),
        max_chars=MOST_CHARACTERS,
        height=96,
        on_change=_release,
        args=(url.key("held"),),
    )
    widths = [1.4, 1.3, 1.2, 0.8, 0.6]
    first, heads, second, third, _ = st.columns(widths, gap="medium", vertical_alignment="bottom")
    first.segmented_control(
        WORDS("controls.unit"), UNITS, key=url.key("unit"), format_func=WORDS.table("controls.units").__getitem__,
        required=True, on_change=_release, args=(url.key("held"),),
    )  # fmt: skip
    second.segmented_control(WORDS("controls.head"), range(1, compute.HEADS + 1), key=url.key("head"), required=True)
    with third.popover(WORDS("controls.more"), width="stretch"):
        st.toggle(WORDS("controls.raw"), key=url.key("raw"), help=WORDS("controls.before"))
        controls.seed(WORDS("controls.seed"))
        st.file_uploader(WORDS("controls.embeddings"), ["npy"], key="own embeddings", on_change=_forget)
    return heads


def _held(values: dict[str, Any]) -> dict[str, Any]:
    """The token that is held must be one of the text."""
    return {"held": min(values["held"], len(split(values["text"], values["unit"])))}


def _release(key: str) -> None:
    st.session_state[key] = 0  # another text: the token that was held is not in it


def _forget() -> None:
    st.session_state.pop("_own_file", None)
    st.session_state.pop("_own_embeddings", None)


def _embeddings(n: int) -> tuple[str, NDArray[np.float32]] | None:
    """The uploaded array and a name for it, where one was uploaded and has a row for each of the n tokens."""
    file = st.session_state.get("own embeddings")
    if file is None:
        return None
    held: tuple[str, files.Upload | str] | None = st.session_state.get("_own_file")
    if held is None or held[0] != file.file_id:
        place = st.empty()
        held = st.session_state["_own_file"] = file.file_id, _read(file.getvalue(), place.caption)
        uploads.let_go(file)
        place.empty()
    array, trouble = _fitting(held[1], n)
    st.session_state["_own_embeddings"] = (file.file_id, n), array
    if array is None:
        st.error(WORDS("unusable"))
        st.text(trouble)  # as it is: it may hold names from the file
        return None
    return f"{file.file_id}", array


def own_embeddings() -> bool:
    """Whether the tokens on screen have the visitor's own embeddings."""
    known = st.session_state.get("_own_embeddings")
    return st.session_state.get("own embeddings") is not None and known is not None and known[1] is not None


def _read(data: bytes, show: Callable[[str], object]) -> files.Upload | str:
    """What the file holds, or why it cannot be used, in a sentence."""
    try:
        return files.read("embeddings.npy", data, show=show, owner=visitor())
    except Unreadable as trouble:
        return str(trouble)


def _fitting(upload: files.Upload | str, n: int) -> tuple[NDArray[np.float32] | None, str]:
    """The array for a text of n tokens; None, and why there is none."""
    if isinstance(upload, str):
        return None, upload
    try:
        return fitting(upload, n), ""
    except Unreadable as trouble:
        return None, str(trouble)


def _says(state: url.State, made: TextTokens, own: bool) -> None:
    n = made.tokens.n
    notes = [WORDS("notes.tokens", n=n, matrix=row.matrix(n))]
    if made.trained:
        notes.append(made.trained.says(row.shown()))
    else:
        notes.append(WORDS(f"notes.untrained.{'own' if own else 'seeded'}", seed=state["seed"]))
        if state["unit"] == "words":
            notes.append(WORDS("notes.characters"))
    if state["unit"] == "words":
        notes += filter(None, [unspaced(state["text"])])
    notes += filter(None, [cut(state["text"], state["unit"])])
    if len(state["text"]) > IN_LINK:
        notes.append(WORDS("notes.link", most=IN_LINK))
    st.caption(" ".join(notes))


def _make(state: url.State, embeddings: NDArray[np.float32] | None, setting: str) -> TextTokens:
    tokens = sentence(state["text"], state["unit"], random_state=state["seed"], embeddings=embeddings)
    words = tokens.words or ()
    found = trained.look(tokens) if state["heads"] == "trained" and embeddings is None else None
    head = row.head(tokens, state["seed"], state["head"] - 1, str(shell.device()), setting, found)
    return TextTokens(tokens, found, head, {"words": list(words), "gaps": gaps(state["text"], words, state["unit"])})
