"""What the readers of meshes share: polygons are cut into triangles, and all parts joined to one surface."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .base import Found, Numbers, Unusable, bound, bytes_of_colour, count, points, standardized

Corners = NDArray[np.int64]


@dataclass
class Part:
    """Points (n, 3), or (n, 2) where there is no z, and what connects them.

    corners, counts: the corners of all polygons one after the other, and how many each has. colour: of the points (n,
    3) uint8, or None. face_colour: of the polygons.
    """

    points: Numbers
    corners: Corners = field(default_factory=lambda: np.zeros(0, np.int64))
    counts: Corners = field(default_factory=lambda: np.zeros(0, np.int64))
    colour: NDArray[np.uint8] | None = None
    face_colour: NDArray[np.uint8] | None = None


def finish(parts: list[Part], notes: list[str]) -> Found:
    """The surface of all parts that have one, or the points of all parts; what of them is left out joins the notes.

    values: (n, 3) float32, scaled alike on all axes. faces: (m, 3) int32, which points make a triangle.
    """
    parts = [part for part in parts if len(part.points)]
    if not parts:
        raise Unusable("There are no points and no triangles in this file: it is cut short, or holds something else.")
    bound(sum(len(part.points) for part in parts), "points")
    bound(sum(len(part.corners) - 2 * len(part.counts) for part in parts), "triangles")
    for part in parts:
        _check(part, notes)
    surfaces = [part for part in parts if len(part.counts)]
    if not surfaces:
        colours = [part.colour for part in parts if part.colour is not None]
        if colours and len(colours) < len(parts):
            notes.append("colours left out: not all parts have some")
        colour = np.concatenate(colours) if colours and len(colours) == len(parts) else None
        return points(np.concatenate([part.points for part in parts]), [], notes, colour)
    if loose := sum(len(part.points) for part in parts if not len(part.counts)):
        notes.append(f"{count(loose, 'point')} of parts without triangles left out")
    return _surface(surfaces, notes)


def _check(part: Part, notes: list[str]) -> None:
    """Every corner names a point, and every face has three corners or more."""
    if len(part.corners) and (part.corners.min() < 0 or part.corners.max() >= len(part.points)):
        raise Unusable("A face of this file names a point that is not there. Export it again.")
    small = part.counts < 3
    if small.any():
        kept = ~small
        notes.append(f"{count(int(small.sum()), 'face')} of fewer than three corners left out")
        part.corners, part.counts = part.corners[np.repeat(kept, part.counts)], part.counts[kept]
        part.face_colour = None if part.face_colour is None else part.face_colour[kept]


def _surface(parts: list[Part], notes: list[str]) -> Found:
    if any(part.points.shape[1] == 2 for part in parts):
        notes.append("two columns: z is 0")
    coloured = all(part.colour is not None or part.face_colour is not None for part in parts)
    if not coloured and any(part.colour is not None or part.face_colour is not None for part in parts):
        notes.append("colours left out: not all parts have some")
    if any(part.colour is not None and part.face_colour is not None for part in parts):
        notes.append("the colours of the faces left out: those of the points are shown")
    total, unnamed, all_points, all_faces, all_colours = 0, 0, [], [], []
    for part in parts:
        at = part.points if part.points.shape[1] == 3 else np.pad(part.points, ((0, 0), (0, 1)))
        faces, of = triangles(part.corners, part.counts, at)
        named = np.zeros(len(at), bool)
        named[part.corners] = True
        unnamed += int((~named).sum())
        colour = part.colour
        if coloured and colour is None and part.face_colour is not None:  # each triangle gets corners of its own
            at, colour = at[faces].reshape(-1, 3), np.repeat(part.face_colour[of], 3, axis=0)
            faces = np.arange(len(at)).reshape(-1, 3)
        all_points.append(at)
        all_faces.append(faces + total)
        all_colours.append(colour)
        total += len(at)
    bound(total, "points")
    where, faces = np.concatenate(all_points), np.concatenate(all_faces)
    colour = np.concatenate([of for of in all_colours if of is not None]) if coloured else None
    if unnamed:
        notes.append(f"{count(unnamed, 'point')} that no face names left out")
    if len(parts) > 1:
        notes.append(f"{len(parts)} parts, each in its place")
    finite = np.asarray(np.isfinite(where).all(axis=1))
    every = len(faces)
    if not finite.all():
        kept = finite[faces].all(1)
        faces = faces[kept]
        if not kept.all():
            notes.append(f"{count(int((~kept).sum()), 'triangle')} with a corner that is not a number left out")
    named = np.zeros(total, bool)
    named[faces] = True
    used, faces = np.flatnonzero(named), (np.cumsum(named) - 1)[faces]
    where, colour = where[used], None if colour is None else colour[used]
    surface = "their" if every > 1 else "its"
    between = f"{count(every, 'triangle')} between {total - unnamed:,} points; sampled evenly on {surface} surface"
    notes.insert(0, between)
    if len(where) == 0:
        if every:
            raise Unusable("The coordinates in this file are not finite numbers. Export it again.")
        raise Unusable(NO_AREA)
    values, scale = standardized(where)
    values = (values * scale / max(scale.max(), 1e-300)).astype(np.float32)  # alike on all axes
    sides = np.diff(values[faces], axis=1)
    if not np.linalg.norm(np.cross(sides[:, 0], sides[:, 1]), axis=1).sum(dtype=np.float64) > 1e-9:
        raise Unusable(NO_AREA)
    found: dict[str, NDArray[Any]] = {"values": values, "scale": np.ones(3), "faces": faces.astype(np.int32)}
    said = {"kind": "mesh", "columns": [], "notes": notes}
    return said, found | ({} if colour is None else {"colour": colour})


NO_AREA = "The triangles of this mesh have no area, so that no points can be put on it. Another mesh works."


def triangles(corners: Corners, counts: Corners, at: Numbers) -> tuple[Corners, Corners]:
    """Polygons as triangles (m, 3), and which polygon each is of, (m,); in the order of the polygons.

    A polygon without notches is cut into a fan, any other by its ears, as a flat one seen along its normal.
    """
    first = np.cumsum(counts) - counts
    found, of = [], []
    for size in np.unique(counts):
        which = np.flatnonzero(counts == size)
        rings = corners[first[which, None] + np.arange(size)]  # (m, size)
        if size == 4:
            rings = _from_notch(rings, at)
        elif size > 4:
            notched = _turns(rings, at).any(1)
            if notched.any():
                ears, polygon = _ears(rings[notched], at)
                found.append(ears)
                of.append(which[notched][polygon])
            rings, which = rings[~notched], which[~notched]
        fan = np.arange(1, size - 1)
        fans = np.stack([np.zeros_like(fan), fan, fan + 1], axis=1)  # (size − 2, 3)
        found.append(rings[:, fans].reshape(-1, 3))
        of.append(np.repeat(which, size - 2))
    if not found:
        return np.zeros((0, 3), np.int64), np.zeros(0, np.int64)
    faces, polygon = np.concatenate(found), np.concatenate(of)
    order = np.argsort(polygon, kind="stable")
    return faces[order], polygon[order]


def _turns(rings: Corners, at: Numbers) -> NDArray[np.bool_]:
    """At which corners these polygons (m, size) turn the other way, seen along their normals: (m, size)."""
    other = np.zeros(rings.shape, bool)
    rows = max(1, 1_000_000 // rings.shape[1])
    for low in range(0, len(rings), rows):
        ring = at[rings[low : low + rows]]  # (rows, size, 3)
        with np.errstate(invalid="ignore", over="ignore"):
            side = ring - np.roll(ring, 1, axis=1)  # to each corner from the one before it
            turn = np.cross(side, np.roll(side, -1, axis=1))  # (rows, size, 3)
            from_first = ring - ring[:, :1]
            normal = np.cross(from_first[:, :-1], from_first[:, 1:]).sum(1)  # (rows, 3), twice the area
            against = np.einsum("mkc,mc->mk", turn, normal)
            other[low : low + rows] = against < -1e-9 * np.abs(against).max(1, keepdims=True)
    return other


def _from_notch(rings: Corners, at: Numbers) -> Corners:
    """Quadrilaterals (m, 4), each from its notch on where it has one: a fan from there stays inside."""
    first = _turns(rings, at).argmax(1)
    return np.take_along_axis(rings, (first[:, None] + np.arange(4)) % 4, axis=1)


def _ears(rings: Corners, at: Numbers) -> tuple[Corners, Corners]:
    """Polygons (m, size) as triangles (k, 3), and which polygon each is of, (k,)."""
    from mapbox_earcut import triangulate_float64

    around = at[rings] - at[rings[:, :1]]  # (m, size, 3)
    with np.errstate(invalid="ignore", over="ignore"):
        normal = np.abs(np.cross(around[:, :-1], around[:, 1:]).sum(1))  # (m, 3)
    along = np.array([[1, 2], [0, 2], [0, 1]])[np.nan_to_num(normal).argmax(1)]  # the axes of the plane it is seen in
    flat = np.nan_to_num(np.take_along_axis(around, along[:, None], axis=2))
    size = np.array([rings.shape[1]], np.uint32)
    found = [triangulate_float64(ring, size) for ring in flat]
    of = np.repeat(np.arange(len(rings)), [len(corners) // 3 for corners in found])
    corners = np.concatenate(found).reshape(-1, 3).astype(np.int64)
    return np.take_along_axis(rings[of], corners, axis=1), of


def strips(runs: list[Corners]) -> tuple[Corners, Corners]:
    """Strips of triangles as corners and counts; −1 in a strip begins another, and a corner named twice turns it."""
    found = []
    for run in runs:
        for strip in np.split(run, np.flatnonzero(run < 0)):
            strip = strip[strip >= 0]
            if len(strip) < 3:
                continue
            three = np.stack([strip[:-2], strip[1:-1], strip[2:]], axis=1)
            three[1::2] = three[1::2, [1, 0, 2]]
            distinct = (three[:, 0] != three[:, 1]) & (three[:, 1] != three[:, 2]) & (three[:, 0] != three[:, 2])
            found.append(three[distinct])
    faces = np.concatenate(found) if found else np.zeros((0, 3), np.int64)
    return faces.reshape(-1), np.full(len(faces), 3)


def colours(columns: list[NDArray[Any]], notes: list[str]) -> NDArray[np.uint8]:
    """Red, green and blue, each (n,), as (n, 3) of 0 to 255."""
    return bytes_of_colour(np.column_stack(columns), notes)
