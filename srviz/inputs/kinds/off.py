"""OFF, as text: points and faces, each with a colour where it has one (COFF, and behind the corners of a face)."""

import re

import numpy as np

from .base import Found, Kind, Numbers, Unusable, bound, bytes_of_colour, count, cut_short, numbers, plain, unmarked
from .mesh import Part, finish

HEAD = re.compile(r"(?i)\s*((?:ST|[CN4])*)(OFF)(?![^\W\d])[ \t]*(BINARY)?")  # a count may follow without a space
SIZES = re.compile(r"\s*\d+[ \t]+\d+[ \t]+\d+[ \t]*(?:[\r\n]|\Z)")  # with which a file without that word begins


def read(ending: str, data: bytes) -> Found:
    """The surface of its faces, or its points where there is none."""
    text = unmarked(data).decode("utf-8", errors="replace")
    if "#" in text:
        text = re.sub(r"#[^\r\n]*", "", plain(text))  # 1.#IND is no comment
    head = HEAD.match(text)
    has = _letters(head) if head else []
    if (head is None and not SIZES.match(text)) or len(has) > len(set(has)):
        raise Unusable("This OFF file is broken or cut short. Export it again, or as another format.")
    if (head and head[3]) or "\0" in text:
        raise Unusable("This OFF is written in bytes, which is not read here. Export it as text, or as PLY.")
    if "4" in has or "n" in has:
        raise Unusable("This OFF has another number of coordinates than three. Export it as OFF with x, y and z.")
    body = text[head.end() :] if head else text
    lines = [line for line in body.splitlines() if line.strip()]
    alike = _one_a_line(lines, _wide(has))
    if not alike and (again := _relined(body, has)):
        lines, alike = again, True
    sizes = lines[0].split() if lines else []
    if len(sizes) < 2 or not all(size.isdecimal() for size in sizes[:2]):
        raise Unusable("This OFF file is broken or cut short. Export it again, or as another format.")
    many, faces = int(sizes[0]), int(sizes[1])
    if len(lines) - 1 < many + faces:
        raise cut_short()
    bound(many, "points")
    bound(faces, "triangles")
    notes: list[str] = []
    if len(lines) - 1 > many + faces:
        notes.append(f"{count(len(lines) - 1 - many - faces, 'line')} behind its faces left out")
    part = _points(lines[1 : many + 1], has, alike, notes)
    if faces:
        _faces(part, lines[many + 1 : many + faces + 1], notes)
    return finish([part], notes)


def _letters(head: re.Match[str]) -> list[str]:
    """What the first word of a file says, in any order: C, N, ST, 4 and n, which is N where all letters are small."""
    said, word = head[1], head[2]
    return re.findall("ST|.", said.upper() if word.islower() else re.sub("(?i)ST|c", lambda it: it[0].upper(), said))


def _wide(has: list[str], colour: int = 3) -> int:
    """How many numbers a point has, by the first word of the file."""
    return 3 + 3 * ("N" in has) + colour * ("C" in has) + 2 * ("ST" in has)


def _one_a_line(lines: list[str], least: int) -> bool:
    """Whether each point and each face has a line of its own, as most programs write them."""
    sizes = lines[0].split() if lines else []
    if len(sizes) not in (2, 3) or not all(size.isdecimal() for size in sizes):
        return False
    many, faces = int(sizes[0]), int(sizes[1])
    widths = {len(line.split()) for line in lines[1 : many + 1]}
    whole = (line.split() for line in lines[many + 1 : many + faces + 1])
    return (
        len(lines) > many + faces
        and len(widths) == 1
        and min(widths) >= least
        and all(cells[0].isdecimal() and len(cells) > int(cells[0]) for cells in whole)
    )


def _relined(body: str, has: list[str]) -> list[str]:
    """The sizes, the points and the faces with a line each, where the file divides its lines otherwise; else nothing.

    In the format of Geomview white space is between any two numbers, and only the colour of a face ends with its line.
    """
    given = 2 if len(body.lstrip().partition("\n")[0].split()) == 2 else 3  # the number of edges may be left out
    sizes = body.split(None, given)[:given]
    if len(sizes) < given or not all(size.isdecimal() for size in sizes):
        return []
    many, faces = int(sizes[0]), int(sizes[1])
    for wide in (_wide(has, 4), _wide(has)):
        behind = given + many * wide
        cells = body.split(None, behind) if behind <= len(body) else []
        if len(cells) < behind:
            continue
        rest = cells[behind] if len(cells) > behind else ""
        for found in (_faces_in_a_row(rest.split(), many), _faces_over_lines(rest, many)):
            if found is not None and len(found) == faces:
                points = [" ".join(cells[at : at + wide]) for at in range(given, behind, wide)]
                return [" ".join(sizes), *points, *found]
    return []


def _faces_in_a_row(cells: list[str], many: int) -> list[str] | None:
    """Faces without colours, wherever their lines end; None where the numbers are no such faces of `many` points."""
    at, found = 0, []
    while at < len(cells):
        size = int(cells[at]) if cells[at].isdecimal() else 0
        found.append(" ".join(cells[at : at + size + 1]))
        if not _is_face(cells[at : at + size + 1], size, many):
            return None
        at += size + 1
    return found


def _faces_over_lines(text: str, many: int) -> list[str] | None:
    """Faces that may go on over several lines, with their colours; None where the numbers are no such faces."""
    cells: list[str] = []
    found = []
    for line in text.splitlines():
        cells += line.split()
        size = int(cells[0]) if cells and cells[0].isdecimal() else 0
        if len(cells) > size > 0:
            if not _is_face(cells, size, many) or len(cells) - size - 1 not in (0, 1, 3, 4):
                return None
            found.append(" ".join(cells))
            cells = []
    return None if cells else found


def _is_face(cells: list[str], size: int, many: int) -> bool:
    """Whether this begins with a number of corners, three or more, and the points that they are."""
    corners = cells[1 : size + 1]
    return len(corners) == size > 2 and all(cell.isdecimal() and int(cell) < many for cell in corners)


def _points(lines: list[str], has: list[str], alike: bool, notes: list[str]) -> Part:
    rows, more = _rows(lines, alike)
    wide = rows.shape[1]
    if lines and wide < 3:
        raise Unusable("A point of this OFF has fewer than three coordinates. Export it again.")
    part = Part(rows[:, :3] if lines else np.zeros((0, 3)))
    begin = 6 if "N" in has and not _colours_first(rows, has) else 3
    colour = rows[:, begin : begin + 3]
    if wide >= begin + 3 and ("C" in has or ("ST" not in has and _like_colours(colour))):
        part.colour = bytes_of_colour(colour, notes)
    elif wide > begin and "ST" not in has:
        notes.append(f"{count(wide - begin, 'more value')} of each point left out")
    if more and "C" in has and part.colour is None:
        notes.append("colours left out: not every point has one")
    elif more:
        notes.append(f"of {count(more, 'point')} left out what the others do not have")
    return part


def _colours_first(rows: Numbers, has: list[str]) -> bool:
    """Whether colours stand before the normals of points, as MeshLab writes both; behind them is where OFF has them."""
    if "C" not in has or rows.shape[1] < _wide(has):
        return False
    begin = 7 if rows.shape[1] >= _wide(has, 4) else 6
    first, second = rows[:, 3:6], rows[:, begin : begin + 3]
    return _like_colours(first) and not _like_normals(first) and (_like_normals(second) or not _like_colours(second))


def _like_colours(rows: Numbers) -> bool:
    """Whether these are amounts from 0 to 1, or whole numbers from 0 to 255."""
    return bool((rows >= 0).all() and ((rows <= 1).all() or ((rows <= 255).all() and (rows % 1 == 0).all())))


def _like_normals(rows: Numbers) -> bool:
    """Whether these are of length 1, but for some of length 0."""
    lengths = np.linalg.norm(rows, axis=1)
    return bool((lengths > 0).any() and (np.abs(lengths[lengths != 0] - 1) < 0.01).all())


def _rows(lines: list[str], alike: bool) -> tuple[Numbers, int]:
    """Lines of numbers, of each as many as the shortest has, (n, wide); and how many lines have more.

    alike: it is known that they have equally many.
    """
    try:
        found = numbers("\n".join(lines))
    except ValueError:
        raise Unusable("Among the points of this OFF there is something else than numbers. Export it again.") from None
    if alike and lines:
        return found.reshape(len(lines), -1), 0
    sizes = np.array([len(line.split()) for line in lines], np.int64)
    wide = int(sizes.min(initial=len(found)))
    if len(found) == len(lines) * wide:
        return found.reshape(len(lines), wide), 0
    first = np.cumsum(sizes) - sizes
    return found[first[:, None] + np.arange(wide)], int((sizes > wide).sum())


def _faces(part: Part, lines: list[str], notes: list[str]) -> None:
    """The corners of the faces, and their colours where each has three numbers or four."""
    corners: list[int] = []
    counts, colours, others = [], [], 0
    for line in lines:
        fields = line.split()
        size = int(fields[0])
        if size < 0 or len(fields) < size + 1:
            raise cut_short()
        corners.extend(map(int, fields[1 : size + 1]))
        counts.append(size)
        more = fields[size + 1 :]
        if len(more) in (3, 4):
            colours.append([float(cell) for cell in more[:3]])
        others += bool(more)
    part.corners, part.counts = np.array(corners, np.int64), np.array(counts, np.int64)
    if colours and len(colours) == len(counts):
        part.face_colour = bytes_of_colour(np.array(colours), notes)
    elif others:
        notes.append(f"the colours of {count(others, 'face')} left out: not every face has one of red, green and blue")


KIND = Kind(2, (".off",), read)
