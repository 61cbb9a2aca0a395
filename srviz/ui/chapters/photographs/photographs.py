"""Photographs: a picture as patches, each a token, and the row of weights of the one pointed at."""

import base64
import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

from srviz.inputs import Tokens, kinds
from srviz.inputs.base import Unreadable
from srviz.inputs.pictures import DIGITS, PHOTOGRAPHS, Picture, digit, patches, read_picture
from srviz.numbers import LARGEST_SEED
from srviz.ui.chapters.photographs import WORDS
from srviz.ui.kit import compute, controls, row, shell, trained, uploads, url
from srviz.ui.kit.component import component, packed
from srviz.ui.kit.visitor import visitor

HERE = Path(__file__).parent

PICTURES = ("china", "flower", "digit", "own")
SIDES = ("32", "16", "8", "4")
THOUSAND = 1000  # a place in a picture is given in thousandths of its width and height: finer patches keep it
PARAMETERS = (
    url.choice("picture", PICTURES, "china"),
    url.choice("side", SIDES, "16"),
    url.whole("digit", 0, DIGITS - 1, 3),
    trained.parameter(),
    url.whole("head", 1, compute.HEADS, 1),
    url.reals("at", 0, THOUSAND, 2, ()),
    url.flag("raw"),
    url.whole("seed", 0, LARGEST_SEED, 9),
)
REST = {"china": (290, 300), "flower": (500, 500), "digit": (450, 450), "own": (500, 500)}  # where nobody points


@dataclass(frozen=True, eq=False)
class OwnPicture:
    """The visitor's picture, or why it could not be read. file: which upload it was, digest: its sha256."""

    file: str
    digest: str
    picture: Picture | None
    trouble: str = ""


@dataclass(frozen=True, eq=False)
class PictureTokens:
    """A picture as tokens, one head of them, and what the browser draws them from. trained: None where it is not."""

    tokens: Tokens
    trained: trained.Look | None
    grid: tuple[int, int]
    head: row.Head
    look: dict[str, Any]


def photographs() -> url.State:
    """The controls, the two maps and the strip; a click holds a patch and is answered by the operator."""
    state = url.settle(*PARAMETERS)
    name, pixels, digest = _picture()
    size = state["digit"] if name == "digit" else state["side"]
    setting = " ".join(map(str, (digest, size, state["heads"], state["seed"], state["head"], shell.device())))
    made = row.kept("patches", setting, lambda: _make(state, name, pixels, setting), own=digest != name)
    _says(state, made)
    held = row.sent("patches", state, made.head)
    if held is not None:
        state["at"] = () if held < 0 else middle(held, made.grid)
    held, rest = patch(state["at"], made.grid) if state["at"] else -1, patch(REST[name], made.grid)
    data = {
        "setting": setting,
        "epoch": state.epoch,
        "held": held,
        "rest": rest,
        "raw": state["raw"],
        "answer": row.answer(made.head, held if held >= 0 else rest, raw=state["raw"]),
        **row.constants(made.head),
    }
    with st.container(gap=None):
        row.send(made.head, made.look)
        component("patches", HERE)(key="patches", data=data, on_hold_change=lambda: None)
    return state


def patch(at: tuple[float, ...], grid: tuple[int, int]) -> int:
    """The patch at a place (x, y) in thousandths of width and height; half of the height where y is not said."""
    rows, cols = grid
    x, y = (*at, THOUSAND / 2)[:2]
    return min(int(y * rows / THOUSAND), rows - 1) * cols + min(int(x * cols / THOUSAND), cols - 1)


def middle(index: int, grid: tuple[int, int]) -> tuple[float, float]:
    """The place of a patch's middle, in thousandths."""
    rows, cols = grid
    return round((index % cols + 0.5) * THOUSAND / cols, 1), round((index // cols + 0.5) * THOUSAND / rows, 1)


def _picture() -> tuple[str, NDArray[np.uint8] | None, str]:
    """The controls; which picture is shown, its pixels (none for a digit), and a name that no other picture has."""
    widths = [1.2, 1.35, 1.2, 1.1, 0.75]
    first, second, heads, third, fourth = st.columns(widths, gap="small", vertical_alignment="bottom")
    name = first.selectbox(
        WORDS("controls.picture"), PICTURES, key=url.key("picture"), filter_mode=None,
        format_func=lambda picture: WORDS(f"pictures.{picture}"),
    )  # fmt: skip
    if name == "digit":
        second.number_input(WORDS("controls.digit", digits=DIGITS), 0, DIGITS - 1, key=url.key("digit"))
    else:
        second.segmented_control(
            WORDS("controls.side"), SIDES, key=url.key("side"), required=True,
            format_func=lambda side: WORDS("controls.pixels", side=side),
        )  # fmt: skip
    with heads:
        trained.control(there=name != "digit")
    third.segmented_control(WORDS("controls.head"), range(1, compute.HEADS + 1), key=url.key("head"), required=True)
    with fourth.popover(WORDS("controls.more"), width="stretch"):
        st.toggle(WORDS("controls.raw"), key=url.key("raw"), help=WORDS("controls.rawHelp"))
        controls.seed(WORDS("controls.seed"))
    if name == "own":
        own = _own()
        if own is not None and own.picture is not None:
            return name, own.picture.pixels, own.digest
        name = "china"
    return name, None if name == "digit" else PHOTOGRAPHS[name](), name


def _own() -> OwnPicture | None:
    """The uploader, and the picture that was last put into it: kept in this session, on no disk."""
    endings = [ending[1:] for ending in kinds.PICTURES]
    file = st.file_uploader(WORDS("own.upload"), endings, key="own picture", on_change=_forget)
    own: OwnPicture | None = st.session_state.get("_own_picture")
    place = st.empty()  # in every run, so that what stands below keeps its place
    if file is not None and (own is None or own.file != file.file_id):
        show = place.caption  # told that it goes on; that is also where Streamlit ends it
        own = st.session_state["_own_picture"] = _read(file.file_id, file.getvalue(), show)
        uploads.let_go(file)
        place.empty()
    if own is None:
        st.caption(WORDS("own.none"))
    elif own.picture is None:
        st.error(WORDS("own.trouble"))
        st.text(own.trouble)
    else:
        height, width, _ = own.picture.pixels.shape
        st.caption("; ".join((WORDS("own.size", width=width, height=height), *own.picture.notes)) + ".")
    return own


def _read(file: str, data: bytes, show: Callable[[str], object]) -> OwnPicture:
    digest = hashlib.sha256(data).hexdigest()
    try:
        return OwnPicture(file, digest, read_picture(data, show=show, owner=visitor()))
    except Unreadable as trouble:
        return OwnPicture(file, digest, None, str(trouble))


def _forget() -> None:
    st.session_state.pop("_own_picture", None)


def _says(state: url.State, made: PictureTokens) -> None:
    (rows, cols), n = made.grid, made.tokens.n
    says = WORDS(
        f"tokens.{'pixels' if made.look.get('numbers') else 'patches'}",
        rows=rows, cols=cols, n=n, matrix=row.matrix(n), head=state["head"], heads=compute.HEADS,
    )  # fmt: skip
    heads = made.trained.says(row.shown()) if made.trained else WORDS("untrained", seed=state["seed"])
    st.caption(f"{says} {heads}")


def _make(state: url.State, name: str, pixels: NDArray[np.uint8] | None, setting: str) -> PictureTokens:
    tokens = digit(state["digit"]) if pixels is None else patches(pixels, int(state["side"]))
    if tokens.grid is None or tokens.colour is None:
        raise ValueError("tokens: expected those of a picture, got some without grid or colour")
    rows, cols = tokens.grid
    colours = (tokens.colour * 255).round().astype(np.uint8)
    look: dict[str, Any] = {"grid": [rows, cols], "colours": packed(colours, "u1")}
    if pixels is None:
        look |= {"numbers": tokens.words, "picture": _address(colours.reshape(rows, cols, 3), "PNG")}
    else:
        high, wide = rows * int(state["side"]), cols * int(state["side"])
        top, left = (pixels.shape[0] - high) // 2, (pixels.shape[1] - wide) // 2  # as `patches` cuts it
        look["picture"] = _address(pixels[top : top + high, left : left + wide], "JPEG")
    found = trained.look(tokens) if state["heads"] == "trained" else None
    head = row.head(tokens, state["seed"], state["head"] - 1, str(shell.device()), setting, found)
    return PictureTokens(tokens, found, tokens.grid, head, look)


def _address(pixels: NDArray[np.uint8], kind: str) -> str:
    """A picture as an address that holds it."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, quality=85)
    return f"data:image/{kind.lower()};base64,{base64.b64encode(file.getvalue()).decode()}"
