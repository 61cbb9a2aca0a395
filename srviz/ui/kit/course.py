"""The course: the chapters in their order, from which the sidebar and previous/next are made."""

import pkgutil
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module


@dataclass(frozen=True)
class Chapter:
    """What is known of a chapter before its page is opened.

    number: its place in the course, 0 for the home page. address: the last part of its URL. part: the heading above it
    in the sidebar. name: the name of its folder, filled in by `find`.
    """

    number: int
    title: str
    address: str = ""
    part: str = ""
    name: str = ""

    @property
    def script(self) -> str:
        """The script that Streamlit opens, seen from the folder of app.py."""
        return f"pages/{self.number}_{self.address}.py" if self.number else "app.py"


Course = tuple[Chapter, ...]


def find(package: str, path: Iterable[str]) -> Course:
    """The chapters of a package: each subpackage says in CHAPTER what it is."""
    found = []
    for module in pkgutil.iter_modules(path):
        if module.ispkg:
            said: Chapter = import_module(f"{package}.{module.name}").CHAPTER
            found.append(Chapter(said.number, said.title, said.address, said.part, module.name))
    return tuple(sorted(found, key=lambda chapter: chapter.number))


def neighbours(course: Course, name: str) -> tuple[Chapter | None, Chapter | None]:
    """The chapters before and after the one of this name."""
    place = [chapter.name for chapter in course].index(name)
    before = course[place - 1] if place else None
    after = course[place + 1] if place + 1 < len(course) else None
    return before, after
