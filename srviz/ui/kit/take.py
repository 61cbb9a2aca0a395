"""What a visitor can take away of a figure: its picture, its numbers, and programs that compute them again.

A chapter says in `take.py`, in FIGURES, what its figures are; its page shows the menu by `away`. Pictures are made in
the browser, of what is on the screen. Numbers and programs are made here, when they are asked for.
"""

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from srviz.ui.kit import WORDS, url
from srviz.ui.kit.component import component
from srviz.ui.kit.program import VARIANTS, Script, notebook
from srviz.ui.kit.table import Columns, csv_text

State = url.State | dict[str, Any]
LINK = re.compile(r"https?://[!-~]{1,4000}")  # without a space or the end of a line
LONGEST_ID = 40
MOST_BYTES = 24_000_000  # of a file: what a session's socket takes


@dataclass(frozen=True)
class File:
    """One more file. label: of its button. name: of the file, with its ending. type: for the browser. make: what is in
    it. group: the heading that its button stands under.
    """

    label: str
    name: str
    type: str
    make: Callable[[], str | bytes]
    group: str = WORDS("take.numbers")


@dataclass(frozen=True)
class Figure:
    """One figure, or several that belong together.

    keys: of the elements that it is made of. name: of its files. what: it is called in a sentence. caption: below its
    picture, in plain words. numbers: its columns by their names. script: the program that computes them again, in these
    variants; each column of decimals is one of its variables. files: what there is besides. there: whether there is
    anything but a picture yet. second: a link's query with another state, for the tests. checked: what a program
    computes where the numbers of the figure were measured or recorded, likewise for the tests.
    """

    keys: tuple[str, ...]
    name: str
    what: str
    caption: Callable[[State], str]
    numbers: Callable[[State], Columns] | None = None
    script: Callable[[State], Script] | None = None
    files: Callable[[State], Sequence[File]] = lambda state: ()
    variants: tuple[str, ...] = tuple(VARIANTS)
    there: Callable[[State], bool] = lambda state: True
    second: Mapping[str, str] = field(default_factory=dict)
    checked: Callable[[State], Columns] | None = None


def chosen(state: State, name: str, usual: str) -> str:
    """What a control beside a figure says that is no part of the page's state; the usual one where it says nothing."""
    return str(state[name]) if isinstance(state, dict) and name in state else usual


def away(figure: Figure, state: State) -> None:
    """Show the menu of a figure that is on the page, in its present state."""
    _menu(figure, dict(state.values) if isinstance(state, url.State) else dict(state))


@st.fragment
def _menu(figure: Figure, values: dict[str, Any]) -> None:
    key = f"_take {figure.name}"
    sent: Any = st.session_state.get(key)
    wanted = sent.get("wanted") if hasattr(sent, "get") else None
    data = {
        "figures": list(figure.keys),
        "name": figure.name,
        "what": figure.what,
        "caption": figure.caption(values),
        "kinds": kinds(figure, values),
        "file": answer(figure, values, wanted) if isinstance(wanted, dict) else None,
    }
    component("take")(key=key, data=data, on_wanted_change=lambda: None)


def kinds(figure: Figure, values: State) -> list[dict[str, str]]:
    """What the server makes of a figure, for the menu."""
    if not figure.there(values):
        return []
    found = [("csv", "CSV", WORDS("take.numbers"))] if figure.numbers else []
    found += [(file.name, file.label, file.group) for file in figure.files(values)]
    if figure.script:
        program = WORDS("take.program")
        found += [(variant, VARIANTS[variant], program) for variant in figure.variants]
        found += [("ipynb", WORDS("take.notebook"), program)]
    return [{"kind": kind, "label": label, "group": group} for kind, label, group in found]


def answer(figure: Figure, values: State, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The file that the browser asked for, or a sentence that says why there is none."""
    kind, link, number = (str(wanted.get(name, "")) for name in ("kind", "link", "id"))
    said = {"id": number[:LONGEST_ID], "trouble": "", "name": "", "type": "", "text": "", "base64": False}
    if kind not in {one["kind"] for one in kinds(figure, values)}:
        return said | {"trouble": WORDS("take.nothing")}
    name, type_, made = _made(figure, values, kind, link if LINK.fullmatch(link) else "")
    if len(made) > MOST_BYTES:
        return said | {"trouble": WORDS("take.large")}
    packed = isinstance(made, bytes)
    text = base64.b64encode(made).decode() if isinstance(made, bytes) else made
    return said | {"name": name, "type": type_, "text": text, "base64": packed}


def _made(figure: Figure, values: State, kind: str, link: str) -> tuple[str, str, str | bytes]:
    """The name of a file, its kind for the browser, and what it holds."""
    for file in figure.files(values):
        if file.name == kind:
            return kind, file.type, file.make()
    if kind == "csv" and figure.numbers:
        return f"{figure.name}.csv", "text/csv", csv_text(figure.numbers(values))
    assert figure.script is not None
    script = figure.script(values)
    if kind == "ipynb":
        text = notebook(script, figure.caption(values), link, figure.variants)
        return f"{figure.name}.ipynb", "application/x-ipynb+json", text
    return f"{figure.name}.{kind}.py", "text/x-python", script.text(kind, link)
