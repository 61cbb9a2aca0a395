"""Sliced attention on torch alone: exact in O(n log n), forward and backward, with the n² formulas beside it."""

from srviz.attention.hinge import hinge_sum, kernel_sum
from srviz.attention.kernels import Kernel
from srviz.attention.layer import SlicedAttention
from srviz.attention.methods import METHODS, Method
from srviz.attention.scores import Slice, seeded_heads, seeded_slice, standardize
from srviz.attention.sliced import sliced_bump, sliced_relu
from srviz.attention.trace import Trace, trace

__all__ = [
    "METHODS",
    "Kernel",
    "Method",
    "Slice",
    "SlicedAttention",
    "Trace",
    "hinge_sum",
    "kernel_sum",
    "seeded_heads",
    "seeded_slice",
    "sliced_bump",
    "sliced_relu",
    "standardize",
    "trace",
]
