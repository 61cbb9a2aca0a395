"""STL, as bytes and as text."""

import re

import numpy as np

from .base import Found, Kind, Numbers, Unusable, bound, count, cut_short, numbers, unmarked
from .mesh import Part, finish

TRIANGLE = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("more", "<u2")])
HEAD = 84  # bytes: a text of 80, and the count of triangles
UNCOUNTED = (0, 2**32 - 1)  # in the place of the count, where a program did not know it yet
COMMENT = re.compile(rb"(?:^|(?<=[\r\n]))[ \t]*(?:#|//|;|%)[^\r\n]*")
NUMBER = rb"[ \t]+[-+.\dni][^\s]*"  # nan and inf among them
LONGEST = {b"facet": 5, b"facetnormal": 4, b"outer": 2, b"vertex": 4, b"endloop": 1, b"endfacet": 1}  # words of a line
INSIDE = re.compile(  # one of these words inside a line, where some programs write more than one in each
    rb"(?<=[^\s])[ \t]+(?=facet[ \t]*normal" + NUMBER + rb"|outer[ \t]+loop|vertex(?:" + NUMBER + rb"){3}"
    rb"|end(?:loop|facet|solid)(?:\s|$))"
)


def read(ending: str, data: bytes) -> Found:
    """The surface of its triangles."""
    notes: list[str] = []
    size = int.from_bytes(data[80:HEAD], "little")
    whole, rest = divmod(len(data) - HEAD, TRIANGLE.itemsize)
    uncounted = size in UNCOUNTED and whole > 0 and rest == 0
    size = whole if uncounted else size
    words = unmarked(data)
    text = words[:1024].lstrip()[:5].lower() == b"solid"
    end = HEAD + TRIANGLE.itemsize * size
    if len(data) >= HEAD and end <= len(data) and not (text and b"\0" not in words):
        bound(size, "triangles")
        if uncounted:
            notes.append("it does not say how many triangles it has: taken by its length")
        found = np.frombuffer(data, TRIANGLE, size, HEAD)
        if found["more"].any():
            notes.append("what its triangles carry beside their corners, colours perhaps, left out")
        if len(data) > end:
            notes.append(f"{count(len(data) - end, 'byte')} behind its triangles left out")
        corners = found["corners"].reshape(-1, 3).astype(np.float64)
    else:
        if any(sign in words for sign in (b"#", b"//", b";", b"%")):
            words = COMMENT.sub(b"", words)
        if not re.match(rb"(?i)\s*solid", words) and (b"\0" in words or not re.search(rb"(?i)\bvertex\s", words)):
            if len(data) > HEAD:
                raise cut_short()
            raise Unusable("This STL file is broken or cut short. Export it again, or as another format.")
        corners = _text(words.lower(), notes)
    faces = len(corners) // 3
    return finish([Part(corners, np.arange(3 * faces), np.full(faces, 3))], notes)


def _text(data: bytes, notes: list[str]) -> Numbers:
    """The corners (3 m, 3) of an STL of text in small letters."""
    if not re.search(rb"end[ \t]*solid", data[-1024:]):
        raise cut_short()
    lines = [line.split() for line in data.splitlines()]
    if any(line and (len(line) > LONGEST.get(line[0], len(line)) or b"facet" in line[1:]) for line in lines):
        lines = [line.split() for line in INSIDE.sub(b"\n", data).splitlines()]
    first = [line[0] if line else b"" for line in lines]
    vertices = [line[1:4] for line, word in zip(lines, first, strict=True) if word == b"vertex"]
    facets = first.count(b"facet") + first.count(b"facetnormal")
    bound(len(vertices) // 3, "triangles")
    try:
        corners = numbers(b" ".join(b" ".join(cells) for cells in vertices).decode("ascii")).reshape(-1, 3)
    except ValueError:
        raise Unusable("A corner in this STL is no three numbers. Export it again, or as another format.") from None
    if len(corners) != 3 * facets:
        raise Unusable("A triangle of this STL has not three corners. Export it again, or as another format.")
    solids = first.count(b"solid")
    if solids > 1:
        notes.append(f"{solids} parts, each in its place")
    return corners


KIND = Kind(3, (".stl",), read)
