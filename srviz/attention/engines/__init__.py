"""The engines: who can compute an operation, which one does, and how its gradients are found.

An operation is a sum over all pairs, such as sliced ReLU. An engine computes it in its own way: by the n² formula, by
torch over sorted scores, in C, or on a GPU. Every module or package in this folder that has a tuple `ENGINES` adds to
the table; nothing else needs to know of it.
"""

from srviz.attention.engines.engine import Engine
from srviz.attention.engines.operations import sliced_bump, sliced_relu, sum_pairs
from srviz.attention.engines.settle import without_masked
from srviz.attention.engines.table import computed_by, engines, may_take_as_given, takes_any_scores, takes_as_given, use

__all__ = [
    "Engine",
    "computed_by",
    "engines",
    "may_take_as_given",
    "sliced_bump",
    "sliced_relu",
    "sum_pairs",
    "takes_any_scores",
    "takes_as_given",
    "use",
    "without_masked",
]
