"""GLB, glTF 2 in one file: the meshes of its scene, each in its place, and the colours of their points."""

import base64
import binascii
import json
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .base import Found, Kind, Numbers, Unusable, bound, bytes_of_colour, listed
from .mesh import Corners, Part, finish, strips

TYPES = {5120: "i1", 5121: "u1", 5122: "i2", 5123: "u2", 5125: "u4", 5126: "f4"}
WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT2": 4, "MAT3": 9, "MAT4": 16}
POINTS, LINES, TRIANGLES, STRIP, FAN = 0, (1, 2, 3), 4, 5, 6
PACKED = {"KHR_draco_mesh_compression", "EXT_meshopt_compression", "KHR_meshopt_compression"}
READ = {"KHR_mesh_quantization"}  # of the extensions without which a file cannot be read, those that are read here
LOOKS = ("KHR_materials_", "KHR_texture_", "EXT_texture_", "MSFT_texture_", "KHR_lights_", "KHR_animation_", "KHR_xmp")
GLOSSY = "KHR_materials_pbrSpecularGlossiness"
Tree = dict[str, Any]
BROKEN = "This GLB file is broken or cut short. Export it again, or as another format."
ELSEWHERE = "This file keeps its points in another file. Export it again as one file that holds everything."


def read(ending: str, data: bytes) -> Found:
    """The surface of all meshes of its scene, or their points; y is up in the file, z here."""
    tree, body = _chunks(data)
    required = {str(name) for name in tree.get("extensionsRequired", [])}
    if required & PACKED:
        raise Unusable("The points in this file are packed in a way that is not read here. Export it uncompressed.")
    if unknown := sorted(name for name in required - READ if not name.startswith(LOOKS)):
        raise Unusable(
            f"This GLB cannot be read without {listed(unknown)}, which is not known here. Export it without."
        )
    notes: list[str] = []
    meshes: dict[int, list[Part]] = {}
    parts: list[Part] = []
    placed = triangles = 0
    inside = bool(body) and "uri" not in (tree.get("buffers") or [{}])[0]
    buffers: dict[int, bytes] = {0: body} if inside else {}
    for node, matrix in _placed(tree, notes):
        mesh = int(node["mesh"])
        if mesh not in meshes:
            meshes[mesh] = _mesh(tree, buffers, mesh, notes)
        placed += sum(len(part.points) for part in meshes[mesh])
        triangles += sum(len(part.counts) for part in meshes[mesh])
        bound(placed, "points")  # before each is copied to its place
        bound(triangles, "triangles")
        for part in meshes[mesh]:
            at = part.points @ matrix[:3, :3].T + matrix[:3, 3]
            parts.append(Part(at[:, [0, 2, 1]] * [1, -1, 1], part.corners, part.counts, part.colour))
    turned = "turned to stand upright: in GLB y is up, here z"
    return finish(parts, [turned, *dict.fromkeys(notes)])


def _chunks(data: bytes) -> tuple[Tree, bytes]:
    """The tree of a GLB, and the bytes behind it."""
    if len(data) < 20 or data[:4] != b"glTF":
        raise Unusable(BROKEN)
    version, length = struct.unpack("<II", data[4:12])
    if version == 1:
        raise Unusable("This is glTF of version 1, which is not read here. Export it as glTF 2, or as another format.")
    if version != 2:
        raise Unusable(f"This is glTF of version {version}, which is not known here. Export it as glTF 2.")
    at, chunks = 12, []
    while at + 8 <= min(length, len(data)):
        size, kind = struct.unpack("<I4s", data[at : at + 8])
        chunks.append((kind, data[at + 8 : at + 8 + size]))
        if len(chunks[-1][1]) < size:
            raise Unusable(BROKEN)
        at += 8 + size
    if not chunks or chunks[0][0] != b"JSON" or length > len(data):
        raise Unusable(BROKEN)
    tree = json.loads(chunks[0][1])
    return tree, next((chunk for kind, chunk in chunks[1:] if kind == b"BIN\0"), b"")


def _placed(tree: Tree, notes: list[str]) -> list[tuple[Tree, Numbers]]:
    """The nodes of the scene that have a mesh, each once, and where they stand, (4, 4)."""
    nodes = tree.get("nodes", [])
    scenes = tree.get("scenes", [])
    if scenes:
        first = int(tree.get("scene", 0))
        roots = list(scenes[first].get("nodes", []))
        if len(scenes) > 1:
            notes.append(f"of {len(scenes)} scenes the one that it opens with")
    else:
        below = {child for node in nodes for child in node.get("children", [])}
        roots = [k for k in range(len(nodes)) if k not in below]
    found, seen = [], set()
    waiting = [(int(root), np.eye(4)) for root in reversed(roots)]
    while waiting:
        which, above = waiting.pop()
        if which in seen or which < 0:
            continue
        seen.add(which)
        node = nodes[which]
        matrix = above @ _matrix(node)
        if "mesh" in node:
            found.append((node, matrix))
            if "skin" in node:
                notes.append("taken as it stands without its bones")
            if "EXT_mesh_gpu_instancing" in node.get("extensions", {}):
                notes.append("the copies of its parts (instances) left out")
        waiting += [(int(child), matrix) for child in reversed(node.get("children", []))]
    if not roots and tree.get("meshes"):  # a file of meshes that no scene shows
        found = [({"mesh": k}, np.eye(4)) for k in range(len(tree["meshes"]))]
    return found


def _matrix(node: Tree) -> Numbers:
    """Where a node stands in the one above it."""
    if "matrix" in node:
        return np.array(node["matrix"], np.float64).reshape(4, 4).T
    x, y, z, w = (float(part) for part in node.get("rotation", (0, 0, 0, 1)))
    turn = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
    matrix = np.eye(4)
    matrix[:3, :3] = turn * np.array(node.get("scale", (1, 1, 1)), np.float64)
    matrix[:3, 3] = node.get("translation", (0, 0, 0))
    return matrix


def _mesh(tree: Tree, buffers: dict[int, bytes], which: int, notes: list[str]) -> list[Part]:
    """The primitives of a mesh that are triangles or points."""
    parts: list[Part] = []
    points = triangles = 0
    for primitive in tree["meshes"][which]["primitives"]:
        mode, attributes = int(primitive.get("mode", TRIANGLES)), primitive["attributes"]
        if mode in LINES:
            notes.append("its lines left out")
            continue
        if "POSITION" not in attributes or mode not in (POINTS, TRIANGLES, STRIP, FAN):
            notes.append("a part that is neither points nor triangles left out")
            continue
        if (
            PACKED & set(primitive.get("extensions", {}))
            and "bufferView" not in tree["accessors"][attributes["POSITION"]]
        ):
            raise Unusable("The points in this file are packed in a way that is not read here. Export it uncompressed.")
        part = Part(_accessor(tree, buffers, attributes["POSITION"]).astype(np.float64))
        base, others = _look(tree, primitive)
        if "COLOR_0" in attributes:
            part.colour = _colour(tree, buffers, attributes["COLOR_0"], base, notes)
            if len(part.colour) != len(part.points):
                raise Unusable(BROKEN)
        if mode != POINTS:
            indices = primitive.get("indices")
            order = (
                np.arange(len(part.points))
                if indices is None
                else _accessor(tree, buffers, indices)[:, 0].astype(np.int64)
            )
            part.corners, part.counts = _connected(mode, order)
        if "targets" in primitive:
            notes.append("taken in its first shape, without the others that it can take (morph targets)")
        if part.colour is None and (base != 1).any():
            notes.append("the colours of its materials left out")
        notes += others
        parts.append(part)
        points += len(part.points)
        triangles += len(part.counts)
        bound(points, "points")
        bound(triangles, "triangles")
    return parts


def _colour(tree: Tree, buffers: dict[int, bytes], which: int, base: Numbers, notes: list[str]) -> NDArray[np.uint8]:
    """The colours of points (n, 3) as they are shown, times the colour of their material, (3,).

    In glTF they are amounts of light from 0 to 1, which sRGB shows brighter in the dark. Eight bits are too few for
    that, and the libraries that write them (trimesh, Open3D, VTK) put in what is to be shown. Light is multiplied.
    """
    found = _accessor(tree, buffers, which)[:, :3]
    if TYPES[tree["accessors"][which]["componentType"]] == "u1":
        notes.append("its colours, of 8 bits, are taken as they are to be shown (sRGB)")
        shown = bytes_of_colour(found, notes) / 255
        light = np.where(shown <= 0.04045, shown / 12.92, ((shown + 0.055) / 1.055) ** 2.4)
    else:
        light = found.astype(np.float64) if found.dtype.kind == "f" else bytes_of_colour(found, notes) / 255
    light = np.nan_to_num(light, nan=0.0).clip(0, 1) * base
    return bytes_of_colour(np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055), notes)


def _connected(mode: int, order: Corners) -> tuple[Corners, Corners]:
    if mode == STRIP:
        return strips([order])
    if mode == FAN:
        fan = np.stack([np.full(max(len(order) - 2, 0), order[0] if len(order) else 0), order[1:-1], order[2:]], axis=1)
        return fan.reshape(-1), np.full(len(fan), 3)
    whole = len(order) // 3 * 3
    return order[:whole], np.full(whole // 3, 3)


def _look(tree: Tree, primitive: Tree) -> tuple[Numbers, list[str]]:
    """The colour of a material as light, (3,), white where there is none; and what else it looks like, left out."""
    if "material" not in primitive:
        return np.ones(3), []
    material = tree["materials"][int(primitive["material"])]
    look = material.get("pbrMetallicRoughness", {})
    others = ["the pictures on its materials (textures) left out"] if "baseColorTexture" in look else []
    if GLOSSY in material.get("extensions", {}):
        others.append(f"what its materials look like by {GLOSSY} left out")
    return np.array(look.get("baseColorFactor", [1, 1, 1])[:3], np.float64).clip(0, 1), others


def _accessor(tree: Tree, buffers: dict[int, bytes], which: int) -> NDArray[Any]:
    """The values of an accessor (count, width); whole numbers that stand for fractions as fractions."""
    said = tree["accessors"][which]
    many, wide, kind = int(said["count"]), WIDTHS[said["type"]], np.dtype("<" + TYPES[said["componentType"]])
    if "bufferView" in said:
        found = _view(tree, buffers, int(said["bufferView"]), int(said.get("byteOffset", 0)), many, wide, kind)
    else:
        bound(many, "points")
        found = np.zeros((many, wide), kind)
    if "sparse" in said:
        sparse = said["sparse"]
        size, places, values = int(sparse["count"]), sparse["indices"], sparse["values"]
        number = np.dtype("<" + TYPES[places["componentType"]])
        rows = _view(tree, buffers, places["bufferView"], int(places.get("byteOffset", 0)), size, 1, number)[:, 0]
        found = found.copy()
        found[rows] = _view(tree, buffers, values["bufferView"], int(values.get("byteOffset", 0)), size, wide, kind)
    if said.get("normalized") and kind.kind in "iu":
        return (found.astype(np.float64) / np.iinfo(kind).max).clip(-1, 1)
    return found


def _view(
    tree: Tree, buffers: dict[int, bytes], which: int, start: int, many: int, wide: int, kind: np.dtype[Any]
) -> NDArray[Any]:
    """Values (many, wide) that lie in a view of a buffer."""
    view = tree["bufferViews"][which]
    body = _buffer(tree, buffers, int(view["buffer"]))
    begin, length = int(view.get("byteOffset", 0)), int(view["byteLength"])
    row = wide * kind.itemsize
    stride = int(view.get("byteStride", row))
    if min(begin, start, many) < 0 or stride < row or begin + length > len(body):
        raise Unusable(BROKEN)
    if many == 0:
        return np.zeros((0, wide), kind)
    if start + (many - 1) * stride + row > length:
        raise Unusable(BROKEN)
    return np.ndarray((many, wide), kind, body, begin + start, (stride, kind.itemsize))


def _buffer(tree: Tree, buffers: dict[int, bytes], which: int) -> bytes:
    """The bytes of a buffer: those behind the tree, or those written into it. No other file is opened."""
    if which in buffers:
        return buffers[which]
    uri = tree["buffers"][which].get("uri")
    if uri is None:
        raise Unusable(BROKEN)
    head, _, packed = str(uri).partition(",")
    if not head.startswith("data:") or not head.endswith(";base64"):
        raise Unusable(ELSEWHERE)
    try:
        buffers[which] = base64.b64decode(packed, validate=True)
    except (binascii.Error, ValueError):
        raise Unusable(BROKEN) from None
    return buffers[which]


KIND = Kind(4, (".glb",), read, memory=96 << 20)
