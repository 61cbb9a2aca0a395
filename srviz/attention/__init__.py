"""Sliced attention on torch alone: exact in O(n log n), forward and backward, with the n² formulas beside it."""

from srviz.attention.engines import use
from srviz.attention.heads import Heads, Projections, Slice, seeded_slice, standardize
from srviz.attention.kernels import Kernel
from srviz.attention.layer import SlicedAttention
from srviz.attention.methods import METHODS, Method
from srviz.attention.sliced import sliced_bump, sliced_relu
from srviz.attention.sums import hinge_sum, kernel_sum
from srviz.attention.trace import Trace, trace

__all__ = [
    "METHODS",
    "Heads",
    "Kernel",
    "Method",
    "Projections",
    "Slice",
    "SlicedAttention",
    "Trace",
    "hinge_sum",
    "kernel_sum",
    "seeded_slice",
    "sliced_bump",
    "sliced_relu",
    "standardize",
    "trace",
    "use",
]
