"""Numbers as people read them, and the largest seed that they can ask for."""

import re
from numbers import Real
from typing import SupportsFloat

LARGEST_SEED = 9999  # of a page, a link, and a task that is made of its name


def decimal(x: SupportsFloat, spec: str = ".2f") -> str:
    """A number as `format` writes it, but with the sign of minus for its hyphen, and with none before a zero: −0.41."""
    text = format(x if isinstance(x, Real) else float(x), spec)  # numpy's numbers are real ones too, a tensor is none
    if text.startswith("-") and not re.search("[1-9a-z]", text.split("e")[0]):
        text = f"+{text[1:]}" if spec.startswith("+") else text[1:]
    return text.replace("-", "−")


def duration(seconds: float) -> str:
    """34 µs, 12.3 ms, 4.56 s, 12 min, 3.4 h or 5.6 days."""
    if 0 < seconds < 1e-4:
        return f"{seconds * 1e6:.0f} µs"
    for unit, size, digits in (("days", 86_400, 1), ("h", 3600, 1), ("min", 60, 0), ("s", 1, 2)):
        if seconds >= size * (1 if unit == "s" else 2):
            return f"{seconds / size:,.{digits}f} {unit}"
    return f"{seconds * 1e3:.1f} ms"


def rough(seconds: float) -> str:
    """About how long, to two digits: 34 µs, 320 ms, 4.6 s, 12 min or 3.4 h."""
    units = (("h", 3600.0), ("min", 60.0), ("s", 1.0), ("ms", 1e-3), ("µs", 1e-6))
    unit, size = next(((u, s) for u, s in units if seconds >= s * (2 if s > 1 else 1)), units[-1])
    return f"{float(f'{seconds / size:.2g}'):,g} {unit}"


def moment(date: object) -> str:
    """A date, which may have a time, for Markdown: a bare colon would begin a directive, and is set apart."""
    return str(date).replace(":", "\\:")


def power(x: float) -> str:
    """3 · 10⁻⁶."""
    mantissa, exponent = f"{x:.0e}".split("e")
    return f"{mantissa} · 10{str(int(exponent)).translate(str.maketrans('-0123456789', '⁻⁰¹²³⁴⁵⁶⁷⁸⁹'))}" if x else "0"


def size(count: float) -> str:
    """Bytes as 12 MB, 1.4 GB or 16 TB, in powers of ten."""
    for unit, bytes_ in (("PB", 1e15), ("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= bytes_:
            return f"{count / bytes_:.{0 if count >= 10 * bytes_ else 1}f} {unit}"
    return f"{count:.0f} bytes"
