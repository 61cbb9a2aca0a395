"""OBJ: points, their colours, and faces whose corners are counted from the first point or back from the last."""

import re
from array import array
from collections.abc import Iterator

import numpy as np

from .base import Found, Kind, Unusable, bound, bytes_of_colour, count, listed, plain, unmarked
from .mesh import Part, finish

SILENT = {"vt", "vn", "o", "g", "s", "mg", "usemap", "shadow_obj", "trace_obj", "bevel", "lod", "c_interp", "d_interp"}
LEFT_OUT = {
    "l": "line", "p": "single point", "curv": "curve", "curv2": "curve", "surf": "smooth surface",
    "call": "other file",
}  # fmt: skip
CURVES = {"vp", "cstype", "deg", "bmat", "step", "parm", "trim", "hole", "scrv", "sp", "end", "con", "ctech", "stech"}
NAMES = {"mtllib", "usemtl", "o", "g", "usemap", "maplib", "shadow_obj", "trace_obj", "call", "csh"}  # behind these
COMMA = re.compile(rb"[+-]?\d*,\d+(?:[eE][+-]?\d+)?")  # in a number where a point is due
WORDS = SILENT | LEFT_OUT.keys() | CURVES | NAMES | {"v", "f"}


def read(ending: str, data: bytes) -> Found:
    """Points, or the surface of the faces."""
    where, colours, corners, counts = array("d"), array("d"), array("q"), array("q")
    left: dict[str, int] = {}
    unknown: list[str] = []
    materials, longest = False, 0
    for fields in _lines(unmarked(data)):
        key = fields[0]
        if key == b"v":
            if len(fields) < 3:
                raise Unusable("A point of this OBJ has fewer than two coordinates. Export it again.")
            row = [_number(cell) for cell in fields[1:8]]
            where.extend(row[:3] if len(row) > 2 else [*row, 0.0])
            if len(row) >= 6:
                colours.extend(row[3:] if len(row) == 7 else [*row[3:], 1.0])
                longest += len(row) == 7
        elif key == b"f":
            counts.append(len(fields) - 1)
            for cell in fields[1:]:
                corner = int(cell.split(b"/", 1)[0])
                corners.append(corner - 1 if corner > 0 else len(where) // 3 + corner if corner else -1)
                if corners[-1] < 0:
                    raise Unusable("A face of this OBJ names a point before the first. Export it again.")
        else:
            word = key.decode("latin-1").lower()
            if word in LEFT_OUT:
                left[LEFT_OUT[word]] = left.get(LEFT_OUT[word], 0) + 1
            elif word in ("usemtl", "mtllib"):
                materials = True
            elif word not in SILENT and word not in CURVES:
                unknown.append(word)
    points = np.frombuffer(where, np.float64).reshape(-1, 3) if where else np.zeros((0, 3))
    bound(len(points), "points")
    if len(unknown) > max(len(points), 20):
        raise Unusable("This is not an OBJ: hardly a line of it begins as the lines of an OBJ do. Export it again.")
    notes: list[str] = []
    part = Part(points, np.array(corners, np.int64), np.array(counts, np.int64))
    if colours and len(colours) // 4 == len(points):
        more = np.frombuffer(colours, np.float64).reshape(-1, 4)
        weighted = longest == len(points) and (more[:, 0] == 1).all()  # the colours stand behind a weight of 1
        if weighted and (more[:, 3] == 1).all():
            notes.append("of the seven numbers of a point the last three taken for red, green and blue")
        part.colour = bytes_of_colour(more[:, 1:] if weighted else more[:, :3], notes)
    elif colours:
        notes.append("colours left out: not every point has one")
    if materials:
        notes.append("the colours of its materials are in another file, and left out")
    notes += [f"{count(size, what)} left out" for what, size in left.items()]
    if unknown:
        notes.append(f"{count(len(unknown), 'line')} that OBJ does not know left out: {listed(sorted(set(unknown)))}")
    return finish([part], notes)


def _lines(data: bytes) -> Iterator[list[bytes]]:
    """The fields of each line, without comments. A backslash at its end joins it to the next one.

    Behind a name it may be a part of the name: then the next line is one of its own where it begins with a word of OBJ.
    """
    if b".#" in data:  # 1.#IND, say, is no number and no comment
        data = plain(data.decode("latin-1")).encode("latin-1")
    fields: list[bytes] = []
    joined = False
    for line in data.splitlines():
        more = line.split(b"#", 1)[0].split()
        if joined and not (_word(fields) in NAMES and _word(more) in WORDS):
            fields += more
        else:
            if fields:
                yield fields
            fields = more
        joined = bool(more) and more[-1].endswith(b"\\")
        if joined:
            fields[-1] = fields[-1][:-1]
            fields = fields if fields[-1] else fields[:-1]
    if fields:
        yield fields


def _word(fields: list[bytes]) -> str:
    """The word with which a line begins."""
    return fields[0].decode("latin-1").lower() if fields else ""


def _number(cell: bytes) -> float:
    try:
        return float(cell)
    except ValueError:
        if COMMA.fullmatch(cell):
            raise Unusable("This OBJ has decimal commas in its numbers. Export it with points, 0.5 for 0,5.") from None
        return float(plain(cell.decode("latin-1")))


KIND = Kind(1, (".obj",), read)
