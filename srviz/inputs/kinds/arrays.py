"""NPY and NPZ, the arrays of numpy: nothing is unpickled."""

import zipfile
from io import BytesIO
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from .base import Found, Kind, Refused, count, points

UNPACKED_BYTES = 256_000_000  # bytes of an NPZ
REAL = "biuf"  # kinds of real numbers, as numpy names them
SAVE = "Save real numbers of shape (n, D)."
UNNAMED = {  # by their size: numbers of other libraries, which numpy saves without their name
    2: 'This array holds bfloat16, which numpy itself does not know. Save array.astype("float32").',
    1: 'This array holds numbers of 8 bits (float8 or int4) that numpy does not know. Save array.astype("float32").',
}


def read(ending: str, data: bytes) -> Found:
    """The rows of an array (n, D), of an archive the first that has two axes and holds numbers."""
    notes: list[str] = []
    if ending == ".npz":
        data, notes = _member(data)
    values = _npy(data, notes)
    columns = values.shape[1]
    kind = "points" if columns <= 3 else "table"
    return points(values, [str(column + 1) for column in range(columns)], notes, kind=kind)


def _member(data: bytes) -> tuple[bytes, list[str]]:
    """The bytes of the first array of numbers with two axes in an NPZ, after a look at all sizes.

    Where there is none, those of the first array with two axes, else of the first, whose reader says what is wrong.
    """
    with zipfile.ZipFile(BytesIO(data)) as archive:
        members = [member for member in archive.infolist() if member.filename.endswith(".npy")]
        members = [member for member in members if not member.filename.rpartition("/")[2].startswith("._")]  # of macOS
        if sum(member.file_size for member in members) > UNPACKED_BYTES:
            raise Refused(f"Unpacked, this archive is over {UNPACKED_BYTES // 10**6} MB. Save fewer or smaller arrays.")
        if any(member.flag_bits & 1 for member in members):
            raise Refused("This archive is locked by a password. Save it without one.")
        first: bytes | None = None
        flat: bytes | None = None
        for member in members:
            with archive.open(member) as packed:
                found = packed.read(member.file_size + 1)
            if len(found) != member.file_size:
                raise Refused("This archive is not as large as it says. Save it again with numpy.savez.")
            try:
                axes, dtype, _, _ = _shape(found)
            except ValueError:
                axes, dtype = 0, np.dtype(object)
            if axes == 2 and dtype.kind in REAL:
                which = "the first of numbers with two axes" if flat else "the first with two axes"
                note = f"of {len(members)} arrays {which}: {member.filename[:-4][:40]}"
                return found, [note] if len(members) > 1 else []
            first = found if first is None else first
            flat = flat or (found if axes == 2 else None)
    if first is None:
        raise Refused("There is no array in this archive. Save one of shape (n, D) with numpy.savez.")
    return flat or first, []


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


def _npy(data: bytes, notes: list[str]) -> NDArray[Any]:
    """An NPY of numbers with two axes."""
    try:
        axes, dtype, announced, there = _shape(data)
    except ValueError:
        raise Refused("This is not an array as numpy saves it. Save one of shape (n, D) with numpy.save.") from None
    if dtype.hasobject:
        raise Refused(
            "This array holds Python objects, which are not unpacked here. Save numbers: array.astype(float)."
        )
    if dtype.kind not in REAL:
        if dtype.kind == "V" and dtype.names is None:
            raise Refused(UNNAMED.get(dtype.itemsize, f"This array holds bytes without a meaning. {SAVE}"))
        what = {"c": "complex numbers", "V": "records with several fields"}.get(dtype.kind, "text or dates")
        raise Refused(f"This array holds {what}. {SAVE}")
    if axes != 2:
        raise Refused(f"This array has {count(axes, 'axis', 'axes')}. Save one of shape (n, D), a row for each point.")
    if announced > there:
        raise Refused("This array is cut short: its header announces more than there is. Save it again.")
    if announced < there:
        notes.append(f"{count(there - announced, 'byte')} behind the array left out, another array perhaps")
    return npy.read_array(BytesIO(data), allow_pickle=False)


KIND = Kind(9, (".npy", ".npz"), read)
