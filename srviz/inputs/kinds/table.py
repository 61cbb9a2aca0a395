"""Tables of text with anything between their columns, names above them or not; word vectors among them."""

import csv
import re
from io import BytesIO
from typing import Any

from .base import COLUMNS, MOST, NUMBERS, Found, Kind, Unusable, bound, count, points
from .blanks import filled
from .columns import GROUPING, THOUSANDS, THREE, Table, columns, first_table, maybe_thousands
from .names import HEADS, MOST_ABOVE, RAGGED, footer, joined, named, without_comments
from .text import SEPARATORS, Dialect, a_row, decoded, dialect, lined, number, numeric_columns, sample
from .wrapped import OBJECTS, unwrapped

PANDAS_BYTES = 120 << 20  # that pandas takes before it reads anything
FEW_ABOVE = 20  # lines above a table that leave it to be told from its first lines
OTHERS = {"<!doctype": "HTML", "<html": "HTML", "<?xml": "XML", "<svg": "a drawing in SVG", '{"': "JSON", "{\n": "JSON"}
OTHERS |= {
    "{\\rtf": "a text in RTF",
    "%pdf-": "a PDF",
    "\\documentclass": "LaTeX",
    "@attribute": "ARFF",
    "@relation": "ARFF",
}


def read(ending: str, data: bytes) -> Found:
    """The rows of a table, each column of numbers with its name."""
    notes: list[str] = []
    table = parsed(decoded(data, notes), "\t" if ending == ".tsv" else ",", notes)
    if table.values.shape[1] == 1 and table.gappy:
        raise Unusable("There is only one column of numbers without many gaps in this file. Two or more work.")
    if table.values.shape[1] == 1 and table.why:
        raise Unusable(f"There is only one column of numbers in this file{table.why}. Two or more work.")
    if table.words:
        notes.append(f"{count(table.words, 'column')} of text or with many gaps not offered{table.why}")
    return points(table.values, table.names, notes, kind="table")


def parsed(text: str, usual: str, notes: list[str], *, bare: bool = False) -> Table:
    """The columns of numbers of a table of text. usual: what stands between them, where it cannot be told.

    bare: no numbers name the columns, a last row of other columns is left out, and gaps cost no column.
    """
    excel = re.match(r'"?sep=(.)"?[ \t]*\n', text)
    if excel:
        text, usual = text[excel.end() :], excel[1]
    if OBJECTS.match(text):
        raise Unusable("This is JSON, and not a table. Save it as CSV.")
    text = unwrapped(text)
    start = text[:200].lstrip().lower()
    if what := next((what for sign, what in OTHERS.items() if start.startswith(sign)), None):
        raise Unusable(f"This is {what}, and not a table. Save it as CSV.")
    by, width, numeric = _like(text[_begin(text) :], usual)
    if width > COLUMNS:
        raise Unusable(f"This table has {width:,} columns; at most {COLUMNS:,} can be read.")
    text, quoted = lined(text, by, width, numeric, notes)
    by = Dialect(by.separator, exact=by.exact)
    text, said = without_comments(text, by, width, numeric, notes)
    text = joined(text, by, width, numeric, notes)
    above = by.cut(said) if said else []
    text, names = named(text, by, width, numeric, notes, counted=not bare and len(above) != width)
    names = names or (above if len(above) == width else [])
    text, below = footer(text, by, width)
    if bare:
        text = _whole(text, by, width, notes)
    text, lost = filled(text, by, width)
    comma = _comma(text, by, notes)
    frame = _frame(text, by, width, quoted, comma)
    pointed = not comma and by.separator in GROUPING and _pointed(text, by)
    if by.separator in GROUPING and not comma and not bare and not pointed:
        frame = _as_written(frame, text, by, quoted)
    frame = first_table(frame, names, numeric, notes, _apart(text, by), below)
    short = frame.index.intersection(lost)
    if len(short):
        notes.append(f"{count(len(short), 'row')} with fewer cells than the others left out")
        frame = frame.drop(short)
    return columns(frame, names, comma, notes, separator=by.separator, gaps=bare, pointed=pointed)


def _like(text: str, usual: str) -> tuple[Dialect, int, list[int]]:
    """How the rows of a table are written, how many cells they have, and which columns are of numbers.

    They are told by the lines that do not begin as a comment does. Where these hold no row, and most lines below the
    first of them begin so, then rows do.
    """
    lines = sample(text)
    if not lines:
        raise Unusable("This table is empty. Rows of numbers with commas between them work.")
    plain = sample(text, marked=False)
    if not plain:
        return _told(lines, usual)
    by, width, numeric = _told(plain, usual)
    below = lines[lines.index(plain[0]) :] if plain[0] in lines else []
    if 2 * len(plain) > len(below) or (numeric and any(a_row(by.cut(line), width, numeric) for line in plain)):
        return by, width, numeric
    return _told(below, usual)


def _told(lines: list[str], usual: str) -> tuple[Dialect, int, list[int]]:
    """As `_like`, by these lines."""
    by, rows = dialect(lines, usual)
    rows = rows if len(rows) < 3 else rows[:-1]
    widths = [len(row) for row in rows]
    width = max(set(widths), key=lambda size: (widths.count(size), size))
    return by, width, numeric_columns([row for row in rows[1:] or rows if len(row) == width][-60:], width)


def _begin(text: str) -> int:
    """Where the lines begin that tell what stands between cells: at once, or below many lines without a table.

    A table has four lines below each other with two or more numbers, which are half of the cells between some sign.
    """
    starts: list[int] = []
    at, row = 0, 0
    while at < len(text) and len(starts) < MOST_ABOVE:
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        line = text[at:end].strip()
        if line:
            starts.append(at)
            cut = (line.split(None if sign == " " else sign) for sign in SEPARATORS if sign in line)
            row = row + 1 if any(sum(map(number, cells)) >= max(2, len(cells) / 2) for cells in cut) else 0
            if row == 4:
                return starts[max(len(starts) - 4 - HEADS, 0)] if len(starts) > FEW_ABOVE else 0
        at = end + 1
    return 0


def _whole(text: str, by: Dialect, width: int, notes: list[str]) -> str:
    """The table without its last line where that has other columns than the rest."""
    body = text.rstrip()
    start = body.rfind("\n") + 1
    if start == 0 or len(by.cut(body[start:])) == width:
        return text
    notes.append("the last row left out: it does not have the columns of the others")
    return body[:start]


def _frame(text: str, by: Dialect, width: int, quoted: bool, comma: bool) -> Any:
    """The cells of the rows, as pandas reads them: (n, width)."""
    import pandas as pd

    options = _options(by, quoted) | {"decimal": "," if comma else "."}
    if not comma and by.separator != "," and "," in text:
        options["low_memory"] = False  # a column is read as a whole: a comma far below tells for all of it
    encoded = BytesIO(text.encode("utf-8", "replace"))  # a StringIO has four bytes for each character
    try:
        frame = pd.read_csv(encoded, header=None, names=list(range(width + 1)), nrows=MOST + 1, **options)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, csv.Error) as error:
        if "memory" in str(error):
            raise MemoryError from None
        raise Unusable(RAGGED) from None
    if frame.iloc[:, width].notna().any():
        raise Unusable(RAGGED)
    bound(len(frame), "rows")
    if len(frame) * width > 2 * NUMBERS:
        raise Unusable(f"This table holds {len(frame) * width:,} cells; at most {NUMBERS:,} can be read.")
    return frame.iloc[:, :width]


def _options(by: Dialect, quoted: bool) -> dict[str, Any]:
    """How pandas is to cut lines into cells."""
    return {
        "sep": r"\s+" if by.separator == " " and not by.exact else by.separator,
        "skipinitialspace": not by.exact,
        "quoting": csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE,
    }


def _pointed(text: str, by: Dialect) -> bool:
    """Whether some numbers have a point that cannot stand between thousands, as in 51.5."""
    cells = (cell.strip() for line in sample(text) for cell in by.cut(line) if "." in cell and "," not in cell)
    return any(not re.fullmatch(THOUSANDS, cell) and number(cell) for cell in cells)


def _as_written(frame: Any, text: str, by: Dialect, quoted: bool) -> Any:
    """The same cells, as text in columns whose numbers may have points between thousands, which pandas takes away."""
    import pandas as pd

    maybe = [place for place in range(frame.shape[1]) if maybe_thousands(frame.iloc[:, place])]
    rows = [by.cut(line) for line in sample(text)] if maybe else []
    for place in list(maybe):
        cells = [row[place] for row in rows if len(row) > place and "." in row[place] and number(row[place])]
        if not all(re.fullmatch(THOUSANDS, cell) for cell in cells):
            maybe.remove(place)
    if not maybe:
        return frame
    encoded = BytesIO(text.encode("utf-8", "replace"))
    options: dict[str, Any] = _options(by, quoted) | {"usecols": maybe, "dtype": str, "index_col": False}
    again = pd.read_csv(encoded, header=None, names=list(frame.columns), **options)
    kept = {place: frame[place] if place not in maybe else again[place] for place in frame.columns}
    return pd.DataFrame(kept)


def _apart(text: str, by: Dialect) -> set[int]:
    """The rows that stand behind an empty line, by their numbers."""
    found: set[int] = set()
    if not re.search(r"\n[ \t]*\n", text):
        return found
    space = " \t".replace(by.separator, "") if by.exact or by.separator == "\t" else " \t"
    row, behind = 0, False
    for line in text.split("\n"):
        if not line.strip(space):
            behind = True
            continue
        if behind:
            found.add(row)
        row, behind = row + 1, False
    return found


def _comma(text: str, by: Dialect, notes: list[str]) -> bool:
    """Whether a comma stands before the fraction of numbers: more of those that tell are written with one.

    1,234 and 1.234 do not tell, for the sign may stand between thousands; they count where no others do.
    """
    cells = [cell.strip() for line in sample(text) for cell in by.cut(line)]
    commas = [cell for cell in cells if "," in cell and number(cell)]
    pointed = [cell for cell in cells if "." in cell and "," not in cell and number(cell)]
    three = [cell for cell in commas if re.fullmatch(THREE, cell)]
    if by.separator == "," and len(three) == len(commas):
        return False
    clear = len(commas) - len(three)
    other = sum(not re.fullmatch(THOUSANDS, cell) for cell in pointed)
    if clear < other or (clear == other and len(commas) <= len(pointed)):
        return False
    if len(three) == len(commas):
        notes.append(f"numbers like {three[0]} read with a comma before their fraction")
    return True


KIND = Kind(6, (".csv", ".tsv", ".txt", ".vec"), read, memory=PANDAS_BYTES)
