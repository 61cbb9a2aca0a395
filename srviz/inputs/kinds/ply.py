"""PLY, as text and as bytes of either order: points, faces, strips of triangles and colours under all usual names."""

import re
import struct
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .base import Found, Kind, Numbers, Unusable, bound, bytes_of_colour, count, cut_short, listed, numbers, unmarked
from .mesh import Corners, Part, finish, strips

TYPES = {
    "char": "i1", "int8": "i1", "uchar": "u1", "uint8": "u1", "short": "i2", "int16": "i2", "ushort": "u2",
    "uint16": "u2", "int": "i4", "int32": "i4", "uint": "u4", "uint32": "u4", "int64": "i8", "uint64": "u8",
    "float": "f4", "float32": "f4", "double": "f8", "float64": "f8",
}  # fmt: skip
CODES = {"i1": "b", "u1": "B", "i2": "h", "u2": "H", "i4": "i", "u4": "I", "i8": "q", "u8": "Q", "f4": "f", "f8": "d"}
COLOURS = (
    ("red", "green", "blue"),
    ("r", "g", "b"),
    ("diffuse_red", "diffuse_green", "diffuse_blue"),
    ("vertex_red", "vertex_green", "vertex_blue"),
    ("red_diffuse", "green_diffuse", "blue_diffuse"),
    ("color_red", "color_green", "color_blue"),
)
HARMONICS, FLAT = ("f_dc_0", "f_dc_1", "f_dc_2"), 0.28209479177387814  # of splats: colour = 1/2 + FLAT · f_dc
KNOWN = {"x", "y", "z", "nx", "ny", "nz", "alpha", "a", "diffuse_alpha"}  # what need not be spoken of
READ = ("vertex", "face", "tristrips", "triangle_strip")  # of the elements
CORNERS = ("vertex_indices", "vertex_index", "vertex_indexes", "indices")


@dataclass
class Element:
    """One kind of thing in the file. properties: (name, type of the count of a list or "", type), as in the header."""

    name: str
    length: int
    properties: list[tuple[str, str, str]] = field(default_factory=list)
    values: dict[str, NDArray[Any]] = field(default_factory=dict)  # name → (length,)
    lists: dict[str, tuple[NDArray[Any], Corners]] = field(
        default_factory=dict
    )  # name → all items, and how many of each


def read(ending: str, data: bytes) -> Found:
    """Points, or the surface of faces and strips."""
    elements, order, body = _header(data)
    notes: list[str] = []
    _fill(elements, order, body, notes)
    of = {element.name: element for element in elements if element.length}
    vertex = of.get("vertex")
    if vertex is None:
        raise Unusable("There are no points and no triangles in this file: it is cut short, or holds something else.")
    named = {name.lower(): values for name, values in vertex.values.items()}
    if "x" not in named or "y" not in named:
        raise Unusable("The points of this PLY have no x and y. Export it again.")
    with np.errstate(invalid="ignore"):
        part = Part(np.column_stack([named[axis] for axis in "xyz" if axis in named]).astype(np.float64))
    used, part.colour = _colour(named, notes)
    face, of_face = of.get("face"), tuple[str, ...]()
    if face is not None:
        part.corners, part.counts = _corners(face, "faces")
        told = {name.lower(): values for name, values in face.values.items()}
        of_face, part.face_colour = _colour(told, notes)
    for name in ("tristrips", "triangle_strip"):
        if name in of:
            items, sizes = _corners(of[name], "strips", alone=True)
            corners = strips(np.split(items, np.cumsum(sizes)[:-1]))
            if part.face_colour is not None:
                part.face_colour = None
                notes.append("the colours of the faces left out: the strips beside them have none")
            part.corners, part.counts = np.append(part.corners, corners[0]), np.append(part.counts, corners[1])
    more = [name for name in named if name not in KNOWN and name not in used] + list(vertex.lists)
    if more:
        notes.append(f"{count(len(more), 'more value')} of each point left out: {listed(more)}")
    for name, what in (("face", "face"), ("tristrips", "strip"), ("triangle_strip", "strip")):
        shown = of_face if name == "face" else ()
        beside = [*of[name].values, *of[name].lists] if name in of else []
        if more := [each for each in beside if each.lower() not in KNOWN and each.lower() not in shown]:
            notes.append(f"{count(len(more), 'more value')} of each {what} left out: {listed(more)}")
    for element in elements:
        if element.length and element.name not in READ:
            notes.append(f"{element.length:,} × {listed([element.name])} left out")
    return finish([part], notes)


def _header(data: bytes) -> tuple[list[Element], str, bytes]:
    """The elements that the header announces, the order of bytes ("" for text), and what stands behind it."""
    data = unmarked(data)
    begin = re.match(rb"ply[ \t]*(?:(\r)(?!\n)|\s)", data)
    # Where lines end with a carriage return alone, a line feed behind it may be the first byte of a point.
    last = rb"\r|\Z" if begin and begin[1] else rb"\r\n|\r|\n|\Z"
    end = re.search(rb"[\r\n]end_header[ \t]*(?:" + last + rb")", data)
    if begin is None or end is None:
        raise Unusable("This PLY file is broken or cut short. Export it again, or as another format.")
    elements: list[Element] = []
    order = None
    seen: Counter[str] = Counter()
    for line in data[: end.start()].splitlines()[1:]:
        words = line.decode("latin-1").split()
        if not words or words[0] in ("comment", "obj_info"):
            continue
        if words[0] == "format":
            order = {"ascii": "", "binary_little_endian": "<", "binary_big_endian": ">"}[words[1]]
        elif words[0] == "element":
            elements.append(Element(" ".join(words[1:-1]), int(words[-1])))
            seen.clear()
        elif words[0] == "property":
            a_list = words[1] == "list"
            if unknown := [word for word in (words[2:4] if a_list else words[1:2]) if word not in TYPES]:
                raise Unusable(f"This PLY has values of a type that is not known: {listed(unknown)}. Export it again.")
            counted = TYPES[words[2]] if a_list else ""
            name, kind = " ".join(words[4:] if counted else words[2:]), TYPES[words[3 if counted else 1]]
            seen[name.lower()] += 1
            if (which := seen[name.lower()]) > 1:  # the first of one name is taken, the others are left out and named
                name = f"{name} ({which})"
            elements[-1].properties.append((name, counted, kind))
        else:
            raise Unusable(
                f"The header of this PLY has a line that is not known: {listed([' '.join(words)])}. Export it again."
            )
    for name in READ:
        if sum(element.name == name and element.length > 0 for element in elements) > 1:
            raise Unusable(f"The header of this PLY announces {name} twice: only one can be meant. Export it again.")
    if order is None or any(element.length < 0 for element in elements):
        raise Unusable("The header of this PLY does not say how it is written. Export it again.")
    return elements, order, data[end.end() :]


def _fill(elements: list[Element], order: str, body: bytes, notes: list[str]) -> None:
    """Read what the header announces, after a look at whether there can be so much."""
    items: NDArray[Any]
    if order:
        items = np.frombuffer(body, np.uint8)
    else:
        try:
            items = numbers(body.decode("ascii"))
        except (ValueError, UnicodeDecodeError):
            raise Unusable(
                "Behind the header of this PLY there is something else than numbers. Export it again."
            ) from None
    at = 0
    for element in elements:
        if element.properties and element.length:
            at = _element(element, order, items, at)
    if at < len(items) and not order:
        raise Unusable("This PLY holds more numbers than its header announces. Export it again, or as another format.")
    if at < len(items) and bytes(items[at : at + 100]).strip():
        notes.append(f"{count(len(items) - at, 'byte')} behind what its header announces left out")


def _element(element: Element, order: str, items: NDArray[Any], at: int) -> int:
    """Read one element that begins at this item (a byte, or a number of a text); return where the next one begins."""

    def size(kind: str) -> int:
        return int(kind[1]) if order else 1

    least = sum(size(counted or kind) for _, counted, kind in element.properties)
    if element.length * least > len(items) - at:
        raise cut_short()
    if element.name in ("vertex", "face"):
        bound(element.length, "points" if element.name == "vertex" else "triangles")
    wide = element.properties
    if not any(counted for _, counted, _ in wide):
        table = items[at : at + element.length * least].reshape(element.length, least)
        begin = 0
        for name, _, kind in wide:
            element.values[name] = _typed(table[:, begin : begin + size(kind)], order, kind)
            begin += size(kind)
        return at + element.length * least
    starts = _starts(element, order, items, at)
    end = at
    for (name, counted, kind), (start, counts) in zip(wide, starts, strict=True):
        if not counted:
            element.values[name] = _gathered(items, start, size(kind), order, kind)
            end = max(end, int(start[-1]) + size(kind))
            continue
        first = np.repeat(start, counts) + size(kind) * (
            np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
        )
        element.lists[name] = _gathered(items, first, size(kind), order, kind), counts
        end = max(end, int(start[-1]) + size(kind) * int(counts[-1]))
    return end


def _starts(element: Element, order: str, items: NDArray[Any], at: int) -> list[tuple[Corners, Corners]]:
    """Of each property where its values begin in every row, (length,), behind the count of a list; and these counts."""
    if (same := _alike(element, order, items, at)) is not None:
        return same
    steps = [
        (counted, int(counted[1]) if order and counted else bool(counted), int(kind[1]) if order else 1)
        for _, counted, kind in element.properties
    ]
    held: Any = items.tobytes() if order else items.tolist()
    unpack = {counted: struct.Struct((order or "<") + CODES[counted]).unpack_from for counted, _, _ in steps if counted}
    starts: list[list[int]] = [[] for _ in steps]
    counts: list[list[int]] = [[] for _ in steps]
    many = 1
    try:
        for _ in range(element.length):
            for k, (counted, head, size) in enumerate(steps):
                if counted:
                    many = unpack[counted](held, at)[0] if order else int(held[at])
                    if many < 0 or (not order and many != held[at]):
                        raise Unusable("A list in this PLY has fewer than no items, or a part of one. Export it again.")
                    at += head
                    counts[k].append(many)
                    starts[k].append(at)
                    at += many * size
                else:
                    starts[k].append(at)
                    at += size
    except (struct.error, IndexError):
        raise cut_short() from None
    if at > len(items):
        raise cut_short()
    ones = np.ones(element.length, np.int64)
    return [
        (np.array(start, np.int64), np.array(count, np.int64) if count else ones)
        for start, count in zip(starts, counts, strict=True)
    ]


def _alike(element: Element, order: str, items: NDArray[Any], at: int) -> list[tuple[Corners, Corners]] | None:
    """As `_starts`, at once, where every list is as long in all rows as in the first; None where one is not."""
    inside, heads, begin = [], [], at
    for _, counted, kind in element.properties:
        size, many = (int(kind[1]) if order else 1), 1
        if counted:
            head = int(counted[1]) if order else 1
            if begin + head > len(items):
                raise cut_short()
            many = int(_typed(items[None, begin : begin + head], order, counted)[0])
            heads.append((begin - at, head, counted, many))
            begin += head
        if many < 0:
            return None
        inside.append((begin - at, many))
        begin += many * size
    width = begin - at
    if width * element.length > len(items) - at:
        return None
    table = items[at : at + width * element.length].reshape(element.length, width)
    for start, head, counted, many in heads:
        found = table[:, start : start + head]
        if ((_typed(found, order, counted) if order else found[:, 0]) != many).any():
            return None
    rows = at + width * np.arange(element.length)
    return [(rows + start, np.full(element.length, many)) for start, many in inside]


def _gathered(items: NDArray[Any], starts: Corners, size: int, order: str, kind: str) -> NDArray[Any]:
    """The values that begin at these items, (n,), a part of them at a time."""
    found = [
        _typed(items[starts[low : low + 500_000, None] + np.arange(size)], order, kind)
        for low in range(0, len(starts), 500_000)
    ]
    return np.concatenate(found) if found else np.zeros(0, kind)


def _typed(table: NDArray[Any], order: str, kind: str) -> NDArray[Any]:
    """Rows of the bytes of one value each, or of a number of a text, as values of a type: (n,)."""
    if order:
        return np.ascontiguousarray(table).view(order + kind)[:, 0]
    column: Numbers = table[:, 0]
    if kind[0] == "f":
        return column
    limits = np.iinfo(kind)
    if not ((column == np.rint(column)) & (column >= limits.min) & (column <= limits.max)).all():
        raise Unusable("A whole number of this PLY is none, or is too large for its type. Export it again.")
    return column.astype(kind)


def _corners(element: Element, what: str, alone: bool = False) -> tuple[Corners, Corners]:
    """Take the corners of faces or strips, and how many each has: the list of a usual name, or `alone` the only one."""
    names = {name.lower(): name for name in element.lists}
    named = [names[name] for name in CORNERS if name in names]
    if not named and alone and len(names) == 1:
        named = list(element.lists)
    if not named:
        raise Unusable(f"The {what} of this PLY do not name their corners (vertex_indices). Export it again.")
    items, sizes = element.lists.pop(named[0])
    return items.astype(np.int64), sizes


def _colour(named: dict[str, NDArray[Any]], notes: list[str]) -> tuple[tuple[str, ...], NDArray[np.uint8] | None]:
    """The names under which there is a colour, and the colour (n, 3)."""
    for names in COLOURS:
        if all(name in named for name in names):
            return names, bytes_of_colour(np.column_stack([named[name] for name in names]), notes)
    if all(name in named for name in HARMONICS):
        shown = 0.5 + FLAT * np.column_stack([named[name] for name in HARMONICS]).astype(np.float64)
        return HARMONICS, bytes_of_colour(shown.clip(0, 1), notes)
    return (), None


KIND = Kind(0, (".ply",), read)
