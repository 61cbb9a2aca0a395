"""Reads the bytes of a visitor's file; runs as a program of its own, in a process that may be ended.

    python -P parse.py .ply 2147483648 < file > arrays

The second word is the most bytes of address space that it may take.

The arrays are an uncompressed NPZ: `said`, UTF-8 of JSON, and beside it what `arrays` lists. What was wrong comes as a
sentence in said["error"]. It sets its own limits of memory, knows nothing of the rest of the package, writes no file,
asks no network and unpickles nothing.
"""

import contextlib
import csv
import json
import os
import re
import sys
import zipfile
from io import BytesIO, StringIO
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

MEMORY_BYTES = 2 << 30  # bytes of address space
LEAST, MOST = 4, 2_000_000  # points, and triangles of a mesh
NUMBERS = 25_000_000  # in a table
COLUMNS = 2048
UNPACKED_BYTES = 256_000_000  # bytes of an NPZ
FEW = 0.05  # the share of rows up to which gaps in a column cost those rows and not the column
MESHES = (".ply", ".obj", ".off", ".stl", ".glb")
TABLES = (".xyz", ".csv", ".tsv")
PACKED = (b"KHR_draco_mesh_compression", b"EXT_meshopt_compression")  # extensions of GLB
ARRAYS = (".npy", ".npz")

Numbers = NDArray[np.float64]


class Refused(Exception):
    """What is wrong with the file, in a sentence."""


class Alone(dict[str, bytes]):
    """The files that this file may refer to: none."""

    def __missing__(self, key: str) -> bytes:
        raise Refused("This file keeps its points in another file. Export it again as one file that holds everything.")


def arrays(suffix: str, data: bytes) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """What is in a file of this kind: kind, columns and notes, and the arrays.

    values: (n, D) float32, each column of mean 0 and variance 1. scale: (D,) the deviations that were divided by.
    faces: (m, 3) int32, which points make a triangle, of a mesh. colour: (n, 3) uint8, where points have one.
    Raises Refused, and whatever a reader raises on broken bytes.
    """
    if suffix in MESHES:
        return _geometry(suffix, data)
    return _table(data, suffix) if suffix in TABLES else _array(data, suffix)


def _geometry(suffix: str, data: bytes) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    import trimesh

    if suffix == ".glb" and any(name in data for name in PACKED):
        raise Refused("The points in this file are packed in a way that is not read here. Export it uncompressed.")
    if suffix == ".obj":
        data = _absolute(data)
    elif suffix == ".stl" and 0 < (end := _end(data)) < len(data):
        data = data[:end]
    scene = trimesh.load_scene(
        BytesIO(data), file_type=suffix[1:], resolver=Alone(), process=False, skip_materials=True
    )
    placed = [scene.geometry[scene.graph[node][1]] for node in scene.graph.nodes_geometry]
    _bound(sum(len(getattr(part, "vertices", ())) for part in placed), "points")  # before each is copied to its place
    _bound(sum(len(getattr(part, "faces", ())) for part in placed), "triangles")
    parts = scene.dump()
    meshes: list[Any] = [part for part in parts if isinstance(part, trimesh.Trimesh) and len(part.faces)]
    chosen: list[Any] = meshes or [
        part for part in parts if len(getattr(part, "vertices", ())) and not hasattr(part, "entities")
    ]
    if not chosen:
        raise Refused("There are no points and no triangles in this file: it is cut short, or holds something else.")
    points = np.concatenate([part.vertices for part in chosen]).astype(np.float64)
    count = np.cumsum([0] + [len(part.vertices) for part in chosen])
    faces = np.concatenate([part.faces + at for part, at in zip(chosen, count, strict=False)]) if meshes else None
    colours = [of for of in map(_colour, chosen) if of is not None]
    colour = np.concatenate(colours) if len(colours) == len(chosen) else None
    announced = _announced(suffix, data)
    if len(points) < announced[0] or (faces is not None and len(faces) < announced[1]):
        raise Refused("This file is cut short: it announces more points or faces than there are. Export it again.")
    notes = []
    if suffix == ".glb":
        points = points[:, [0, 2, 1]] * np.array([1, -1, 1])
        notes.append("turned to stand upright: in GLB y is up, here z")
    if faces is None:
        return _points(points, [], notes, colour)
    surface = "their" if len(faces) > 1 else "its"
    notes.insert(
        0, f"{_count(len(faces), 'triangle')} between {len(points):,} points; sampled evenly on {surface} surface"
    )
    if len(meshes) > 1:
        notes.append(f"{len(meshes)} parts, each in its place")
    finite = np.asarray(np.isfinite(points).all(axis=1))
    if not finite.all():
        kept = finite[faces].all(1)
        faces = faces[kept]
        notes.append(f"{_count(int((~kept).sum()), 'triangle')} with a corner that is not a number left out")
    used, faces = np.unique(faces, return_inverse=True)
    faces = faces.reshape(-1, 3)
    points, colour = points[used], None if colour is None else colour[used]
    if len(points) == 0:
        raise Refused("The coordinates in this file are not finite numbers. Export it again.")
    values, scale = _standard(points)
    values, scale = (values * scale / max(scale.max(), 1e-300)).astype(np.float32), np.ones(3)  # alike on all axes
    sides = np.diff(values[faces], axis=1)
    if not np.linalg.norm(np.cross(sides[:, 0], sides[:, 1]), axis=1).sum(dtype=np.float64) > 1e-9:
        raise Refused(
            "The triangles of this mesh have no area, so that no points can be put on it. Another mesh works."
        )
    found = {"values": values, "scale": scale, "faces": faces.astype(np.int32)}
    return {"kind": "mesh", "columns": [], "notes": notes}, found | ({} if colour is None else {"colour": colour})


def _absolute(data: bytes) -> bytes:
    """An OBJ whose faces count their corners backwards (-1: the last point before them) with corners counted from 1.

    The reader takes them from the end of the whole file. Textures and normals of these faces are left out.
    """
    if not re.search(rb"^[ \t]*f[ \t][^\n]*-", data, re.MULTILINE):
        return data
    lines, points = [], 0
    for line in data.replace(b"\\\r\n", b" ").replace(b"\\\n", b" ").splitlines():
        fields = line.split(b"#", 1)[0].split()
        if fields and fields[0] == b"v":
            points += 1
        elif fields and fields[0] == b"f":
            corners = [int(field.split(b"/", 1)[0]) for field in fields[1:]]
            corners = [points + 1 + corner if corner < 0 else corner for corner in corners]
            if any(corner < 1 for corner in corners):
                raise Refused("A face of this OBJ names a point before the first. Export it again.")
            line = b"f " + b" ".join(b"%d" % corner for corner in corners)
        lines.append(line)
    return b"\n".join(lines)


def _end(data: bytes) -> int:
    """Where a binary STL ends by its own count of triangles; beyond all bytes for one of text."""
    return 84 + 50 * int.from_bytes(data[80:84], "little")


def _announced(suffix: str, data: bytes) -> tuple[int, int]:
    """How many points and faces the header speaks of, which readers of text do not compare with what they find."""
    found: list[bytes] = []
    if suffix == ".ply":
        header = data[: 1 << 16].partition(b"end_header")[0]
        found = [of for name in (b"vertex", b"face") for of in re.findall(rb"element\s+" + name + rb"\s+(\d+)", header)]
    elif suffix == ".off":
        match = re.search(rb"OFF\s+(?:#[^\n]*\s+)*(\d+)\s+(\d+)", data[: 1 << 16])
        found = list(match.groups()) if match else []
    elif suffix == ".stl" and data[:1024].lstrip()[:5].lower() == b"solid" and b"\0" not in data:
        return (0, 0) if b"endsolid" in data[-1024:].lower() else (MOST + 1, 0)
    points, faces = [*map(int, found), 0, 0][:2]
    return points, faces


def _colour(part: Any) -> NDArray[np.uint8] | None:
    """The colours of the points of a part, (n, 3), where it has any."""
    found = getattr(part, "colors", None)
    if found is None and getattr(part.visual, "kind", None) == "vertex":
        found = part.visual.vertex_colors
    found = None if found is None else np.asarray(found)
    return found[:, :3].astype(np.uint8) if found is not None and found.shape[0] == len(part.vertices) else None


def _array(data: bytes, suffix: str) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    notes: list[str] = []
    if suffix == ".npz":
        data, notes = _member(data)
    values = _npy(data)
    columns = values.shape[1]
    kind = "points" if columns <= 3 else "table"
    return _points(values, [str(column + 1) for column in range(columns)], notes, kind=kind)


def _member(data: bytes) -> tuple[bytes, list[str]]:
    """The bytes of the first array of two axes in an NPZ, after a look at all sizes."""
    with zipfile.ZipFile(BytesIO(data)) as archive:
        members = [member for member in archive.infolist() if member.filename.endswith(".npy")]
        if sum(member.file_size for member in members) > UNPACKED_BYTES:
            raise Refused(f"Unpacked, this archive is over {UNPACKED_BYTES // 10**6} MB. Save fewer or smaller arrays.")
        if any(member.flag_bits & 1 for member in members):
            raise Refused("This archive is locked by a password. Save it without one.")
        first = None
        for member in members:
            with archive.open(member) as packed:
                found = packed.read(member.file_size + 1)
            if len(found) != member.file_size:
                raise Refused("This archive is not as large as it says. Save it again with numpy.savez.")
            first = first or found
            if _shape(found)[0] == 2:
                note = f"of {len(members)} arrays the first with two axes: {member.filename[:-4][:40]}"
                return found, [note] if len(members) > 1 else []
    if first is None:
        raise Refused("There is no array in this archive. Save one of shape (n, D) with numpy.savez.")
    return first, []


def _shape(data: bytes) -> tuple[int, np.dtype[Any], int, int]:
    """Of an NPY: its axes, its type, how many bytes its header says there are, and how many there are."""
    file = BytesIO(data)
    version = npy.read_magic(file)
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, _, dtype = read(file)
    size = dtype.itemsize
    for axis in shape:
        size *= axis  # of Python's integers, which do not overflow
    return len(shape), dtype, size, len(data) - file.tell()


def _npy(data: bytes) -> NDArray[Any]:
    """An NPY of numbers with two axes."""
    try:
        axes, dtype, announced, there = _shape(data)
    except ValueError:
        raise Refused("This is not an array as numpy saves it. Save one of shape (n, D) with numpy.save.") from None
    if dtype.hasobject:
        raise Refused(
            "This array holds Python objects, which are not unpacked here. Save numbers: array.astype(float)."
        )
    if dtype.kind not in "biuf":
        what = {"c": "complex numbers", "V": "records with several fields"}.get(dtype.kind, "text or dates")
        raise Refused(f"This array holds {what}. Save real numbers of shape (n, D).")
    if axes != 2:
        raise Refused(f"This array has {_count(axes, 'axis', 'axes')}. Save one of shape (n, D), a row for each point.")
    if announced > there:
        raise Refused("This array is cut short: its header announces more than there is. Save it again.")
    return npy.read_array(BytesIO(data), allow_pickle=False)


def _table(data: bytes, suffix: str) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    import pandas as pd

    text, said = _without_comments(_text(data))
    notes: list[str] = []
    atoms = False
    if suffix == ".xyz":
        text, notes, atoms = _rows(text)
    head = [line.rstrip("\n") for line in StringIO(text, newline=None).readlines(200_000)[:60] if line.strip()]
    if not head:
        raise Refused("This table is empty. Rows of numbers with commas between them work.")
    separator, rows = _separator(head if len(head) < 3 else head[:-1], "\t" if suffix == ".tsv" else ",")
    titles = _titles(rows)
    if titles:
        rows, text = rows[titles:], _after(text, titles)
    decimal = "," if separator != "," and any("," in cell and _number(cell) for row in rows for cell in row) else "."
    named = _names(rows)
    if len(rows[0]) > COLUMNS:
        raise Refused(f"This table has {len(rows[0]):,} columns; at most {COLUMNS:,} can be read.")
    if suffix == ".xyz":
        text, ragged = _whole_rows(text, separator, len(rows[-1]))
        notes += ragged
    options: dict[str, Any] = {"sep": separator, "decimal": decimal, "header": 0 if named else None}
    if separator == " ":
        options["sep"] = r"\s+"
    try:
        table = pd.read_csv(StringIO(text), nrows=MOST + 1, index_col=False, skipinitialspace=True, **options)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, csv.Error):
        raise Refused("The rows of this table do not all have the same columns. Export it again as CSV.") from None
    del text
    _bound(len(table), "rows")
    if table.size > 2 * NUMBERS:
        raise Refused(f"This table holds {table.size:,} cells; at most {NUMBERS:,} can be read.")
    if not named and said and len(above := _cut([said], separator)[0]) == table.shape[1]:
        table.columns, named = pd.Index(above), True
    table = table.dropna(how="all").dropna(how="all", axis=1)
    names, columns, words, written = [], [], 0, False
    for place, name in enumerate(table.columns):
        column = pd.to_numeric(table.iloc[:, place], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
        if len(column) - np.isfinite(column).sum() > max(FEW * len(column), 1):
            words += 1
            written = written or _written(table.iloc[:, place])
            continue
        shown = "".join(c for c in str(name) if c.isprintable()).strip()[:60] if named else str(place + 1)
        shown = f"column {place + 1}" if not shown or shown.startswith("Unnamed: ") else shown
        names.append(shown if shown not in names else f"{shown} ({place + 1})")
        columns.append(column)
    why = "numbers written like 1,234 or 5 % are text here" if written else ""
    if not columns:
        raise Refused(
            f"No column of this table holds numbers{why and f': {why}'}. Two or more columns of numbers work."
        )
    values = np.column_stack(columns)
    if suffix == ".xyz":
        return _coordinates(values, names if named else [], notes, atoms=atoms)
    if words:
        notes.append(f"{_count(words, 'column')} of text or with many gaps not offered{why and f': {why}'}")
    return _points(values, names, notes, kind="table")


def _coordinates(
    values: Numbers, names: list[str], notes: list[str], *, atoms: bool
) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """An XYZ: coordinates first, then a colour perhaps. atoms: a number of the element may stand before them."""
    if atoms and values.shape[1] == 4 and np.isin(values[:, 0], range(1, 119)).all():
        values, names = values[:, 1:], names[1:]
    extra = values[:, 3:6]
    if extra.shape[1] == 3 and np.isin(extra, range(256)).all() and extra.max() > 1:
        return _points(values[:, :3], names[:3], notes, extra.astype(np.uint8))
    if names:
        return _points(values, names, notes, kind="table")
    if values.shape[1] > 3:
        notes.append(f"{_count(values.shape[1] - 3, 'column')} after the coordinates left out")
    return _points(values[:, :3], [], notes)


COMMENT = re.compile(r"^[ \t]*(?:#|//|%)[^\r\n]*(?:\r\n|\r|\n|\Z)", re.MULTILINE)


def _without_comments(text: str) -> tuple[str, str]:
    """A table without its lines of comment, and what the last of those above it says: names of columns, perhaps."""
    if not COMMENT.search(text):
        return text, ""
    kept = COMMENT.sub("", text)
    if not kept.strip():
        return text, ""  # a mark before every row is no comment
    above = ""
    for line in text.splitlines():
        if not line.strip():
            continue
        if not COMMENT.match(line):
            break
        above = line.strip().lstrip("#/% \t")
    return kept, above


def _rows(text: str) -> tuple[str, list[str], bool]:
    """The rows of an XYZ, what to say of them, and whether they are atoms: behind a count and a comment."""
    first, _, rest = text.lstrip().partition("\n")
    if not first.strip().isdecimal() or len(first) > 20:
        return text, [], False
    count = int(first)
    lines = rest.splitlines()
    there = sum(1 for line in lines if line.strip())
    if there < count:
        raise Refused("This file is cut short: it announces more points than there are. Export it again.")
    if there == count:
        return rest, [], bool(lines) and not lines[0].strip()
    frames = there > count + 1 and any(line.strip() == first.strip() for line in lines[count + 1 : count + 3])
    notes = ["of several frames the first"] if frames else []
    return "\n".join(lines[1 : count + 1] if frames else lines[1:]), notes, True


def _whole_rows(text: str, separator: str, width: int) -> tuple[str, list[str]]:
    """The table without its last line where that has other columns than the rest, and what to say of it."""
    body = text.rstrip()
    start = max(body.rfind("\n"), body.rfind("\r")) + 1
    if start == 0 or len(_cut([body[start:]], separator)[0]) == width:
        return text, []
    return body[:start], ["the last row left out: it does not have the columns of the others"]


def _titles(rows: list[list[str]]) -> int:
    """How many lines stand above the names of the columns, or above the rows: of other widths than all the rest."""
    widths = [len(row) for row in rows]
    first = widths.index(max(set(widths), key=widths.count))
    return first if set(widths[:first]) <= {1} or _names(rows[first:]) else 0


def _names(rows: list[list[str]]) -> bool:
    """Whether the first of these rows names the columns: it has words where the next has numbers."""
    return len(rows) < 2 or not all(_number(a) for a, b in zip(rows[0], rows[1], strict=False) if _number(b))


def _after(text: str, count: int) -> str:
    """A text without so many of its first lines that are not empty."""
    file = StringIO(text, newline=None)
    while count:
        count -= bool(file.readline().strip())
    return file.read()


def _written(column: Any) -> bool:
    """Whether most cells of a column of text are numbers with a sign for thousands or for hundredths."""
    cells = column.dropna().astype(str).head(200)
    return bool(cells.str.fullmatch(r"\s*[+-]?\d[\d.,' \u00a0\u202f]*%?\s*").mean() > 0.5)


def _text(data: bytes) -> str:
    """The text of a table, by its byte order mark, else as UTF-8, else as Latin-1."""
    for mark, encoding in (
        (b"\xef\xbb\xbf", "utf-8-sig"),
        (b"\xff\xfe\0\0", "utf-32"),
        (b"\0\0\xfe\xff", "utf-32"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    ):
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    if b"\0" in data:
        raise Refused("This is not a table of text that can be read here. Save it as CSV in UTF-8.")
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _separator(head: list[str], usual: str) -> tuple[str, list[list[str]]]:
    """What stands between the columns, and the first rows by it: the one that cuts most rows alike and into numbers."""
    best: tuple[tuple[int, float, bool], str, list[list[str]]] | None = None
    for separator in ("\t", ";", ",", "|", " "):
        rows = _cut(head, separator)
        widths = [len(row) for row in rows]
        common = max(set(widths), key=widths.count)
        alike = widths.count(common) if common > 1 else 0
        rank = alike, sum(_number(cell) for row in rows for cell in row) / sum(widths), separator == usual
        if best is None or rank > best[0]:
            best = rank, separator, rows
    assert best is not None
    return best[1], best[2]


def _cut(lines: list[str], separator: str) -> list[list[str]]:
    """Lines that are not empty as cells."""
    lines = [line.strip() for line in lines] if separator == " " else lines
    return [row for row in csv.reader(lines, delimiter=separator, skipinitialspace=True) if row]


def _number(cell: str) -> bool:
    try:
        float(cell.strip().replace(",", "."))
    except ValueError:
        return False
    return True


def _points(
    values: NDArray[Any],
    columns: list[str],
    notes: list[str],
    colour: NDArray[np.uint8] | None = None,
    kind: str = "points",
) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Rows of numbers (n, D), those with a gap left out, as arrays to send back."""
    rows, wide = values.shape
    if wide == 0:
        raise Refused("This array has rows without any column. Save one of shape (n, D), D being two or more.")
    if wide < 2:
        raise Refused("There is only one column of numbers in this file. Two or more work: x, y, and perhaps z.")
    _bound(rows, "rows")
    if wide > COLUMNS or values.size > NUMBERS:
        raise Refused(
            f"This table of {rows:,} × {wide:,} is too large: at most {COLUMNS:,} columns and {NUMBERS:,} numbers work."
        )
    values = values.astype(np.float64, copy=False)
    kept = np.isfinite(values).all(1)
    if not kept.all():
        values, colour = values[kept], None if colour is None else colour[kept]
        notes = [
            *notes,
            f"{_count(rows - len(values), 'row')} with a gap or a value that is not a finite number left out",
        ]
    if len(values) < LEAST:
        left = f"Only {len(values)} of {rows} points have finite coordinates" if rows >= LEAST else _there(rows)
        raise Refused(f"{left}; at least {LEAST} are needed.")
    if not (values != values[0]).any():
        raise Refused("All points of this file are the same one. Points that differ work.")
    if wide == 2:
        notes = [*notes, "two columns: z is 0"]
    standard, scale = _standard(values)
    found: dict[str, NDArray[Any]] = {"values": standard, "scale": scale}
    return {"kind": kind, "columns": columns, "notes": notes}, found | ({} if colour is None else {"colour": colour})


def _standard(values: Numbers) -> tuple[NDArray[np.float32], Numbers]:
    """Each column with mean 0 and variance 1, and its deviation: a constant column becomes 0."""
    largest = np.abs(values).max(0)
    largest[largest == 0] = 1
    values = values / largest  # so that no square overflows
    values -= values.mean(0)
    deviation = values.std(0)
    deviation[deviation < 1e-14] = 0
    values /= np.where(deviation > 0, deviation, np.inf)
    with np.errstate(over="ignore"):
        scale = np.nan_to_num(deviation * largest)
    return values.astype(np.float32), scale


def _bound(count: int, what: str) -> None:
    if count > MOST:
        raise Refused(f"This file has more than {MOST:,} {what}, the most that can be read. A thinned copy works.")


def _there(count: int) -> str:
    return f"There {'is' if count == 1 else 'are'} only {_count(count, 'point')} in this file"


def _count(count: int, one: str, many: str | None = None) -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def _limit(memory: int = MEMORY_BYTES) -> None:
    """Take the right to more memory, and to write files, from this process; where the platform knows such limits.

    Where the host runs out of memory all the same, this process is the first to go.
    """
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")
    try:
        import resource
    except ImportError:
        return
    for name, most in (("RLIMIT_AS", memory), ("RLIMIT_FSIZE", 0), ("RLIMIT_CORE", 0)):
        what = getattr(resource, name, None)
        if what is None:
            continue
        with contextlib.suppress(ValueError, OSError):  # not on this platform
            resource.setrlimit(what, (most, most))


def answer(suffix: str, data: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """What `arrays` returns, or {"error": a sentence} and no arrays, whatever it raises."""
    try:
        return arrays(suffix, data)
    except Refused as error:
        return {"error": str(error)}, {}
    except MemoryError:
        return {"error": "This file needs more memory to be read than there is for it. A smaller one works."}, {}
    except Exception:  # what readers raise on broken bytes is not one kind of error
        what = f"This {suffix[1:].upper()} file is broken or cut short."
        return {"error": f"{what} Export it again, or as another format."}, {}


def main() -> None:
    """Read standard input, write the arrays to standard output."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is not part of the answer
    _limit(int(sys.argv[2]))
    said, found = answer(sys.argv[1], sys.stdin.buffer.read())
    found["said"] = np.frombuffer(json.dumps(said).encode(), dtype=np.uint8)
    packed = BytesIO()
    np.savez(packed, **found)
    out.write(packed.getbuffer())
    out.flush()
    os._exit(0)  # at once: there is nothing to tidy up


if __name__ == "__main__":
    main()
