"""The visitor's own file: good ones come back right, each bad one gets its own sentence, and nothing of it is run."""

import contextlib
import json
import pickle
import struct
import subprocess
import sys
import time
import zipfile
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import trimesh
from scipy.spatial import cKDTree

from srviz.inputs import files, kinds, reader
from srviz.inputs.base import Unreadable
from srviz.inputs.files import FORMATS, read

rng = np.random.default_rng(0)
CLOUD = rng.normal(size=(300, 3)) * [1, 2, 3] + 50


@pytest.fixture(autouse=True)
def here(request, monkeypatch):
    """Parse in this process, which is faster, where a test does not ask for the other one (marked by its name)."""
    if "process" in request.node.name:
        return

    def arrays(ending, data, *_):
        said, found = kinds.answer(ending, data)
        return found | {"said": np.frombuffer(json.dumps(said).encode(), np.uint8)}

    monkeypatch.setattr(reader, "_arrays", arrays)


def refused(name: str, data: bytes) -> str:
    with pytest.raises(Unreadable) as error:
        read(name, data)
    says = str(error.value)
    assert says[0].isupper()
    assert says.endswith(".")
    return says


def outcome(name: str, data: bytes) -> files.Upload | str:
    """What was read, or the sentence that says why not."""
    try:
        return read(name, data)
    except Unreadable as error:
        return str(error)


def exported(mesh: trimesh.Trimesh | trimesh.PointCloud | trimesh.Scene, kind: str, **options: object) -> bytes:
    data = mesh.export(file_type=kind, **options)
    return data if isinstance(data, bytes) else data.encode()


def npy(array: np.ndarray, **options: object) -> bytes:
    out = BytesIO()
    np.save(out, array, **options)
    return out.getvalue()


def npz(**arrays: np.ndarray) -> bytes:
    out = BytesIO()
    np.savez_compressed(out, **arrays)
    return out.getvalue()


def alike(points: np.ndarray) -> np.ndarray:
    points = points - points.mean(0)
    return points / np.sqrt(points.var(0).mean())


def mesh() -> trimesh.Trimesh:
    """Nothing in it is symmetric: a long bar with a ball at one end and a ring at the other."""
    bar = trimesh.creation.box((4, 0.5, 0.3))
    ball = trimesh.creation.icosphere(2, 0.8).apply_translation((2, 0.3, 0.2))
    ring = trimesh.creation.torus(0.7, 0.2, 24, 12).apply_translation((-2, 0, 0.6))
    return trimesh.util.concatenate([bar, ball, ring])


# good files


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("ply", {}),
        ("ply", {"encoding": "ascii"}),
        ("obj", {}),
        ("off", {}),
        ("stl", {}),
        ("stl_ascii", {}),
        ("glb", {}),
    ],
    ids=["ply", "ply ascii", "obj", "off", "stl", "stl ascii", "glb"],
)
def test_a_mesh_comes_back_with_its_surface(kind, options):
    whole = mesh()
    upload = read(f"bar.{kind[:3]}", exported(whole, kind, **options))
    assert upload.kind == "mesh"
    assert upload.columns == ()
    assert f"{len(whole.faces):,} triangles" in upload.notes[0]
    assert (upload.least, upload.most) == (256, 1_000_000)
    tokens = upload.tokens(20_000, random_state=0)
    assert tokens.x is tokens.place
    points = alike(trimesh.sample.sample_surface(whole, 20_000, seed=1)[0])
    if kind == "glb":
        points = points[:, [0, 2, 1]] * [1, -1, 1]
        assert "in GLB y is up" in upload.notes[1]
    assert np.abs(np.sort(tokens.x, 0) - np.sort(points, 0)).mean() < 0.02  # the same distribution on every axis
    near = cKDTree(points).query(tokens.x)[0]
    assert np.median(near) < 0.03
    assert near.max() < 0.3
    assert np.array_equal(tokens.x, upload.tokens(20_000, random_state=0).x)
    assert not np.array_equal(tokens.x, upload.tokens(20_000, random_state=1).x)


def test_points_on_a_mesh_are_uniform_by_area():
    """Two squares, one 9 times as large and cut into more triangles: 9 of 10 points lie on it."""
    grid = np.array([[x, y, 0] for x in range(4) for y in range(4)], dtype=float)
    quads = [[4 * i + j, 4 * i + j + 4, 4 * i + j + 5, 4 * i + j + 1] for i in range(3) for j in range(3)]
    faces = [[q[0], *q[k : k + 2]] for q in quads for k in (1, 2)] + [[16, 17, 18], [16, 18, 19]]
    small = np.array([[9, 0, 5], [10, 0, 5], [10, 1, 5], [9, 1, 5]], dtype=float)
    upload = read("a.ply", exported(trimesh.Trimesh(np.vstack([grid, small]), faces, process=False), "ply"))
    x = upload.tokens(10_000, random_state=0).x
    assert (x[:, 2] > 0).mean() == pytest.approx(0.1, abs=0.002)
    large = x[x[:, 2] < 0]
    for axis in (0, 1):
        counts = np.histogram(large[:, axis], 6)[0]
        assert counts == pytest.approx(np.full(6, len(large) / 6), rel=0.05)


@pytest.mark.parametrize("kind", ["ply", "obj", "glb"])
def test_the_colours_of_a_mesh_are_kept(kind):
    box = trimesh.creation.box()
    box.visual.vertex_colors = [[255, 0, 0, 255] if x < 0 else [0, 0, 255, 255] for x, _, _ in box.vertices]
    tokens = read(f"a.{kind}", exported(box, kind)).tokens(2000, random_state=0)
    side = np.abs(np.abs(tokens.x[:, 0]) - np.abs(tokens.x[:, 0]).max()) < 1e-4
    red = tokens.x[:, 0] < 0
    assert tokens.colour[side & red] == pytest.approx(np.tile([1, 0, 0], ((side & red).sum(), 1)), abs=1e-3)
    assert tokens.colour[side & ~red] == pytest.approx(np.tile([0, 0, 1], ((side & ~red).sum(), 1)), abs=1e-3)
    assert tokens.colour[~side].min() >= 0
    assert tokens.colour[~side, 1] == pytest.approx(0)


@pytest.mark.parametrize("kind", ["ply", "xyz", "glb"])
def test_points_come_back_with_their_colours(kind):
    colours = rng.integers(0, 256, (300, 4)).astype(np.uint8)
    upload = read(f"a.{kind}", exported(trimesh.PointCloud(CLOUD, colours), kind))
    assert (upload.kind, upload.n, upload.least, upload.most) == ("points", 300, 256, 300)
    tokens = upload.tokens(300, random_state=0)
    wanted = alike(CLOUD)
    assert tokens.x == pytest.approx(wanted[:, [0, 2, 1]] * [1, -1, 1] if kind == "glb" else wanted, abs=1e-5)
    assert np.rint(tokens.colour * 255) == pytest.approx(colours[:, :3])


def test_what_stands_after_the_coordinates_need_not_be_a_colour():
    normals = rng.normal(size=(300, 3))
    rows = np.hstack([CLOUD, normals])
    upload = read("a.xyz", "\n".join(" ".join(map(repr, row)) for row in rows.tolist()).encode())
    assert upload.colour is None
    assert upload.tokens(300, random_state=0).x == pytest.approx(alike(CLOUD), abs=1e-5)


def test_an_xyz_may_have_names_above_its_columns():
    upload = read("a.xyz", f"x y z\n{ROWS.replace(',', ' ')}".encode())
    assert upload.columns == ("x", "y", "z")
    assert upload.tokens(300, random_state=0).x == pytest.approx(alike(CLOUD), abs=1e-5)


POINTS = CLOUD[:40].round(3)
LINES = [" ".join(map(str, row)) for row in POINTS.tolist()]


@pytest.mark.parametrize("between", [",", ", ", ";", "\t", " ", "   "])
@pytest.mark.parametrize("decimal", [".", ","])
def test_an_xyz_may_have_anything_between_its_columns(between, decimal):
    if between[0] == decimal:
        return
    lines = [line.replace(".", decimal).replace(" ", between) for line in LINES]
    upload = read("a.xyz", "\n".join(lines).encode())
    assert (upload.kind, upload.n, upload.notes) == ("points", 40, ())
    assert upload.tokens(40, random_state=0).x == pytest.approx(alike(POINTS), abs=1e-4)
    flat = read("a.xyz", "\n".join(line.rpartition(between)[0] for line in lines).encode())
    assert flat.notes == ("two columns: z is 0",)
    assert flat.tokens(40, random_state=0).x == pytest.approx(alike(POINTS * [1, 1, 0]), abs=1e-4)


@pytest.mark.parametrize("comment", ["methane", "", "step 3 of 5", "0.1 0.2 0.3", "O 1 2 3"])
@pytest.mark.parametrize("element", ["H", "Na", "8"])
@pytest.mark.parametrize("frames", [1, 3])
def test_an_xyz_of_chemistry(comment, element, frames):
    frame = "\n".join(["40", comment, *(f"{element}  {line}" for line in LINES)])
    upload = read("a.xyz", ("\n".join([frame] * frames) + "\n").encode())
    assert (upload.kind, upload.n) == ("points", 40)
    assert upload.tokens(40, random_state=0).x == pytest.approx(alike(POINTS), abs=1e-4)
    first = "its first column, whole numbers from 1 to 118, taken for the elements and left out"
    assert upload.notes == (("of several frames the first",) * (frames > 1) + (first,) * (element == "8"))


def test_an_xyz_with_a_count_above_its_points():
    upload = read("a.xyz", "\n".join(["40", *LINES]).encode())
    assert upload.tokens(40, random_state=0).x == pytest.approx(alike(POINTS), abs=1e-4)
    assert "cut short" in refused("a.xyz", "\n".join(["41", *LINES]).encode())


@pytest.mark.parametrize(
    "comment", ["methane", "step 3 of 5", "0.1 0.2 0.3", 'Properties=species:S:1:pos:R:3 energy="-5"']
)
@pytest.mark.parametrize("element", ["H", "8"])
@pytest.mark.parametrize("missing", [1, 2, 30])
def test_an_xyz_without_its_last_atoms_is_cut_short(comment, element, missing):
    atoms = [f"{element} {line}" for line in LINES[:-missing]]
    assert "cut short" in refused("a.xyz", "\n".join(["40", comment, *atoms]).encode())


@pytest.mark.parametrize("last", ["1.5", "1.5 2.5", "1 2 3 4 5", "end"])
def test_the_ragged_last_row_of_an_xyz_is_left_out_and_said_so(last):
    upload = read("a.xyz", "\n".join([*LINES, last]).encode())
    assert upload.n == 40
    assert upload.notes == ("the last row left out: it does not have the columns of the others",)
    assert "do not all have the same columns" in refused("a.xyz", "\n".join([*LINES, "1 2 3 4", *LINES]).encode())


@pytest.mark.parametrize(
    ("extra", "coloured"),
    [
        (rng.integers(0, 256, (40, 3)), True),
        (rng.integers(0, 256, (40, 4)), True),
        (rng.integers(0, 2, (40, 3)), False),
        (rng.integers(-1, 2, (40, 3)), False),
        (rng.integers(0, 256, (40, 3)) + 1, False),
        (np.vstack([rng.integers(0, 256, (39, 3)), [[0.5, 1, 2]]]), False),
        (rng.integers(0, 256, (40, 2)), False),
    ],
    ids=["rgb", "rgba", "zeros and ones", "negative", "256", "one no whole number", "two columns"],
)
def test_whole_numbers_to_255_are_a_colour(extra, coloured):
    extra[0, 0] = 256 if extra.max() > 255 else extra[0, 0]
    rows = [f"{line} {' '.join(map(str, more))}" for line, more in zip(LINES, extra.tolist(), strict=True)]
    upload = read("a.xyz", "\n".join(rows).encode())
    assert upload.tokens(40, random_state=0).x == pytest.approx(alike(POINTS), abs=1e-4)
    if coloured:
        assert upload.colour.tolist() == extra[:, :3].tolist()
    else:
        assert upload.colour is None
        assert upload.notes == (f"{extra.shape[1]} columns after the coordinates left out",)


@pytest.mark.parametrize("corner", ["-{}", "-{}/-1", "-{}//-1", "-{}/-1/-1"])
def test_an_obj_may_count_its_points_backwards(corner):
    """Each triangle right behind its points, so that the last point of all is that of another."""
    triangles = mesh().triangles
    named, backwards = [], []
    for i, triangle in enumerate(triangles):
        points = [f"v {x} {y} {z}" for x, y, z in triangle] + ["vt 0 0", "vn 0 0 1"]
        named += [*points, f"f {3 * i + 1} {3 * i + 2} {3 * i + 3}"]
        backwards += [*points, "f " + " ".join(corner.format(k) for k in (3, 2, 1))]
    first, second = (read("a.obj", "\n".join(lines).encode()) for lines in (named, backwards))
    assert first.notes[0].startswith(f"{len(triangles):,} triangles")
    x = first.tokens(2000, random_state=0).x
    assert second.tokens(2000, random_state=0).x == pytest.approx(x, abs=1e-5)


def test_an_obj_that_counts_back_beyond_its_first_point():
    assert "before the first" in refused("a.obj", b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf -1 -2 -4\n")


def test_parts_of_a_scene_stand_in_their_places():
    scene = trimesh.Scene()
    box = trimesh.creation.box()
    for place, turn in (((0, 0, 0), 0), ((10, 0, 0), np.pi / 4), ((0, 5, 0), 0)):
        matrix = trimesh.transformations.rotation_matrix(turn, (0, 0, 1))
        matrix[:3, 3] = place
        scene.add_geometry(box, transform=matrix)
    upload = read("scene.glb", exported(scene, "glb"))
    assert "3 parts, each in its place" in upload.notes
    points = alike(trimesh.sample.sample_surface(scene.to_mesh(), 6000, seed=0)[0])[:, [0, 2, 1]] * [1, -1, 1]
    near = cKDTree(upload.tokens(6000, random_state=0).x).query(points)[0]
    assert np.quantile(near, 0.99) < 0.05


def test_far_away_points_keep_their_digits():
    """As in maps, whose coordinates are millions of metres: float32 would leave half a metre."""
    points = rng.random((500, 3)) + np.array([500_000, 5_000_000, 300])
    read_points = read("a.npy", npy(points)).tokens(500, random_state=0).x
    assert read_points == pytest.approx(alike(points), abs=1e-5)


@pytest.mark.parametrize(
    "convert",
    [
        lambda x: (x * 100).astype(np.int64),
        lambda x: (x * 4).astype(np.uint8),
        lambda x: x.astype(np.float16),
        lambda x: x.astype(">f8"),
        lambda x: x.astype(">i4"),
        np.asfortranarray,
        lambda x: x > 50,
        lambda x: x.astype(np.longdouble),
    ],
    ids=["int64", "uint8", "float16", "big-endian", "big-endian int", "fortran", "bool", "longdouble"],
)
@pytest.mark.parametrize("pack", ["npy", "npz"])
def test_arrays_of_every_kind_of_number(convert, pack):
    array = convert(CLOUD)
    upload = read(f"a.{pack}", npy(array) if pack == "npy" else npz(points=array))
    assert (upload.kind, upload.n, upload.columns) == ("points", 300, ("1", "2", "3"))
    assert upload.tokens(300, random_state=0).x == pytest.approx(alike(array.astype(float)), abs=1e-4)


def test_an_array_of_many_columns_is_attended_to_in_all_of_them():
    array = rng.normal(size=(400, 768)) * rng.random(768)
    upload = read("embedding.npy", npy(array))
    assert (upload.kind, upload.n, len(upload.columns)) == ("table", 400, 768)
    tokens = upload.tokens(400, random_state=0)
    assert tokens.x == pytest.approx((array - array.mean(0)) / array.std(0), abs=1e-4)
    assert tokens.place.shape == (400, 3)
    some = upload.tokens(400, random_state=0, columns=("768", "1", "3"))
    assert some.x is some.place
    assert some.x == pytest.approx(alike(array[:, [767, 0, 2]]), abs=1e-4)
    assert upload.tokens(50, random_state=3, columns=("1", "2", "3", "9")).x.shape == (50, 4)


def test_of_several_arrays_the_first_with_two_axes():
    upload = read("a.npz", npz(time=np.arange(9.0), points=CLOUD, more=np.zeros((5, 2))))
    assert upload.n == 300
    assert upload.notes == ("of 3 arrays the first with two axes: points",)


ROWS = "\n".join(",".join(map(repr, row)) for row in CLOUD.tolist())


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.csv", f"x,y,z\n{ROWS}\n".encode()),
        ("a.csv", f"x,y,z\r\n{ROWS}\n".replace("\n", "\r\n").encode()),
        ("a.csv", f"\ufeffx,y,z\n{ROWS}\n".encode()),
        ("a.csv", f"x,y,z\n{ROWS}\n".encode("utf-16")),
        ("a.csv", b"\xfe\xff" + f"x,y,z\n{ROWS}\n".encode("utf-16-be")),
        ("a.csv", f"x,y,z\n{ROWS}\n".encode("utf-32")),
        ("a.csv", f"x;y;z\n{ROWS.replace(',', ';')}\n".encode()),
        ("a.csv", f"x;y;z\n{ROWS.replace(',', ';').replace('.', ',')}\n".encode()),
        ("a.csv", f"x\ty\tz\n{ROWS.replace(',', chr(9))}\n".encode()),
        ("a.tsv", f"x\ty\tz\n{ROWS.replace(',', chr(9))}\n".encode()),
        ("a.csv", f"x y z\n{ROWS.replace(',', ' ')}\n".encode()),
        ("a.csv", f"x, y, z\n{ROWS.replace(',', ', ')}\n".encode()),
        ("a.csv", ('"x","y","z"\n' + "\n".join(f'"{r}"' for r in ROWS.replace(",", '","').split("\n"))).encode()),
        ("a.csv", f"x,y,z,name\n{ROWS.replace(chr(10), ',a b' + chr(10))},c\n".encode()),
        ("A.CSV", f"x,y,z\n\n{ROWS}\n\n".encode()),
    ],
    ids=[
        "comma", "crlf", "utf-8 mark", "utf-16", "utf-16 be", "utf-32", "semicolon", "decimal comma", "tab",
        "tsv", "space", "comma space", "quoted", "with text", "blank lines",
    ],
)  # fmt: skip
def test_tables(name, data):
    upload = read(name, data)
    assert (upload.kind, upload.n, upload.columns) == ("table", 300, ("x", "y", "z"))
    assert upload.tokens(300, random_state=0).x == pytest.approx(alike(CLOUD), abs=1e-4)


def test_a_table_without_names_has_numbers_for_them():
    upload = read("a.csv", ROWS.encode())
    assert (upload.n, upload.columns) == (300, ("1", "2", "3"))


def test_columns_are_chosen_by_name():
    upload = read("a.csv", f"height,width,depth\n{ROWS}".encode())
    flat = upload.tokens(300, random_state=0, columns=("depth", "height"))
    assert flat.x == pytest.approx(alike(np.column_stack([CLOUD[:, 2], CLOUD[:, 0], 0 * CLOUD[:, 0]])), abs=1e-4)
    for columns, says in (
        (("depth",), r"columns: expected two or more, got \('depth',\)"),
        (("depth", "age"), "columns: expected some of height, width, depth, got age"),
    ):
        with pytest.raises(ValueError, match=says):
            upload.tokens(300, random_state=0, columns=columns)


def test_the_names_of_columns_stay_text():
    upload = read("a.csv", b"<b onclick=alert(1)>x</b>,,x,x,\x07" + b"y" * 100 + b"\n" + b"1,2,3,4,5\n2,1,3,4,6\n" * 4)
    assert upload.columns == ("<b onclick=alert(1)>x</b>", "column 2", "x", "x.1", "y" * 60)


def test_few_rows_are_taken_evenly():
    upload = read("a.npy", npy(np.column_stack([np.arange(1000.0)] * 3)))
    x = upload.tokens(10, random_state=0).x[:, 0]
    assert np.all(np.diff(x) > 0)
    for n, says in ((3, "n: expected 4 to 1000, got 3"), (1001, "n: expected 4 to 1000, got 1001")):
        with pytest.raises(ValueError, match=says):
            upload.tokens(n, random_state=0)


def test_an_upload_says_what_it_is():
    data = npy(CLOUD[:40])
    upload = read("C:\\fakepath\\a\u202every long name of a cloud of points that somebody has made.npy", data)
    assert upload.title == "avery long name of a…mebody has made.npy"
    assert (upload.least, upload.most) == (40, 40)
    assert upload.digest == sha256(b".npy\0" + data).hexdigest()
    assert upload.digest != read("a.npz", npz(a=CLOUD[:40])).digest
    assert "values" not in repr(upload)


# files with something wrong that can be mended


def test_two_columns_have_a_z_of_zero():
    upload = read("a.npy", npy(CLOUD[:, :2]))
    assert upload.notes == ("two columns: z is 0",)
    assert (upload.tokens(300, random_state=0).place[:, 2] == 0).all()


def test_rows_that_are_not_finite_are_left_out_and_counted():
    array = CLOUD.copy()
    array[3, 1], array[17, 0], array[18] = np.nan, np.inf, -np.inf
    for name, data in (("a.npy", npy(array)), ("a.ply", exported(trimesh.PointCloud(array), "ply"))):
        upload = read(name, data)
        assert upload.n == 297
        assert upload.notes == ("3 rows with a gap or a value that is not a finite number left out",)
        assert np.isfinite(upload.tokens(297, random_state=0).x).all()
    colours = np.repeat(np.arange(300)[:, None] % 256, 4, axis=1).astype(np.uint8)
    upload = read("a.ply", exported(trimesh.PointCloud(array, colours), "ply"))
    assert upload.colour[:5, 0].tolist() == [0, 1, 2, 4, 5]


def test_triangles_with_a_corner_that_is_not_finite_are_left_out():
    whole = trimesh.creation.icosphere(2)
    whole.vertices[0] = np.nan
    gone = (whole.faces == 0).any(1).sum()
    upload = read("a.stl", exported(trimesh.Trimesh(whole.vertices, whole.faces, process=False), "stl"))
    assert f"{gone} triangles with a corner that is not a number left out" in upload.notes
    assert np.isfinite(upload.tokens(500, random_state=0).x).all()


def test_an_stl_with_more_behind_its_triangles():
    data = exported(mesh(), "stl")
    assert read("a.stl", data + b"made by hand\n" * 5).n == read("a.stl", data).n


def test_one_triangle_is_one():
    upload = read("a.obj", b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n")
    assert upload.notes == ("1 triangle between 3 points; sampled evenly on its surface",)


@pytest.mark.parametrize(
    ("above", "columns"),
    [
        ("# x y z", ("x", "y", "z")),
        ("# written by hand\n// x y z", ("x", "y", "z")),
        ("% x y z\n\n", ("x", "y", "z")),
        ("# nothing of use", ("nothing", "of", "use")),
        ("# some words of a comment", ("1", "2", "3")),
        ("# a\nx y z", ("x", "y", "z")),
        ("A title\nx y z", ("x", "y", "z")),
        ("A title of four\n\nwords\nx y z", ("x", "y", "z")),
        ("Title", ("1", "2", "3")),
    ],
)
@pytest.mark.parametrize("between", [" ", ",", ";"])
def test_comments_and_titles_above_a_table(above, columns, between):
    lines = [line.replace(" ", between) for line in LINES]
    lines.insert(7, "  # in between")
    above = above.replace("x y z", between.join("xyz")).replace("nothing of use", between.join(columns))
    upload = read("a.csv", "\n".join([above, *lines, "% the end"]).encode())
    assert (upload.n, upload.columns) == (40, columns)
    assert upload.tokens(40, random_state=0).x == pytest.approx(alike(POINTS), abs=1e-4)


def test_numpy_savetxt_and_its_header():
    out = BytesIO()
    np.savetxt(out, POINTS, header="x y z")
    assert read("a.csv", out.getvalue()).columns == ("x", "y", "z")
    assert read("a.xyz", out.getvalue()).columns == ("x", "y", "z")


def test_rows_that_all_begin_with_a_mark_are_no_comments():
    upload = read("a.csv", "\n".join(f"#{i},{line.replace(' ', ',')}" for i, line in enumerate(LINES)).encode())
    assert (upload.n, upload.columns) == (40, ("2", "3", "4"))


@pytest.mark.parametrize("mark", ["#", "//", "%", "  # "])
@pytest.mark.parametrize("between", [",", ";", "\t", " "])
@pytest.mark.parametrize("title", ["", "Colours\n", "# made by hand\n"])
def test_rows_that_all_begin_with_a_mark_below_names(mark, between, title):
    mark = mark.strip() if between == " " else mark
    rows = [between.join([f"{mark}{i}a", *line.split()]) for i, line in enumerate(LINES)]
    upload = read("a.txt", (title + "\n".join([between.join("ixyz"), *rows])).encode())
    assert (upload.n, upload.columns) == (40, ("x", "y", "z"))
    assert not any("row" in note for note in upload.notes)


def test_rows_that_a_mark_takes_out_stay_out():
    lines = [f"#{line}" if i % 3 else line for i, line in enumerate(LINES)]
    upload = read("a.csv", "\n".join(["x y z", *lines]).encode())
    assert (upload.n, upload.columns) == (14, ("x", "y", "z"))
    assert upload.notes == ("26 lines of comment left out",)


@pytest.mark.parametrize("written", ['"1,234"', '"1,234,567"', "5 %", "12.5%"])
def test_numbers_that_are_written_as_text_are_spoken_of(written):
    lines = [f"{line.replace(' ', ',')},{written}" for line in LINES]
    shown = written.strip('"')
    upload = read("a.csv", "\n".join(["x,y,z,share", *lines]).encode())
    assert upload.columns == ("x", "y", "z")
    assert upload.notes == (
        f"1 column of text or with many gaps not offered: numbers written like {shown} are text here",
    )
    says = refused("a.csv", "\n".join(["share,name", *[f"{written},a"] * 9]).encode())
    assert f"numbers written like {shown} are text here" in says


def test_text_in_a_numeric_column():
    lines = ROWS.split("\n")
    few = "x,y,z\n" + "\n".join("1,two,3" if i in (5, 50) else line for i, line in enumerate(lines))
    upload = read("a.csv", few.encode())
    assert (upload.n, upload.columns) == (298, ("x", "y", "z"))
    assert upload.notes == ("2 rows with a gap or a value that is not a finite number left out",)
    many = "x,y,z\n" + "\n".join("1,two,3" if i % 3 else line for i, line in enumerate(lines))
    upload = read("a.csv", many.encode())
    assert (upload.n, upload.columns) == (300, ("x", "z"))
    assert upload.notes == ("1 column of text or with many gaps not offered", "two columns: z is 0")


def test_a_table_that_is_cut_short_loses_its_last_row():
    upload = read("a.csv", f"x,y,z\n{ROWS[: ROWS.rindex(',')]}".encode())
    assert upload.n == 299


@pytest.mark.parametrize("size", [1e-300, 1e300])
def test_numbers_near_the_end_of_floating_point(size):
    upload = read("a.npy", npy(alike(CLOUD) * size))
    assert upload.tokens(300, random_state=0).x == pytest.approx(alike(CLOUD), abs=1e-4)


# files that are refused, each with its own sentence


@pytest.mark.parametrize("name", ["a.exe", "a", "", "a.pkl", "a.ply.zip", ".ply"])
def test_a_wrong_ending(name):
    assert {".ply", ".csv", ".npz"} < set(FORMATS)
    known = ", ".join(suffix[1:].upper() for suffix in FORMATS)
    assert refused(name, b"ply") == f"Files of this kind are not read here. These are: {known}."


def test_a_file_of_another_page_or_kind_is_sent_there():
    assert "The page Photographs takes pictures." in refused("a.jpg", b"x")
    assert "Export the glTF as GLB" in refused("a.gltf", b"{}")


@pytest.mark.parametrize("suffix", FORMATS)
def test_empty_or_something_else(suffix):
    assert refused(f"a{suffix}", b"") == "This file is empty. One with at least four points works."
    junk = rng.integers(0, 256, 5000, dtype=np.uint8).tobytes()
    for data in (junk, b"\0" * 2000, b"\n\n \n", b"<html><body>hello</body></html>", pickle.dumps([1, 2])):
        says = refused(f"a{suffix}", data)
        assert suffix[1:].upper() in says or "file" in says or "array" in says or "table" in says


def test_over_the_limit():
    assert refused("a.csv", b"1,2,3\n" * 5_000_000) == (
        "This file has 30 MB; at most 25 MB can be read. A thinned copy works."
    )


CUT = {
    "ply": exported(mesh(), "ply"),
    "ply ascii": exported(mesh(), "ply", encoding="ascii"),
    "off": exported(mesh(), "off"),
    "stl": exported(mesh(), "stl"),
    "stl ascii": exported(mesh(), "stl_ascii"),
    "glb": exported(mesh(), "glb"),
    "npy": npy(CLOUD),
    "npz": npz(a=CLOUD),
}


@pytest.mark.parametrize("share", [0.02, 0.4, 0.8, 0.97])
@pytest.mark.parametrize("kind", CUT)
def test_cut_short(kind, share):
    data = CUT[kind]
    assert read(f"a.{kind[:3]}", data).n >= 300
    says = refused(f"a.{kind[:3]}", data[: int(share * len(data))])
    assert "cut short" in says or "not an array" in says


@pytest.mark.parametrize("kind", ["obj", "xyz", "csv"])
def test_what_has_no_length_of_its_own_is_read_as_far_as_it_goes_or_refused(kind):
    data = {"obj": exported(mesh(), "obj"), "xyz": ROWS.replace(",", " ").encode(), "csv": ROWS.encode()}[kind]
    for share in (0.02, 0.4, 0.8, 0.97):
        upload = outcome(f"a.{kind}", data[: int(share * len(data))])
        if isinstance(upload, str):
            assert upload.endswith(".")
        else:
            assert 4 <= upload.n <= read(f"a.{kind}", data).n
            assert np.isfinite(upload.tokens(4, random_state=0).x).all()


HEADER = "ply\nformat {} 1.0\nelement vertex {}\nproperty float x\nproperty float y\nproperty float z\nend_header\n"


@pytest.mark.parametrize("kind", ["ascii", "binary_little_endian", "binary_big_endian"])
def test_a_ply_that_announces_a_billion_points_in_a_process(kind):
    started = time.monotonic()
    says = refused("a.ply", HEADER.format(kind, 10**9).encode() + b"0 1 2\n3 4 5\n6 7 8\n9 8 6\n")
    assert "cut short" in says or "more memory" in says
    assert time.monotonic() - started < reader.MOST_SECONDS


def test_an_off_that_announces_more_than_there_is():
    assert "cut short" in refused("a.off", b"OFF\n1000000000 1 0\n0 0 0\n1 0 0\n0 1 0\n0 0 1\n3 0 1 2\n")
    says = refused("a.off", b"OFF # a comment\n4 9 0\n0 0 0\n1 0 0\n0 1 0\n0 0 1\n3 0 1 2\n")
    assert says == "This file is cut short: it announces more points or faces than there are. Export it again."


def glb(tree: dict[str, object], blob: bytes) -> bytes:
    text = json.dumps(tree).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(blob), b"BIN\0") + blob
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


def tree(count: int = 6, length: int = 72, offset: int = 0, **buffer: object) -> dict[str, object]:
    return {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}, "mode": 4}]}],
        "accessors": [{"bufferView": 0, "componentType": 5126, "count": count, "type": "VEC3"}],
        "bufferViews": [{"buffer": 0, "byteOffset": offset, "byteLength": length}],
        "buffers": [{"byteLength": 72} | buffer],
    }


TRIANGLES = np.random.default_rng(1).random((6, 3), dtype=np.float32).tobytes()


@pytest.mark.parametrize(
    "lie", [{"count": 10**9}, {"count": 2**40}, {"length": 10**9, "count": 10**7}, {"offset": 900}]
)
def test_an_accessor_that_lies(lie):
    assert read("a.glb", glb(tree(), TRIANGLES)).n == 6
    says = refused("a.glb", glb(tree(**lie), TRIANGLES))
    assert "broken or cut short" in says or "no points and no triangles" in says


@pytest.mark.parametrize("uri", ["secret.bin", "../../../../etc/passwd", "file:///etc/passwd", "http://localhost:1/a"])
def test_a_glb_is_not_told_of_other_files(uri):
    says = refused("a.glb", glb(tree(uri=uri), TRIANGLES))
    assert says == "This file keeps its points in another file. Export it again as one file that holds everything."


def test_an_obj_is_not_told_of_other_files(tmp_path, monkeypatch):
    (tmp_path / "a.mtl").write_text("newmtl a\nmap_Kd a.png\n")
    monkeypatch.chdir(tmp_path)
    opened = []
    monkeypatch.setattr("builtins.open", lambda *args, **_: opened.append(args))
    data = b"mtllib a.mtl\nmtllib ../../etc/passwd\n" + exported(trimesh.creation.box(), "obj")
    assert read("a.obj", data).n == 8
    assert opened == []


@pytest.mark.parametrize("name", ["KHR_draco_mesh_compression", "EXT_meshopt_compression"])
def test_a_glb_that_is_packed(name):
    says = refused("a.glb", glb(tree() | {"extensionsRequired": [name]}, TRIANGLES))
    assert says == "The points in this file are packed in a way that is not read here. Export it uncompressed."


def test_a_picture_inside_a_glb_is_not_opened():
    whole = tree()
    whole["images"] = [{"uri": "/etc/passwd"}, {"uri": "http://localhost:1/a.png"}]
    whole["textures"] = [{"source": 0}]
    whole["materials"] = [{"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}}]
    whole["meshes"][0]["primitives"][0]["material"] = 0
    assert read("a.glb", glb(whole, TRIANGLES)).n == 6


def test_a_glb_whose_parts_go_round_in_a_circle_or_multiply_in_a_process():
    whole = tree()
    whole["nodes"] = [{"mesh": 0, "children": [1]}, {"mesh": 0, "children": [0]}]
    started = time.monotonic()
    found = outcome("a.glb", glb(whole, TRIANGLES))
    assert isinstance(found, str) or found.n <= 12
    many = tree(count=300_000, length=3_600_000, byteLength=3_600_000)
    many["nodes"] = [{"mesh": 0}] * 10
    many["scenes"] = [{"nodes": list(range(10))}]
    points = np.random.default_rng(0).random((300_000, 3), dtype=np.float32)
    says = refused("a.glb", glb(many, points.tobytes()))
    assert says.startswith("This file has more than 2,000,000 points")
    assert time.monotonic() - started < reader.MOST_SECONDS


@pytest.mark.parametrize("name", ["a.npy", "a.csv", "a.xyz", "a.ply"])
def test_fewer_than_four_points(name):
    three = CLOUD[:3]
    data = {
        "a.npy": npy(three),
        "a.csv": b"x,y,z\n1,2,3\n2,3,4\n3,4,6\n",
        "a.xyz": b"1 2 3\n2 3 4\n3 4 6\n",
        "a.ply": exported(trimesh.PointCloud(three), "ply"),
    }[name]
    assert refused(name, data) == "There are only 3 points in this file; at least 4 are needed."


def test_fewer_than_four_that_are_finite():
    array = np.full((9, 3), np.nan)
    array[:3] = CLOUD[:3]
    assert refused("a.npy", npy(array)) == (
        "Only 3 of 9 points have finite coordinates; at least 4 are needed."
    )  # fmt: skip
    assert "at least 4 are needed" in refused("a.npy", npy(array * np.nan))
    every = trimesh.Trimesh(np.full((4, 3), np.nan), [[0, 1, 2], [1, 2, 3]], process=False)
    assert refused("a.ply", exported(every, "ply", vertex_normal=False)) == (
        "The coordinates in this file are not finite numbers. Export it again."
    )


def test_one_axis_or_three():
    assert refused("a.npy", npy(np.arange(9.0))) == (
        "This array has 1 axis. Save one of shape (n, D), a row for each point."
    )
    assert "rows without any column" in refused("a.npy", npy(np.zeros((9, 0))))
    assert "This array has 3 axes" in refused("a.npy", npy(np.zeros((4, 4, 3))))
    assert "This array has 0 axes" in refused("a.npy", npy(np.array(3.0)))
    only = "There is only one column of numbers in this file. Two or more work: x, y, and perhaps z."
    assert refused("a.npy", npy(np.arange(9.0)[:, None])) == only
    assert refused("a.csv", b"x\n1\n2\n3\n4\n5\n") == only
    assert refused("a.csv", b"x,name\n1,a\n2,b\n3,c\n4,d\n5,e\n") == only


def test_no_numbers_in_a_table():
    says = refused("a.csv", b"name,kind\n" + b"a,b\n" * 20)
    assert says == "No column of this table holds numbers. Two or more columns of numbers work."
    assert "do not all have the same columns" in refused("a.csv", b"x,y\n1,2\n2,3\n3,4,5,6\n4,5\n" * 3)
    wide = ",".join(map(str, range(3000))).encode()
    assert refused("a.csv", wide + b"\n" + wide) == "This table has 3,000 columns; at most 2,048 can be read."


def test_utf_16_without_a_mark():
    says = refused("a.csv", f"x,y,z\n{ROWS}".encode("utf-16-le"))
    assert says == "This is not a table of text that can be read here. Save it as CSV in UTF-8."


def test_all_points_equal():
    same = "All points of this file are the same one. Points that differ work."
    assert refused("a.npy", npy(np.full((20, 3), 7.5))) == same
    assert refused("a.xyz", b"1 2 3\n" * 20) == same
    assert refused("a.csv", b"x,y,z\n" + b"1,2,3\n" * 20) == same


def test_a_mesh_without_area():
    line = trimesh.Trimesh(np.outer(np.arange(6.0), [1, 2, 3]), [[0, 1, 2], [3, 4, 5]], process=False)
    for kind in ("ply", "obj", "off", "stl", "glb"):
        assert refused(f"a.{kind}", exported(line, kind)) == (
            "The triangles of this mesh have no area, so that no points can be put on it. Another mesh works."
        )


class Bomb:
    """What would leave a trace when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.mark.parametrize("pack", ["npy", "npz"])
def test_a_pickle_is_not_opened_in_a_process(tmp_path, pack):
    trace = tmp_path / "trace"
    array = np.array([[Bomb(trace)] * 3] * 4, dtype=object)
    says = refused(f"a.{pack}", npy(array, allow_pickle=True) if pack == "npy" else npz(a=array))
    assert says == "This array holds Python objects, which are not unpacked here. Save numbers: array.astype(float)."
    assert "not an array" in refused("a.npy", pickle.dumps(Bomb(trace)))
    assert not trace.exists()
    np.load(BytesIO(npy(array, allow_pickle=True)), allow_pickle=True)
    assert trace.exists()  # the trace is left where it is opened


@pytest.mark.parametrize(
    ("array", "what"),
    [
        (CLOUD.astype(complex), "complex numbers"),
        (CLOUD.astype(str), "text or dates"),
        (CLOUD.astype("S9"), "text or dates"),
        (CLOUD.astype(int).astype("M8[s]"), "text or dates"),
        (np.zeros((9, 3), dtype=[("x", float), ("y", float)]), "records with several fields"),
    ],
)
def test_arrays_of_something_else(array, what):
    assert refused("a.npy", npy(array)) == f"This array holds {what}. Save real numbers of shape (n, D)."


def lying(shape: str, body: bytes) -> bytes:
    text = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode("latin-1") + body


@pytest.mark.parametrize("shape", ["(1000000000, 3)", f"({2**62}, {2**62})", "(5, 3)"])
def test_an_array_that_announces_more_than_there_is(shape):
    assert "cut short: its header announces more" in refused("a.npy", lying(shape, b"\0" * 96))


@pytest.mark.parametrize("shape", ["(-4, -3)", "(4.0, 3)", "__import__('os').getcwd()", "(4, 3"])
def test_a_header_is_not_run(shape):
    assert refused("a.npy", lying(shape, b"\0" * 96)).startswith(("This array", "This is not an array", "This NPY"))


def archive(name: str, body: bytes, size: int | None = None) -> bytes:
    """A ZIP with one member, that announces another size."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(name, body)
    data = bytearray(out.getvalue())
    if size is not None:
        for mark, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
            start = data.index(mark) + at
            data[start : start + 4] = struct.pack("<I", size)
    return bytes(data)


def test_a_zip_bomb():
    zeros = npy(np.zeros((1_900_000, 3)))
    bomb = archive("a.npy", zeros, size=300_000_000)
    assert len(bomb) < 100_000
    assert refused("a.npz", bomb) == "Unpacked, this archive is over 256 MB. Save fewer or smaller arrays."
    says = refused("a.npz", archive("a.npy", zeros, size=1000))
    assert "cut short" in says or "not as large as it says" in says
    assert "not as large as it says" in refused("a.npz", archive("a.npy", npy(CLOUD), size=200_000_000))


def test_an_archive_without_an_array():
    assert refused("a.npz", archive("readme.txt", b"hello")) == (
        "There is no array in this archive. Save one of shape (n, D) with numpy.savez."
    )


def test_more_points_than_can_be_read():
    most = "the most that can be read. A thinned copy works."
    assert most in refused("a.npy", npy(np.zeros((2_000_001, 3), np.int8)))
    assert most in refused("a.csv", b"1,2\n" * 2_000_001)
    for shape in ((13_000, 2_000), (100, 2_049)):
        says = refused("a.npz", npz(a=np.zeros(shape, np.int8)))
        assert says.endswith("is too large: at most 2,048 columns and 25,000,000 numbers work.")


# the other process


@pytest.mark.parametrize("kind", ["ply", "npy", "csv"])
def test_the_process_reads_what_this_one_does(kind):
    data = {"ply": exported(mesh(), "ply"), "npy": npy(CLOUD), "csv": f"x,y,z\n{ROWS}".encode()}[kind]
    upload = read(f"a.{kind}", data)
    said, found = kinds.answer(f".{kind}", data)
    assert list(upload.notes) == said["notes"]
    assert np.array_equal(upload.values, found["values"])
    assert upload.values.dtype == np.float32


def test_the_process_knows_nothing_heavy():
    code = "import sys, runpy; runpy.run_path(sys.argv[1]); print(sorted({'torch', 'streamlit', 'sklearn', 'trimesh', "
    code += "'pandas', 'srviz'} & {name.split('.')[0] for name in sys.modules}))"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, str(reader.PROGRAM)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.skipif(sys.platform != "linux", reason="the limits are those of Linux")
def test_the_process_may_take_no_more_memory_and_write_no_file(tmp_path):
    code = f"""
import signal, srviz.inputs.kinds.__main__ as program
program._limit()
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
try:
    bytearray(3 << 30)
except MemoryError:
    print("no memory")
try:
    open({str(tmp_path / "file")!r}, "w").write("x" * 100_000)
except OSError:
    print("no file")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["no memory", "no file"]


@contextlib.contextmanager
def everything_taken():
    """All places for files that are read are free before, taken meanwhile, and free again behind it."""
    tickets = [reader.TURNS.join() for _ in range(reader.AT_ONCE)]
    try:
        assert all(ticket.served for ticket in tickets)
        yield
    finally:
        for ticket in tickets:
            reader.TURNS.leave(ticket)


def test_a_process_that_takes_too_long_is_ended(monkeypatch):
    monkeypatch.setattr(reader, "MOST_SECONDS", 0.05)
    assert refused("a.npy", npy(CLOUD)) == "This file takes longer than 0.05 seconds to be read. A smaller one works."
    with everything_taken():
        pass


def test_a_process_that_dies_is_a_sentence(monkeypatch):
    monkeypatch.setattr(reader, "PROGRAM", Path("/nowhere/__main__.py"))
    says = "This file could not be read: it is broken, or needs too much memory."
    assert refused("a.npy", npy(CLOUD)) == says


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_memory_is_back_after_a_process_has_failed():
    def resident() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

    data = HEADER.format("binary_little_endian", 10**7).encode() + bytes(24_000_000)
    refused("a.ply", data)
    before = resident()
    for _ in range(3):
        refused("a.ply", data)
    assert resident() - before < 30_000_000


def test_a_process_waits_its_turn(monkeypatch):
    monkeypatch.setattr(reader, "MOST_SECONDS", 0.01)
    with everything_taken():
        assert refused("a.npy", npy(CLOUD)) == "Other files are being read just now. Try again in a minute."


class Stopped(Exception):
    """What Streamlit raises where a visitor stops a run."""


def test_a_process_can_be_stopped(monkeypatch):
    """Its program is replaced by one that never ends."""
    begun = []

    class Popen(subprocess.Popen):
        def __init__(self, command, **options):
            super().__init__([sys.executable, "-c", "while True: pass"], **options)
            begun.append(self)

    def stop(text):
        raise Stopped(text)

    monkeypatch.setattr(reader.subprocess, "Popen", Popen)
    for _ in range(3):
        with pytest.raises(Stopped, match="Reading"):
            read("a.npy", npy(CLOUD), show=stop)
    assert len(begun) == 3
    assert all(process.returncode not in (None, 0) for process in begun)
    with everything_taken(), pytest.raises(Stopped, match="Other files"):
        read("a.npy", npy(CLOUD), show=stop)
    with everything_taken():
        pass


@pytest.mark.skipif(sys.platform != "linux", reason="the limits are those of Linux")
def test_a_process_takes_no_more_memory_than_it_is_given():
    data = npy(np.random.default_rng(0).random((1_000_000, 3)))
    assert read("a.npy", data).n == 1_000_000
    with pytest.raises(Unreadable, match="more than the 100 MB of memory"):
        read("a.npy", data, memory=100 << 20)


@pytest.mark.skipif(not Path("/proc/self/oom_score_adj").exists(), reason="there is no such thing here")
def test_the_process_is_the_first_to_go_where_memory_runs_out():
    code = "import srviz.inputs.kinds.__main__ as program; program._limit()\n"
    code += "print(open('/proc/self/oom_score_adj').read())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) == 1000
