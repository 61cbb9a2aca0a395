"""Whatever a library writes comes back whole, its rows, names, faces and colours, or a note says what was left out.

SRVIZ_EXAMPLES=500 pytest tests/inputs/test_any_file.py looks further than the suite does.
"""

import csv
import os
import re
import sys
from io import BytesIO

import meshio
import numpy as np
import pandas as pd
import plyfile
import pytest
import trimesh
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from PIL import Image

from srviz.inputs import kinds, reader
from srviz.inputs.base import Unreadable

EXAMPLES = int(os.environ.get("SRVIZ_EXAMPLES", "20"))
some = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=EXAMPLES <= 20
)  # the same files each time, or a fault that is none of a change would stop it
seeds = st.integers(0, 2**32 - 1).map(np.random.default_rng)


def answer(ending, data):
    said, found = kinds.answer(ending, data)
    assert "error" not in said, said["error"]
    return said, found


def alike(soup):
    soup = np.asarray(soup, np.float64).reshape(-1, 3)
    soup = soup - soup.mean(0)
    return soup / np.sqrt(np.square(soup).mean())


def whole(soup, said, found, colours=None, left=()):
    """The triangles of a file are these, (m, 3, 3), in their order, and so are the colours of their corners."""
    assert said["kind"] == "mesh"
    assert len(found["faces"]) == len(soup)
    assert alike(found["values"][found["faces"]]) == pytest.approx(alike(soup), abs=2e-3)
    if colours is not None:
        assert np.abs(found["colour"][found["faces"]].astype(int) - colours).max() <= 1
    assert [note for note in said["notes"] if "left out" in note] == list(left)


def grid(rng, size=3):
    """Points (n, 3) in no special place, and triangles between neighbours."""
    points = np.array([[i, j, 0] for i in range(size) for j in range(size)], float) + rng.normal(0, 0.2, (size**2, 3))
    faces = [
        [i * size + j + a for a in corners]
        for i in range(size - 1) for j in range(size - 1) for corners in ((0, size, size + 1), (0, size + 1, 1))
    ]  # fmt: skip
    return points * 10.0 ** rng.integers(-3, 4) + rng.normal(0, 1, 3), np.array(faces)[rng.permutation(len(faces))]


@some
@given(seeds, st.sampled_from(["ply", "ply ascii", "obj", "off", "stl", "stl_ascii", "glb"]), st.booleans())
def test_what_trimesh_writes(rng, kind, coloured):
    points, faces = grid(rng)
    mesh = trimesh.Trimesh(points, faces, process=False)
    colours = rng.integers(0, 256, (len(points), 4)).astype(np.uint8)
    coloured = coloured and kind.partition("_")[0] not in ("stl", "off")
    if coloured:
        mesh.visual.vertex_colors = colours
    ending, _, encoding = kind.partition(" ")
    data = mesh.export(file_type=ending, **({"encoding": "ascii"} if encoding else {}))
    said, found = answer(f".{ending[:3]}", data if isinstance(data, bytes) else data.encode())
    soup = points[faces]
    soup = soup[..., [0, 2, 1]] * [1, -1, 1] if kind == "glb" else soup
    whole(soup, said, found, colours[faces][..., :3] if coloured else None)


@some
@given(seeds, st.sampled_from(["ply", "glb"]))
def test_colours_of_faces_by_trimesh(rng, ending):
    points, faces = grid(rng)
    mesh = trimesh.Trimesh(points, faces, process=False)
    colours = rng.integers(0, 256, (len(faces), 4)).astype(np.uint8)
    mesh.visual.face_colors = colours
    said, found = answer(f".{ending}", mesh.export(file_type=ending))
    if ending == "ply":
        whole(points[faces], said, found, np.repeat(colours[:, None, :3], 3, axis=1))
    else:
        assert len(found["faces"]) == len(faces)


@some
@given(
    seeds, st.sampled_from([("ply", True), ("ply", False), ("stl", True), ("stl", False), ("obj", None), ("off", None)])
)
def test_what_meshio_writes(tmp_path_factory, rng, how):
    ending, binary = how
    points, faces = grid(rng)
    cells = [("triangle", faces)]
    soup = points[faces]
    if ending in ("ply", "obj") and rng.random() < 0.5:
        quads = np.array([[0, 3, 4, 1], [4, 7, 8, 5]])
        cells.append(("quad", quads))
        soup = np.concatenate([soup, points[quads][:, [[0, 1, 2], [0, 2, 3]]].reshape(-1, 3, 3)])
        flat = np.abs(points[:, 2]).max() == 0
        assume(flat or True)
    file = tmp_path_factory.mktemp("meshio") / f"a.{ending}"
    options = {} if binary is None else {"binary": binary}
    meshio.Mesh(points, cells).write(file, **options)
    said, found = answer(f".{ending}", file.read_bytes())
    assert len(found["faces"]) == len(soup)
    assert not any("left out" in note for note in said["notes"])
    if len(cells) == 1:
        whole(soup, said, found)


@some
@given(seeds, st.sampled_from(["ply", "ply ascii", "glb", "xyz"]), st.booleans())
def test_points_by_trimesh(rng, kind, coloured):
    points, _ = grid(rng, 4)
    colours = rng.integers(0, 256, (len(points), 4)).astype(np.uint8)
    ending, _, encoding = kind.partition(" ")
    cloud = trimesh.PointCloud(points, colours if coloured else None)
    data = cloud.export(file_type=ending, **({"encoding": "ascii"} if encoding else {}))
    said, found = answer(f".{ending}", data if isinstance(data, bytes) else data.encode())
    points = points[:, [0, 2, 1]] * [1, -1, 1] if kind == "glb" else points
    assert said["kind"] == "points"
    assert alike(found["values"] * found["scale"]) == pytest.approx(alike(points), abs=2e-3)
    if coloured:
        assert np.abs(found["colour"].astype(int) - colours[:, :3]).max() <= 1
    assert not any("left out" in note for note in said["notes"])


@some
@given(seeds, st.integers(1, 4), st.booleans(), st.booleans())
def test_a_scene_by_trimesh(rng, parts, coloured, nested):
    scene, soup, shown = trimesh.Scene(), [], []
    for part in range(parts):
        points, faces = grid(rng)
        points = points / np.abs(points).max()
        mesh = trimesh.Trimesh(points, faces, process=False)
        colours = rng.integers(0, 256, (len(points), 4)).astype(np.uint8)
        if coloured:
            mesh.visual.vertex_colors = colours
        place = trimesh.transformations.random_rotation_matrix(rng.random(3))
        place[:3, 3] = rng.normal(size=3)
        above = scene.add_geometry(mesh, node_name=f"part {part}", transform=place)
        placed = [place]
        if nested:  # the same mesh once more, where the first one places it
            scene.add_geometry(
                mesh, geom_name=scene.graph[above][1], node_name=f"more {part}", parent_node_name=above, transform=place
            )
            placed.append(place @ place)
        for matrix in placed:
            soup.append(trimesh.transform_points(points, matrix)[faces])
            shown.append(colours[faces][..., :3])
    said, found = answer(".glb", scene.export(file_type="glb"))
    assert len(found["faces"]) == sum(map(len, soup))
    wanted = np.concatenate(soup)[..., [0, 2, 1]] * [1, -1, 1]
    mine = alike(found["values"][found["faces"]]).reshape(-1, 9)
    theirs = alike(wanted).reshape(-1, 9)
    near = np.abs(mine[:, None] - theirs[None]).max(2)  # the parts may come in any order
    assert near.min(1).max() < 2e-3
    assert len(set(near.argmin(1).tolist())) == len(wanted)
    if coloured:
        corners = found["colour"][found["faces"]].astype(int)
        assert np.abs(corners - np.concatenate(shown)[near.argmin(1)]).max() <= 1
    assert not any("left out" in note for note in said["notes"])


@some
@given(seeds, st.booleans(), st.sampled_from(["red", "r", "", "quality"]), st.sampled_from(["points", "cells", "both"]))
def test_what_meshio_writes_of_points_and_faces(tmp_path_factory, rng, binary, named, of):
    """Of faces meshio writes no data into a PLY."""
    points, faces = grid(rng)
    colours = rng.integers(0, 256, (len(points), 3)).astype(np.uint8)
    names = {"red": ["red", "green", "blue"], "r": ["r", "g", "b"], "": [], "quality": ["quality"]}[named]
    data = {name: colours[:, k] if len(names) == 3 else rng.random(len(points)) for k, name in enumerate(names)}
    cells = [("triangle", faces)] if of != "points" else []
    file = tmp_path_factory.mktemp("meshio") / "a.ply"
    meshio.Mesh(points, cells, point_data=data).write(file, binary=binary)
    said, found = answer(".ply", file.read_bytes())
    left = ["1 more value of each point left out: quality"] if named == "quality" else []
    if cells:
        whole(points[faces], said, found, colours[faces] if len(names) == 3 else None, left)
        return
    assert alike(found["values"] * found["scale"]) == pytest.approx(alike(points), abs=2e-3)
    assert [note for note in said["notes"] if "left out" in note] == left
    if len(names) == 3:
        assert (found["colour"] == colours).all()


@some
@given(
    seeds,
    st.sampled_from(["text", "<", ">"]),
    st.sampled_from(["", "vertex", "face"]),
    st.sampled_from(["u1", "u2", "i4"]),
    st.sampled_from(["vertex_indices", "vertex_index"]),
    st.booleans(),
    st.sampled_from(["", "comment", "edge"]),
)
def test_what_plyfile_writes(rng, order, coloured, length, corners, more, beside):
    points, faces = grid(rng)
    colours = rng.integers(0, 256, (len(faces) if coloured == "face" else len(points), 3)).astype(np.uint8)
    rgb = [(name, "u1") for name in ("red", "green", "blue")]

    def rows(size, columns, kinds_):
        table = np.empty(size, kinds_)
        for (name, *_), column in zip(kinds_, columns, strict=True):
            table[name] = column
        return table

    extra = rng.integers(0, 9, len(points))
    vertex = rows(
        len(points),
        [*points.T, *(colours.T if coloured == "vertex" else []), *([extra] if more else [])],
        [
            *((axis, "f8") for axis in "xyz"),
            *(rgb if coloured == "vertex" else []),
            *([("score", "i2")] if more else []),
        ],
    )
    face = np.empty(
        len(faces), [(corners, "O"), *([("uv", "O")] if more else []), *(rgb if coloured == "face" else [])]
    )
    for k, row in enumerate(faces):
        face[corners][k] = row.astype("i4")
        if more:
            face["uv"][k] = rng.random(int(rng.integers(0, 4))).astype("f4")
    for k, (name, _) in enumerate(rgb if coloured == "face" else []):
        face[name] = colours[:, k]
    elements = [
        plyfile.PlyElement.describe(vertex, "vertex"),
        plyfile.PlyElement.describe(
            face, "face", len_types={corners: length, "uv": "u1"}, val_types={corners: "i4", "uv": "f4"}
        ),
    ]
    if beside == "edge":
        edge = np.array([(0, 1), (1, 2)], [("vertex1", "i4"), ("vertex2", "i4")])
        elements.insert(int(rng.integers(0, 3)), plyfile.PlyElement.describe(edge, "edge"))
    out = BytesIO()
    comments = ["element vertex 5", "made up"] if beside == "comment" else []
    plyfile.PlyData(
        elements, text=order == "text", byte_order=order if order != "text" else "=", comments=comments
    ).write(out)
    said, found = answer(".ply", out.getvalue())
    wanted = {
        "vertex": lambda: colours[faces],
        "face": lambda: np.repeat(colours[:, None], 3, axis=1),
        "": lambda: None,
    }
    left = ["1 more value of each point left out: score", "1 more value of each face left out: uv"] if more else []
    whole(points[faces], said, found, wanted[coloured](), [*left, *(["2 × edge left out"] if beside == "edge" else [])])


TYPES = {
    "i1": "char",
    "u1": "uchar",
    "i2": "short",
    "u2": "ushort",
    "i4": "int",
    "u4": "uint",
    "f4": "float",
    "f8": "double",
}


@some
@given(
    seeds,
    st.sampled_from(["ascii", "<", ">"]),
    st.sampled_from(["u1", "u2", "f4", "f8", "i4"]),
    st.sampled_from(["red green blue", "r g b", "diffuse_red diffuse_green diffuse_blue"]),
    st.sampled_from(["vertex", "face", ""]),
    st.sampled_from(["u1", "i4", "u2"]),
    st.sampled_from(["faces", "strips"]),
)
def test_a_ply_of_any_types(rng, order, colour_type, names, coloured, count_type, connected):
    points, faces = grid(rng)
    coloured = coloured if connected == "faces" else coloured.replace("face", "")
    of = len(points) if coloured == "vertex" else len(faces)
    bytes_ = rng.integers(0, 256, (of, 3))
    bytes_[0] = 255
    full = {"u1": 255, "u2": 65535, "f4": rng.choice([1, 255]), "f8": 1, "i4": 255}[colour_type]
    colours = bytes_ / 255 * full if colour_type[0] == "f" else np.rint(bytes_ / 255 * full).astype(int)
    written = {"ascii": "ascii", "<": "binary_little_endian", ">": "binary_big_endian"}[order]
    head = ["ply", f"format {written} 1.0"]
    head += ["comment element vertex 99999", "obj_info made up", f"element vertex {len(points)}"]
    head += [f"property double {axis}" for axis in "xyz"]
    head += [f"property {TYPES[colour_type]} {name}" for name in names.split()] if coloured == "vertex" else []
    rows = [[(float(x), "f8") for x in point] for point in points]
    if coloured == "vertex":
        rows = [row + [(c, colour_type) for c in colour.tolist()] for row, colour in zip(rows, colours, strict=True)]
    if connected == "faces":
        head += [f"element face {len(faces)}"]
        extra = bool(rng.random() < 0.5)
        head += ["property uchar flag"] * extra
        head += [f"property list {TYPES[count_type]} int vertex_indices"]
        head += [f"property {TYPES[colour_type]} {name}" for name in names.split()] if coloured == "face" else []
        for face, colour in zip(
            faces.tolist(), colours.tolist() if coloured == "face" else [[]] * len(faces), strict=True
        ):
            rows.append(
                [(7, "u1")] * extra + [(3, count_type), *((k, "i4") for k in face), *((c, colour_type) for c in colour)]
            )
    else:
        strip = [k for face in faces.tolist() for k in (*face, -1)]
        head += ["element tristrips 1", "property list int int vertex_indices"]
        rows.append([(len(strip), "i4"), *((k, "i4") for k in strip)])
    head = "\n".join([*head, "end_header", ""]).encode()
    if order == "ascii":
        body = "\n".join(" ".join(repr(value) for value, _ in row) for row in rows).encode()
    else:
        body = b"".join(np.array(value, order + kind).tobytes() for row in rows for value, kind in row)
    said, found = answer(".ply", head + body)
    wanted = None
    if coloured:
        wanted = bytes_[faces] if coloured == "vertex" else np.repeat(bytes_[:, None], 3, axis=1)
    beside = ["1 more value of each face left out: flag"] if connected == "faces" and extra else []
    whole(points[faces], said, found, wanted, beside)


@some
@given(seeds, st.integers(4, 12))
def test_polygons_with_notches_keep_their_area(rng, size):
    """A star round a point: its area is that of the triangles from its middle."""
    angle = (np.arange(size) + rng.uniform(-0.3, 0.3, size)) / size * 2 * np.pi
    radius = rng.uniform(0.2, 1, size)
    flat = np.column_stack([radius * np.cos(angle), radius * np.sin(angle), np.zeros(size)])
    area = (
        radius * np.roll(radius, -1) * np.sin(np.roll(angle, -1) - angle + 2 * np.pi * (np.arange(size) == size - 1))
    ).sum() / 2
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    points = flat @ turn.T
    text = [f"v {x!r} {y!r} {z!r}" for x, y, z in points.tolist()] + ["f " + " ".join(str(k + 1) for k in range(size))]
    _, found = answer(".obj", "\n".join(text).encode())
    a, b, c = found["values"][found["faces"]].swapaxes(0, 1)
    scale = points.std(0).max()
    assert np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2 * scale**2 == pytest.approx(area, rel=1e-3)


LETTERS = st.text(
    st.one_of(st.sampled_from("abcxyzÄé語 _-#%/;,|:'\"\\.()1"), st.characters(categories=["Ll", "Lu", "Nd"])),
    min_size=1, max_size=8,
).filter(lambda name: name.strip(" #/%") == name and not name[0].isdigit() and name[0].isalpha())  # fmt: skip


MARKED = st.tuples(st.sampled_from(["#", "//", "%"]), LETTERS).map("".join)


@st.composite
def tables(draw):
    """A table with columns of numbers and perhaps of text, and the options with which pandas writes it."""
    rng = draw(seeds)
    rows, wide = int(rng.integers(6, 30)), int(rng.integers(2, 6))
    names = draw(st.lists(LETTERS, min_size=wide, max_size=wide, unique=True))
    frame = pd.DataFrame(
        {
            name: rng.integers(-50, 50, rows)
            if rng.random() < 0.3
            else rng.normal(0, 10.0 ** rng.integers(-3, 4), rows)
            for name in names
        }
    )
    if draw(st.booleans()):
        letters = draw(st.sampled_from([LETTERS, LETTERS | MARKED, MARKED]))
        words = draw(st.lists(letters | st.just('a "b" c') | st.just("two\nlines"), min_size=rows, max_size=rows))
        frame.insert(int(rng.integers(0, wide + 1)), "words", words)
    options = {
        "sep": draw(st.sampled_from([",", ";", "\t", "|", " ", ":", "~"])),
        "index": draw(st.booleans()),
        "header": draw(st.sampled_from([True, True, True, False])),
        "quoting": draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC])),
        "quotechar": draw(st.sampled_from(['"', '"', "'"])),
        "lineterminator": draw(st.sampled_from(["\n", "\r\n", "\r"])),
        "na_rep": draw(st.sampled_from(["", "NA", "nan", "-"])),
        "decimal": draw(st.sampled_from([".", ","])),
    }
    if draw(st.integers(0, 4)) == 0:
        options |= {"doublequote": False, "escapechar": "\\"}
    if options["lineterminator"] == "\r":  # pandas does not quote a line feed then, which no reader can tell
        frame = frame.replace("two\nlines", "two lines")
    if draw(st.booleans()):
        frame.iloc[int(rng.integers(0, rows)), frame.columns.get_loc(names[0])] = np.nan
    return frame, names, options, draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))


AROUND = st.fixed_dictionaries(
    {
        "above": st.sampled_from(["", "", "Counts of words", '"Counts of words']),
        "below": st.sampled_from(["", "", "Source", '"Source"']),
        "behind": st.booleans(),  # whether a separator ends each line
    }
)


@some
@given(tables(), AROUND)
def test_what_pandas_writes(table, around):
    frame, names, options, encoding = table
    text = frame.to_csv(None, **options)
    end = options["lineterminator"]
    lone = options["quotechar"] == '"' and "\\" not in text  # else marks around it may mean anything
    above, below = (around[place] if lone or '"' not in around[place] else "" for place in ("above", "below"))
    if around["behind"] and "two\nlines" not in text:
        text = text.replace(end, options["sep"] + end)
    above = above.split(" ")[0] if options["sep"] == " " else above  # else it has cells of its own
    text = (above and above + end) + text + (below and below + end)
    said, found = answer(".csv", text.encode(encoding))
    numbers = frame[names]
    kept = numbers.notna().all(axis=1).to_numpy()
    index = options["index"]
    assert len(found["values"]) == kept.sum(), said["notes"]
    if not kept.all():
        assert any(re.search(r"\b1 (empty )?row\b", note) for note in said["notes"])
    if "words" in frame:
        assert any("column of text" in note for note in said["notes"])
    columns = said["columns"]
    values = found["values"]
    if index:
        columns, values = columns[1:], values[:, 1:]
    if options["header"]:
        assert columns == names
    assert values.shape[1] == len(names)
    wanted = numbers.to_numpy(np.float64)[kept]
    deviation = wanted.std(0)
    wanted = (wanted - wanted.mean(0)) / np.where(deviation > 1e-14 * np.abs(wanted).max(0), deviation, np.inf)
    assert values == pytest.approx(wanted, abs=1e-4)


@some
@given(
    seeds,
    st.sampled_from(["L", "RGB", "RGBA", "P", "1", "CMYK", "I;16", "LA"]),
    st.sampled_from(["PNG", "JPEG", "WEBP"]),
)
def test_what_pillow_writes(rng, mode, kind):
    assume(kind != "JPEG" or mode in ("L", "RGB", "CMYK", "1"))
    assume(kind != "PNG" or mode != "CMYK")
    assume(kind != "WEBP" or mode in ("RGB", "RGBA", "L"))
    high, wide = rng.integers(64, 150, 2)
    y, x = np.mgrid[:high, :wide]
    tilt = rng.uniform(0, 1, (3, 2))
    pixels = np.stack([255 * (a * x / wide + b * y / high) / 2 for a, b in tilt], axis=2).astype(np.uint8)
    image = Image.fromarray(pixels)
    image = Image.fromarray(pixels[..., 0].astype(np.uint16) * 257) if mode == "I;16" else image.convert(mode)
    out = BytesIO()
    image.save(out, kind, **({"lossless": True} if kind == "WEBP" else {"quality": 95} if kind == "JPEG" else {}))
    said, found = answer(".jpg", out.getvalue())
    assert said["notes"] == []
    wanted = np.repeat(pixels[..., :1], 3, axis=2) if mode == "I;16" else np.asarray(image.convert("RGB"))
    assert np.abs(found["pixels"].astype(int) - wanted).mean() <= (4 if kind == "JPEG" else 0)


@some
@given(seeds, st.sampled_from(["f2", "f4", ">f8", "i1", ">u4", "?"]), st.booleans(), st.booleans())
def test_what_numpy_writes(rng, kind, fortran, packed):
    array = (rng.normal(0, 20, (int(rng.integers(4, 40)), int(rng.integers(2, 9)))).clip(-100, 100)).astype(kind)
    if kind == ">u4":
        array = np.abs(array)
    assume((array != array[0]).any())
    array = np.asfortranarray(array) if fortran else array
    out = BytesIO()
    (np.savez if packed else np.save)(out, array)
    _, found = answer(".npz" if packed else ".npy", out.getvalue())
    wanted = array.astype(np.float64)
    deviation = wanted.std(0)
    assert found["values"] == pytest.approx(
        (wanted - wanted.mean(0)) / np.where(deviation > 0, deviation, np.inf), abs=1e-4
    )


@some
@given(seeds, st.sampled_from([".ply", ".obj", ".off", ".glb"]), st.sampled_from([0, 1e-7, 0.2, 5]))
def test_colours_with_a_fraction_of_which_one_is_beyond_1(rng, ending, more):
    points, faces = grid(rng)
    colours = rng.uniform(0, 1, points.shape)
    colours[rng.integers(len(points)), rng.integers(3)] = 1 + more
    if ending == ".glb":
        mesh = trimesh.Trimesh(points, faces, process=False)
        mesh.vertex_attributes["colour"] = colours.astype(np.float32)
        data = mesh.export(file_type="glb").replace(b'"_colour"', b'"COLOR_0"')
    else:
        rows = [" ".join(map(repr, row)) for row in np.hstack([points, colours]).tolist()]
        size = f"{len(rows)} {len(faces)} 0"
        corners = [f"3 {a} {b} {c}" for a, b, c in faces]
        named = [f"property double {name}" for name in ("x", "y", "z", "red", "green", "blue")]
        head = ["ply", "format ascii 1.0", f"element vertex {len(rows)}", *named, f"element face {len(faces)}"]
        lines = {
            ".ply": [*head, "property list uchar int vertex_indices", "end_header", *rows, *corners],
            ".off": ["COFF", size, *rows, *corners],
            ".obj": [*(f"v {row}" for row in rows), *(f"f {a + 1} {b + 1} {c + 1}" for a, b, c in faces)],
        }[ending]
        data = "\n".join(lines).encode()
    said, found = answer(ending, data)
    colours = colours.clip(0, 1)
    if ending == ".glb":
        points = points[:, [0, 2, 1]] * [1, -1, 1]
        colours = np.where(colours <= 0.0031308, 12.92 * colours, 1.055 * colours ** (1 / 2.4) - 0.055)
    whole(points[faces], said, found, 255 * colours[faces])
    assert any("taken as 0 or 1" in note for note in said["notes"]) == (more > 0.01 and ending != ".glb")


@some
@given(
    seeds,
    st.sampled_from(["obj", "ply", "stl_ascii", "off"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_meshes_of_text_in_any_encoding(rng, kind, encoding, end):
    points, faces = grid(rng)
    mesh = trimesh.Trimesh(points, faces, process=False)
    text = mesh.export(file_type=kind, **({"encoding": "ascii"} if kind == "ply" else {}))
    text = text.decode() if isinstance(text, bytes) else text
    said, found = answer(f".{kind[:3]}", end.join([*text.splitlines(), ""]).encode(encoding))
    whole(points[faces], said, found)


@pytest.mark.skipif(sys.platform != "linux", reason="the limits are those of Linux")
@settings(some, max_examples=max(4, EXAMPLES // 5))
@given(st.integers(64, 300), st.sampled_from([1000, 3000]), st.sampled_from(["WEBP", "lossless", "JPEG", "PNG"]))
def test_a_whole_picture_is_read_or_needs_more_memory(megabytes, high, kind):
    out = BytesIO()
    options = {"JPEG": {"progressive": True}, "PNG": {}, "WEBP": {"method": 0}}.get(
        kind, {"lossless": True, "method": 0}
    )
    Image.new("RGB", (4 * high // 3, high), "teal").save(out, kind.replace("lossless", "WEBP"), **options)
    try:
        _, found = reader.read_arrays(".jpg", out.getvalue(), memory=megabytes << 20)
        reason = "" if found["pixels"].shape[0] == 768 else "other pixels"
    except Unreadable as error:
        reason = str(error)
    assert not reason or "of memory that it may have now" in reason
