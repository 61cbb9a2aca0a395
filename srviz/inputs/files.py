"""The visitor's own cloud of points: a mesh, points or a table, read in a process that may be ended, never on disk."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from srviz.inputs import reader
from srviz.inputs.base import Array, Tokens, Unreadable, alike, asked, principal
from srviz.inputs.clouds import evenly
from srviz.inputs.kinds import FORMATS, PICTURES
from srviz.inputs.reader import MOST_BYTES, Show
from srviz.inputs.shapes import LEAST, MOST

__all__ = ["FORMATS", "MOST_BYTES", "Unreadable", "Upload", "read"]

_KNOWN = ", ".join(ending[1:].upper() for ending in FORMATS)


@dataclass(frozen=True, eq=False)
class Upload:
    """What a visitor's file holds.

    kind: "mesh", "points" or "table". title: the file's name, shortened. n: its points, of a mesh its corners. columns:
    the columns that can be chosen by name, none of a mesh or points of a 3D format. notes: what was done to it, in
    phrases. digest: sha256 of the kind of file and its bytes, for caches. least, most: the numbers of tokens it can
    be asked for.
    """

    kind: str
    title: str
    n: int
    columns: tuple[str, ...]
    notes: tuple[str, ...]
    digest: str
    values: Array = field(repr=False)  # (n, D), each column of mean 0 and variance 1
    scale: NDArray[np.float64] = field(repr=False)  # (D,) the deviations they were divided by
    faces: NDArray[np.int32] | None = field(default=None, repr=False)  # (m, 3)
    colour: NDArray[np.uint8] | None = field(default=None, repr=False)  # (n, 3)

    @property
    def least(self) -> int:
        """The fewest tokens a page offers."""
        return LEAST if self.faces is not None else min(LEAST, self.n)

    @property
    def most(self) -> int:
        """The most tokens: all points, or a million on a mesh."""
        return MOST if self.faces is not None else self.n

    def tokens(self, n: int, *, random_state: int, columns: tuple[str, ...] | None = None) -> Tokens:
        """n tokens: of a mesh uniform on its surface, else n of the rows, taken evenly; their colour kept.

        columns: which to take, by name; all where None. Two or three are coordinates: x = place (n, 3), scaled alike on
        all axes. More: x (n, D), each standardized, and place their three principal components. Raises ValueError for
        n out of range, for a column that is not there and for fewer than two.
        """
        n, random_state = asked(n, random_state, 4, self.most)
        rng = np.random.default_rng(random_state)
        if self.faces is not None:
            points, colour = self._surface(self.faces, n, rng)
            x = alike(points)
            return Tokens(x, place=x, colour=colour)
        chosen = list(range(self.values.shape[1])) if columns is None else [self._column(name) for name in columns]
        if len(chosen) < 2:
            raise ValueError(f"columns: expected two or more, got {columns}")
        rows = evenly(n, self.n, rng)
        values = self.values[rows][:, chosen]
        colour = None if self.colour is None else np.asarray(self.colour[rows] / 255, dtype=np.float32)
        if len(chosen) > 3:
            return Tokens(values, place=principal(values), colour=colour)
        scale = self.scale[chosen]
        values = np.pad(values * (scale / (scale.max() or 1)), ((0, 0), (0, 3 - len(chosen))))
        x = alike(values)
        return Tokens(x, place=x, colour=colour)

    def _column(self, name: str) -> int:
        if name not in self.columns:
            raise ValueError(f"columns: expected some of {', '.join(self.columns)}, got {name}")
        return self.columns.index(name)

    def _surface(self, faces: NDArray[np.int32], n: int, rng: np.random.Generator) -> tuple[Array, Array | None]:
        """n points (n, 3) on the triangles, as many as each has of the area, and their colours."""
        a, b, c = self.values[faces].swapaxes(0, 1)
        upto = np.cumsum(np.linalg.norm(np.cross(b - a, c - a), axis=1), dtype=np.float64)
        face = np.searchsorted(upto, (np.arange(n) + rng.random(n)) * (upto[-1] / n), side="right")
        corners = faces[np.minimum(face, len(faces) - 1)]  # (n, 3)
        root, along = np.sqrt(rng.random(n, dtype=np.float32)), rng.random(n, dtype=np.float32)
        shares = (1 - root, root * (1 - along), root * along)  # uniform on a triangle

        def mixed(of: NDArray[Any]) -> Array:
            first, second, third = (share[:, None] * of[corners[:, i]] for i, share in enumerate(shares))
            return np.asarray(first + second + third, dtype=np.float32)

        return mixed(self.values), None if self.colour is None else mixed(self.colour / np.float32(255)).clip(0, 1)


def read(
    name: str,
    data: bytes,
    *,
    memory: int | None = None,
    show: Show = lambda text: None,
    owner: Hashable | None = None,
) -> Upload:
    """Read a visitor's file by the ending of its name.

    memory: bytes that the process which reads it may take, its share of what is left where None. show: told every 0.1 s
    that it goes on; what it raises ends the process and comes out of here. owner: whose file it is, of whom one is read
    at a time; None where that is not known. Raises Unreadable where the file has no ending that is known, is empty or
    over 25 MB, is broken or holds no four points that differ, or takes more than 30 s or `memory` to be read.
    """
    suffix = Path(name).suffix.lower()
    if suffix not in FORMATS:
        raise Unreadable(f"Files of this kind are not read here. {_instead(suffix)}These are: {_KNOWN}.")
    if not data:
        raise Unreadable("This file is empty. One with at least four points works.")
    if len(data) > MOST_BYTES:
        raise Unreadable(f"This file has {len(data) / 1e6:.0f} MB; at most 25 MB can be read. A thinned copy works.")
    said, found = reader.read_arrays(suffix, data, memory=memory, show=show, owner=owner)
    return Upload(
        kind=said["kind"],
        title=shortened(name),
        n=len(found["values"]),
        columns=tuple(said["columns"]),
        notes=tuple(said["notes"]),
        digest=sha256(suffix.encode() + b"\0" + data).hexdigest(),
        **found,
    )


def _instead(suffix: str) -> str:
    """What to do with a file of an ending that is known, and not read here."""
    if suffix in PICTURES:
        return "The page Photographs takes pictures. "
    return "Export the glTF as GLB, one file that holds everything. " if suffix == ".gltf" else ""


def shortened(name: str, most: int = 40) -> str:
    """A file's name without folders and what cannot be printed, the middle left out where it is long."""
    name = "".join(c for c in name.replace("\\", "/").rsplit("/", 1)[-1] if c.isprintable())
    return name if len(name) <= most else f"{name[: most // 2]}…{name[-(most // 2 - 1) :]}"
