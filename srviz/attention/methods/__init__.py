"""The registry of methods. Each module of this folder has one record, `METHOD`; nothing else needs to know of it."""

import contextlib
import pkgutil
from collections.abc import Iterator
from importlib import import_module

from srviz.attention.method import LineStyle, Method, Terms, Way
from srviz.attention.named import by_name

__all__ = ["METHODS", "LineStyle", "Method", "Terms", "Way", "by_dots", "registered", "sliced", "ways"]


def _find() -> dict[str, Method]:
    modules = (import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__))
    found: list[Method] = [module.METHOD for module in modules if hasattr(module, "METHOD")]
    return by_name(sorted(found, key=lambda method: method.rank))


METHODS = _find()


def ways() -> dict[str, Way]:
    """Every way to run every method, by its name: what the benchmark races."""
    return by_name(way for method in METHODS.values() for way in method.raced)


def sliced() -> Method:
    """The first of the methods that take scores: what a page shows where it shows one of them."""
    return next(method for method in METHODS.values() if method.projection)


def by_dots() -> Method:
    """The first of the methods that take dot products: the counterpart of a sliced one."""
    return next(method for method in METHODS.values() if not method.projection)


@contextlib.contextmanager
def registered(method: Method) -> Iterator[None]:
    """Have one more method in the registry while the block runs, in the place that its rank gives it."""
    before = dict(METHODS)
    both = by_name(sorted([*before.values(), method], key=lambda one: one.rank))
    METHODS.clear()
    METHODS.update(both)
    try:
        yield
    finally:
        METHODS.clear()
        METHODS.update(before)
