"""The two forms of sliced attention in arXiv 2512.11411: the one table that the layer and their records read."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from srviz.attention import reference
from srviz.attention.sliced import sliced_bump, sliced_relu


@dataclass(frozen=True)
class SlicedForm:
    """What belongs to a kernel of the paper besides its sum.

    operation: what engines call its sum. projection: the kind of Π that gives its scores, where nobody says another.
    standardized: whether its scores are. bandwidth: whether it has one, which then follows t or v among the arguments
    below. attend: (s, t, v, *, key_mask) → the output, by sorting. weights: (s, t, key_mask) → the effective weights,
    by the n² formula.
    """

    operation: str
    projection: str
    standardized: bool
    bandwidth: bool
    attend: Callable[..., Tensor]
    weights: Callable[..., Tensor]


FORMS = {
    "relu": SlicedForm("sliced_relu", "mlp", True, False, sliced_relu, reference.sliced_relu_weights),
    "bump": SlicedForm("sliced_bump", "linear", False, True, sliced_bump, reference.sliced_bump_weights),
}
