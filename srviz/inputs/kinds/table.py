"""Tables of text with anything between their columns, names above them or not; word vectors among them."""

import csv
import re
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np

from .base import COLUMNS, MOST, NUMBERS, Found, Kind, Numbers, Refused, bound, count, plain, points
from .names import RAGGED, named, without_comments
from .text import Dialect, decoded, dialect, lined, number, numeric_columns, sample

FEW = 0.05  # the share of rows up to which gaps in a column cost those rows and not the column
PANDAS_BYTES = 120 << 20  # that pandas takes before it reads anything
OTHERS = {"<!doctype": "HTML", "<html": "HTML", "<?xml": "XML", "<svg": "a drawing in SVG", '{"': "JSON", "{\n": "JSON"}
OTHERS |= {
    "{\\rtf": "a text in RTF",
    "%pdf-": "a PDF",
    "\\documentclass": "LaTeX",
    "@attribute": "ARFF",
    "@relation": "ARFF",
}
GROUPED = re.compile(r"\s*[^\w\s]?\s*[+-]?\d{1,3}(?:[,.' \u00a0\u202f]\d{3})+(?:[.,]\d+)?\s*|\s*[+-]?[\d.,]+\s*%\s*")


@dataclass
class Table:
    """Columns of numbers. names: of each, its place where it has none. named: whether the table names them.

    words: how many columns are left out; gappy: how many of them are of numbers; why: what more can be said of it.
    """

    values: Numbers  # (n, D)
    names: list[str]
    named: bool
    words: int
    gappy: int
    why: str


def read(ending: str, data: bytes) -> Found:
    """The rows of a table, each column of numbers with its name."""
    notes: list[str] = []
    table = parsed(decoded(data, notes), "\t" if ending == ".tsv" else ",", notes)
    if table.values.shape[1] == 1 and table.gappy:
        raise Refused("There is only one column of numbers without many gaps in this file. Two or more work.")
    if table.values.shape[1] == 1 and table.why:
        raise Refused(f"There is only one column of numbers in this file{table.why}. Two or more work.")
    if table.words:
        notes.append(f"{count(table.words, 'column')} of text or with many gaps not offered{table.why}")
    return points(table.values, table.names, notes, kind="table")


def parsed(text: str, usual: str, notes: list[str], *, bare: bool = False) -> Table:
    """The columns of numbers of a table of text. usual: what stands between them, where it cannot be told.

    bare: no numbers name the columns, and a last row of other columns is left out.
    """
    excel = re.match(r'"?sep=(.)"?[ \t]*\n', text)
    if excel:
        text, usual = text[excel.end() :], excel[1]
    start = text[:200].lstrip().lower()
    if what := next((what for sign, what in OTHERS.items() if start.startswith(sign)), None):
        raise Refused(f"This is {what}, and not a table. Save it as CSV.")
    lines = sample(text, marked=False) or sample(text)
    if not lines:
        raise Refused("This table is empty. Rows of numbers with commas between them work.")
    by, rows = dialect(lines, usual)
    rows = rows if len(rows) < 3 else rows[:-1]
    widths = [len(row) for row in rows]
    width = max(set(widths), key=lambda size: (widths.count(size), size))
    if width > COLUMNS:
        raise Refused(f"This table has {width:,} columns; at most {COLUMNS:,} can be read.")
    numeric = numeric_columns([row for row in rows[1:] or rows if len(row) == width][-60:], width)
    text, quoted = lined(text, by, width, numeric, notes)
    by = Dialect(by.separator, exact=by.exact)
    text, said = without_comments(text, by, width, numeric, notes)
    above = by.cut(said) if said else []
    text, names = named(text, by, width, numeric, notes, counted=not bare and len(above) != width)
    names = names or (above if len(above) == width else [])
    if bare:
        text = _whole(text, by, width, notes)
    return _columns(_frame(text, by, width, quoted, notes), names, notes)


def _whole(text: str, by: Dialect, width: int, notes: list[str]) -> str:
    """The table without its last line where that has other columns than the rest."""
    body = text.rstrip()
    start = body.rfind("\n") + 1
    if start == 0 or len(by.cut(body[start:])) == width:
        return text
    notes.append("the last row left out: it does not have the columns of the others")
    return body[:start]


def _frame(text: str, by: Dialect, width: int, quoted: bool, notes: list[str]) -> Any:
    """The cells of the rows, as pandas reads them: (n, width)."""
    import pandas as pd

    options: dict[str, Any] = {"sep": r"\s+" if by.separator == " " and not by.exact else by.separator}
    options["skipinitialspace"] = not by.exact
    options["decimal"] = _decimal(text, by, notes)
    options["quoting"] = csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
    encoded = BytesIO(text.encode("utf-8", "replace"))  # a StringIO has four bytes for each character
    try:
        frame = pd.read_csv(encoded, header=None, names=list(range(width + 1)), nrows=MOST + 1, **options)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, csv.Error) as error:
        if "memory" in str(error):
            raise MemoryError from None
        raise Refused(RAGGED) from None
    if frame.iloc[:, width].notna().any():
        raise Refused(RAGGED)
    bound(len(frame), "rows")
    if len(frame) * width > 2 * NUMBERS:
        raise Refused(f"This table holds {len(frame) * width:,} cells; at most {NUMBERS:,} can be read.")
    return frame.iloc[:, :width]


def _decimal(text: str, by: Dialect, notes: list[str]) -> str:
    """What stands before the fraction of numbers: the sign with which more of them are written."""
    cells = [cell.strip() for line in sample(text) for cell in by.cut(line)]
    commas = [cell for cell in cells if "," in cell and number(cell)]
    three = [cell for cell in commas if re.fullmatch(r"[+-]?[1-9]\d{0,2},\d{3}", cell)]
    if by.separator == "," and len(three) == len(commas):
        return "."
    if len(commas) <= sum("." in cell and number(cell) for cell in cells):
        return "."
    if len(three) == len(commas):
        notes.append(f"numbers like {three[0]} read with a comma before their fraction")
    return ","


def _columns(frame: Any, names: list[str], notes: list[str]) -> Table:
    """The columns that hold numbers, with their names, and how many others there are."""
    import pandas as pd

    empty = frame.isna().all(axis=1)
    if empty.any() and not empty.all():
        notes.append(f"{count(int(empty.sum()), 'empty row')} left out")
        frame = frame[~empty]
    columns, kept, words, gappy, grouped = [], [], 0, 0, False
    for place in range(frame.shape[1]):
        cells = frame.iloc[:, place]
        name = "".join(c for c in names[place] if c.isprintable()).strip() if names else ""
        if cells.isna().all():
            words += bool(name)
            continue
        column = pd.to_numeric(cells, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan, copy=True)
        failed = np.isnan(column) & cells.notna().to_numpy()
        if failed.any():
            odd = cells[failed].astype(str)
            if odd.head(10_000).map(lambda cell: plain(cell) != cell).any():
                column[failed] = pd.to_numeric(odd.map(plain), errors="coerce")
        finite = int(np.isfinite(column).sum())
        if not finite or len(column) - finite > max(FEW * len(column), 1):
            words += 1
            gappy += 2 * finite > len(column)
            grouped = grouped or (2 * failed.sum() > len(column) and _grouped(cells[failed]))
            continue
        columns.append(column)
        kept.append((place, name))
    why = "numbers written like 1,234 or 5 % are text here" if grouped else ""
    if not columns:
        raise Refused(
            f"No column of this table holds numbers{why and f': {why}'}. Two or more columns of numbers work."
        )
    shown = _shown(kept) if names else [str(place + 1) for place, _ in kept]
    return Table(np.column_stack(columns), shown, bool(names), words, gappy, why and f": {why}")


def _grouped(cells: Any) -> bool:
    """Whether most of these cells are numbers with a sign for thousands or for hundredths."""
    begin = cells.head(200).astype(str).str.slice(0, 60)
    return bool(begin.str.fullmatch(GROUPED.pattern).mean() > 0.5)


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


KIND = Kind(6, (".csv", ".tsv", ".txt", ".vec"), read, memory=PANDAS_BYTES)
