"""An identical twin of sliced ReLU, made as one would make a method of one's own."""

from dataclasses import replace
from typing import Any

from srviz.attention import METHODS, Method


def twin_of_relu(name: str, label: str, **own: Any) -> Method:
    """Its record with another name and label, its ways among it. own: what else is its own."""
    sibling = METHODS["relu"]
    ways = tuple(
        replace(way, name=way.name.replace("relu", name).replace("dense", f"{name}-dense"),
                label=way.label.replace(sibling.label, label))
        for way in sibling.ways
    )  # fmt: skip
    return replace(sibling, **{"name": name, "label": label, "short": label, "ways": ways, "rank": 1.5} | own)
