"""An input of the visitor's own, seen by the models that were trained just now."""

import base64
import binascii
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
import torch
from streamlit.runtime.uploaded_file_manager import UploadedFile
from torch import Tensor

from srviz.inputs.files import FORMATS, Unreadable, Upload
from srviz.inputs.files import read as read_file
from srviz.lab import Task, load
from srviz.lab.look import look
from srviz.lab.task import IGNORED, Batch
from srviz.ui.chapters.train import WORDS
from srviz.ui.chapters.train.run import Watched
from srviz.ui.kit import report, uploads
from srviz.ui.kit.component import component
from srviz.ui.kit.visitor import visitor

HERE = Path(__file__).parent
SIDE = 28  # pixels of a drawing
MOST_LETTERS = 400
MOST_UPLOAD_MB = 12


def given(task: Task, run: Watched | None) -> tuple[dict[str, Any] | None, str]:
    """What the component draws instead of the example: the visitor's own, and what each trained model does with it.

    None where there is none, or no trained model; and why it cannot be used, in a sentence. A model that could not be
    trained to its end sees nothing. It reads what the widgets of `panel`, further down the page, said last.
    """
    if not _can_look(task, run):
        return None, ""
    assert run
    assert task.read
    try:
        own = _own(task)
        if own is None:
            return None, ""
        x = task.read(own, run.specs[0].recipe)
        looks = [_look(lane.weights, x) if lane.weights else None for lane in run.lanes]
    except (Unreadable, ValueError) as error:
        return None, str(error)
    return {"example": _example(task, x), "looks": looks}, ""


def panel(task: Task, run: Watched | None, own: dict[str, Any] | None, problem: str) -> None:
    """Draw, write or upload. own, problem: see `given`. Nothing where there is no trained model to show it to."""
    if not _can_look(task, run):
        return
    assert run
    st.subheader(WORDS("own.title"), anchor=False)
    left, right = st.columns([1, 1.4], gap="large")
    with left:
        if task.own == "drawing":
            component("digit", HERE)(key="digit", data={"side": SIDE, "asks": task.asks}, on_ink_change=lambda: None)
        elif task.own == "text":
            st.text_input(task.asks, key=f"own text {task.name}", max_chars=MOST_LETTERS)
        else:
            formats = ", ".join(suffix[1:].upper() for suffix in FORMATS)
            label = WORDS("own.upload", asks=task.asks, formats=formats, most=MOST_UPLOAD_MB)
            st.file_uploader(label, key="own solid", max_upload_size=MOST_UPLOAD_MB)
    with right:
        if problem:
            st.text(problem)  # as it is: it may hold words from a file
        else:
            st.markdown(_said(task, run, own) if own else WORDS("own.says"))
            st.caption(WORDS("own.then"))


def _can_look(task: Task, run: Watched | None) -> bool:
    """Whether there is a trained model, and a task to which one can give something of one's own."""
    trained = run is not None and not run.running and any(lane.weights for lane in run.lanes)
    return trained and task.read is not None


def _said(task: Task, run: Watched, own: dict[str, Any]) -> str:
    """What each model says of it."""
    lines = []
    for lane, seen in zip(run.lanes, own["looks"], strict=True):
        if seen is None:
            continue
        says = seen["says"]
        if task.tokens_asked:
            asked = [pair for pair, wanted in zip(says, own["example"]["asked"], strict=True) if wanted]
            words = ", ".join(f"`{task.classes[k]}` ({p:.2f})" for k, p in asked)
        else:
            best, *others = (f"{task.classes[k]} ({p:.2f})" for k, p in says)
            words = ", ".join((f"**{best}**", *others))
        lines.append(f"{lane.label}: {words}")
    return "  \n".join(lines)


def _own(task: Task) -> Any:
    """What the visitor gave last, as the task reads it; None where there is nothing."""
    if task.own == "drawing":
        return _drawing(report.last("digit", "ink").get("ink"))
    if task.own == "text":
        text = st.session_state.get(f"own text {task.name}")
        return text[:MOST_LETTERS] if isinstance(text, str) and text.strip() else None
    file = st.session_state.get("own solid")
    if file is None:
        return None
    upload = _upload(file)
    run: Watched = st.session_state["_training"]
    n = max(upload.least, min(run.specs[0].recipe.n, upload.most))
    return torch.from_numpy(upload.tokens(n, random_state=0).place)


def _drawing(sent: Any) -> Tensor | None:
    """(28, 28) ink from 0 to 1, from bytes in base64; None where nothing was drawn, or that is no drawing."""
    if not isinstance(sent, str) or len(sent) > 2 * SIDE * SIDE:
        return None
    try:
        held = base64.b64decode(sent, validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(held) != SIDE * SIDE or not any(held):
        return None
    return torch.from_numpy(np.frombuffer(held, np.uint8).reshape(SIDE, SIDE).astype(np.float32) / 255)


def _upload(file: UploadedFile) -> Upload:
    """The visitor's file, read once, also where it cannot be used. Raises Unreadable."""
    held: tuple[str, Upload | Unreadable] | None = st.session_state.get("_own_solid")
    if held is None or held[0] != file.file_id:
        place = st.empty()  # told that it goes on; that is also where Streamlit ends it
        try:
            held = file.file_id, read_file(file.name, file.getvalue(), show=place.caption, owner=visitor())
        except Unreadable as error:
            held = file.file_id, error
        place.empty()
        st.session_state["_own_solid"] = held
        uploads.let_go(file)
    if isinstance(held[1], Unreadable):
        raise held[1]
    return held[1]


def _example(task: Task, x: Tensor) -> dict[str, Any]:
    """What is drawn of it; nobody knows the right answers."""
    drawn = task.show(x)
    if not task.tokens_asked:
        return {"drawn": drawn, "answers": [None], "asked": [True]}
    asked = ["?" in str(word) for word in drawn]
    return {"drawn": drawn, "answers": [None] * len(drawn), "asked": asked}


def _look(weights: bytes, x: Tensor) -> dict[str, Any]:
    return _cached(sha256(weights).hexdigest(), repr(x.tolist()), weights, x)


@st.cache_data(max_entries=64, show_spinner=False)
def _cached(model: str, what: str, _weights: bytes, _x: Tensor) -> dict[str, Any]:
    """What a trained model does with an input. model, what: by which it is kept."""
    trained, spec = load(_weights)
    padding = spec.of_task.padding
    keep = None if padding is None else (_x != padding).unsqueeze(0)
    y = torch.full((1, len(_x)), IGNORED)
    return look(trained, Batch(_x.unsqueeze(0), y, keep))
