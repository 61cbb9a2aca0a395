"""The words of a page. They stand in one file beside its code, `words.json`, for Python and for JavaScript.

A translation is one more file in the same folder, `words.de.json`, with the same keys. It may be incomplete: what it
lacks is said in English. The language is that of the whole server, from the environment's SRVIZ_LANGUAGE.
"""

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

FILE = "words.json"
LANGUAGE = os.environ.get("SRVIZ_LANGUAGE", "en")


class Words:
    """The words of one folder.

    A key names a text with dots between the names of the tables that it lies in: `WORDS("who.relu")`.
    """

    def __init__(self, folder: Path, language: str = LANGUAGE):
        self.file = folder / FILE
        self.tree = _read(self.file, language)

    def __call__(self, key: str, /, **values: object) -> str:
        """One text, with its {names} replaced by values, as `str.format` does it.

        Raises KeyError where there is no text of this key, or where a value is missing.
        """
        text = self._at(key)
        if not isinstance(text, str):
            raise KeyError(f"{key}: expected a text in {self.file.name}, got {type(text).__name__}")
        return text.format(**values)

    def texts(self, key: str, /, **values: object) -> tuple[str, ...]:
        """A list of texts."""
        return tuple(text.format(**values) for text in self._at(key))

    def pairs(self, key: str, /, **values: object) -> tuple[tuple[str, str], ...]:
        """A list of pairs of texts, such as a title with its sentences."""
        return tuple((one.format(**values), two.format(**values)) for one, two in self._at(key))

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


@cache
def _read(file: Path, language: str) -> dict[str, Any]:
    tree: dict[str, Any] = json.loads(file.read_text("utf-8"))
    if not language.isalnum():
        return tree
    other = file.with_suffix(f".{language}.json")
    return _over(tree, json.loads(other.read_text("utf-8"))) if other.is_file() else tree


def _over(tree: Any, other: Any) -> Any:
    """One tree, with what another has of it in its place."""
    if isinstance(tree, dict) and isinstance(other, dict):
        return {name: _over(part, other[name]) if name in other else part for name, part in tree.items()}
    return other if type(other) is type(tree) else tree
