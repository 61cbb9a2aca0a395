"""XYZ: points of a scanner with their colours perhaps, or the atoms of chemistry, of several frames the first."""

import re

import numpy as np

from .base import Found, Kind, Numbers, Refused, count, listed, points
from .table import PANDAS_BYTES, parsed
from .text import decoded

PROPERTIES = re.compile(r'\s*\d+[ \t]*\n[^\n]*?\bProperties\s*=\s*"?([^\s"]+)', re.IGNORECASE)  # of extended XYZ


def read(ending: str, data: bytes) -> Found:
    """Points: the first three columns, and the next three where they are colours."""
    notes: list[str] = []
    whole = decoded(data, notes)
    text, what = _first(whole, notes)
    table = parsed(text, ",", notes, bare=True)
    if (said := PROPERTIES.match(whole)) and not table.named and (of := _properties(said[1])):
        return _extended(dict(zip(table.names, table.values.T, strict=True)), of, notes)
    return _coordinates(table.values, table.names if table.named else [], notes, what)


def _first(text: str, notes: list[str]) -> tuple[str, str]:
    """The rows of the first frame, and what they are.

    "atoms" behind a count and a comment, "scan" behind a count alone (PTS), "" where there is no count.
    """
    first, _, rest = text.lstrip().partition("\n")
    if not first.strip().isdecimal() or len(first) > 20:
        return text, ""
    many = int(first)
    lines = rest.split("\n")
    there = sum(1 for line in lines if line.strip())
    if there < many:
        raise Refused("This file is cut short: it announces more points than there are. Export it again.")
    if there == many:
        return rest, "scan" if lines[0].strip() else "atoms"
    for begin, what in ((0, "scan"), (1, "atoms")):
        behind = next((line.strip() for line in lines[begin + many :] if line.strip()), "")
        if behind.isdecimal():
            notes.append("of several frames the first")
            return "\n".join(lines[begin : begin + many]), what
    if there > many + 1:
        notes.append(f"it announces {many:,} points; there are {there - 1:,}")
    return "\n".join(lines[1:]), "atoms"


def _properties(said: str) -> dict[str, list[str]]:
    """The columns of each property, counted from 1, of "species:S:1:pos:R:3"; nothing where there are no positions."""
    cells, of, at = said.split(":"), dict[str, list[str]](), 1
    for name, size in zip(cells[::3], cells[2::3], strict=False):
        if not re.fullmatch(r"\d{1,3}", size):
            return {}
        of[name.lower()] = [str(at + k) for k in range(int(size))]
        at += int(size)
    return of if len(of.get("pos", [])) in (2, 3) else {}


def _extended(columns: dict[str, Numbers], of: dict[str, list[str]], notes: list[str]) -> Found:
    """The positions of atoms, where their file says in which columns they stand, and what else it has of them.

    columns: those that hold numbers, by their places.
    """
    if not all(place in columns for place in of["pos"]):
        raise Refused("The columns that this file names as the positions are not all numbers. Export it again.")
    more = [name for name in of if name not in ("pos", "species")]
    if more:
        notes.append(f"what it says of each atom besides its position left out: {listed(more)}")
    return points(np.column_stack([columns[place] for place in of["pos"]]), [], notes)


def _coordinates(values: Numbers, names: list[str], notes: list[str], what: str) -> Found:
    """Coordinates first, then a colour perhaps. what: as `_first` says.

    A number of the element may stand before the coordinates of atoms, and how bright a point is before its colour in a
    scan.
    """
    if what == "atoms" and values.shape[1] == 4 and np.isin(values[:, 0], range(1, 119)).all():
        values, names = values[:, 1:], names[1:]
    more = values.shape[1] - 3
    begin = 4 if what == "scan" and more == 4 else 3
    extra = values[:, begin : begin + 3]
    if extra.shape[1] == 3 and np.isin(extra, range(256)).all() and extra.max() > 1:
        if begin == 4:
            notes.append("1 column between the coordinates and the colours left out")
        elif more == 4 and not (values[:, 6] == values[0, 6]).all():
            notes.append("of 4 columns after the coordinates the first 3 taken for red, green and blue")
        elif more > 4:
            notes.append(f"{count(more - 3, 'column')} after the colours left out")
        return points(values[:, :3], names[:3], notes, extra.astype(np.uint8))
    if names:
        return points(values, names, notes, kind="table")
    if more > 0:
        notes.append(f"{count(more, 'column')} after the coordinates left out")
    return points(values[:, :3], [], notes)


KIND = Kind(5, (".xyz",), read, memory=PANDAS_BYTES)
