"""The kinds of values that a link holds: each is read from text, made valid, and written again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Parameter:
    """One value of a page's state. read: text → (value, whether the text was valid). write: value → text.

    free: the value may be any text, which the page never shows as its own words. why: text that was not valid → the
    sentence that says so, where the usual one would not say enough. before: the default that links were made with
    which do not name the parameter: a link that says anything at all names it since the default is another one.
    """

    name: str
    default: Any
    read: Callable[[str], tuple[Any, bool]]
    write: Callable[[Any], str]
    free: bool = False
    why: Callable[[str], str] = lambda text: ""
    before: Any = None

    def missing(self, query: Mapping[str, str]) -> Any:
        """The value where a link does not name it."""
        return self.before if query and self.before is not None else self.default


def choice(name: str, options: tuple[str, ...], default: str, *, before: str | None = None) -> Parameter:
    """One of these."""
    return Parameter(
        name, default, lambda text: (text, True) if text in options else (default, False), str, before=before
    )


def several(name: str, options: tuple[str, ...], default: tuple[str, ...]) -> Parameter:
    """Some of these, in this order, as a list; "none" where none is chosen."""

    def read(text: str) -> tuple[list[str], bool]:
        if text == "none":
            return [], True
        asked = text[:400].split("_")
        found = [option for option in options if option in asked]
        return found or list(default), bool(found) and len(found) == len(asked)

    return Parameter(name, list(default), read, lambda found: "_".join(x for x in options if x in found) or "none")


def whole(name: str, low: int, high: int, default: int) -> Parameter:
    """A whole number from low to high."""

    def read(text: str) -> tuple[int, bool]:
        number, valid = _nearest(text, low, high, default)
        return int(number), valid and number == int(number)

    return Parameter(name, default, read, str)


def real(name: str, low: float, high: float, default: float) -> Parameter:
    """A number from low to high, with two decimals."""
    return Parameter(name, default, lambda text: _nearest(text, low, high, default), _decimals)


def reals(name: str, low: float, high: float, most: int, default: tuple[float, ...]) -> Parameter:
    """One to `most` numbers from low to high, with two decimals, separated by underscores."""

    def read(text: str) -> tuple[tuple[float, ...], bool]:
        parts = text[: 12 * most].split("_")
        found = [_nearest(part, low, high, float("nan")) for part in parts[:most]]
        numbers = tuple(number for number, _ in found if number == number)
        valid = len(numbers) == len(parts) and all(ok for _, ok in found)
        return (numbers, valid) if numbers else (default, False)

    return Parameter(name, default, read, lambda numbers: "_".join(map(_decimals, numbers)))


def _nearest(text: str, low: float, high: float, default: float) -> tuple[float, bool]:
    try:
        number = float(text[:40])
    except ValueError:
        return default, False
    if number != number:
        return default, False
    return min(max(number, low), high), low <= number <= high


def _decimals(number: float) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".")


def flag(name: str, default: bool = False) -> Parameter:
    """On (1) or off (0)."""
    return Parameter(name, default, lambda text: (text == "1", text in ("0", "1")), lambda on: "1" if on else "0")


def text(name: str, most: int, default: str) -> Parameter:
    """A text of at most so many characters."""
    return Parameter(
        name, default, lambda given: (given[:most], len(given) <= most), lambda given: given[:most], free=True
    )
