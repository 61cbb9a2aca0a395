"""Tensors as they cross between processes; numpy is not needed for it."""

import ctypes

import torch
from torch import Tensor

from srviz.jobs import Attachments, Packed


def pack(x: Tensor) -> Packed:
    """A tensor of any shape, ready to cross."""
    held = x.detach().cpu().contiguous()
    kind = str(held.dtype).removeprefix("torch.")
    return Packed(kind, tuple(held.shape), ctypes.string_at(held.data_ptr(), held.nbytes))


def unpack(packed: Packed, device: torch.device | str = "cpu") -> Tensor:
    """The tensor that was packed, on a device."""
    kind: torch.dtype = getattr(torch, packed.kind)
    if not len(packed.data):
        return torch.empty(packed.shape, dtype=kind, device=device)
    return torch.frombuffer(bytearray(packed.data), dtype=kind).view(packed.shape).to(device)


def attached(attachments: Attachments, name: str, device: torch.device | str = "cpu") -> Tensor:
    """A tensor that came beside a plan. Raises ValueError where it is missing."""
    if name not in attachments:
        raise ValueError(f"attachments: expected {name}, got {', '.join(attachments) or 'none'}")
    return unpack(attachments[name], device)
