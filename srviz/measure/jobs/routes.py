"""Both routes to sliced ReLU attention on all tokens of an input: the sorted one at once, the n² one row by row."""

from collections.abc import Iterator

import torch

from srviz.attention import sliced_relu
from srviz.jobs import Attachments, Plan, Record
from srviz.measure.arrays import attached
from srviz.measure.clock import seconds
from srviz.measure.rows import dense_by_rows


def run(plan: Plan, attachments: Attachments) -> Iterator[Record]:
    """Measure both on the attached standardized scores s, t (n,) and values v (n, d), float32.

    plan: "device"; "first", the query from which on the n² route is still to be taken; "sorted", whether the sorted one
    is still to be measured. Records: {"sorted_seconds"}, the median of five runs, if asked for; then, for each stretch
    of queries, {"stop": the first query that is not yet done, "seconds": of this stretch, "largest": the largest
    difference of the two answers on it}.
    """
    torch.set_num_threads(1)  # what the page says it was measured on
    s, t, v = (attached(attachments, name, plan["device"]) for name in ("s", "t", "v"))
    if plan["sorted"]:
        yield {"sorted_seconds": seconds(lambda: sliced_relu(s, t, v), s.device)}
    y = sliced_relu(s, t, v)
    for stretch in dense_by_rows(s, t, v, plan["first"]):
        largest = (stretch.y - y[stretch.start : stretch.stop]).abs().max()
        yield {"stop": stretch.stop, "seconds": stretch.seconds, "largest": float(largest)}
