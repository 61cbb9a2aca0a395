"""How the GPU engine's kernels are tried: what counts as one kind of them, and how one is run on purpose."""

from typing import Any

import torch
from torch import Tensor

from srviz.attention.engines.engine import Kind
from srviz.attention.engines.triton import bump, calls, relu, small

LEAST_CAPABILITY = (8, 0)


def kind_of(operation: str, s: Tensor, t: Tensor, v: Tensor, *others: Tensor | None) -> Kind:
    """The kind of kernels that computes this."""
    masked = operation == "sliced_relu" and any(x is not None for x in others)
    return Kind(operation, v.device, v.dtype, s.dtype, v.shape[-1], masked, calls.is_small(s, t))


def unfit(device: torch.device) -> str:
    """Why a device has no kernels, in words; empty where it has."""
    if device.type != "cuda":
        return ""
    capability = torch.cuda.get_device_capability(device)
    least, here = (".".join(map(str, x)) for x in (LEAST_CAPABILITY, capability))
    return f"it needs compute capability {least}, and this card has {here}" if capability < LEAST_CAPABILITY else ""


def run(kind: Kind, g: Tensor, s: Tensor, t: Tensor, v: Tensor, *others: Any) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The sums and the gradients of s, t and v by kernels of a kind, however small the problem is."""
    with calls.on(kind.device):
        if kind.operation == "sliced_relu":
            (keep,) = others
            y, kept = (small.relu_forward if kind.small else relu.forward)(s, t, v, keep)
            ds, dt, dv = (small.relu_backward if kind.small else relu.backward)(g, s, t, v, keep, y, kept)
        else:
            bandwidth, scale = others
            y, kept = (small.bump_forward if kind.small else bump.forward)(s, t, v, bandwidth, scale)
            ds, dt, dv, _ = (small.bump_backward if kind.small else bump.backward)(g, s, t, v, bandwidth, scale, kept)
    return y, ds, dt, dv
