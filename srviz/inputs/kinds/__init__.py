"""What is in the bytes of a visitor's file: one module a kind of file, found by itself.

`KINDS` maps an ending to its kind. `answer` is what the process in `__main__.py` does, which imports this package by
itself: it knows nothing of the rest of srviz, and each reader imports its libraries when it is called.
"""

import errno
from importlib import import_module
from pkgutil import iter_modules

from .base import Found, Kind, Unusable

_FOUND = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__) if module.name != "__main__"]
_ALL: list[Kind] = sorted((module.KIND for module in _FOUND if hasattr(module, "KIND")), key=lambda kind: kind.rank)
KINDS: dict[str, Kind] = {ending: kind for kind in _ALL for ending in kind.endings}
FORMATS = tuple(ending for ending, kind in KINDS.items() if not kind.picture)
PICTURES = tuple(ending for ending, kind in KINDS.items() if kind.picture)
NO_MEMORY = "This file needs more memory to be read than there is for it. A smaller one works."


def answer(ending: str, data: bytes) -> Found:
    """What the reader of this kind of file returns, or {"error": a sentence} and no arrays, whatever it raises."""
    kind = KINDS[ending]
    try:
        return kind.read(ending, data)
    except Unusable as error:
        return {"error": str(error)}, {}
    except Exception as error:  # what readers raise on broken bytes is not one kind of error
        return {"error": NO_MEMORY if _short(error) else _broken(kind, ending)}, {}


def _short(error: BaseException | None) -> bool:
    """Whether an error, or one that it came from, is one of too little memory: so are libraries that do not load."""
    while error is not None:
        if isinstance(error, MemoryError | ImportError):
            return True
        if isinstance(error, OSError) and (error.errno == errno.ENOMEM or "memory" in str(error)):
            return True
        error = error.__cause__ or error.__context__
    return False


def _broken(kind: Kind, ending: str) -> str:
    if kind.picture:
        return "This picture is broken or cut short. Save it again, as PNG, JPEG or WebP."
    return f"This {ending[1:].upper()} file is broken or cut short. Export it again, or as another format."


__all__ = ["FORMATS", "KINDS", "PICTURES", "Unusable", "answer"]
