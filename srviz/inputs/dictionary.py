"""Words of scripts that are written without spaces, found by the dictionaries of ICU where the system has that library.

ICU is called as its C header says (https://unicode-org.github.io/icu-docs/apidoc/released/icu4c/ubrk_8h.html). Linux
alone is asked: there the name of the library says its version, with which the names of its functions end.
"""

import ctypes
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

VERSIONS = range(99, 49, -1)
WORDS = 1  # of the kinds of boundaries that ICU finds


@lru_cache(maxsize=1)
def dictionary() -> Callable[[str], list[str]] | None:
    """What cuts a text into its words, all its characters among them; None where there is no ICU."""
    for version in VERSIONS:
        try:
            library = ctypes.CDLL(f"libicuuc.so.{version}")
            start, step, end = (getattr(library, f"ubrk_{name}_{version}") for name in ("open", "next", "close"))
        except (OSError, AttributeError):
            continue
        start.restype, step.restype, end.restype = ctypes.c_void_p, ctypes.c_int32, None
        start.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_int32, ctypes.c_void_p)
        step.argtypes = end.argtypes = (ctypes.c_void_p,)
        if _cut(start, step, end, "สวัสดีครับ") == ["สวัสดี", "ครับ"]:  # some are built without dictionaries
            return partial(_cut, start, step, end)
    return None


def _cut(start: Any, step: Any, end: Any, text: str) -> list[str]:
    """The words of a text by an iterator of ICU, which is opened, asked for one place after the other, and closed."""
    units = text.encode("utf-16-le", "surrogatepass")  # ICU reads them as long as its iterator is open
    trouble = ctypes.c_int(0)
    iterator = start(WORDS, b"", units, len(units) // 2, ctypes.byref(trouble))
    if not iterator or trouble.value > 0:
        return [text]
    places = [0]
    while (place := step(iterator)) > places[-1]:
        places.append(place)
    end(iterator)
    pairs = zip(places, [*places[1:], len(units) // 2], strict=True)
    return [units[2 * a : 2 * b].decode("utf-16-le", "surrogatepass") for a, b in pairs if a < b]
