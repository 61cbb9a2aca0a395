"""Rows of a table with white space between its cells that lack some: which of their cells are blank."""

import re
from itertools import pairwise

from .text import Dialect, number

Span = tuple[int, int]


def filled(text: str, by: Dialect, width: int) -> tuple[str, list[int]]:
    """The rows of a table with nan for blank cells, and the numbers of those rows of which it cannot be told.

    Where the cells of every column stand below each other, and beside those of no other, they tell by their place in
    the line. A line without a number is no row.
    """
    if by.separator != " " or by.exact:
        return text, []
    lines = text.split("\n")
    quoted = '"' in text
    short: list[tuple[int, int]] = []
    row = 0
    for place, line in enumerate(lines):
        cells = by.cut(line) if quoted and '"' in line else line.split()
        if 0 < len(cells) < width and any(map(number, cells)):
            short.append((place, row))
        row += bool(cells)
    if not short:
        return text, []
    columns = [] if quoted or "\t" in text else _columns(lines, width)
    lost = []
    for place, row in short:
        spans = [cell.span() for cell in re.finditer(r"\S+", lines[place])]
        of = [[k for k, column in enumerate(columns) if _meet(span, column)] for span in spans]
        told = [at[0] for at in of if len(at) == 1]
        if len(told) < len(spans) or len(set(told)) < len(told):
            lost.append(row)
            continue
        cells = ["nan"] * width
        for at, (begin, end) in zip(told, spans, strict=True):
            cells[at] = lines[place][begin:end]
        lines[place] = " ".join(cells)
    return "\n".join(lines), lost


def _meet(a: Span, b: Span) -> bool:
    return a[0] < b[1] and b[0] < a[1]


def _columns(lines: list[str], width: int) -> list[Span]:
    """From which letter of a line to which the cells of each column stand; none where columns meet."""
    found: list[Span] = []
    for line in lines:
        row = [cell.span() for cell in re.finditer(r"\S+", line)]
        if len(row) != width or not any(map(number, line.split())):
            continue
        both = zip(found or row, row, strict=True)
        found = [(min(begin, first), max(end, last)) for (begin, end), (first, last) in both]
        if any(_meet(a, b) for a, b in pairwise(found)):
            return []
    return found
