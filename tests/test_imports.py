"""What each room may import besides itself and the standard library; what is not named here is not allowed."""

import ast
import sys
from pathlib import Path

import pytest

SRVIZ = Path(__file__).parents[1] / "srviz"
MAY = {
    "attention": {"torch", "triton"},
    "inputs": {"numpy", "pandas", "scipy", "PIL", "pi_heif", "mapbox_earcut", "regex", "srviz.child", "srviz.host"},
    "jobs": {"srviz.child", "srviz.host"},
    "rooms": {"redis"},
    "figures": {"numpy", "pandas", "plotly", "srviz.numbers"},  # plotly needs pandas to be imported
    "measure": {
        "numpy", "torch",
        "srviz.attention", "srviz.device", "srviz.host", "srviz.jobs", "srviz.numbers",
    },
    "lab": {
        "distributed", "numpy", "safetensors", "torch",
        "srviz.attention", "srviz.host", "srviz.inputs", "srviz.jobs", "srviz.numbers", "srviz.places",
    },
    "device": {"torch"},
    "host": set(),
    "child": set(),
    "numbers": set(),
    "places": set(),
}  # fmt: skip


def imported(source: str, package: str) -> set[str]:
    """What a module of a package imports, wherever in it: packages by their first name, and rooms of srviz."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: package.count(".") + 2 - node.level] if node.level else []
            found += [".".join([*above, *filter(None, [node.module]), alias.name]) for alias in node.names]
    cut = (name.split(".") for name in found)
    return {".".join(parts[:2]) if parts[0] == "srviz" else parts[0] for parts in cut}


def test_imports_are_read_in_every_form() -> None:
    within = ("from srviz import host", "from .base import x", "from ..lab.model import y", "import torch.nn as nn")
    source = "\n    ".join(("def f():", *within))
    assert imported(source, "srviz.jobs") == {"torch", "srviz.host", "srviz.jobs", "srviz.lab"}


@pytest.mark.parametrize("room", MAY)
def test_a_room_imports_what_it_may(room: str) -> None:
    files = [SRVIZ / f"{room}.py"] if (SRVIZ / f"{room}.py").exists() else sorted((SRVIZ / room).rglob("*.py"))
    assert files
    own = {f"srviz.{room}", *sys.stdlib_module_names}
    met = set()
    for file in files:
        package = ".".join(file.relative_to(SRVIZ.parent).parent.parts)
        found = imported(file.read_text("utf-8"), package) - own
        assert found <= MAY[room], file
        met |= found
    assert met == MAY[room]  # no more is named than is needed


def test_every_room_below_the_pages_is_named() -> None:
    rooms = {path.stem for path in SRVIZ.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert rooms - {"__init__", "__main__", "cli", "ui"} == set(MAY)
