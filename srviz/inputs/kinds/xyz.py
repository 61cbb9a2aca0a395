"""XYZ: points of a scanner with their colours perhaps, or the atoms of chemistry, of several frames the first."""

import numpy as np

from .base import Found, Kind, Numbers, Refused, count, points
from .table import PANDAS_BYTES, parsed
from .text import decoded


def read(ending: str, data: bytes) -> Found:
    """Points: the first three columns, and the next three where they are colours."""
    notes: list[str] = []
    text, what = _first(decoded(data, notes), notes)
    table = parsed(text, ",", notes, bare=True)
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
