"""The visitor's own cloud of points: a mesh, points or a table, read in a process that may be ended, never on disk."""

import json
import os
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any

import numpy as np
from numpy.typing import NDArray

from srviz.inputs import parse
from srviz.inputs.base import Array, Tokens, Unreadable, alike, asked, principal
from srviz.inputs.clouds import evenly
from srviz.inputs.shapes import LEAST, MOST

__all__ = ["FORMATS", "MOST_BYTES", "Unreadable", "Upload", "read"]

FORMATS = (*parse.MESHES, *parse.TABLES, *parse.ARRAYS)
MOST_BYTES = 25_000_000
MOST_SECONDS = 30  # for a file to be read in
EVERY_SECONDS = 0.1  # seconds between two looks at it
TURNS = BoundedSemaphore(2)  # files read at a time: each may take its share of the memory

Show = Callable[[str], object]
_KNOWN = ", ".join(suffix[1:].upper() for suffix in FORMATS)


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


def read(name: str, data: bytes, *, memory: int = parse.MEMORY_BYTES, show: Show = lambda text: None) -> Upload:
    """Read a visitor's file by the ending of its name.

    memory: bytes that the process which reads it may take. show: told every 0.1 s that it goes on; what it raises ends
    the process and comes out of here. Raises Unreadable where the file has no ending that is known, is empty or over
    25 MB, is broken or holds no four points that differ, or takes more than 30 s or `memory` to be read.
    """
    suffix = Path(name).suffix.lower()
    if suffix not in FORMATS:
        raise Unreadable(f"Files of this kind are not read here. These are: {_KNOWN}.")
    if not data:
        raise Unreadable("This file is empty. One with at least four points works.")
    if len(data) > MOST_BYTES:
        raise Unreadable(f"This file has {len(data) / 1e6:.0f} MB; at most 25 MB can be read. A thinned copy works.")
    found = read_arrays(suffix, data, memory=memory, show=show)
    said: dict[str, Any] = json.loads(found.pop("said").tobytes())
    if "error" in said:
        raise Unreadable(said["error"])
    return Upload(
        kind=said["kind"],
        title=shortened(name),
        n=len(found["values"]),
        columns=tuple(said["columns"]),
        notes=tuple(said["notes"]),
        digest=sha256(suffix.encode() + b"\0" + data).hexdigest(),
        **found,
    )


def read_arrays(suffix: str, data: bytes, *, memory: int, show: Show) -> dict[str, NDArray[Any]]:
    """What `parse` says of a file, from a process of its own. Raises Unreadable where it takes too long, or breaks."""
    began = time.monotonic()
    while not TURNS.acquire(timeout=EVERY_SECONDS):
        if time.monotonic() - began > 2 * MOST_SECONDS:
            raise Unreadable("Other files are being read just now. Try again in a minute.")
        show("Other files are being read …")
    try:
        with np.load(BytesIO(_answer(suffix, data, memory, show)), allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except subprocess.TimeoutExpired:
        raise Unreadable(
            f"This file takes longer than {MOST_SECONDS} seconds to be read. A smaller one works."
        ) from None
    except (subprocess.CalledProcessError, OSError, ValueError, KeyError, zipfile.BadZipFile):
        raise Unreadable("This file could not be read: it is broken, or needs too much memory.") from None
    finally:
        TURNS.release()


def _answer(suffix: str, data: bytes, memory: int, show: Show) -> bytes:
    """What the process writes; it is gone when this returns or raises, whatever `show` raised included."""
    command = [sys.executable, "-P", parse.__file__, suffix, str(memory)]
    one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    pipe = subprocess.PIPE
    started = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, env=os.environ | one)
    with started as process, ThreadPoolExecutor(1) as thread:
        talk = thread.submit(process.communicate, data, timeout=MOST_SECONDS)
        try:
            while not wait([talk], EVERY_SECONDS).done:
                show("Reading …")
            out, _ = talk.result()
        finally:
            process.kill()  # which also ends the talk
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return bytes(out)


def shortened(name: str, most: int = 40) -> str:
    """A file's name without folders and what cannot be printed, the middle left out where it is long."""
    name = "".join(c for c in name.replace("\\", "/").rsplit("/", 1)[-1] if c.isprintable())
    return name if len(name) <= most else f"{name[: most // 2]}…{name[-(most // 2 - 1) :]}"
