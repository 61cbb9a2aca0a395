"""The words of a page. They stand in one file beside its code, `words.json`, for Python and for JavaScript.

A translation is one more file in the same folder, `words.de.json`, with the same keys. It may be incomplete: what it
lacks is said in English. The language is that of the whole server, from the environment's SRVIZ_LANGUAGE.
"""

import json
import logging
import os
import re
import string
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from srviz.numbers import decimal

FILE = "words.json"
ENGLISH = "en"
LANGUAGE = os.environ.get("SRVIZ_LANGUAGE", ENGLISH)
NAME = re.compile("[A-Za-z0-9]+([-_][A-Za-z0-9]+)*")  # of a language
log = logging.getLogger(__name__)


class _Filled(string.Formatter):
    """As `str.format`, but numbers have the sign of minus where it has a hyphen."""

    def format_field(self, value: Any, format_spec: str) -> Any:
        """One value: a number, or what is written as it is."""
        number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
        return decimal(value, format_spec) if number else super().format_field(value, format_spec)


FILLED = _Filled()


class Words:
    """The words of one folder.

    A key names a text with dots between the names of the tables that it lies in: `WORDS("who.relu")`.
    """

    def __init__(self, folder: Path, language: str = LANGUAGE):
        self.file = folder / FILE
        self.tree = _read(self.file, language)

    def __call__(self, key: str, /, **values: object) -> str:
        """One text, with its {names} replaced by values, as `str.format` does it, and numbers as `decimal` writes them.

        Raises KeyError where there is no text of this key, or where a value is missing.
        """
        text = self._at(key)
        if not isinstance(text, str):
            raise KeyError(f"{key}: expected a text in {self.file.name}, got {type(text).__name__}")
        return FILLED.format(text, **values) if values else text.format()

    def texts(self, key: str, /, **values: object) -> tuple[str, ...]:
        """A list of texts."""
        return tuple(FILLED.format(text, **values) for text in self._at(key))

    def pairs(self, key: str, /, **values: object) -> tuple[tuple[str, str], ...]:
        """A list of pairs of texts, such as a title with its sentences."""
        return tuple((FILLED.format(one, **values), FILLED.format(two, **values)) for one, two in self._at(key))

    def table(self, key: str, /) -> dict[str, str]:
        """Texts by their names, not filled in."""
        return dict(self._at(key))

    def _at(self, key: str) -> Any:
        found: Any = self.tree
        for name in key.split("."):
            if not isinstance(found, dict) or name not in found:
                raise KeyError(f"{key}: expected a key of {self.file}")
            found = found[name]
        return found


def plain(text: object) -> str:
    """At most 120 characters of what a file of results says, without what Markdown would take for its own."""
    return "".join(c for c in str(text)[:120] if c.isalnum() or c in " .,-+()@")


@cache
def _read(file: Path, language: str) -> dict[str, Any]:
    tree: dict[str, Any] = json.loads(file.read_text("utf-8"))
    if language == ENGLISH or not NAME.fullmatch(language):
        return tree
    other = file.with_suffix(f".{language}.json")
    try:
        translated = json.loads(other.read_text("utf-8"))
    except (OSError, ValueError) as error:
        log.warning("%s: expected words, got %s", other, error)
        return tree
    merged: dict[str, Any] = _over(tree, translated, f"{other}:")
    return merged


def _over(tree: Any, other: Any, path: str) -> Any:
    """One tree, with what another has of it in its place: lists of the same length, texts that ask for no other values.

    What does not fit stays in English, and the log says where.
    """
    if isinstance(tree, dict) and isinstance(other, dict):
        return {
            name: _over(part, other[name], f"{path} {name}") if name in other else part for name, part in tree.items()
        }
    fits = type(tree) is type(other) and (
        _values(other) <= _values(tree) if isinstance(tree, str) else len(tree) == len(other)
    )
    if not fits:
        log.warning("%s: expected what the English text has, got %r", path, other)
        return tree
    return [_over(one, two, path) for one, two in zip(tree, other, strict=True)] if isinstance(tree, list) else other


def _values(text: str) -> set[str]:
    """What a text asks for, each value by its name and with its format; all of a text that cannot be read."""
    try:
        asked = [(name, form) for _, name, form, _ in string.Formatter().parse(text) if name is not None]
    except ValueError:
        return {text}
    return {name for name, _ in asked} | {f"{name}:{form}" for name, form in asked if form}
