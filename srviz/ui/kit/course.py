"""The course: the chapters in their order, from which the sidebar and previous/next are made."""

import pkgutil
from collections.abc import Iterable
from dataclasses import dataclass, replace
from importlib import import_module
from importlib.util import find_spec
from threading import RLock
from types import ModuleType
from typing import Any


@dataclass(frozen=True)
class Chapter:
    """What is known of a chapter before its page is opened.

    number: that of its script, 0 for the home page, and its place in the course. address: the last part of its URL.
    part: the heading above it in the sidebar. name: the name of its folder, filled in by `find`. after: the number of
    the chapter that it follows, where it is not the one before its own: a place can be changed without a new script.
    kept: what a session of the page keeps that is in no link, in words, where it is the work of minutes. asks: whether
    the page has a question.
    """

    number: int
    title: str
    address: str = ""
    part: str = ""
    name: str = ""
    after: int | None = None
    kept: str = ""
    asks: bool = True

    @property
    def script(self) -> str:
        """The script that Streamlit opens, seen from the folder of app.py."""
        return f"pages/{self.number}_{self.address}.py" if self.number else "app.py"


Course = tuple[Chapter, ...]
_IMPORTING = RLock()


def imported(module: str) -> ModuleType:
    """Import a module of a chapter. One session at a time does so: where several begin at different ends of what
    modules import from each other, Python finds a deadlock between them, or hands on a module that is half imported.
    """
    with _IMPORTING:
        return import_module(module)


def listed(package: str, chapter: str, what: str) -> tuple[Any, ...]:
    """What a chapter lists in a module of its own, PUZZLES in `puzzles.py`, say; nothing where it has none."""
    if find_spec(f"{package}.{chapter}.{what}") is None:
        return ()
    found: tuple[Any, ...] = getattr(imported(f"{package}.{chapter}.{what}"), what.upper())
    return found


def find(package: str, path: Iterable[str]) -> Course:
    """The chapters of a package: each subpackage says in CHAPTER what it is."""
    found = []
    for module in pkgutil.iter_modules(path):
        if module.ispkg:
            said: Chapter = import_module(f"{package}.{module.name}").CHAPTER
            found.append(replace(said, name=module.name))
    return tuple(sorted(found, key=_place))


def _place(chapter: Chapter) -> tuple[int, int]:
    return (chapter.number, 0) if chapter.after is None else (chapter.after, chapter.number)


def neighbours(course: Course, name: str) -> tuple[Chapter | None, Chapter | None]:
    """The chapters before and after the one of this name."""
    place = [chapter.name for chapter in course].index(name)
    before = course[place - 1] if place else None
    after = course[place + 1] if place + 1 < len(course) else None
    return before, after
