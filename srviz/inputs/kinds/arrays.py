"""NPY and NPZ, the arrays of numpy: nothing is unpickled."""

import zipfile
from io import BytesIO
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from .base import LEAST, Found, Kind, Unusable, count, points

UNPACKED_BYTES = 256_000_000  # bytes of an NPZ
HEADER_BYTES = 1 << 16  # in which the header of an array ends
ZIP = b"PK\x03\x04"  # with which an NPZ begins
TWO_AXES, NUMERIC, SMALL, USABLE = 1, 2, 3, 4  # how near an array is to one that can be used
REAL = "biuf"  # kinds of real numbers, as numpy names them
SAVE = "Save real numbers of shape (n, D)."
UNNAMED = {  # by their size: numbers of other libraries, which numpy saves without their name
    2: 'This array holds bfloat16, which numpy itself does not know. Save array.astype("float32").',
    1: 'This array holds numbers of 8 bits (float8 or int4) that numpy does not know. Save array.astype("float32").',
}


def read(ending: str, data: bytes) -> Found:
    """The rows of an array (n, D), of an archive the first that has two axes and holds numbers."""
    notes: list[str] = []
    if data.startswith(ZIP) or (ending == ".npz" and not data.startswith(npy.MAGIC_PREFIX)):  # whatever its name
        data, notes = _member(data)
    values = _npy(data, notes)
    columns = values.shape[1]
    kind = "points" if columns <= 3 else "table"
    return points(values, [str(column + 1) for column in range(columns)], notes, kind=kind)


def _member(data: bytes) -> tuple[bytes, list[str]]:
    """The bytes of the first array with two axes in an NPZ that can be used; of the others only the headers are read.

    Where there is none, those of the array that comes nearest to it, whose reader says what is wrong.
    """
    with zipfile.ZipFile(BytesIO(data)) as archive:
        members = [member for member in archive.infolist() if member.filename.endswith(".npy")]
        members = [member for member in members if not member.filename.rpartition("/")[2].startswith("._")]  # of macOS
        if any(member.flag_bits & 1 for member in members):
            raise Unusable("This archive is locked by a password. Save it without one.")
        if not members:
            raise Unusable("There is no array in this archive. Save one of shape (n, D) with numpy.savez.")
        uses = []
        for member in members:
            with archive.open(member) as packed:
                uses.append(_use(packed.read(HEADER_BYTES)))
        chosen = members[uses.index(max(uses))]
        if chosen.file_size > UNPACKED_BYTES:
            raise Unusable(
                f"Unpacked, this archive is over {UNPACKED_BYTES // 10**6} MB. Save fewer or smaller arrays."
            )
        with archive.open(chosen) as packed:
            found = packed.read(chosen.file_size + 1)
    if len(found) != chosen.file_size:
        raise Unusable("This archive is not as large as it says. Save it again with numpy.savez.")
    if max(uses) < NUMERIC or len(members) == 1:
        return found, []
    before = uses[: members.index(chosen)]
    which = "the first of numbers with two axes" if TWO_AXES in before else "the first with two axes"
    which += " that can be used" if any(use >= NUMERIC for use in before) else ""
    passed = f"; a matrix of {LEAST} × {LEAST} before it was passed over" if SMALL in before else ""
    return found, [f"of {len(members)} arrays {which}: {chosen.filename[:-4][:40]}{passed}"]


def _use(header: bytes) -> int:
    """How near an array is to one that can be used, by the beginning of its file."""
    try:
        shape, dtype, _, _ = _shape(header)
    except ValueError:
        return 0
    if len(shape) != 2 or dtype.kind not in REAL:
        return TWO_AXES if len(shape) == 2 else 0
    if shape[0] < LEAST or shape[1] < 2:
        return NUMERIC
    return SMALL if shape[0] == shape[1] == LEAST else USABLE  # a matrix of a camera, or of a motion


def _shape(data: bytes) -> tuple[tuple[int, ...], np.dtype[Any], int, int]:
    """Of an NPY: its shape, its type, how many bytes its header says there are, and how many there are."""
    file = BytesIO(data)
    version = npy.read_magic(file)
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, _, dtype = read(file)
    size = dtype.itemsize
    for axis in shape:
        size *= axis  # of Python's integers, which do not overflow
    return shape, dtype, size, len(data) - file.tell()


def _npy(data: bytes, notes: list[str]) -> NDArray[Any]:
    """An NPY of numbers with two axes."""
    try:
        shape, dtype, announced, there = _shape(data)
    except ValueError:
        raise Unusable("This is not an array as numpy saves it. Save one of shape (n, D) with numpy.save.") from None
    if dtype.hasobject:
        raise Unusable(
            "This array holds Python objects, which are not unpacked here. Save numbers: array.astype(float)."
        )
    if dtype.kind not in REAL:
        if dtype.kind == "V" and dtype.names is None:
            raise Unusable(UNNAMED.get(dtype.itemsize, f"This array holds bytes without a meaning. {SAVE}"))
        what = {"c": "complex numbers", "V": "records with several fields"}.get(dtype.kind, "text or dates")
        raise Unusable(f"This array holds {what}. {SAVE}")
    if len(shape) != 2:
        raise Unusable(
            f"This array has {count(len(shape), 'axis', 'axes')}. Save one of shape (n, D), a row for each point."
        )
    if announced > there:
        raise Unusable("This array is cut short: its header announces more than there is. Save it again.")
    if announced < there:
        notes.append(f"{count(there - announced, 'byte')} behind the array left out, another array perhaps")
    return npy.read_array(BytesIO(data), allow_pickle=False)


KIND = Kind(9, (".npy", ".npz"), read)
