"""All tokens of a cloud attend to all, by a sliced method head by head; then what one in n² takes for the same."""

from collections.abc import Iterator
from dataclasses import asdict

import torch
from torch import Tensor

from srviz import device as devices
from srviz.jobs import Attachments, Plan, Record
from srviz.measure.arrays import attached, pack
from srviz.measure.everything import by_rows, components, estimate, everything


def run(plan: Plan, attachments: Attachments) -> Iterator[Record]:
    """Attend from all of the attached tokens x (n, D) to all; say what comes of it at the attached tokens `drawn` (m,).

    plan: "device", "threads", "heads", "head_dim", "seed"; "method", "projection" of the sliced one; "beside", the one
    in n²; "patience_seconds": this one is run where it is estimated to take less. To go on: "heads_done", with their
    outputs attached as y (m, heads_done · head_dim); "rows", the queries that the one in n² is done with;
    "estimate_seconds", or None where it is not yet estimated.

    Records: {"on": the device in words}; {"share", "heads", "seconds", "peak"} of the sliced one in this run, after a
    head also "y": (m, head_dim), its output, and "colours": (m, 3), those of all heads done; {"estimate": of the one in
    n²}; {"rows": queries done by it, "seconds": of these alone}.
    """
    torch.set_num_threads(plan["threads"])
    x = attached(attachments, "x", plan["device"])
    yield {"on": devices.describe(x.device)}
    if plan["heads_done"] < plan["heads"]:
        yield from _sliced(x, plan, attachments)
    beside = {"heads": plan["heads"], "head_dim": plan["head_dim"], "method": plan["beside"]}
    seconds = plan["estimate_seconds"]
    if seconds is None:
        estimated = estimate(len(x), **beside, device=x.device)
        seconds = estimated.seconds
        yield {"estimate": asdict(estimated)}
    if seconds < plan["patience_seconds"]:
        for part in by_rows(x, **beside, seed=plan["seed"], first=plan["rows"]):
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
