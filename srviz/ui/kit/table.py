"""Named columns of numbers, and their text as CSV."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Columns = dict[str, ArrayLike]
Row = Sequence[str]
DANGEROUS = ("=", "+", "-", "@", "\t", "\r")  # with which a spreadsheet takes a text for a formula


def csv_text(columns: Columns) -> str:
    """One line of names, and one of each row. All columns are of one length."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*(_cells(np.asarray(column)) for column in columns.values()), strict=True))
    return out.getvalue()


def markdown(head: Row, rows: Iterable[Row], aligned: Row) -> str:
    """A table in Markdown. aligned: each column, "---" or "---:". A | within a cell, as in |s − t|, ends none."""
    lines = (" | ".join(cell.replace("|", "\\|") for cell in row) for row in (head, aligned, *rows))
    return "\n".join(f"| {line} |" for line in lines)


def _cells(column: NDArray[Any]) -> list[str]:
    """Numbers as briefly as they can be read back, and texts that no spreadsheet takes for a formula."""
    if column.dtype.kind in "fiub":
        return [str(x) for x in column.tolist()] if column.dtype != np.float32 else list(map(str, column))
    return [f"'{text}" if text.startswith(DANGEROUS) and not _is_number(text) else text for text in map(str, column)]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def pairs(queries: int, keys: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The numbers, from 1, of the query and the key of every pair, query by query."""
    rows, columns = np.indices((queries, keys))
    return rows.ravel() + 1, columns.ravel() + 1
