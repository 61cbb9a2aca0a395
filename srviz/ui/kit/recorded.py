"""What is said of recorded results: when, and on what, they were recorded."""

from collections.abc import Iterable, Mapping
from typing import Any

from srviz.ui.kit.words import plain


def where(told: Iterable[Mapping[str, Any]]) -> str:
    """The first and the last day, all processors, the instructions that they were used with where that is known, and
    all versions of torch. told: what `srviz.lab.results.where` said of each run.
    """
    told = list(told)
    days, processors, kinds, versions = (
        sorted({plain(one.get(name, "")) for one in told} - {""})
        for name in ("date", "processor", "capability", "torch")
    )
    torches = (f"torch {version}" for version in versions)
    first_and_last = " to ".join(dict.fromkeys(days[:1] + days[-1:]))
    return ", ".join(filter(None, (first_and_last, " and ".join(processors), " and ".join(kinds), *torches)))
