"""All tokens of a cloud attend to all, by sliced ReLU head by head; then what softmax takes for the same."""

from collections.abc import Iterator
from dataclasses import asdict

import torch
from torch import Tensor

from srviz import device as devices
from srviz.jobs import Attachments, Plan, Record
from srviz.measure.arrays import attached, pack
from srviz.measure.everything import components, everything, softmax_by_rows, softmax_estimate


def run(plan: Plan, attachments: Attachments) -> Iterator[Record]:
    """Attend from all of the attached tokens x (n, D) to all; say what comes of it at the attached tokens `drawn` (m,).

    plan: "device", "threads", "heads", "head_dim", "method", "projection", "seed"; "patience_seconds": softmax is run
    where it is estimated to take less. To go on: "heads_done", with their outputs attached as y (m, heads_done ·
    head_dim); "rows", the queries that softmax is done with; "estimate_seconds", or None where softmax is not yet
    estimated.

    Records: {"on": the device in words}; {"share", "heads", "seconds", "peak"} of sliced ReLU in this run, after a head
    also "y": (m, head_dim), its output, and "colours": (m, 3), those of all heads done; {"estimate": of softmax};
    {"rows": queries done, "seconds": of these alone}.
    """
    torch.set_num_threads(plan["threads"])
    x = attached(attachments, "x", plan["device"])
    yield {"on": devices.describe(x.device)}
    if plan["heads_done"] < plan["heads"]:
        yield from _sliced(x, plan, attachments)
    shape = {"heads": plan["heads"], "head_dim": plan["head_dim"]}
    seconds = plan["estimate_seconds"]
    if seconds is None:
        estimate = softmax_estimate(len(x), **shape, device=x.device)
        seconds = estimate.seconds
        yield {"estimate": asdict(estimate)}
    if seconds < plan["patience_seconds"]:
        for part in softmax_by_rows(x, **shape, seed=plan["seed"], first=plan["rows"]):
            yield {"rows": part.stop, "seconds": part.seconds}


def _sliced(x: Tensor, plan: Plan, attachments: Attachments) -> Iterator[Record]:
    drawn, first = attached(attachments, "drawn", x.device), plan["heads_done"]
    outputs = [attached(attachments, "y")] if first else []
    names = ("heads", "head_dim", "method", "projection", "seed")
    for stage in everything(x, **{name: plan[name] for name in names}, kept=drawn, first=first):
        record: Record = {"share": stage.share, "heads": stage.heads_done, "seconds": stage.seconds, "peak": stage.peak}
        if stage.y is not None:
            outputs.append(stage.y.cpu())
            record |= {"y": pack(stage.y).to_json(), "colours": pack(components(torch.cat(outputs, 1))).to_json()}
        yield record
