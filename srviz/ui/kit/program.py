"""Programs that compute again what a page shows: templates that run as they are, with the values of a state put in.

A template is an ordinary program in `scripts/` of its chapter, `NAME_numpy.py` or `NAME_torch.py`. A value takes the
place of what the template assigns to its name: of the literal in `s = np.array([1.0, 2.0])`, say.
"""

import ast
import json
import pprint
import re
import sys
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from srviz.ui.kit.fold import folded, quoted

MOST_LINES, WIDTH = 40, 110
LONG = 40  # characters of a text that stands on one line, whatever its width
DIGITS = 7  # of a number that is written into a program: float32 has no more
VARIANTS = {"numpy": "NumPy", "torch": "PyTorch"}


@dataclass(frozen=True)
class Code:
    """An expression that takes the place of a whole value, what it needs to import, and what is said of it. kind: of
    the array that it makes, "numpy" or "torch"; the other program turns it into its own. "": it is no array.
    """

    text: str
    imports: str = ""
    says: str = ""
    kind: str = "numpy"

    def of(self, variant: str) -> str:
        """The expression in a program of this variant."""
        if not self.kind or self.kind == variant:
            return self.text
        return f"torch.from_numpy({self.text})" if variant == "torch" else f"{self.text}.numpy()"


@dataclass(frozen=True)
class Script:
    """The programs of a page. template: their path without "_numpy.py" and "_torch.py". title: the page's. own: values
    of one variant alone. added: lines at the end of each variant, with what they import.
    """

    template: Path
    title: str
    values: Mapping[str, Any] = field(default_factory=dict)
    own: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    added: Mapping[str, Code] = field(default_factory=dict)

    @property
    def written(self) -> set[str]:
        """The names that every variant of the template assigns."""
        sources = (self.path(variant).read_text("utf-8") for variant in VARIANTS if self.path(variant).exists())
        return set.intersection(*(set(_assigned(ast.parse(source))) for source in sources))

    def path(self, variant: str) -> Path:
        """The template of a variant."""
        return self.template.with_name(f"{self.template.name}_{variant}.py")

    def text(self, variant: str, link: str = "") -> str:
        """The program by NumPy or by PyTorch. link: of the page, which it mentions."""
        source, added = self.path(variant).read_text("utf-8"), self.added.get(variant)
        if added:
            lines = _with_imports(f"{source}\n{added.text}".splitlines(), set(added.imports.splitlines()))
            source = "\n".join(lines)
        return filled(source, {**self.values, **self.own.get(variant, {})}, variant, link)


def filled(source: str, values: Mapping[str, Any], variant: str = "numpy", link: str = "") -> str:
    """A template with these values. Raises LookupError where it has no place for one."""
    tree = ast.parse(source)
    lines = source.splitlines()
    places = _assigned(tree)
    if missing := sorted(set(values) - set(places)):
        raise LookupError(f"values: expected names that the template assigns, got {', '.join(missing)}")
    for name in sorted(values, key=lambda name: (places[name].lineno, places[name].col_offset), reverse=True):
        _put(lines, places[name], values[name], variant)
    codes = [value for value in values.values() if isinstance(value, Code)]
    lines = _with_imports(lines, {line for code in codes for line in code.imports.splitlines()})
    if link:
        first = tree.body[0].end_lineno or 0
        lines.insert(first, f"# {link}")
    lines = folded(lines)
    return "\n".join(lines) + "\n"


def _with_imports(lines: list[str], more: set[str]) -> list[str]:
    """A program that imports these too, in the usual order, and no name that it does not use any more."""
    tree = ast.parse("\n".join(lines))
    nodes = _imports(tree)
    if not nodes:
        return lines
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    found = [*_imports(ast.parse("\n".join(sorted(more)))), *nodes]
    texts = {ast.unparse(node) for node in found if {one.asname or one.name for one in node.names} & used}
    groups = [sorted((text for text in texts if _group(text) == group), key=_order) for group in range(3)]
    block = "\n\n".join("\n".join(group) for group in groups if group).split("\n")
    return [*lines[: nodes[0].lineno - 1], *block, *lines[nodes[-1].end_lineno :]]


def _imports(tree: ast.Module) -> list[ast.Import | ast.ImportFrom]:
    return [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]


def _group(text: str) -> int:
    """Of Python itself, of others, or of ours."""
    package = text.split()[1].split(".")[0]
    return 0 if package in sys.stdlib_module_names else 2 if package == "srviz" else 1


def _order(text: str) -> tuple[bool, str]:
    return text.startswith("from"), text


def _assigned(tree: ast.Module) -> dict[str, ast.expr]:
    """What a program assigns to each name, also where it assigns several at once: `head, held = 1, 5`."""
    found: dict[str, ast.expr] = {}
    for node in tree.body:
        if not isinstance(node, ast.Assign):
            continue
        target, value = node.targets[0], node.value
        pairs = [(target, value)]
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            pairs = list(zip(target.elts, value.elts, strict=True))
        found |= {name.id: given for name, given in pairs if isinstance(name, ast.Name)}
    return found


def _put(lines: list[str], node: ast.expr, value: Any, variant: str) -> None:
    """Write a value where the node stands, or where its first argument does if that is a literal."""
    said = []
    if isinstance(value, Code):
        text = value.of(variant)
        said = [f"# {line}" for line in textwrap.wrap(value.says, WIDTH - 2)]
    else:
        literal = ast.List | ast.Constant | ast.Tuple | ast.Dict | ast.UnaryOp
        while isinstance(node, ast.Call) and not isinstance(node, literal):
            node = node.args[0]
        text = as_text(value, WIDTH - node.col_offset, node.col_offset)
    first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
    head = lines[first].encode()[: node.col_offset].decode()
    tail = lines[last].encode()[node.end_col_offset :].decode()
    lines[first : last + 1] = [*said, *(head + text + tail).split("\n")]


def as_text(value: Any, width: int = WIDTH, indent: int = 0) -> str:
    """A value as Python reads it: numbers to seven digits, and any text as one that ends where it ends."""
    plain = _plain(value)
    if isinstance(plain, dict) or (isinstance(plain, list) and _has_long_text(plain)):  # `folded` cuts them
        return quoted(repr(plain))
    text = quoted(pprint.pformat(plain, width=max(width, 40), compact=True, sort_dicts=False))
    return text.replace("\n", "\n" + " " * indent)


def _has_long_text(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) > LONG
    return isinstance(value, list | dict) and any(
        map(_has_long_text, value.values() if isinstance(value, dict) else value)
    )


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, float | np.floating):
        return float(f"{float(value):.{DIGITS}g}")
    return value.item() if isinstance(value, np.generic) else value


def cells(program: str) -> list[str]:
    """A program in the parts of a notebook: each begins with a comment that follows an empty line."""
    parts = re.split(r"\n\n+(?=#)", program.strip())
    return [part.strip("\n") for part in parts]


def notebook(script: Script, caption: str, link: str = "", variants: Iterable[str] = tuple(VARIANTS)) -> str:
    """The programs as one notebook, in the format 4.5 of Jupyter."""
    plain = re.sub(r"([\\`*_{}\[\]<>()#!|$~])", r"\\\1", caption)
    parts: list[tuple[str, str]] = [("markdown", f"# {script.title}\n\n{plain}" + (f"\n\n<{link}>" if link else ""))]
    for variant in variants:
        parts.append(("markdown", f"## {VARIANTS[variant]}"))
        parts += [("code", cell) for cell in cells(script.text(variant))]
    code: dict[str, Any] = {"execution_count": None, "outputs": []}
    written = [
        {"cell_type": kind, "id": f"cell-{number}", "metadata": {}, "source": text.splitlines(keepends=True)}
        | (code if kind == "code" else {})
        for number, (kind, text) in enumerate(parts)
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return json.dumps({"cells": written, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}, indent=1)
