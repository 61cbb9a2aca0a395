"""Time a curve on many tokens, by sorting and over all pairs."""

from collections.abc import Iterator
from dataclasses import asdict

import torch

from srviz.jobs import Attachments, Plan, Record
from srviz.measure.arrays import attached
from srviz.measure.curve import Curve, timing


def run(plan: Plan, attachments: Attachments) -> Iterator[Record]:
    """Which part is done, {"done"}, and at last a `Timing`, on the attached scores and values.

    plan: "device"; "curve", the fields of a `Curve`. attachments: s, t, (n,), v, (n, d), float32.
    """
    torch.set_num_threads(1)  # what the page says it was measured on
    curve = plan["curve"]
    nodes = tuple((r, height) for r, height in curve["nodes"])
    s, t, v = (attached(attachments, name, plan["device"]) for name in ("s", "t", "v"))
    for said in timing(Curve(**curve | {"nodes": nodes}), s, t, v):
        yield {"done": said} if isinstance(said, float) else asdict(said)
