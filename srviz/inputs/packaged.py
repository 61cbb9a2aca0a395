"""Data that come inside packages, read from their files: the packages themselves are not imported.

To import scikit-learn takes a second, and 80 MB of every process that does.
"""

import csv
import gzip
import importlib.util
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Table(NamedTuple):
    """x: (n, D). label: (n,), which of the `labels` each row has."""

    x: NDArray[np.float64]
    label: NDArray[np.int64]
    labels: tuple[str, ...]


def folder(package: str) -> Path:
    """Where a package lies. Raises ModuleNotFoundError where it is not installed."""
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError(f"No module named {package!r}", name=package)
    return Path(found.submodule_search_locations[0])


def digits() -> Table:
    """scikit-learn's 1,797 digits, each of 8 × 8 pixels with ink from 0 to 16, row by row."""
    with gzip.open(_sklearn() / "data" / "digits.csv.gz", "rt", encoding="ascii") as file:
        rows = np.loadtxt(file, delimiter=",")
    return Table(rows[:, :-1], rows[:, -1].astype(np.int64), tuple(map(str, range(10))))


def iris() -> Table:
    """scikit-learn's 150 irises: lengths and widths of sepals and petals, in centimetres."""
    return _table("iris.csv")


def wine() -> Table:
    """scikit-learn's 178 wines: what a chemist found in each."""
    return _table("wine_data.csv")


def photograph(name: str) -> Path:
    """The file of one of scikit-learn's two photographs, "china" or "flower"."""
    return _sklearn() / "images" / f"{name}.jpg"


def _table(name: str) -> Table:
    """The first line has the number of rows, that of columns, and the names of the classes."""
    with (_sklearn() / "data" / name).open(encoding="utf-8", newline="") as file:
        (_, _, *labels), *rows = csv.reader(file)
    numbers = np.array(rows, dtype=np.float64)
    return Table(numbers[:, :-1], numbers[:, -1].astype(np.int64), tuple(labels))


def _sklearn() -> Path:
    return folder("sklearn") / "datasets"
