"""Meshes as programs write them: the colours, strips, headers and numbers that their formats leave to chance."""

import json
import struct

import numpy as np
import pytest

from tests.inputs import answers
from tests.inputs.answers import refused

SQUARE = [(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0)]
POINTS = "".join(f"{x} {y} {z}\n" for x, y, z in SQUARE)


def read(ending, data):
    """The notes of a file, and its arrays."""
    said, found = answers.read(ending, data)
    return answers.left(said), found


# GLB


def glb(colour, material):
    """A GLB of four points with a colour each (4, 3), or none, and a material."""
    arrays = [np.array(SQUARE, "<f4")] + ([] if colour is None else [colour])
    body = b"".join(array.tobytes() for array in arrays)
    starts = [0, arrays[0].nbytes]
    names = {"f4": 5126, "u1": 5121}
    tree = {
        "asset": {"version": "2.0"},
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}, "mode": 0, "material": 0}]}],
        "materials": [material],
        "accessors": [
            {"bufferView": k, "componentType": names[array.dtype.str[1:]], "count": 4, "type": "VEC3"}
            | ({"normalized": True} if array.dtype == np.uint8 else {})
            for k, array in enumerate(arrays)
        ],
        "bufferViews": [
            {"buffer": 0, "byteOffset": start, "byteLength": array.nbytes}
            for start, array in zip(starts, arrays, strict=False)
        ],
        "buffers": [{"byteLength": len(body)}],
    }
    if colour is not None:
        tree["meshes"][0]["primitives"][0]["attributes"]["COLOR_0"] = 1
    text = json.dumps(tree).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(body), b"BIN\0") + body
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


WHITE = np.ones((4, 3))
TEXTURE = "the pictures on its materials (textures) left out"
GLOSSY = "what its materials look like by KHR_materials_pbrSpecularGlossiness left out"


@pytest.mark.parametrize(
    ("colour", "base", "shown"),
    [
        (WHITE.astype("<f4"), [1, 0, 0, 1], [255, 0, 0]),
        (WHITE.astype("<f4") / 2, [0.5, 1, 0.25, 1], [137, 188, 99]),  # light of 1/4, 1/2 and 1/8 in sRGB
        ((WHITE * 255).astype("u1"), [1, 0, 0.5, 1], [255, 0, 188]),
        ((WHITE * [200, 100, 7]).astype("u1"), [1, 1, 1, 1], [200, 100, 7]),
    ],
    ids=["white", "halves", "bytes", "bytes of a white material"],
)
def test_the_colours_of_points_are_multiplied_by_that_of_their_material(colour, base, shown):
    notes, found = read(".glb", glb(colour, {"pbrMetallicRoughness": {"baseColorFactor": base}}))
    assert found["colour"].tolist() == [shown] * 4
    assert not any("left out" in note for note in notes)


@pytest.mark.parametrize("colour", [WHITE.astype("<f4"), None], ids=["colours", "none"])
def test_what_a_material_has_beside_its_colour_is_said_to_be_left_out(colour):
    material = {"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}}
    assert read(".glb", glb(colour, material))[0][1:] == [TEXTURE]
    material = {"extensions": {"KHR_materials_pbrSpecularGlossiness": {"diffuseFactor": [1, 0, 0, 1]}}}
    assert read(".glb", glb(colour, material))[0][1:] == [GLOSSY]


# PLY


def ply(*more, body=""):
    """A PLY of text of four points, with more in its header."""
    head = ["ply", "format ascii 1.0", "element vertex 4", *(f"property float {axis}" for axis in "xyz"), *more]
    return "\n".join([*head, "end_header", POINTS + body])


@pytest.mark.parametrize("name", ["vertex_indices", "corners"])
def test_the_strips_of_a_ply_are_the_list_that_names_corners(name):
    strips = ["element tristrips 1", f"property list int int {name}"]
    others = ["property list int int tex_indices"]
    if name == "vertex_indices":
        strips[1:] = others + strips[1:]  # whichever comes first
        _, found = read(".ply", ply(*strips, body="3 2 1 0 4 0 1 3 2"))
    else:
        wrong = refused(".ply", ply(*strips, *others, body="4 0 1 3 2 3 2 1 0"))
        assert wrong == "The strips of this PLY do not name their corners (vertex_indices). Export it again."
        _, found = read(".ply", ply(*strips, body="4 0 1 3 2"))
    assert found["faces"].tolist() == [[0, 1, 3], [3, 1, 2]]


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("property float16 w", "float16"),
        ("property list uchar long w", "long"),
        ("property list bool int w", "bool"),
        ("property string w", "string"),
    ],
)
def test_a_ply_with_values_of_an_unknown_type_names_it(line, kind):
    says = refused(".ply", ply("element face 1", line))
    assert says == f"This PLY has values of a type that is not known: {kind}. Export it again."


# OBJ


CORNERS = "".join(f"v {line}\n" for line in POINTS.splitlines())


@pytest.mark.parametrize("number", ["-nan(ind)", "nan(ind)", "nan(snan)", "NAN(IND)", "+nan()", "1.#IND"])
def test_what_microsoft_writes_for_no_number_is_none_in_every_format(number):
    gap = ["1 row with a gap or a value that is not a finite number left out"]
    for ending, data in {
        ".obj": f"{CORNERS}v {number} 0 5\n",
        ".off": f"OFF\n5 0 0 # points\n{POINTS}{number} 0 5\n",
        ".ply": ply(body=f"{number} 0 5").replace("vertex 4", "vertex 5"),
        ".csv": "x,y,z\n" + f"{POINTS}{number} 0 5\n".replace(" ", ","),
    }.items():
        notes, found = read(ending, data)
        assert (len(found["values"]), notes) == (4, gap)


@pytest.mark.parametrize("number", ["0,5", "-1,25", ",5", "1,5e-3"])
def test_an_obj_with_decimal_commas_says_so(number):
    says = refused(".obj", f"{CORNERS}v {number} 1 2\n")
    assert says == "This OBJ has decimal commas in its numbers. Export it with points, 0.5 for 0,5."


# OFF


TWO = "3 0 1 2\n3 0 2 3\n"


@pytest.mark.parametrize(
    "head", ["OFF\n4 2 0", "OFF4 2 0", "OFF 4 2 0", "off\n4 2 0", "Off4 2 0", "4 2 0", "\n# made by hand\n4 2 0"]
)
def test_an_off_may_begin_as_programs_write_it(head):
    notes, found = read(".off", f"{head}\n{POINTS}{TWO}")
    assert len(found["faces"]) == 2
    assert notes == []


@pytest.mark.parametrize(
    ("head", "more"),
    [
        *((word, "0 0 1 255 51 0") for word in ("CNOFF", "NCOFF", "ncoff", "NcOFF")),
        *((word, "255 51 0 0.25 0.5") for word in ("STCOFF", "CSTOFF", "cstoff")),
        *((word, "0 0 1 255 51 0 255 0.25 0.5") for word in ("STCNOFF", "NCSTOFF", "cnstoff")),
    ],
)
def test_the_letters_of_an_off_may_stand_in_any_order(head, more):
    rows = "".join(f"{line} {more}\n" for line in POINTS.splitlines())
    notes, found = read(".off", f"{head}\n4 2 0\n{rows}{TWO}")
    assert found["colour"].tolist() == [[255, 51, 0]] * 4
    assert notes == []


@pytest.mark.parametrize("head", ["CCOFF", "OFFSET", "STSTOFF", "XOFF"])
def test_another_first_word_is_none_of_an_off(head):
    assert "broken or cut short" in refused(".off", f"{head}\n4 2 0\n{POINTS}{TWO}")


@pytest.mark.parametrize("head", ["nOFF", "4OFF", "C4OFF", "4off", "NnOFF"])
def test_other_coordinates_are_still_told(head):
    assert "another number of coordinates" in refused(".off", f"{head}\n4 2 0\n{POINTS}{TWO}")


TILTED, RED, GREY = "0.6 0 -0.8", "255 0 0", "128 128 128"


@pytest.mark.parametrize(
    ("more", "shown"),
    [
        (f"{RED} 255 {TILTED}", [255, 0, 0]),  # as MeshLab writes it
        (f"{GREY} {TILTED}", [128, 128, 128]),
        ("0 0 0 255 0 0 1", [0, 0, 0]),
        (f"{GREY} 255 3 -4 0.5", [128, 128, 128]),  # normals of another length
        ("0.2 0.4 1 1 0 0 1", [51, 102, 255]),
        (f"{TILTED} {RED} 255", [255, 0, 0]),  # as the format has it
        (f"{TILTED} 0.2 0.4 1 1", [51, 102, 255]),
        ("0 0 1 1 0 0", [255, 0, 0]),  # either: as the format has it
        ("-3 4 0 1 0 0 1", [255, 0, 0]),
        ("nan nan nan 255 0 0", [255, 0, 0]),
    ],
)
def test_colours_and_normals_of_an_off_are_told_apart(more, shown):
    rows = "".join(f"{line} {more}\n" for line in POINTS.splitlines())
    notes, found = read(".off", f"NCOFF\n4 2 0\n{rows}{TWO}")
    assert found["colour"].tolist() == [shown] * 4
    assert notes == []


# STL


TRIANGLES = [SQUARE[:3], [SQUARE[0], *SQUARE[2:]]]


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF])
def test_an_stl_of_bytes_may_leave_out_how_many_triangles_it_has(size):
    body = b"".join(struct.pack("<12fH", 0, 0, 1, *np.ravel(corners), 0) for corners in TRIANGLES)
    data = b"made by a program that streams".ljust(80, b"\0") + struct.pack("<I", size) + body
    notes, found = read(".stl", data)
    assert len(found["faces"]) == 2
    assert notes == ["it does not say how many triangles it has: taken by its length"]
    for wrong in (data[:-1], data[:84]):
        assert refused(".stl", wrong)


def test_the_end_of_an_stl_of_text_may_be_two_words():
    facets = "".join(
        "facet normal 0 0 1\nouter loop\n"
        + "".join(f"vertex {x} {y} {z}\n" for x, y, z in corners)
        + "endloop\nendfacet\n"
        for corners in TRIANGLES
    )
    notes, found = read(".stl", f"solid a\n{facets}end solid a\n")
    assert len(found["faces"]) == 2
    assert notes == []
    assert "cut short" in refused(".stl", f"solid a\n{facets}")
