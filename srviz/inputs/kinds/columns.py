"""The columns of a table that hold numbers, as a data frame of its cells has them, and where the first table ends."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .base import WHOLE, Numbers, Unusable, count, floats
from .names import absent, naming, plainly
from .text import BEGIN, COMMA, value

FEW = 0.05  # the share of rows up to which gaps in a column cost those rows and not the column
FIRST_ROWS = 1000  # by which the cells of a column of text are known
SOME = 10_000  # cells that tell whether a column is of text
GROUPED = (  # with a sign for thousands, or for hundredths
    r"\s*[^\w\s]?\s*[+-]?\d{1,3}(?:[,.' \u00a0\u202f]\d{3})+(?:[.,]\d+)?\s*|\s*[+-]?[\d.,]+\s*%\s*"
)
DRESSED = (  # as in India, with the sign behind, in brackets, or with a currency
    r"\s*(?:[-+]?\d{1,3}(?:,\d\d)+,\d{3}(?:\.\d+)?|\d[\d.,]*\s*-|\(\s*[$€£¥]?\s*\d[\d.,]*\s*\)"
    r"|[-+]?\s*[$€£¥]\s*[-+]?\d[\d.,]*|[-+]?\d[\d.,]*\s*[$€£¥])\s*"
)
POINTED = r"\s*[-+\u2212]?[\d.]*\.[\d.]*(?:,\d*)?\s*"
THOUSANDS = r"\s*[-+\u2212]?[1-9]\d{0,2}(?:\.\d{3})+(?:,\d*)?\s*"  # as they are written where a fraction has a comma
THREE = r"[+-]?[1-9]\d{0,2},\d{3}"  # which may be thousands, or have a fraction
GROUPING = (";", "\t")  # between cells of which numbers may have points between thousands


@dataclass
class Table:
    """Columns of numbers. names: of each, its place where it has none. named: whether the table names them.

    words: how many columns are left out; gappy: how many of them are of numbers; why: what more can be said of it.
    places: of each column, its place in the file, from 0 on.
    """

    values: Numbers  # (n, D)
    names: list[str]
    places: list[int]
    named: bool
    words: int
    gappy: int
    why: str


def columns(
    frame: Any,
    names: list[str],
    comma: bool,
    notes: list[str],
    *,
    separator: str = ",",
    gaps: bool = False,
    pointed: bool = False,
) -> Table:
    """The columns that hold numbers, with their names, and how many others there are.

    comma: a comma stands before the fraction, and a point may stand between thousands; where the separator of cells is
    another sign, each column may have its own. gaps: a column of numbers is taken with any number of gaps.
    pointed: some numbers have a point before their fraction.
    """
    empty = frame.isna().all(axis=1)
    if empty.any() and not empty.all():
        notes.append(f"{count(int(empty.sum()), 'empty row')} left out")
        frame = frame[~empty]
    found, kept, words, gappy, grouped, rounded, thousands = [], [], 0, 0, "", 0, ""
    for place in range(frame.shape[1]):
        cells = frame.iloc[:, place]
        name = "".join(c for c in names[place] if c.isprintable()).strip() if names else ""
        if cells.isna().all():
            words += bool(name)
            continue
        fraction = comma or (separator != "," and _commas(cells))
        if fraction or (separator in GROUPING and not gaps and _thousands(cells, pointed)):
            cells, example = _ungrouped(cells)
            thousands = thousands or example
        column = _numbers(cells, fraction)
        failed = np.isnan(column) & cells.notna().to_numpy()
        finite = int(np.isfinite(column).sum())
        grouped = grouped or (_grouped(cells[failed]) if failed.any() else "")
        if not finite or (too_few(column) if not gaps else 2 * finite < int(cells.notna().sum())):
            words += 1
            gappy += 2 * finite > len(column)
            continue
        rounded += _rounded(cells, column)
        found.append(column)
        kept.append((place, name))
    why = f": {grouped}" if grouped else ""
    if not found:
        raise Unusable(f"No column of this table holds numbers{why}. Two or more columns of numbers work.")
    if grouped and not words:
        notes.append(grouped)
    if thousands:
        notes.append(f"numbers like {thousands} read with points between thousands")
    if rounded:
        notes.append(f"{count(rounded, 'column')} of numbers rounded to the 16 digits that can be held")
    shown = _shown(kept) if names else [str(place + 1) for place, _ in kept]
    return Table(np.column_stack(found), shown, [place for place, _ in kept], bool(names), words, gappy, why)


def too_few(column: Numbers) -> bool:
    """Whether a column has so many gaps that they are to cost the column and not their rows."""
    return len(column) - int(np.isfinite(column).sum()) > max(FEW * len(column), 1)


def _numbers(cells: Any, comma: bool) -> Numbers:
    """The cells of a column as numbers, NaN where one is none, (n,). Whole ones that are too long: see `floats`."""
    import pandas as pd

    if pd.api.types.is_integer_dtype(cells):
        return floats(cells.to_numpy())
    if cells.dtype == object and cells.map(type).eq(int).all():
        return np.asarray(cells - cells.min(), np.float64)  # of Python's integers, beyond 64 bits
    column: Numbers = pd.to_numeric(cells, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan, copy=True)
    there = cells.notna().to_numpy()
    failed = np.flatnonzero(np.isnan(column) & there)
    if comma and len(failed):
        pointed = cells.iloc[failed].astype(str).str.replace(",", ".", regex=False)
        column[failed] = pd.to_numeric(pointed, errors="coerce")
        failed = np.flatnonzero(np.isnan(column) & there)
    if not len(failed):
        return column
    odd = cells.iloc[failed].astype(str)
    begins = odd.str.match(BEGIN.pattern).to_numpy(dtype=bool)
    odd, failed = odd[begins], failed[begins]
    if odd.head(SOME).map(lambda cell: value(cell, comma=comma) is not None).any():
        column[failed] = [value(cell, comma=comma) for cell in odd]  # None becomes NaN
    return column


def _commas(cells: Any) -> bool:
    """Whether the numbers of a column have commas before their fractions: more of those that tell have one."""
    import pandas as pd

    if pd.api.types.is_numeric_dtype(cells):
        return False
    texts = cells[cells.map(type).eq(str)].str.strip()
    commas = texts[texts.str.contains(",", regex=False).astype(bool)]
    clear = int((commas.str.fullmatch(COMMA.pattern) & ~commas.str.fullmatch(THREE)).sum())
    if not clear:
        return False
    points = texts[texts.str.fullmatch(r"[-+]?\d*\.\d*").astype(bool)]
    return clear >= int((~points.str.fullmatch(THOUSANDS).astype(bool)).sum())


def maybe_thousands(cells: Any) -> bool:
    """Whether a column that was read as numbers may have been written with points between thousands."""
    import pandas as pd

    if not pd.api.types.is_float_dtype(cells):
        return False
    held = cells.to_numpy()
    held = held[np.isfinite(held)]
    if not len(held) or np.abs(held).max() >= 1000:
        return False
    whole = held == np.rint(held)
    return bool(whole.any() and not whole.all() and (np.abs(held * 1000 - np.rint(held * 1000)) < 1e-6).all())


def _thousands(cells: Any, fractions: bool) -> bool:
    """Whether points stand between thousands in a column without commas.

    Every number with a point may have it there, and some have two, or others are whole and below 1000 without one; by
    these it is not told where some column has a point before its fractions.
    """
    import pandas as pd

    if pd.api.types.is_numeric_dtype(cells):
        return False
    texts = cells[cells.map(type).eq(str)].str.strip()
    pointed = texts[texts.str.fullmatch(POINTED).astype(bool)]
    if pointed.empty or not pointed.str.fullmatch(THOUSANDS).all() or pointed.str.contains(",", regex=False).any():
        return False
    whole = texts[texts.str.fullmatch(r"[-+\u2212]?\d+").astype(bool)].str.lstrip("-+\u2212")
    twice = (pointed.str.count(r"\.") > 1).any()
    return bool((whole.str.len() < 4).all() and (twice or (len(whole) and not fractions)))


def _ungrouped(cells: Any) -> tuple[Any, str]:
    """A column without the points between thousands, and one of the cells that do not tell by themselves: 1.067.

    They stand there where every number of the column that has a point may have it there.
    """
    import pandas as pd

    if pd.api.types.is_numeric_dtype(cells):
        return cells, ""
    texts = cells[cells.map(type).eq(str)]
    pointed = texts[texts.str.fullmatch(POINTED).astype(bool)]
    if pointed.empty or not pointed.str.fullmatch(THOUSANDS).all():
        return cells, ""
    cells = cells.copy()
    cells.loc[pointed.index] = pointed.str.replace(".", "", regex=False)
    alone = pointed[~pointed.str.contains(",", regex=False).astype(bool)]
    return cells, "" if alone.empty else alone.iloc[0].strip()


def _grouped(cells: Any) -> str:
    """What is to be said where most of these cells are numbers, but written with more signs than are read here."""
    begin = cells.head(200).astype(str).str.slice(0, 60)
    for pattern in (GROUPED, DRESSED):
        met = begin[begin.str.fullmatch(pattern).astype(bool)]
        if 2 * len(met) > len(begin):
            return f"numbers written like {' '.join(met.iloc[0].split())} are text here"
    return ""


def _rounded(cells: Any, column: Numbers) -> bool:
    """Whether the numbers of a column are so long and so near to each other that rounding may have made some equal."""
    import pandas as pd

    if cells.dtype == object or pd.api.types.is_integer_dtype(cells):
        return False  # `_numbers` has read these exactly, or their cells are of all sorts
    finite = column[np.isfinite(column)]
    most = np.abs(finite).max()
    return bool(most > WHOLE and np.ptp(finite / most) < 1e-10)


def first_table(
    frame: Any, names: list[str], numeric: list[int], notes: list[str], apart: set[int], below: int = 0
) -> Any:
    """The rows of the first table in a frame, without lines of words below it and those that say its names again.

    apart: the rows behind an empty line. below: how many lines of words further down are left out already.

    Another table begins with its own names: a row without a number, and with different words in the first two or more
    of the columns of numbers, below which the others are empty. Such a row is one of the first table where it stands
    alone in the midst of others, and what it has in columns of text is no name.
    """
    from pandas.api.types import is_numeric_dtype

    if not numeric:
        _below(below, notes)
        return frame
    places = np.arange(len(frame))  # of rows without a number; columns without words are looked through fast
    for column in sorted(numeric, key=lambda column: not is_numeric_dtype(frame.iloc[:, column])):
        cells = frame.iloc[places, column]
        word = False if is_numeric_dtype(cells) else ~cells.astype(str).str.match(BEGIN.pattern).astype(bool)
        places = places[(cells.isna() | word).to_numpy(dtype=bool)]
    rows = frame.iloc[places, numeric].astype(object)
    rows = rows.where(rows.notna(), "").astype(str).to_numpy().tolist()
    last = [int(np.flatnonzero(frame.iloc[:, column].notna())[-1:].sum()) for column in numeric] if len(places) else []
    empty = frame.isna().all(axis=1).to_numpy() if len(places) else []
    block = set(places.tolist())
    known = [{plainly(name) for name in names[column].split(" / ")} for column in numeric] if names else []
    text = _naming(frame, [column for column in range(frame.shape[1]) if column not in numeric], names, places)
    again: list[int] = []
    for above, (place, row) in enumerate(zip(places.tolist(), rows, strict=True)):
        words = [cell.strip() for cell in row if cell]
        wide = len(words)
        if wide > 1 and names and all(plainly(cell) in said for cell, said in zip(row, known, strict=True)):
            again.append(place)
            continue
        between = above < place and len(places) - above < len(frame) - place  # rows of numbers on both sides
        different = wide > 1 and len(set(words)) == wide and all(row[:wide]) and not any(map(absent, words))
        if between and different and max(last[wide:], default=0) < place:
            alone = place not in apart and not block & {place - 1, place + 1} and not (place and empty[place - 1])
            if alone and not all(names_it(str(frame.iat[place, column])) for column, names_it in text.items()):
                continue
            notes.append("of several tables in it the first")
            while above and places[above - 1] == place - 1:  # its title
                above, place = above - 1, place - 1
            frame = frame.iloc[:place]
            break
    else:
        end, blank = len(frame), [bool(empty[place]) for place in places]
        for place, row, nothing in zip(places[::-1].tolist(), rows[::-1], blank[::-1], strict=True):
            if place < end - 1 or any(cell and absent(cell) for cell in row) or nothing:
                break
            end = place
        _below(below + len(frame) - end, notes)
        frame = frame.iloc[:end]
    again = [place for place in again if place < len(frame)]
    if again:
        notes.append(f"{count(len(again), 'line')} with the names of the columns again left out")
        frame = frame.drop(frame.index[again])
    return frame


def _naming(frame: Any, columns: list[int], names: list[str], places: Any) -> dict[int, Callable[[str], bool]]:
    """What tells of each column of text whether a cell names it. places: of rows without a number."""
    found: dict[int, Callable[[str], bool]] = {}
    if not len(places):
        return found
    rows = frame.drop(frame.index[places]).head(FIRST_ROWS)
    for column in columns:
        cells = rows.iloc[:, column].dropna().astype(str).tolist()
        if cells:
            found[column] = naming(cells, names[column] if names else "")
    return found


def _below(lines: int, notes: list[str]) -> None:
    """Say how many lines below a table are left out."""
    if lines:
        notes.append(f"{count(lines, 'line')} below the table left out")


def _shown(kept: list[tuple[int, str]]) -> list[str]:
    """The names of columns as they are shown: at most 60 letters, none twice. kept: the place and name of each."""
    shown: list[str] = []
    seen: dict[str, int] = {}
    for place, name in kept:
        again = seen.get(name, 0)
        seen[name] = again + 1
        short = (f"{name}.{again}" if name and again else name)[:60] or f"column {place + 1}"
        shown.append(short if short not in shown else f"{short} ({place + 1})")
    return shown
