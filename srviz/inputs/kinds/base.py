"""What the readers of files share: the sentence that refuses one, the bounds, and the way from rows to an answer."""

import codecs
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

LEAST, MOST = 4, 2_000_000  # points, and triangles of a mesh
NUMBERS = 25_000_000  # in a table
COLUMNS = 2048
WHOLE = 2**53  # up to which floating point holds every whole number
BYTE_ORDER_MARKS = {  # those of UTF-32 before those of UTF-16 with which they begin
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}

Numbers = NDArray[np.float64]
Found = tuple[dict[str, Any], dict[str, NDArray[Any]]]


class Unusable(Exception):
    """What is wrong with the file, in a sentence."""


@dataclass(frozen=True)
class Kind:
    """A kind of file: one module of this package, which has it as `KIND`.

    rank: its place among all. endings: of the names of its files, in small letters. read: (ending, bytes) → what the
    file says, and its arrays. For points and meshes that is kind, columns and notes, and the arrays of `points` or
    `mesh.surface`; for a picture notes, and pixels (h, w, 3). It raises Unusable, and whatever a reader raises on
    broken bytes. picture: whether it holds a picture. memory: the fewest bytes in which it reads anything, measured.
    """

    rank: float
    endings: tuple[str, ...]
    read: Callable[[str, bytes], Found]
    picture: bool = False
    memory: int = 64 << 20


def points(
    values: NDArray[Any],
    columns: list[str],
    notes: list[str],
    colour: NDArray[np.uint8] | None = None,
    kind: str = "points",
) -> Found:
    """Rows of numbers (n, D), those with a gap left out, as arrays to send back.

    values: (n, D) float32, each column of mean 0 and variance 1. scale: (D,) the deviations that were divided by.
    colour: (n, 3) uint8, where points have one.
    """
    rows, wide = values.shape
    if wide == 0:
        raise Unusable("This array has rows without any column. Save one of shape (n, D), D being two or more.")
    if wide < 2:
        raise Unusable("There is only one column of numbers in this file. Two or more work: x, y, and perhaps z.")
    bound(rows, "rows")
    if wide > COLUMNS or values.size > NUMBERS:
        raise Unusable(
            f"This table of {rows:,} × {wide:,} is too large: at most {COLUMNS:,} columns and {NUMBERS:,} numbers work."
        )
    values = floats(values)
    kept = np.isfinite(values).all(1)
    if not kept.all():
        values, colour = values[kept], None if colour is None else colour[kept]
        notes = [
            *notes,
            f"{count(rows - len(values), 'row')} with a gap or a value that is not a finite number left out",
        ]
    if len(values) < LEAST:
        there = f"There {'is' if rows == 1 else 'are'} only {count(rows, 'point')} in this file"
        left = f"Only {len(values)} of {rows} points have finite coordinates" if rows >= LEAST else there
        raise Unusable(f"{left}; at least {LEAST} are needed.")
    if not (values != values[0]).any():
        held = " in the 16 digits that can be held" if np.abs(values).max() > WHOLE else ""
        raise Unusable(f"All points of this file are the same one{held}. Points that differ work.")
    if wide == 2:
        notes = [*notes, "two columns: z is 0"]
    standard, scale = standardized(values)
    level = int(((scale == 0) & (values != values[0]).any(0)).sum())
    if not scale.any():
        raise Unusable("The points of this file agree in their first 14 digits. Points that differ more work.")
    if level:
        notes = [
            *notes,
            f"{count(level, 'column')} whose numbers agree in their first 14 digits taken as constant",
        ]
    found: dict[str, NDArray[Any]] = {"values": standard, "scale": scale}
    return {"kind": kind, "columns": columns, "notes": notes}, found | ({} if colour is None else {"colour": colour})


def floats(values: NDArray[Any]) -> Numbers:
    """Numbers in floating point: whole ones with more digits than it holds less the least of each column, (n, D)."""
    if values.dtype.kind in "iu" and values.size and (values.max() > WHOLE or values.min() < -WHOLE):
        values = values.astype(np.uint64) - values.min(0).astype(np.uint64)  # from below 0 it goes round, and back
    return values.astype(np.float64, copy=False)


def standardized(values: Numbers) -> tuple[NDArray[np.float32], Numbers]:
    """Each column with mean 0 and variance 1, and its deviation: a constant column becomes 0."""
    largest = np.abs(values).max(0)
    largest[largest == 0] = 1
    values = values / largest  # so that no square overflows
    values -= values.mean(0)
    deviation = values.std(0)
    deviation[deviation < 1e-14] = 0
    values /= np.where(deviation > 0, deviation, np.inf)
    with np.errstate(over="ignore"):
        scale = np.nan_to_num(deviation * largest)
    return values.astype(np.float32), scale


def bytes_of_colour(found: NDArray[Any], notes: list[str]) -> NDArray[np.uint8]:
    """Colours (n, 3 or more) of any type as (n, 3) of 0 to 255; what had to be guessed is added to the notes.

    Whole numbers of 8 bits are as they are. Larger types without a sign hold 0 to 255 too, or use their whole range.
    Numbers of other types go to 1 where some have a fraction, to 255, or further, as most of those do that are not 0:
    a few that go beyond it do not decide for all, and are taken as the end of the range.
    """
    found = np.asarray(found)[:, :3]
    if found.dtype == np.uint8:
        return found
    with np.errstate(invalid="ignore"):
        values = np.nan_to_num(found.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    most, whole_range = float(values.max(initial=0)), found.dtype in (np.uint16, np.uint32)
    shown = values[values > 0]
    usual = most if whole_range or not len(shown) else float(np.median(shown))
    fractions = found.dtype.kind == "f" and ((values > 0) & (values < 1)).any()
    if found.dtype.kind == "f" and (most < 2 or (usual <= 1 and fractions)):
        full = 1.0
    else:
        full = next((top for top in (255.0, 65535.0, 4294967295.0) if most < 2 * top or usual <= top), most)
        if whole_range and most <= 255:
            notes.append("none of its colours is above 255: taken as of 0 to 255")
        elif full > 255 and not whole_range:
            notes.append(f"colours up to {most:,.0f} taken as of 0 to {full:,.0f}")
    with np.errstate(invalid="ignore"):
        beyond = int((~((found >= 0) & (found <= full * (1 + 1 / 510)))).sum())  # but for what is rounded away
    if beyond:
        notes.append(f"of its colours {count(beyond, 'value')} not of 0 to {full:,.0f} taken as 0 or {full:,.0f}")
    return np.rint(np.clip(values / full, 0, 1) * 255).astype(np.uint8)


ODD = re.compile(
    r"(?<![\w.])[+-]?(?:(?:\d+\.\d*|\.\d+)(?:[dDqQ]([+-]?\d+)|#[A-Za-z]+\d*|([+-]\d{3}))|[nN][aA][nN]\(\w*\))(?![\w.])"
)


def plain(text: str) -> str:
    """A text whose numbers are as Python reads them: 1.#IND is nan, 1.#INF inf, and Fortran's 1.5D+03 is 1.5e+03.

    nan(ind) is what Microsoft has written for 1.#IND since 2015.
    """
    return ODD.sub(_plain, text)


def _plain(found: re.Match[str]) -> str:
    whole, exponent, short = found[0], found[1], found[2]
    if exponent:
        return re.sub("[dDqQ]", "e", whole)
    if short:  # Fortran leaves the letter out before an exponent of three digits
        return f"{whole[: -len(short)]}e{short}"
    sign = "-" if whole.startswith("-") else ""
    return f"{sign}inf" if "#INF" in whole.upper() else "nan"


def unmarked(data: bytes) -> bytes:
    """A text without its byte order mark, in UTF-8 where the mark says that it is in UTF-16 or UTF-32."""
    for mark, encoding in BYTE_ORDER_MARKS.items():
        if data.startswith(mark):
            return data[len(mark) :] if mark == codecs.BOM_UTF8 else data.decode(encoding, errors="replace").encode()
    return data


def numbers(text: str) -> Numbers:
    """All numbers of a text with white space between them, (n,). Raises ValueError where there is something else."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # by which an older numpy says it
        try:
            return np.fromstring(text, sep=" ")
        except (ValueError, DeprecationWarning):
            pass
        try:
            return np.fromstring(plain(text), sep=" ")
        except DeprecationWarning as error:
            raise ValueError(str(error)) from None


def bound(size: int, what: str) -> None:
    """Refuse more points or triangles than can be read."""
    if size > MOST:
        raise Unusable(f"This file has more than {MOST:,} {what}, the most that can be read. A thinned copy works.")


def count(size: int, one: str, many: str | None = None) -> str:
    """A number and the noun it counts."""
    return f"{size:,} {one if size == 1 else many or one + 's'}"


def listed(names: list[str], most: int = 4) -> str:
    """The first of some names from a file, shortened and with what cannot be printed left out."""
    shown = ["".join(c for c in name if c.isprintable())[:40] for name in names[:most]]
    return ", ".join(shown) + (" …" if len(names) > most else "")


def cut_short() -> Unusable:
    """The file ends before what it announces."""
    return Unusable("This file is cut short: it announces more points or faces than there are. Export it again.")
