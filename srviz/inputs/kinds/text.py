"""Text as rows of cells: which letters its bytes are, and what stands between and around its cells."""

import contextlib
import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

from .base import BYTE_ORDER_MARKS, Unusable, count, plain

SEPARATORS = ("\t", ";", ",", "|", " ", ":", "~", "^", "&", "\x1f", "\x01")
MOST_BYTES = 100_000_000  # of a cell: the bound on files is elsewhere
SAMPLE_CHARACTERS, SAMPLE_LINES, MORE_LINES = 200_000, 120, 40
MARK = re.compile(r"[ \t]*(?:#|//|%)")  # at the beginning of a line: a comment, perhaps
COMMA = re.compile(r"[+-]?(?:\d*|[1-9]\d{0,2}(?:\.\d{3})+),\d+(?:[eE][+-]?\d+)?")  # before a fraction: 0,5 and 1.234,5
OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"  # of an address, which is no number
GROUPS = re.compile(rf"(?!(?:{OCTET}\.){{3}}{OCTET}$)[+-]?[1-9]\d{{0,2}}(?:\.\d{{3}}){{2,}}")  # thousands: 1.234.567
SIGNS = str.maketrans("\u2212\u2013\ufe63\uff0d\uff0b\uff0e\uff0c\u066b", "----+.,.")  # of other alphabets, as in ASCII
TRUTH = {word: float(word[0] in "tT") for word in ("true", "True", "TRUE", "false", "False", "FALSE")}  # 1 and 0
BEGIN = re.compile(  # of a cell that may be a number
    r"\s*(?:[-+.,'=\d\u2212\u2013\ufe63\uff0d\uff0b\uff0e\uff0c\u066b]|(?:[Tt]rue|TRUE|[Ff]alse|FALSE)\s*$)"
)
TIME = re.compile(r"[\"']?(?:\S*T)?\d{1,2}:[0-5]\d(?::[0-5]\d(?:\.\d+)?)?[\w+\"']*")  # of a day, a date before it
SPACED = re.compile(r"[-+]?[1-9]\d{0,2}(?: \d{3})+(?:[.,]\d+)?")  # a number with spaces between thousands
DRESSED = re.compile(r"=\"(.*)\"|'(.*)")  # as spreadsheets write a number that is to stay text
GAPS = {"", "na", "n/a", "nan", "null", "none", "-", "\u2013", "\u2014", "?", "<na>", "#n/a", "inf", "-inf"}
GAPS |= {"#ref!", "#div/0!", "#value!", "#name?", "#num!", "#null!"}  # of a spreadsheet


@dataclass(frozen=True)
class Dialect:
    """What stands between cells, what around some of them, and what before such a sign.

    A space between cells is any white space; where exact is set, one space separates cells, and two
    spaces have an empty cell between them.
    """

    separator: str
    quote: str = '"'
    escape: str | None = None
    exact: bool = False

    @property
    def standard(self) -> bool:
        """Whether cells stand between quotation marks which are written twice inside."""
        return self.quote == '"' and self.escape is None

    def rows(self, lines: Iterable[str], *, strict: bool = False) -> Iterator[list[str]]:
        """Lines as rows of cells. Raises csv.Error where strict, and a quotation mark is not closed at an end."""
        if self.separator == " " and not self.exact:
            lines = (line.strip(" \t\n").replace("\t", " ") for line in lines)
        csv.field_size_limit(MOST_BYTES)
        reader = csv.reader(
            lines, delimiter=self.separator, quotechar=self.quote, escapechar=self.escape,
            doublequote=self.escape is None, skipinitialspace=not self.exact, strict=strict,
        )  # fmt: skip
        return reader

    def cut(self, line: str) -> list[str]:
        """One line as cells; where a quotation mark is not closed in it, the mark is a letter like others."""
        if self.quote in line or self.escape:
            try:
                rows = list(self.rows([line], strict=True))
                return rows[0] if rows else [""]
            except csv.Error:
                pass
        if self.separator == " " and not self.exact:
            return re.split("[ \t]+", line.strip(" \t"))
        return [cell.strip(" ") for cell in line.split(self.separator)]


def decoded(data: bytes, notes: list[str]) -> str:
    """A text by its byte order mark, else as UTF-8, else as Western European; all its lines end with a line feed."""
    for mark, encoding in BYTE_ORDER_MARKS.items():
        if data.startswith(mark):
            text = data.decode(encoding, errors="replace")
            break
    else:
        whole = data.rstrip(b"\0")
        if len(whole) < len(data) and b"\0" not in whole:  # of a copy that was cut short, or of a full block
            notes.append(f"{count(len(data) - len(whole), 'byte')} of zero at its end left out")
            data = whole
        if b"\0" in data:
            raise Unusable("This is not a table of text that can be read here. Save it as CSV in UTF-8.")
        try:
            text = data.decode()
        except UnicodeDecodeError:
            notes.append("not in UTF-8: its names are read as Western European letters, and may be others")
            try:
                text = data.decode("cp1252")
            except UnicodeDecodeError:
                text = data.decode("latin-1")
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def sample(text: str, marked: bool = True) -> list[str]:
    """The first lines that are not empty, and the first ones in which a quotation mark or a backslash stands.

    marked: also lines that begin as a comment does.
    """
    whole = text[:SAMPLE_CHARACTERS]
    lines = whole.split("\n")
    lines = lines[:-1] if len(text) > len(whole) and len(lines) > 1 else lines
    lines = [line for line in lines if line.strip() and (marked or not MARK.match(line))]
    found = lines[:SAMPLE_LINES]
    for sign in ('"', "'", "\\"):
        if sign in text:
            more = (line for line in text.split("\n") if sign in line and line.strip())
            found += [line for line, _ in zip(more, range(MORE_LINES), strict=False)]
    return found


def dialect(lines: list[str], usual: str) -> tuple[Dialect, list[list[str]]]:
    """The dialect by which most of these lines have as many cells, and most cells are numbers, else the `usual`.

    And the lines as rows of cells by it.
    """
    best: tuple[tuple[float, ...], Dialect, list[list[str]]] | None = None
    together = "\n".join(lines)
    inside = "\n".join(line.strip(" \t") for line in lines)
    tabs = Counter(1 + line.strip(" \t").count("\t") for line in lines).most_common(1)[0][0]
    quotes = ['"', "'"] if re.search(rf"(?m)(?:^|[{re.escape(''.join(SEPARATORS))}]|\\\\)'", together) else ['"']
    exactly = (False, True) if re.search(r"(?m)  |^ | $", together) else (False,)
    timed = 2 * sum(map(_timed, lines)) > len(lines)
    escapes = [None, "\\"] if "\\" in together else [None]
    for separator in SEPARATORS:
        if separator not in inside and not (separator == " " and "\t" in inside):
            continue
        if separator == ":" and timed:
            continue
        for quote in quotes:
            for escape, exact in product(escapes, exactly if separator == " " else (False,)):
                tried = Dialect(separator, quote, escape, exact)
                rows = _sampled(tried, lines)
                common, alike = Counter(map(len, rows)).most_common(1)[0]
                if common < 2 or (separator == " " and common == tabs):  # a tab alone makes as many cells
                    continue
                cells = [cell for row in rows if len(row) == common for cell in row if cell or not exact]
                spaced = separator in ";\t|" and " " in together
                share = sum(number(cell) or gap(cell) or (spaced and _spaced(cell)) for cell in cells)
                around = sum(cell[:1] == cell[-1:] != "" and cell[0] in "\"'" for row in rows for cell in row)
                escaped = escape and not re.search(rf"\\(?![\\{quote}{re.escape(separator)}])", _pairs(together))
                rank = (
                    share / common / len(rows) + 0.5 * (alike == len(rows)),
                    alike / len(rows),
                    -around,  # cells that still stand between quotation marks
                    bool(escaped) or not escape,
                    bool(escaped),
                    separator == usual,
                    tried.standard,
                    not exact,
                    -SEPARATORS.index(separator),
                )
                if best is None or rank > best[0]:
                    best = rank, tried, rows
    if best:
        return best[1:]
    alone = Dialect(usual)
    return alone, [alone.cut(line) for line in lines]


def _timed(line: str) -> bool:
    """Whether colons stand only in times of a day, between other separators."""
    cells = re.split(r"[\t;,|~^& ]", line)
    colons = [cell for cell in cells if ":" in cell]
    return len(cells) > 1 and bool(colons) and all(TIME.fullmatch(cell) for cell in colons)


def _spaced(cell: str) -> bool:
    """Whether a cell is a number with spaces between its thousands, which is text here but no two cells."""
    return bool(SPACED.fullmatch(cell.strip()))


def _pairs(text: str) -> str:
    """A text in which no backslash stands behind another."""
    return text.replace("\\\\", "")


def _sampled(by: Dialect, lines: list[str]) -> list[list[str]]:
    """Lines as rows of cells: each for itself, or with cells that go on over lines where more lines are alike then."""
    rows = [by.cut(line) for line in lines]
    if not any(by.quote in line for line in lines):
        return rows
    few = lines[:SAMPLE_LINES]
    alike = Counter(map(len, rows[:SAMPLE_LINES])).most_common(1)[0][1]
    joined, covered, at = [], Counter[int](), 0
    while at < len(few):
        begun = at
        reader: Any = by.rows((f"{line}\n" for line in few[begun:]), strict=True)
        with contextlib.suppress(csv.Error):
            for row in reader:
                joined.append(row)
                covered[len(row)] += begun + reader.line_num - at
                at = begun + reader.line_num
        if at < len(few):  # a mark that opens no cell
            joined.append(rows[at])
            covered[len(rows[at])] += 1
            at += 1
    covered.pop(1, None)
    return joined if max(covered.values(), default=0) > alike else rows


def number(cell: str) -> bool:
    """Whether a cell is a number, with a point or a comma before its fraction, in any language, or true or false."""
    return value(cell, comma=True) is not None


def value(cell: str, *, comma: bool) -> float | None:
    """The number of a cell, in the digits of any alphabet, or None. comma: it may stand before the fraction."""
    try:
        return float(cell) if "_" not in cell else None
    except ValueError:
        if "_" in cell or not BEGIN.match(cell):
            return None
    cell = cell.strip()
    if cell in TRUTH:
        return TRUTH[cell]
    if dressed := DRESSED.fullmatch(cell):
        cell = (dressed[1] or dressed[2] or "").strip()
    cell = cell.translate(SIGNS)
    if comma and (COMMA.fullmatch(cell) or GROUPS.fullmatch(cell)):
        cell = cell.replace(".", "").replace(",", ".")
    try:
        return float(plain(cell))
    except ValueError:
        return None


def truth(cell: str) -> bool:
    """Whether a cell says true or false, which are 1 and 0."""
    return cell.strip() in TRUTH


def gap(cell: str) -> bool:
    """Whether a cell says that there is nothing in it."""
    return cell.strip().lower() in GAPS


def numeric_columns(rows: list[list[str]], width: int) -> list[int]:
    """The columns of which most cells that are not empty are numbers."""
    found = []
    for column in range(width):
        cells = [row[column] for row in rows if not gap(row[column])]
        if cells and 2 * sum(map(number, cells)) > len(cells):
            found.append(column)
    return found


def a_row(cells: list[str], width: int, numeric: list[int]) -> bool:
    """Whether cells are a row: as many as there are columns, and numbers or gaps where the others have numbers."""
    if len(cells) != width:
        return False
    held = [cells[column] for column in numeric]
    return all(number(cell) or gap(cell) for cell in held) and (not held or any(map(number, held)))


def lined(text: str, by: Dialect, width: int, numeric: list[int], notes: list[str]) -> tuple[str, bool]:
    """The same table with every row in one line and in the standard dialect; whether some of its cells are quoted.

    A quotation mark that is not closed in its line opens a cell of several lines. It is a letter like others where two
    or more of these lines, and half of them, are rows by themselves, or where one of them is and all together are none.
    """
    marks = [mark for mark in {'"', by.quote, by.escape} if mark and mark in text]
    lines = text.split("\n")
    if not marks or (by.standard and _closed(by, lines)):
        return text, bool(marks)

    def alone(line: str) -> str:
        return _line(by.cut(line), by) if any(mark in line for mark in marks) else line

    found: list[str] = []
    at = 0
    while at < len(lines):
        begun = at
        reader: Any = by.rows((f"{lines[place]}\n" for place in range(begun, len(lines))), strict=True)
        row: list[str] = []
        try:
            for row in reader:
                over = lines[at : begun + reader.line_num]
                if len(over) > 1 and _letters(over, row, by, width, numeric):
                    break
                found.append(_line(row, by) if len(over) > 1 else alone(over[0]))
                at += len(over)
            else:
                break
        except csv.Error as error:
            unclosed = "end of data" in str(error)
            over = lines[at:] if unclosed else lines[at : at + 1]
            if unclosed and not _letters(over, [], by, width, numeric):
                notes.append("the last row left out: a quotation mark in it is not closed")
                break
        end = at + max(len(over) - 1, 1)  # another cell may begin in the last of these lines
        found += map(alone, lines[at:end])
        at = end
    return "\n".join(found), True


def _letters(over: list[str], row: list[str], by: Dialect, width: int, numeric: list[int]) -> bool:
    """Whether these lines are no row of cells, though a quotation mark that is opened in the first says so."""
    wide = (line for line in over if by.separator == " " or line.count(by.separator) >= width - 1)
    rows = sum(a_row(by.cut(line), width, numeric) for line in wide)
    return rows >= (max(2, sum(1 for line in over if line.strip()) / 2) if len(row) == width else 1)


def _closed(by: Dialect, lines: list[str]) -> bool:
    """Whether every quotation mark that opens a cell in these lines is closed in its line."""
    reader: Any = by.rows((f"{line}\n" for line in lines), strict=True)
    try:
        return all(reader.line_num == count for count, _ in enumerate(reader, 1))
    except csv.Error:
        return False


def _line(row: list[str], by: Dialect) -> str:
    return by.separator.join(_cell(cell, by) for cell in row)


def _cell(cell: str, by: Dialect) -> str:
    cell = cell.replace("\n", " ")
    spaced = by.separator == " " and not by.exact and (not cell or "\t" in cell)
    if '"' in cell or by.separator in cell or spaced:
        return '"' + cell.replace('"', '""') + '"'
    return cell
