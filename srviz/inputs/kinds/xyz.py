"""XYZ: points of a scanner with their colours perhaps, or the atoms of chemistry, of several frames the first."""

import re
from itertools import islice

import numpy as np

from .base import Found, Kind, Numbers, Unusable, bytes_of_colour, count, listed, points
from .columns import Table, too_few
from .table import PANDAS_BYTES, parsed
from .text import decoded, number

PROPERTIES = re.compile(r'\s*\d+[ \t]*\n[^\n]*?\bProperties\s*=\s*"?([^\s"]+)', re.IGNORECASE)  # of extended XYZ
CUT = re.compile(r"\s*[,;\t]\s*|\s+")  # between the cells of a line
FEW = 100  # lines that tell how a point is written
AXES = ("x", "y", "z")
COLOURS = ("(diffuse)?(r|rf|red)", "(diffuse)?(g|gf|green)", "(diffuse)?(b|bf|blue)")


def read(ending: str, data: bytes) -> Found:
    """Points: the columns that names, or else places, say are coordinates, and those of their colours perhaps."""
    notes: list[str] = []
    whole = decoded(data, notes)
    text, what = _first(whole, notes)
    table = parsed(text, ",", notes, bare=True)
    if (said := PROPERTIES.match(whole)) and not table.named and (of := _properties(said[1])):
        return _extended(dict(zip(table.names, table.values.T, strict=True)), of, notes)
    return _coordinates(table, notes, what)


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
    if there < many or (there == many > 1 and _remark(lines)):
        raise Unusable("This file is cut short: it announces more points than there are. Export it again.")
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


def _remark(lines: list[str]) -> bool:
    """Whether the first of these lines is none of the points, being written as none of the next ones is."""
    if not lines[0].strip():
        return False
    rows = islice((line.strip() for line in lines if line.strip()), FEW)
    first, *others = ([bool(number(cell)) for cell in CUT.split(row)] for row in rows)
    return first not in others


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
        raise Unusable("The columns that this file names as the positions are not all numbers. Export it again.")
    more = [name for name in of if name not in ("pos", "species")]
    if more:
        notes.append(f"what it says of each atom besides its position left out: {listed(more)}")
    return points(np.column_stack([columns[place] for place in of["pos"]]), [], notes)


def _coordinates(table: Table, notes: list[str], what: str) -> Found:
    """Coordinates first, then a colour perhaps, or both where their names say. what: as `_first` says.

    A number of the element may stand before the coordinates of atoms, and how bright a point is before its colour in a
    scan.
    """
    values, places, names = table.values, table.places, table.names if table.named else []
    words = table.words - (what == "atoms" and 0 not in places and table.words > 0)  # the element is no loss
    if what == "atoms" and places == [0, 1, 2, 3] and np.isin(values[:, 0], range(1, 119)).all():
        notes.append("its first column, whole numbers from 1 to 118, taken for the elements and left out")
        values, places, names = values[:, 1:], places[1:], names[1:]
    axes, colours = _by_name(names, AXES), _by_name(names, COLOURS)
    told = len(axes) > 1
    if not told:
        others = [at for at in range(len(places)) if at not in colours]
        axes = [others[k] for k in _by_place([places[at] for at in others])]
    rest = [at for at in range(len(places)) if at not in axes]
    if not told and not colours:
        colours = _colours(values, places, [at for at in rest if at > axes[-1]], what, notes)
        if colours and names:
            shown = ", ".join(listed([names[at]]) for at in colours)
            notes.append(f"the columns {shown} taken for red, green and blue")
        if colours:
            rest = [at for at in rest if at < axes[0]]
    if names and not colours:
        kept = [at for at in range(len(places)) if at in axes or not too_few(values[:, at])]
        _left(words + len(places) - len(kept), notes)
        return points(values[:, kept], [names[at] for at in kept], notes, kind="table")
    _left(words, notes)
    more = [at for at in rest if at not in colours]
    if more and told:
        notes.append(f"besides the coordinates and the colours left out: {listed([names[at] for at in more])}")
    else:
        before = sum(at < axes[0] for at in more)
        if before:
            notes.append(f"{count(before, 'column')} before the coordinates left out")
        if len(more) > before:
            notes.append(f"{count(len(more) - before, 'column')} after the coordinates left out")
    shown_names = [names[at] for at in axes] if names else []
    colour = bytes_of_colour(values[:, colours], notes) if colours else None
    return points(values[:, axes], shown_names, notes, colour)


def _left(words: int, notes: list[str]) -> None:
    """Say how many columns of text there are."""
    if words:
        notes.append(f"{count(words, 'column')} of text or with many gaps left out")


def _by_name(names: list[str], wanted: tuple[str, ...]) -> list[int]:
    """Where the columns of these names stand, a unit behind a name aside; of two or three the first that are there."""
    plain = [re.sub(r"[(\[].*|[\W_]+", "", name.lower()) for name in names]
    found = [next((at for at, name in enumerate(plain) if re.fullmatch(one, name)), -1) for one in wanted]
    there = found.index(-1) if -1 in found else 3
    return found[:there] if there >= (2 if wanted == AXES else 3) else []


def _by_place(places: list[int]) -> list[int]:
    """Which columns are coordinates: all where there are three, else the first two or three that stand side by side.

    places: of those with numbers.
    """
    if len(places) == 3:
        return [0, 1, 2]
    for at, place in enumerate(places):
        if places[at + 1 : at + 2] == [place + 1]:
            return [at, at + 1, *([at + 2] if places[at + 2 : at + 3] == [place + 2] else [])]
    return list(range(len(places)))[:3]


def _colours(values: Numbers, places: list[int], after: list[int], what: str, notes: list[str]) -> list[int]:
    """The three columns after the coordinates, if they are whole numbers from 0 to 255 side by side, else none."""
    begin = 1 if what == "scan" and len(after) == 4 else 0
    found = after[begin : begin + 3]
    if len(found) < 3 or places[found[2]] - places[found[0]] != 2:
        return []
    extra = values[:, found]
    if not np.isin(extra, range(256)).all() or extra.max() <= 1:
        return []
    if begin:
        notes.append("1 column between the coordinates and the colours left out")
    elif len(after) == 4 and not (values[:, after[3]] == values[0, after[3]]).all():
        notes.append("of 4 columns after the coordinates the first 3 taken for red, green and blue")
    elif len(after) > 4:
        notes.append(f"{count(len(after) - 3, 'column')} after the colours left out")
    return found


KIND = Kind(5, (".xyz",), read, memory=PANDAS_BYTES)
