"""Time a curve on many tokens, by sorting and over all pairs."""

from collections.abc import Iterator
from dataclasses import asdict

import torch

from srviz.jobs import Attachments, Plan, Record
from srviz.measure.arrays import attached
from srviz.measure.curve import Curve, timing


def run(plan: Plan, attachments: Attachments) -> Iterator[Record]:
    """One record, a `Timing`, on the attached scores s, t (n,) and values v (n, d), float32.

    plan: "device"; "curve", the fields of a `Curve`.
    """
    torch.set_num_threads(1)  # what the page says it was measured on
    curve = plan["curve"]
    nodes = tuple((r, height) for r, height in curve["nodes"])
    s, t, v = (attached(attachments, name, plan["device"]) for name in ("s", "t", "v"))
    yield asdict(timing(Curve(**curve | {"nodes": nodes}), s, t, v))
