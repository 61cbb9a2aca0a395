"""Kinds of file as the world writes them: every row, name, face and colour comes back, or a note says what was left."""

import json
import os
import struct
import subprocess
import sys
import time
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageCms, PngImagePlugin

from srviz.inputs import kinds, reader
from srviz.inputs.base import Unreadable
from srviz.inputs.pictures import read_picture
from tests.inputs.answers import left, read, refused


def area(found, side=1.0):
    """The area of a mesh whose first axis is `side` long."""
    a, b, c = found["values"][found["faces"]].swapaxes(0, 1)
    scale = side / np.ptp(found["values"][:, 0])
    return np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2 * scale**2


# PLY


def ply(vertex, rows, *, more=(), body="", order="ascii"):
    """A PLY whose points have these properties, "float x" and the like."""
    head = [
        "ply",
        f"format {order} 1.0",
        f"element vertex {len(rows)}",
        *(f"property {name}" for name in vertex),
        *more,
    ]
    lines = [" ".join(map(str, row)) for row in rows]
    return "\n".join([*head, "end_header", *lines, body]).encode()


XYZ = ["float x", "float y", "float z"]
SQUARE = [(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0)]
FACES = ["element face 2", "property list uchar int vertex_indices"]
TWO = "3 0 1 2\n3 0 2 3"


@pytest.mark.parametrize("names", ["red green blue", "r g b", "diffuse_red diffuse_green diffuse_blue"])
@pytest.mark.parametrize(
    ("kind", "top", "note"),
    [
        ("uchar", 255, ""),
        ("ushort", 65535, ""),
        ("ushort", 255, "none of its colours is above 255: taken as of 0 to 255"),
        ("int", 255, ""),
        ("short", 255, ""),
        ("float", 1, ""),
        ("float", 255, ""),
        ("double", 65535, "colours up to 65,535 taken as of 0 to 65,535"),
    ],
)
def test_colours_of_any_type_and_name(names, kind, top, note):
    colours = [(top, 0, 0), (0, top / 5, 0), (0, 0, top / 15), (top, top, top)]
    colours = [tuple(c if kind in ("float", "double") else int(c) for c in row) for row in colours]
    rows = [(*point, *colour) for point, colour in zip(SQUARE, colours, strict=True)]
    said, found = read(".ply", ply([*XYZ, *(f"{kind} {name}" for name in names.split())], rows))
    assert found["colour"].tolist() == [[255, 0, 0], [0, 51, 0], [0, 0, 17], [255, 255, 255]]
    assert left(said) == ([note] if note else [])


@pytest.mark.parametrize("kind", ["float", "double"])
@pytest.mark.parametrize(("top", "odd"), [(1.0000001, 0), (1.2, 1), (1e6, 1), ("inf", 1), ("nan", 1), (-0.5, 1)])
def test_a_few_colours_out_of_their_range_do_not_darken_the_others(kind, top, odd):
    colours = [(top, 0.5, 0), (0, 1, 0), (0, 0, 0.2), (1, 1, 1)]
    rows = [(*point, *colour) for point, colour in zip(SQUARE, colours, strict=True)]
    said, found = read(".ply", ply([*XYZ, *(f"{kind} {name}" for name in ("red", "green", "blue"))], rows))
    assert found["colour"].tolist()[1:] == [[0, 255, 0], [0, 0, 51], [255, 255, 255]]
    assert found["colour"].tolist()[0] == [255 if float(top) > 1 and top != "inf" else 0, 128, 0]
    assert left(said) == (["of its colours 1 value not of 0 to 1 taken as 0 or 1"] if odd else [])


@pytest.mark.parametrize("kind", ["int", "ushort", "short"])
def test_a_whole_colour_just_above_255_does_not_darken_the_others(kind):
    rows = [(*point, 256, 51, 200) for point in SQUARE]
    said, found = read(".ply", ply([*XYZ, *(f"{kind} {name}" for name in ("red", "green", "blue"))], rows))
    assert found["colour"].tolist() == [[255, 51, 200]] * 4
    assert left(said) == (["of its colours 4 values not of 0 to 255 taken as 0 or 255"])


def test_colours_of_faces_and_of_splats():
    body = "3 0 1 2 255 0 0\n3 0 2 3 0 0 255"
    more = [*FACES, *(f"property uchar {name}" for name in ("red", "green", "blue"))]
    _, found = read(".ply", ply(XYZ, SQUARE, more=more, body=body))
    assert found["colour"][found["faces"]].tolist() == [[[255, 0, 0]] * 3, [[0, 0, 255]] * 3]
    rows = [(*point, 0, 1, -1, 9) for point in SQUARE]
    said, found = read(".ply", ply([*XYZ, *(f"float f_dc_{k}" for k in range(3)), "float opacity"], rows))
    assert found["colour"][0].tolist() == [128, 199, 56]  # 1/2 + 0.2821 of each
    assert left(said) == ["1 more value of each point left out: opacity"]


@pytest.mark.parametrize("order", ["ascii", "binary_little_endian", "binary_big_endian"])
def test_strips_of_triangles(order):
    strip = [5, 0, 1, 3, 2, -1]
    more = ["element tristrips 1", "property list int int vertex_indices"]
    if order == "ascii":
        data = ply(XYZ, SQUARE, more=more, body=" ".join(map(str, strip)))
    else:
        end = "<" if "little" in order else ">"
        data = ply(XYZ, SQUARE, more=more, order=order).partition(b"end_header\n")
        data = data[0] + data[1] + np.array(SQUARE, f"{end}f4").tobytes() + np.array(strip, f"{end}i4").tobytes()
    said, found = read(".ply", data)
    assert found["faces"].tolist() == [[0, 1, 3], [3, 1, 2]]
    assert left(said) == []


@pytest.mark.parametrize("order", ["ascii", "<", ">"])
@pytest.mark.parametrize("size", ["uchar", "ushort", "int"])
def test_faces_of_different_size_and_values_around_them(order, size):
    points = [*SQUARE, (2, 0, 0), (2, 1, 0), (3, 0.5, 0)]
    faces = [[0, 1, 2, 3], [1, 4, 2], [4, 5, 2], [4, 6, 5]]
    more = ["element face 4", "property uchar flag", f"property list {size} ushort vertex_indices", "property float w"]
    rows = [([7], [len(face)], face, [0.25 * k]) for k, face in enumerate(faces)]
    if order == "ascii":
        body = "\n".join(" ".join(str(value) for part in row for value in part) for row in rows)
        data = ply(XYZ, points, more=more, body=body)
    else:
        written = {"<": "binary_little_endian", ">": "binary_big_endian"}[order]
        kinds_ = [order + kind for kind in ("u1", {"uchar": "u1", "ushort": "u2", "int": "i4"}[size], "u2", "f4")]
        body = b"".join(np.array(part, kind).tobytes() for row in rows for part, kind in zip(row, kinds_, strict=True))
        head = ply(XYZ, points, more=more, order=written).partition(b"end_header\n")
        data = head[0] + head[1] + np.array(points, f"{order}f4").tobytes() + body
    said, found = read(".ply", data)
    assert found["faces"].tolist() == [[0, 1, 2], [0, 2, 3], [1, 4, 2], [4, 5, 2], [4, 6, 5]]
    assert left(said) == ["2 more values of each face left out: flag, w"]


def test_what_a_ply_says_of_faces_and_strips_beside_their_corners_is_named():
    more = [*FACES, "property list uchar float texcoord", "property float quality", "property float nx"]
    said, _ = read(".ply", ply(XYZ, SQUARE, more=more, body="3 0 1 2 2 0.5 1 9 1\n3 0 2 3 2 0 1 8 1"))
    assert left(said) == ["2 more values of each face left out: quality, texcoord"]
    more = ["element tristrips 1", "property list int int vertex_indices", "property int part"]
    said, found = read(".ply", ply(XYZ, SQUARE, more=more, body="4 0 1 3 2 7"))
    assert left(said) == ["1 more value of each strip left out: part"]
    assert len(found["faces"]) == 2


def test_a_ply_with_comments_edges_two_coordinates_and_more():
    data = ply(XYZ, SQUARE, more=["comment was: element vertex 5000", "obj_info element face 9", *FACES], body=TWO)
    assert area(read(".ply", data)[1]) == pytest.approx(1)
    edges = ply(
        XYZ, [*SQUARE, (2, 2, 2)], more=["element edge 1", "property int vertex1", "property int vertex2"], body="0 1"
    )
    said, found = read(".ply", edges)
    assert len(found["values"]) == 5
    assert left(said) == ["1 × edge left out"]
    flat = [point[:2] for point in SQUARE]
    assert read(".ply", ply(XYZ[:2], flat))[0]["notes"] == ["two columns: z is 0"]
    assert "two columns: z is 0" in read(".ply", ply(XYZ[:2], flat, more=FACES, body=TWO))[0]["notes"]
    said, _ = read(".ply", ply(XYZ, [*SQUARE, (9, 9, 9)], more=FACES, body=TWO))
    assert left(said) == ["1 point that no face names left out"]
    said, _ = read(
        ".ply", ply([*XYZ, "float quality"], [(*point, 3) for point in SQUARE], more=FACES, body="3 0 1 2\n2 0 2")
    )
    assert left(said) == [
        "1 more value of each point left out: quality",
        "1 face of fewer than three corners left out",
        "1 point that no face names left out",
    ]
    old = ["element face 2", "property list uchar int vertex_index"]
    assert area(read(".ply", ply(XYZ, SQUARE, more=old, body=TWO).replace(b"\n", b"\r\n"))[1]) == pytest.approx(1)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (ply(XYZ, SQUARE, more=FACES, body="3 0 1 2\n3 0 2 4"), "names a point that is not there"),
        (ply(XYZ, SQUARE, more=FACES, body="3 0 1 2\n3 -1 2 3"), "names a point that is not there"),
        (ply(XYZ, SQUARE, more=FACES, body=TWO + " 7 8"), "more numbers than its header announces"),
        (ply(XYZ, SQUARE, more=FACES, body="3 0 1 2\n3 0 2"), "cut short"),
        (ply(XYZ, SQUARE, more=FACES, body="3 0 1 2\n3 0 2.5 1"), "A whole number of this PLY is none"),
        (ply(XYZ, SQUARE, more=FACES, body="3 0 1 2\n-3 0 2 1"), "fewer than no items"),
        (ply(XYZ, SQUARE, more=FACES, body="3 0 1 2\n2.5 0 2 1"), "fewer than no items"),
        (ply(["float a", "float b"], [(0, 1)] * 5), "have no x and y"),
        (ply(XYZ, SQUARE, more=["element face 1", "property int material"], body="3"), "do not name their corners"),
    ],
)
def test_a_ply_that_is_wrong_says_how(data, says):
    assert says in refused(".ply", data)


BINARY = b"".join(ply(XYZ, SQUARE, order="binary_little_endian").partition(b"end_header\n")[:2])
NEWLINE_FIRST = struct.pack("<f", 0).replace(b"\0", b"\n", 1)  # a number whose first byte is the end of a line


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_the_first_byte_behind_a_header_may_be_the_end_of_a_line(end, mark):
    body = NEWLINE_FIRST + np.array(SQUARE, "<f4").tobytes()[4:]
    said, found = read(".ply", mark + BINARY.replace(b"\n", end) + body)
    assert len(found["values"]) == 4
    assert left(said) == []


def test_a_long_header_with_letters_of_any_language():
    comment = "comment " + "Ångström … " * 50
    data = ply(XYZ, SQUARE, more=[*[comment] * 3000, *FACES], body=TWO)
    assert len(data) > 1 << 21
    assert area(read(".ply", data)[1]) == pytest.approx(1)


def test_what_a_ply_announces_twice_is_spoken_of():
    twice = ply(XYZ, SQUARE, more=["element vertex 4", *(f"property {name}" for name in XYZ)])
    assert "announces vertex twice: only one can be meant" in refused(".ply", twice)
    said, found = read(".ply", ply([*XYZ, "float Z"], [(*point, 7 * k) for k, point in enumerate(SQUARE)]))
    assert np.ptp(found["values"][:, 2]) == 0
    assert left(said) == ["1 more value of each point left out: z (2)"]


# OBJ, OFF, STL, GLB


CORNERS = "".join(f"v {x} {y} {z}\n" for x, y, z in SQUARE)
WHOLE = f"{CORNERS}f 1 2 3\nf 1 3 4\n"
SOLID = "solid a\n" + "".join(
    "facet normal 0 0 1\nouter loop\n" + "".join(f"vertex {x} {y} {z}\n" for x, y, z in corners) + "endloop\nendfacet\n"
    for corners in (SQUARE[:3], [SQUARE[0], *SQUARE[2:]])
) + "endsolid a\n"  # fmt: skip
OFF = "OFF\n4 2 0\n" + "".join(f"{x} {y} {z}\n" for x, y, z in SQUARE) + TWO + "\n"
MESHES = {".obj": WHOLE, ".stl": SOLID, ".off": OFF, ".ply": ply(XYZ, SQUARE, more=FACES, body=TWO).decode()}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("ending", MESHES)
def test_a_byte_order_mark_hides_nothing(ending, encoding):
    said, found = read(ending, MESHES[ending].encode(encoding))
    assert len(found["faces"]) == 2
    assert area(found) == pytest.approx(1)
    assert left(said) == []


@pytest.mark.parametrize("number", ["1.#IND", "-1.#INF00", "1.#QNAN", "1.#inf", "nan"])
def test_what_microsoft_writes_for_no_number_is_none(number):
    row = "1 row with a gap or a value that is not a finite number left out"
    said, found = read(".obj", f"{CORNERS}v {number} 0 5 # a comment\n")
    assert (len(found["values"]), left(said)) == (4, [row])
    off = OFF.partition("3 0")[0].replace("4 2 0", "5 0 0 # a comment")
    said, found = read(".off", f"{off}{number} 0 5 # a comment\n")
    assert (len(found["values"]), left(said)) == (4, [row])
    said, found = read(".stl", SOLID.replace("vertex 0 1 0", f"vertex {number} 1 0"))
    assert (len(found["faces"]), left(said)) == (1, ["1 triangle with a corner that is not a number left out"])
    said, _ = read(".obj", f"v {number} 0 5\n{CORNERS}f 2 3 4\n")
    assert left(said) == ["2 points that no face names left out"]


@pytest.mark.parametrize("line", ["# C:\\models\\", "mtllib C:\\a\\", "g a\\", "o a \\", "usemtl a\\ "])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_backslash_behind_a_name_joins_no_point_to_it(line, end):
    _, found = read(".obj", f"{line}\n{WHOLE}".replace("\n", end))
    assert len(found["faces"]) == 2
    assert area(found) == pytest.approx(1)


def test_a_backslash_joins_what_goes_on():
    said, found = read(".obj", f"g one \\\ntwo\n{CORNERS}f 1 2 \\ \n\t3\\\n\nf\\\n1 3 4 \\ # more\n")
    assert area(found) == pytest.approx(1)
    assert left(said) == []


LAST_THREE = "of the seven numbers of a point the last three taken for red, green and blue"


@pytest.mark.parametrize(
    ("more", "first", "note"),
    [
        (["1 .2 0 1", "0 .2 0 1", "0 0 .4 .5", "1 1 1 1"], [255, 51, 0], []),
        (["1 .2 0 0", "1 0 .2 0", "1 0 0 .4", "1 1 1 1"], [51, 0, 0], []),
        (["1 .2 0 1"] * 4, [51, 0, 255], [LAST_THREE]),
    ],
    ids=["alpha", "weight", "either"],
)
def test_where_the_colour_stands_in_an_obj_is_the_same_for_all_points(more, first, note):
    rows = "".join(f"{line} {cells}\n" for line, cells in zip(CORNERS.splitlines(), more, strict=True))
    said, found = read(".obj", rows)
    colours = np.array([line.split() for line in more], float)
    shown = colours[:, 1:] if first[2] or first[0] == 51 else colours[:, :3]
    assert found["colour"].tolist() == np.rint(255 * shown).tolist()
    assert found["colour"][0].tolist() == first
    assert left(said) == note


@pytest.mark.parametrize("above", ["# made by hand\n", "// made\n; by hand\n\n", ""])
@pytest.mark.parametrize("change", [("\n", "\n"), ("\n", " "), ("\nvertex", " vertex"), ("0 1\nouter", "0 1 outer")])
def test_an_stl_of_text_with_its_lines_elsewhere(above, change):
    said, found = read(".stl", above + SOLID.replace(*change))
    assert len(found["faces"]) == 2
    assert area(found) == pytest.approx(1)
    assert left(said) == []


@pytest.mark.parametrize(
    "text",
    [
        "OFF 4 2 0 0 0 0 1 0 0 1 1 0 0 1 0 3 0 1 2 3 0 2 3",
        "OFF\n4\n2\n0\n0 0 0 1 0 0\n1 1 0 0 1 0\n3 0 1\n2\n3\n0 2 3",
        "OFF\n4 2\n0 0 0 1 0 0 1 1 0\n0 1 0\n3 0 1 2\n3 0 2 3\n",
        "COFF\n4 2 0\n0 0 0\n1 0 0 1\n1 0 0 1 0 0 1\n1 1 0 1 0 0 1\n0 1 0 1 0 0 1\n3 0 1 2\n3 0 2 3\n",
        "NOFF\n4 2 0\n0 0 0\n0 0 1\n1 0 0\n0 0 1\n1 1 0\n0 0 1\n0 1 0\n0 0 1\n3 0 1 2\n3 0 2 3\n",
        "OFF\n4 2 0\n0 0 0 1 0 0\n1 1 0 0 1 0\n3 0 1\n2 1. 0 0\n3\n0 2 3 1. 0 0\n",
    ],
    ids=["a line", "parts of a line", "no edges", "colours", "normals", "colours of faces"],
)
def test_an_off_may_have_its_lines_anywhere(text):
    said, found = read(".off", text)
    assert len(found["faces"]) == 2
    assert area(found) == pytest.approx(1)
    assert "colour" not in found or (found["colour"] == [255, 0, 0]).all()
    assert [note for note in left(said) if "value" not in note] == []


@pytest.mark.parametrize("cut", [1, 4, 9, 18, 25])
def test_an_off_that_is_cut_short_is_not_read_otherwise(cut):
    for text in (OFF, OFF.replace("\n", " ").replace(" ", "\n", 1)):
        assert "cut short" in refused(".off", text.strip()[:-cut])


@pytest.mark.parametrize("between", [" ", "\t", " \t  "])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_white_space_of_an_obj(between, end):
    lines = [
        "v 0 0 0",
        "v 9 9 9",
        " v 1 0 0",
        "v 1 1 0",
        "v 0 1 0",
        "",
        "f 1 3 4 # first",
        "\tf 1 4 \\",
        "5",
        "v 2 2 2",
    ]
    said, found = read(".obj", end.join(lines).replace(" ", between))
    assert np.ptp(found["values"][:, 2]) == 0
    assert area(found) == pytest.approx(1)
    assert left(said) == ["2 points that no face names left out"]


@pytest.mark.parametrize("face", ["0 1 2", "1 2 0", "-4 1 2", "1/1 0/1 2/1"])
def test_an_obj_whose_face_names_no_point(face):
    assert "before the first" in refused(".obj", f"v 0 0 0\nv 1 0 0\nv 1 1 0\nf {face}\nv 0 1 1\n")


def test_what_an_obj_has_besides_points_and_faces_is_said():
    text = "mtllib a.mtl\nv 0 0 0 1 0 0\nv 1 0 0 0 1 0\nv 1 1 0 0 0 1\nusemtl red\nf 1 2 3\nl 1 2 3\np 1\nwhat 5\n"
    said, found = read(".obj", text)
    assert found["colour"].tolist() == [[255, 0, 0], [0, 255, 0], [0, 0, 255]]
    assert left(said) == [
        "the colours of its materials are in another file, and left out",
        "1 line left out",
        "1 single point left out",
        "1 line that OBJ does not know left out: what",
    ]
    assert "names a point that is not there" in refused(".obj", "v 0 0 0\nv 1 0 0\nv 1 1 0\nf 1 2 4\n")
    said, found = read(".obj", "v 0 0 0 255 0 0\nv 1 0 0 0 255 0\nv 1 1 0\nf 1 2 3\n")
    assert left(said) == ["colours left out: not every point has one"]


L_SHAPE = [(0, 0), (2, 0), (2, 1), (1, 1), (1, 2), (0, 2)]
ARROW = [(0, 0), (2, 1), (0, 2), (0.5, 1)]


@pytest.mark.parametrize(("corners", "wanted"), [(L_SHAPE, 3.0), (ARROW, 1.5)])
@pytest.mark.parametrize("first", range(4))
@pytest.mark.parametrize("kind", ["obj", "off", "ply"])
def test_a_polygon_with_notches_is_cut_without_filling_them(corners, wanted, first, kind):
    corners = [(x, y, x + y) for x, y in [*corners[first:], *corners[:first]]]
    size = len(corners)
    lines = [" ".join(map(str, point)) for point in corners]
    ring = " ".join(map(str, range(size)))
    data = {
        "obj": "\n".join([*(f"v {line}" for line in lines), "f " + " ".join(str(k + 1) for k in range(size))]),
        "off": "\n".join(["OFF", f"{size} 1 0", *lines, f"{size} {ring}"]),
        "ply": ply(XYZ, corners, more=["element face 1", FACES[1]], body=f"{size} {ring}"),
    }[kind]
    _, found = read(f".{kind}", data)
    assert area(found, side=2) == pytest.approx(wanted * 3**0.5, rel=1e-4)


def test_an_off_with_colours():
    points = "0 0 0 255 0 0 255\n1 0 0 0 255 0 255\n1 1 0 0 0 255 255\n"
    _, found = read(".off", f"COFF\n3 1 0\n{points}3 0 1 2\n")
    assert found["colour"].tolist() == [[255, 0, 0], [0, 255, 0], [0, 0, 255]]
    plain = "0 0 0\n1 0 0\n1 1 0\n0 1 0\n"
    said, found = read(".off", f"OFF 4 2 0\n{plain}# two faces\n3 0 1 2 1.0 0 0\n3 0 2 3 0 0 1.0\n")
    assert found["colour"][found["faces"]][:, 0].tolist() == [[255, 0, 0], [0, 0, 255]]
    assert left(said) == []
    said, _ = read(".off", f"OFF\n4 2 0\n{plain}3 0 1 2 5\n3 0 2 3\n")
    assert left(said) == ["the colours of 1 face left out: not every face has one of red, green and blue"]
    assert "written in bytes" in refused(".off", b"OFF BINARY\n" + bytes(100))


def test_an_off_of_which_one_point_has_another_width_says_what_is_left_out():
    points = ["0 0 0 255 0 0", "1 0 0 0 255 0", "1 1 0 0 0 255", "0 1 0 9 9 9", "2 2 2 8 8 8"]
    one = "\n".join([*points[:4], "2 2 2"])
    said, found = read(".off", f"COFF\n5 0 0\n{one}\n")
    assert (len(found["values"]), "colour" in found) == (5, False)
    assert said["notes"] == ["colours left out: not every point has one"]
    said, _ = read(".off", f"OFF\n5 0 0\n{one}\n")
    assert said["notes"] == ["of 4 points left out what the others do not have"]
    more = "\n".join([*points[:4], "2 2 2 8 8 8 255"])
    said, found = read(".off", f"COFF\n5 0 0\n{more}\n")
    assert found["colour"][4].tolist() == [8, 8, 8]
    assert said["notes"] == ["of 1 point left out what the others do not have"]


MANY = 40_000


@pytest.mark.parametrize(
    ("ending", "lines"),
    [
        (".off", [f"COFF\n{MANY} 0 0", *(f"{i} 2 {i % 7} 255 0 0" for i in range(MANY - 1)), "1 2 9"]),
        (".off", [f"OFF\n{MANY} 1 0", *(f"{i} 2 {i % 7}" for i in range(MANY - 1)), "1 2 9 4", "3 0 1 2"]),
        (".obj", [*(f"v {i} 2 {i % 7} 1 0 0" for i in range(MANY)), "v 1 2 9", "f 1 2 3"]),
        (".xyz", [*(f"{i} 2 {i % 7}" for i in range(MANY)), "1 2"]),
        (".csv", ["a,b,c", *(f"#{i},2,{i % 7}" for i in range(MANY)), "1,2"]),
        (".txt", ["a b c", *(f'{i} "2 {i % 7}' for i in range(MANY // 4)), '"1 2 3']),
        (
            ".ply",
            [
                "ply\nformat ascii 1.0",
                f"element vertex {MANY}",
                *("property float " + axis for axis in "xyz"),
                f"element face {MANY}\nproperty list uchar int vertex_indices\nend_header",
                *(f"{i} 2 {i % 7}" for i in range(MANY)),
                *(f"3 {i} 1 2" for i in range(MANY - 1)),
                "4 1 2 3 4",
            ],
        ),
        (
            ".stl",
            [
                "solid",
                *[
                    f"facet normal 0 0 1\nouter loop vertex 0 0 0\nvertex 1 0 {k}\nvertex 0 1 0\nendloop\nendfacet"
                    for k in range(MANY // 4)
                ],
                "endsolid",
            ],
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else value[0][:4],
)
def test_odd_text_takes_no_time_that_grows_with_its_square(ending, lines):
    began = time.process_time()
    kinds.answer(ending, "\n".join(lines).encode())
    assert time.process_time() - began < 5


def test_a_glb_of_many_parts_takes_no_time_that_grows_with_their_square():
    corners = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]], np.float32)
    data = glb({"attributes": {"POSITION": 0}}, [(corners, "VEC3", False)])
    size = int.from_bytes(data[12:16], "little")
    tree, rest = json.loads(data[20 : 20 + size]), data[20 + size :]
    tree["meshes"][0]["primitives"] *= 20_000
    text = json.dumps(tree).encode()
    text += b" " * (-len(text) % 4)
    whole = struct.pack("<4sIII4s", b"glTF", 2, 20 + len(text) + len(rest), len(text), b"JSON") + text + rest
    began = time.process_time()
    _, found = read(".glb", whole)
    assert len(found["faces"]) == 20_000
    assert time.process_time() - began < 8


@pytest.mark.parametrize(("line", "wrong"), [("1 0 0\n1 1", "1 0\n1 1"), ("1 0 0\n1 1", "1 0 1 1"), ("0\n3", "3")])
def test_an_off_that_lacks_a_number_is_not_read_otherwise(line, wrong):
    assert refused(".off", OFF.replace(line, wrong, 1))
    assert refused(".off", OFF.replace(line, wrong, 1).replace("\n", " "))


def test_an_stl_whose_triangles_carry_more():
    body = b"".join(struct.pack("<12fH", 0, 0, 1, 0, 0, 0, 1, 0, 0, k, 1, 0, 0x8000) for k in range(2))
    said, _ = read(".stl", b"solid, in bytes\0".ljust(80) + struct.pack("<I", 2) + body)
    assert left(said) == ["what its triangles carry beside their corners, colours perhaps, left out"]
    assert "not three corners" in refused(".stl", "solid\nfacet normal 0 0 1\nvertex 0 0 0\nvertex 1 0 0\nendsolid\n")


def glb(primitive, arrays, **more):
    """A GLB of one mesh of one primitive. arrays: (array, type, whether it stands for fractions), by the accessor."""
    body, views, accessors = b"", [], []
    names = {"u1": 5121, "u2": 5123, "u4": 5125, "f4": 5126, "i2": 5122}
    for array, shape, normalized in arrays:
        body += b"\0" * (-len(body) % 4)
        views.append({"buffer": 0, "byteOffset": len(body), "byteLength": array.nbytes})
        kind = names[array.dtype.str[1:]]
        accessors.append(
            {"bufferView": len(views) - 1, "componentType": kind, "count": len(array), "type": shape}
            | ({"normalized": True} if normalized else {})
        )
        body += array.tobytes()
    tree = {"asset": {"version": "2.0"}, "scene": 0, "scenes": [{"nodes": [0]}], "nodes": [{"mesh": 0}]}
    tree |= {"meshes": [{"primitives": [primitive]}], "accessors": accessors, "bufferViews": views}
    tree |= {"buffers": [{"byteLength": len(body)}]} | more
    text = json.dumps(tree).encode()
    text += b" " * (-len(text) % 4)
    body += b"\0" * (-len(body) % 4)
    chunks = struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(body), b"BIN\0") + body
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


PLACES = np.array(SQUARE, "<f4")


@pytest.mark.parametrize(("mode", "order"), [(4, [0, 1, 2, 0, 2, 3]), (5, [0, 1, 3, 2]), (6, [0, 1, 2, 3])])
def test_triangles_strips_and_fans_of_a_glb(mode, order):
    primitive = {"attributes": {"POSITION": 0}, "indices": 1, "mode": mode}
    _, found = read(".glb", glb(primitive, [(PLACES, "VEC3", False), (np.array(order, "<u2"), "SCALAR", False)]))
    assert len(found["faces"]) == 2
    assert area(found) == pytest.approx(1)


@pytest.mark.parametrize("kind", ["u1", "u2", "f4"])
def test_colours_of_a_glb(kind):
    top = 1 if kind == "f4" else np.iinfo(kind).max
    colours = (np.array([[1, 0, 0, 1], [0, 0.2, 0, 1], [0, 0, 1 / 15, 1], [1, 1, 1, 1]]) * top).astype(f"<{kind}")
    primitive = {"attributes": {"POSITION": 0, "COLOR_0": 1}, "mode": 0}
    said, found = read(".glb", glb(primitive, [(PLACES, "VEC3", False), (colours, "VEC4", kind != "f4")]))
    dark, darker = (51, 17) if kind == "u1" else (124, 73)  # of 0.2 and 1/15 of the light
    assert found["colour"].tolist() == [[255, 0, 0], [0, dark, 0], [0, 0, darker], [255, 255, 255]]
    eight = "its colours, of 8 bits, are taken as they are to be shown (sRGB)"
    assert left(said)[1:] == ([eight] if kind == "u1" else [])


def test_colours_of_a_glb_are_light_from_0_to_1():
    colours = np.array([[1.2, 0.5, 0], [0, 0.002, 0], [-1, 0, np.nan], [1, 1, 1]], "<f4")
    primitive = {"attributes": {"POSITION": 0, "COLOR_0": 1}, "mode": 0}
    _, found = read(".glb", glb(primitive, [(PLACES, "VEC3", False), (colours, "VEC3", False)]))
    assert found["colour"].tolist() == [[255, 188, 0], [0, 7, 0], [0, 0, 0], [255, 255, 255]]


def test_a_glb_says_what_it_is_and_what_is_left_out():
    primitive = {"attributes": {"POSITION": 0}, "mode": 5}
    square = glb(primitive, [(PLACES[[0, 1, 3, 2]], "VEC3", False)])
    assert refused(".glb", square[:4] + struct.pack("<I", 1) + square[8:]).startswith("This is glTF of version 1,")
    look = [{"pbrMetallicRoughness": {"baseColorFactor": [1, 0, 0, 1]}}]
    told = primitive | {"material": 0, "targets": [{"POSITION": 0}]}
    nodes = [{"mesh": 0, "skin": 0, "extensions": {"EXT_mesh_gpu_instancing": {}}}]
    said, _ = read(".glb", glb(told, [(PLACES[[0, 1, 3, 2]], "VEC3", False)], materials=look, nodes=nodes))
    assert left(said)[1:] == [
        "taken as it stands without its bones",
        "the copies of its parts (instances) left out",
        "taken in its first shape, without the others that it can take (morph targets)",
        "the colours of its materials left out",
    ]
    assert "without ACME_secret" in refused(
        ".glb", glb(primitive, [(PLACES, "VEC3", False)], extensionsRequired=["ACME_secret"])
    )


def test_a_sparse_accessor_has_its_values():
    moved = np.array([[5, 0, 0]], "<f4")
    arrays = [(PLACES, "VEC3", False), (np.array([1], "<u2"), "SCALAR", False), (moved, "VEC3", False)]
    data = glb({"attributes": {"POSITION": 0}, "mode": 0}, arrays)
    sparse = {"count": 1, "indices": {"bufferView": 1, "componentType": 5123}, "values": {"bufferView": 2}}
    text = data[20 : 20 + struct.unpack("<I", data[12:16])[0]]
    tree = json.loads(text)
    tree["accessors"][0]["sparse"] = sparse
    again = glb({"attributes": {"POSITION": 0}, "mode": 0}, arrays, accessors=tree["accessors"])
    _, found = read(".glb", again)
    assert found["values"][1, 0] > 1.5  # far from the others


# pictures


def saved(image, kind="PNG", **options):
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


TEAL = Image.new("RGB", (80, 70), (0, 128, 128))
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def other_primaries():
    """The profile of sRGB with red and blue in each other's places."""
    data = bytearray(SRGB)
    places = {bytes(data[k : k + 4]): k for k in range(132, 132 + 12 * struct.unpack(">I", data[128:132])[0], 12)}
    red, blue = places[b"rXYZ"], places[b"bXYZ"]
    data[red : red + 4], data[blue : blue + 4] = b"bXYZ", b"rXYZ"
    return bytes(data)


def texts():
    info = PngImagePlugin.PngInfo()
    info.add_itxt("XML:com.adobe.xmp", "x" * 2_000_000, zip=True)
    for _ in range(3):
        info.add_text("note", "y" * 3_000_000, zip=True)
    return info


@pytest.mark.parametrize(
    "data",
    [
        saved(TEAL, pnginfo=texts()),
        saved(TEAL, icc_profile=SRGB + bytes(3_000_000)),
        saved(TEAL, "WEBP", lossless=True, icc_profile=SRGB + bytes(3_000_000)),
        saved(TEAL, exif=b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + b"abc" * 30),
        saved(TEAL, "WEBP", lossless=True, exif=b"garbage" * 30),
        saved(TEAL.convert("L").convert("RGB"), icc_profile=SRGB),
    ],
    ids=["text", "large profile", "large profile webp", "odd exif", "odd exif webp", "grey"],
)
def test_what_stands_beside_the_pixels_does_no_harm(data):
    said, found = read(".png", data)
    assert said["notes"] == []
    assert found["pixels"].shape == (70, 80, 3)
    assert np.abs(found["pixels"].astype(int) - found["pixels"][0, 0]).max() == 0


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_colour_profile_is_honoured(kind):
    image = Image.new("RGB", (80, 70), (200, 0, 50))
    said, found = read(".jpg", saved(image, kind, icc_profile=other_primaries()))
    assert np.abs(found["pixels"].astype(int) - [50, 0, 200]).max() <= 4
    assert said["notes"] == []
    said, _ = read(".jpg", saved(image, kind, icc_profile=b"nothing" * 9))
    assert said["notes"] == ["its colour profile could not be read: the colours are as they are stored"]


def test_other_pictures_are_named():
    assert "cut short" in refused(".heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic\0\0\1\0" + bytes(90))
    for brands in (b"avif\0\0\0\0", b"mif1\0\0\0\0avifmif1", b"mif1\0\0\0\0mif1miafavif"):
        box = struct.pack(">I", 8 + len(brands)) + b"ftyp" + brands
        assert refused(".jpg", box + bytes(90)).startswith("This is an AVIF picture, which is not read here.")
    for brand in (b"hevc", b"hevx", b"msf1", b"avis"):
        assert "This is a sequence of pictures" in refused(".heic", b"\0\0\0\x10ftyp" + brand + bytes(90))
    assert "This is not a picture in PNG, JPEG or WebP" in refused(".jpg", b"\0\0\0\x10ftypisom\0\0\0\0" + b"avif" * 9)
    said, _ = read(".png", saved(TEAL, save_all=True, append_images=[TEAL.rotate(9)]))
    assert said["notes"] == ["of several pictures in it the first"]


def bomb(side, scans):
    """A JPEG whose last scan comes again and again: small, and slow to be unpacked."""
    data = saved(Image.new("RGB", (side, side), (200, 30, 60)), "JPEG", quality=5, progressive=True)
    last = data[data.rindex(b"\xff\xda") : -2]
    return data[:-2] + last * scans + b"\xff\xd9"


def test_a_jpeg_of_thousands_of_scans_is_refused_at_once():
    assert "written in 2,010 layers" in refused(".jpg", bomb(1000, 2000))
    assert read(".jpg", bomb(200, 150))[1]["pixels"].shape == (200, 200, 3)


def test_what_stands_behind_a_picture_is_not_counted_to_it():
    """A photograph that moves: behind its end there is a video, and inside a smaller picture."""
    photo = saved(Image.new("RGB", (3000, 2500), "teal"), "JPEG", exif=b"Exif\0\0" + b"\xff\xda" * 200)
    video = b"\xff\xda\0\x08" * 200
    said, found = read(".jpg", photo + video)
    assert found["pixels"].shape == (853, 1024, 3)
    assert said["notes"][1:] == ["800 bytes behind the picture left out"]
    for data in (saved(TEAL), saved(TEAL, "WEBP", lossless=True)):
        said, found = read(".jpg", data + b"and more")
        assert said["notes"] == ["8 bytes behind the picture left out"]
        assert (found["pixels"] == np.asarray(TEAL)).all()
    assert read(".png", saved(TEAL) + bytes(900))[0]["notes"] == []
    whole = bomb(1000, 2000)
    assert "written in 2,010 layers" in refused(".jpg", whole + video)


TABLE = ("x,y\n" + "".join(f"{i}.5,{i % 3}\n" for i in range(9))).encode()


# the process


def test_a_picture_is_unpacked_in_the_process(monkeypatch):
    assert (read_picture(saved(TEAL)).pixels == np.asarray(TEAL)).all()
    monkeypatch.setattr(reader, "MOST_SECONDS", 0.02)
    with pytest.raises(Unreadable, match=r"longer than 0\.02 seconds"):
        read_picture(saved(TEAL))


def test_too_little_memory_is_said_before_the_process():
    for ending, needed in ((".csv", 120), (".ply", 64), (".png", 64)):
        with pytest.raises(Unreadable, match=rf"too little memory just now .* 50 MB .* {needed} MB are needed"):
            reader.read_arrays(ending, b"anything", memory=50 << 20)


def test_a_reader_gets_its_share_of_what_is_left(monkeypatch):
    monkeypatch.setattr(reader.host, "available", lambda: 320 << 20)
    monkeypatch.setattr(reader, "AT_ONCE", 1)
    assert reader.share() == 240 << 20
    monkeypatch.setattr(reader, "AT_ONCE", 2)
    assert reader.share() == 120 << 20
    monkeypatch.setattr(reader.host, "available", lambda: 100 << 30)
    assert reader.share() == reader.MEMORY_BYTES


@pytest.mark.skipif(sys.platform != "linux", reason="the limits are those of Linux")
@pytest.mark.parametrize("ending", [".csv", ".npy", ".obj", ".jpg"])
def test_the_least_memory_is_enough(ending):
    out = BytesIO()
    np.save(out, np.random.default_rng(0).normal(size=(9, 3)))
    corners = "".join(f"v {x} {y} 0\n" for x, y in ARROW)
    data = {
        ".csv": TABLE,
        ".npy": out.getvalue(),
        ".obj": f"{corners}f 1 2 3 4\n".encode(),
        ".jpg": saved(TEAL, "JPEG"),
    }[ending]
    assert reader.read_arrays(ending, data, memory=kinds.KINDS[ending].memory)[1]


@pytest.mark.skipif(sys.platform != "linux", reason="the limits are those of Linux")
@pytest.mark.parametrize(("kind", "options"), [("WEBP", {"method": 0}), ("JPEG", {"progressive": True})])
def test_a_good_picture_is_not_called_broken_where_memory_is_short(kind, options):
    data = saved(Image.new("RGB", (4000, 3000), "teal"), kind, **options)
    for megabytes in (80, 112, 128):
        with pytest.raises(Unreadable, match=rf"more than the {megabytes} MB of memory"):
            reader.read_arrays(".jpg", data, memory=megabytes << 20)
    with pytest.raises(Unreadable, match="cut short: its end is missing"):
        reader.read_arrays(".jpg", data[:-40], memory=512 << 20)


@pytest.mark.skipif(sys.platform != "linux", reason="the limits are those of Linux")
def test_a_good_table_is_not_called_broken_where_memory_is_short():
    command = [sys.executable, "-P", str(reader.PROGRAM), ".csv", str(90 << 20)]
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(command, input=TABLE, capture_output=True, env=environment, check=False)
    if done.returncode != reader.NO_MEMORY:
        with np.load(BytesIO(done.stdout)) as answer:
            assert "more memory" in answer["said"].tobytes().decode()
