"""What stands above the rows of a table and between them: titles, names of columns, comments."""

import re
from collections.abc import Callable
from itertools import pairwise

from .base import Unusable, count, listed
from .text import MARK, Dialect, a_row, gap, number, truth, value

HEADS = 3  # rows of names at most: names, levels of names, units
RULE = re.compile(":?-{2,}:?")  # a cell of the line below the names of a table in Markdown
LIMIT = re.compile(r"[<>\u2264\u2265~]\s*[\d.,]")  # in place of a value
ABSENT = {"", "na", "nd", "nb", "ka", "lod", "loq", "bdl", "missing", "error", "unknown"}  # n.d. is nd here
USUAL = {"", "name", "names", "id", "label", "sample", "gene", "probe", "species", "country", "region", "city", "date"}
ROWS = {
    "control",
    "ctrl",
    "blank",
    "background",
    "standard",
    "reference",
    "mean",
    "average",
    "median",
    "total",
    "sum",
    "wild type",
    "wildtype",
    "wt",
    "mock",
    "vehicle",
    "untreated",
    "baseline",
}  # of which none names a column
MOST_ABOVE = 5000  # lines
UNIT = re.compile(r"(?<![ \t])[ \t]++(?=[(\[])")  # before a unit that belongs to a name
BEHIND = re.compile(r"(?<![ \t])[ \t]++(?:#|//)")  # a comment, perhaps
RAGGED = "The rows of this table do not all have the same columns. Export it again as CSV."


def without_comments(text: str, by: Dialect, width: int, numeric: list[int], notes: list[str]) -> tuple[str, str]:
    """A table without its comments, and what the last line of them above it says: names of columns, perhaps.

    A line that begins with the mark of a comment, and has all the numbers of a row, is a row. What stands behind such a
    mark within a line is a comment where the line is no row, or not as wide as one, and would be without it.
    """
    if not re.search(rf"(?m)^{MARK.pattern}|{BEHIND.pattern}", text):
        return text, ""
    kept, above, dropped, behind, begun = [], "", 0, 0, False
    for line in text.split("\n"):
        marked, inside = MARK.match(line), BEHIND.search(line)
        cells = by.cut(line) if marked or inside else []
        if marked and not a_row(cells, width, numeric):
            if begun:
                dropped += len(cells) == width
            else:
                above = line.strip().lstrip("#/% \t")
                if above.startswith(by.separator):  # the mark itself is the name of the first column
                    above = line.strip()
            continue
        if inside and not a_row(cells, width, numeric):
            before = by.cut(line[: inside.start()])
            if a_row(before, width, numeric) or (len(before) == width != len(cells)):
                line = line[: inside.start()]
                behind += 1
        begun = begun or bool(line.strip())
        kept.append(line)
    if dropped:
        notes.append(f"{count(dropped, 'line')} of comment left out")
    if behind:
        notes.append(f"{count(behind, 'comment')} behind a row left out")
    return "\n".join(kept), above


def joined(text: str, by: Dialect, width: int, numeric: list[int], notes: list[str]) -> str:
    """A table of words and their vectors, with white space between cells, where words with a space in them are one.

    Such a line has more cells than others, and its last ones are numbers.
    """
    if by.separator != " " or by.exact or width < 3 or numeric != list(range(1, width)):
        return text
    lines = text.split("\n")
    spaced = 0
    for place, line in enumerate(map(str.strip, lines)):
        if line.count(" ") + line.count("\t") < width:
            continue
        cells = by.cut(line)
        word, numbers = cells[: 1 - width], cells[1 - width :]
        if len(word) > 1 and all(map(number, numbers)) and (truth(word[-1]) or not number(word[-1])):
            lines[place] = " ".join(["\u00a0".join(word), *numbers])
            spaced += 1
    if spaced:
        notes.append(f"{count(spaced, 'row')} whose name has a space in it")
    return "\n".join(lines)


def named(
    text: str, by: Dialect, width: int, numeric: list[int], notes: list[str], *, counted: bool
) -> tuple[str, list[str]]:
    """The table from its first row on, and the names of its columns, none where it has no names.

    counted: numbers that count up may be names.
    """
    starts: list[int] = []
    heads: list[list[str]] = []
    at, rows = 0, -1  # the first row of numbers
    while at < len(text) and len(heads) < (MOST_ABOVE if rows < 0 else rows + 60):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        if text[at:end].strip():
            starts.append(at)
            heads.append(by.cut(text[at:end]))
            if rows < 0 and a_row(heads[-1], width, numeric):
                rows = len(heads) - 1
        at = end + 1
    first = _first(heads, rows, width, numeric)
    body = [row for row in heads[first:] if len(row) == width]
    tall = 0
    while tall < min(HEADS, len(body) - 1) and _heads(body[tall], body[tall + 1 :], numeric):
        tall += 1
    if not tall and len(body) > 1 and _axis(body[0], body[1:], numeric):
        tall = 1
    if tall and any(number(body[0][column]) for column in numeric):
        notes.append(f"the first row, {listed(body[0])}, taken for the names of the columns")
    if counted and not tall and len(body) > 1:
        if _labelled(body[0], body[1:], numeric) and not _counted(body[0], body[1:], numeric):
            notes.append(f"the first row, {listed(list(filter(None, body[0])))}, taken for the names of the columns")
            tall = 1
        else:
            tall = int(_counted(body[0], body[1:], numeric, notes))
    elif counted and 0 < tall < len(body) - 1 and _level(body[:tall], body[tall], body[tall + 1 :], numeric):
        notes.append(f"the row {listed(list(filter(None, body[tall])))}, taken for the names of the columns")
        tall += 1
    above = body[:tall]
    titles = first
    if not above and first and width > 2 and len(heads[first - 1]) == width - 1:
        short = heads[first - 1]
        if not any(number(cell) for cell in short) or _counted(["", *short], body, numeric):
            behind = all(not row[-1].strip() for row in body)  # a separator ends each row, and not the names
            above, titles = [[*short, ""] if behind else ["", *short]], first - 1  # else it has names of the rows
    if not above and first and by.separator == " ":
        united = by.cut(UNIT.sub("\u00a0", text[starts[first - 1] : starts[first]].strip()))
        if len(united) == width and not any(map(number, united)):
            above, titles = [[cell.replace("\u00a0", " ") for cell in united]], first - 1
    if first and not above and len(heads[0]) == 2 and all(cell.isdecimal() for cell in heads[0]) and first == 1:
        many, dimensions = map(int, heads[0])
        if dimensions == width - 1:  # word2vec
            there = text.count("\n", starts[first]) + (not text.endswith("\n"))
            if there != many:
                notes.append(f"it announces {count(many, 'row')}; there are {there:,}")
            return text[starts[first] :], []
    if titles and not above and any(len(row) > 1 and 2 * sum(map(number, row)) >= len(row) for row in heads[:titles]):
        raise Unusable(RAGGED)
    if titles:
        notes.append(f"{count(titles, 'line')} above the table left out")
    begin = first + tall
    cells = [[cell.strip() for cell in row] for row in above]
    cells = [["" if RULE.fullmatch(cell) else cell for cell in row] for row in cells]
    names = [" / ".join(dict.fromkeys(filter(None, column))) for column in zip(*cells, strict=True)]
    return (text[starts[begin] :] if begin < len(starts) else ""), names


def _first(heads: list[list[str]], rows: int, width: int, numeric: list[int]) -> int:
    """The first of the lines that name the columns, or the first row where none does. rows: the first of numbers.

    The line of names is the one with most words above columns of numbers. What stands above it with fewer words is a
    title, unless names come again in the line and those above tell them apart, or it has two or more such words, and
    none above the columns of text.
    """

    def words(row: list[str]) -> int:
        """How many words a line has above columns of numbers, 0 where it names nothing."""
        held = [row[column] for column in numeric] if len(row) == width else []
        names = any(not absent(cell) for cell in held) and not any(map(number, row))
        return sum(1 for cell in held if cell.strip()) if names else 0

    many = [words(row) for row in heads[: max(rows, 0)]]
    if not any(many):
        sizes = [len(row) for row in heads]
        filled = [len(row) == width and any(cell.strip() for cell in row) for row in heads[: max(rows, 0)]]
        return filled.index(True) if True in filled else sizes.index(width, max(rows, 0)) if width in sizes else 0
    first = most = many.index(max(many))
    said = [cell for cell in heads[most] if cell.strip()]
    again = len(set(said)) < len(said)
    text = [column for column in range(width) if column not in numeric]

    def level(at: int) -> bool:
        """Whether a line of fewer words is one of names: those of columns of numbers alone, or more of a name."""
        if many[at] < 2:  # a title, perhaps of fewer cells
            return False
        return again or bool(text and not any(heads[at][column].strip() for column in text))

    while first and (many[first - 1] == many[most] or level(first - 1)):
        first -= 1
    return first


def footer(text: str, by: Dialect, width: int) -> tuple[str, int]:
    """A table without the lines below it of which one has more cells than a row, and how many they are.

    No such line has a number. Those that have no more cells are left to `first_table`.
    """
    end, found, lines = len(text), len(text), 0
    seen = 0
    while end > 0:
        begin = text.rfind("\n", 0, end) + 1
        line = text[begin:end]
        if line.strip():
            cells = by.cut(line)
            if any(map(number, cells)):
                break
            seen += 1
            if len(cells) > width:
                found, lines = begin, seen
        end = begin - 1
    return text[:found], lines


def absent(cell: str) -> bool:
    """Whether a word says that there is no value: n.d., <0.1, or signs without a letter."""
    return gap(cell) or bool(LIMIT.match(cell.strip())) or re.sub(r"[\W_]", "", cell).lower() in ABSENT


def _words(row: list[str], below: list[list[str]], numeric: list[int]) -> tuple[list[str], list[str]]:
    """The cells of a row in columns of numbers that are no gaps, and those of them that name their columns.

    Beside numbers, a word that stands for a value which is absent names nothing, nor one that comes again below. True
    and false are words where the column below has no such value.
    """
    held = [(row[column], column) for column in numeric if not gap(row[column])]
    cells = [cell for cell, _ in held]
    words = [
        cell
        for cell, column in held
        if not number(cell) or (truth(cell) and not any(truth(cells[column]) for cells in below))
    ]
    if len(words) < len(cells) or len(set(words)) < len(words):
        others = [cells for cells in below if cells != row]
        again = {cell for cell, column in held if any(cell == cells[column] for cells in others)}
        words = [cell for cell in words if not absent(cell) and cell not in again]
    return cells, words


def _heads(row: list[str], below: list[list[str]], numeric: list[int]) -> bool:
    """Whether a row names the columns: words stand where the rows below have numbers."""
    if not numeric:
        return not any(map(number, row)) and not any(any(map(number, cells)) for cells in below)
    held, words = _words(row, below, numeric)
    return bool(words) and 2 * len(words) >= len(held)


def _axis(row: list[str], below: list[list[str]], numeric: list[int]) -> bool:
    """Whether a row names the columns by one word and by numbers that rise or fall, as in `time, 0.1, 0.2`.

    The word stands before the numbers, or behind whole numbers that count up, as in `0, 1, 2, target`.
    """
    held, words = _words(row, below, numeric)
    if len(words) != 1 or sum(map(number, held)) != len(held) - 1:
        return False
    numbers = [value(cell, comma=True) or 0.0 for cell in held if number(cell)]
    steps = {b - a for a, b in pairwise(numbers)}
    return (held[0] == words[0] and (min(steps) > 0 or max(steps) < 0)) or (held[-1] == words[0] and steps == {1.0})


def naming(below: list[str], named: str = "") -> Callable[[str], bool]:
    """What tells whether a word above a column of text, or nothing, names it, being unlike the cells of the column.

    It is one of the usual names, or has no digit where all others have one and is no usual word for a row. Nothing
    tells where all others are there. named: the name which the column is known to have.
    """
    others = {plainly(cell) for cell in below}
    digits = all(re.search(r"\d", other) for other in others)

    def names(cell: str) -> bool:
        cell = plainly(cell)
        if cell and cell == plainly(named):
            return True
        if cell in others or "" in others:
            return False
        return cell in USUAL or (digits and not re.search(r"\d", cell) and not absent(cell) and cell not in ROWS)

    return names


def plainly(name: str) -> str:
    """A name without what a byte order mark, capitals and white space make of it."""
    return " ".join(name.replace("\ufeff", "").split()).lower()


def _labelled(row: list[str], below: list[list[str]], numeric: list[int]) -> bool:
    """Whether a row of numbers that rise or fall names columns of numbers: it has a name above each column of text.

    Two numbers always rise or fall, and are names only beside usual ones.
    """
    held = [value(row[column], comma=True) for column in numeric]
    text = [column for column in range(len(row)) if column not in numeric]
    if len(below) < 3 or not text or len(held) < 2 or None in held:
        return False
    steps = [b - a for a, b in pairwise(each or 0.0 for each in held)]
    known = len(held) > 2 or _usual(row, text)
    return known and (min(steps) > 0 or max(steps) < 0) and _over(row, below, text)


def _usual(row: list[str], text: list[int]) -> bool:
    """Whether a row has one of the usual names, or nothing, above each of these columns of text."""
    return all(plainly(row[column]) in USUAL for column in text)


def _over(row: list[str], below: list[list[str]], text: list[int]) -> bool:
    """Whether a row has a name above each of these columns of text."""
    return all(naming([cells[column] for cells in below])(row[column]) for column in text)


def _level(above: list[list[str]], row: list[str], below: list[list[str]], numeric: list[int]) -> bool:
    """Whether a row of numbers goes on with the names above it: one comes again there, and with the row none does.

    Its numbers are years, or are the same or count up from 0 or 1 below each of the names, unless a usual name says it.
    """
    held = [row[column] for column in numeric]
    text = [column for column in range(len(row)) if column not in numeric]
    if not below or not text or not all(map(number, held)):
        return False
    names = [tuple(cells[column] for cells in above) for column in numeric]
    both = list(zip(names, held, strict=True))
    if len(set(names)) == len(names) or len(set(both)) < len(both) or not _over(row, below, text):
        return False
    again = {name for name in names if names.count(name) > 1}
    below_each = {tuple(cell.strip() for other, cell in both if other == name) for name in again}
    counted = all(each == tuple(str(int(each[0] == "1") + k) for k in range(len(each))) for each in below_each)
    alike = len(below_each) == 1 < len(again)
    return alike or counted or all(map(_year, held)) or _usual(row, text)


def _year(cell: str) -> bool:
    return cell.strip().isdecimal() and 1800 <= int(cell) <= 2200


def _counted(row: list[str], below: list[list[str]], numeric: list[int], notes: list[str] | None = None) -> bool:
    """Whether a row of numbers names the columns: they count up evenly, as years do, and those below do not.

    Where it might, and is taken for numbers, the notes say so.
    """
    held = [row[column] for column in numeric if column or row[column].strip()]
    if len(held) < 2 or not all(cell.strip().isdecimal() for cell in held):
        return False
    steps = {int(b) - int(a) for a, b in pairwise(held)}
    if len(steps) > 1 or min(steps) < 1:
        return False
    shown = f"{held[0]} to {held[-1]}"
    cells = [cells[column].strip() for cells in below for column in numeric if not gap(cells[column])]
    other = 2 * sum(not cell.lstrip("+-").isdecimal() for cell in cells) > len(cells)
    years = all(map(_year, held)) and not all(map(_year, cells))
    if other or years or not row[0].strip():
        if notes is not None and row[0].strip():
            notes.append(f"the first row, {shown}, taken for the names of the columns")
        return True
    if notes is not None and len(held) > 2:
        notes.append(f"the first row, {shown}, taken for numbers and not for names")
    return False
