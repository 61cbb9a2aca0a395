"""What the operators accept, checked in one place: each error names the argument, what was expected and what came."""

import torch
from torch import Tensor


def floating(**tensors: Tensor) -> None:
    """All of them floating tensors of one dtype on one device; raises TypeError or ValueError."""
    first_name, first = next(iter(tensors.items()))
    for name, x in tensors.items():
        if not isinstance(x, Tensor):
            raise TypeError(f"{name}: expected a tensor, got {type(x).__name__}")
        if not x.is_floating_point():
            raise TypeError(f"{name}: expected a floating dtype, got {x.dtype}")
        if x.dtype != first.dtype:
            raise TypeError(f"{name}: expected the dtype of {first_name}, {first.dtype}, got {x.dtype}")
        if x.device != first.device:
            raise ValueError(f"{name}: expected the device of {first_name}, {first.device}, got {x.device}")


def problem(s: Tensor, t: Tensor, v: Tensor) -> torch.Size:
    """Check s: (…, n_q), t: (…, n_k), v: (…, n_k, d); return the broadcast leading dimensions."""
    floating(s=s, t=t, v=v)
    for name, x, least, form in (("s", s, 1, "(…, n_q)"), ("t", t, 1, "(…, n_k)"), ("v", v, 2, "(…, n_k, d)")):
        if x.dim() < least:
            raise ValueError(f"{name}: expected shape {form}, got {tuple(x.shape)}")
    if v.shape[-2] != t.shape[-1]:
        raise ValueError(f"v: expected shape (…, {t.shape[-1]}, d), one row for each key of t, got {tuple(v.shape)}")
    if s.shape[:-1] == t.shape[:-1] == v.shape[:-2]:
        return s.shape[:-1]
    one = s.new_empty(())
    leads = [one.expand(shape) for shape in (s.shape[:-1], t.shape[:-1], v.shape[:-2])]
    try:  # not torch.broadcast_shapes, which imports sympy: 0.7 s and 35 MB
        lead: torch.Size = torch.broadcast_tensors(*leads)[0].shape  # type: ignore[no-untyped-call]
    except RuntimeError:
        raise ValueError(
            "s, t, v: expected leading dimensions that broadcast, got "
            f"s {tuple(s.shape)}, t {tuple(t.shape)}, v {tuple(v.shape)}"
        ) from None
    return lead


def mask(key_mask: Tensor | None, t: Tensor, lead: torch.Size) -> Tensor | None:
    """Check key_mask (…, n_k), True = keep, against t and the leading dimensions; return it broadcast to them."""
    if key_mask is None:
        return None
    if not isinstance(key_mask, Tensor) or key_mask.dtype != torch.bool:
        raise TypeError(f"key_mask: expected a bool tensor, got {getattr(key_mask, 'dtype', type(key_mask).__name__)}")
    if key_mask.device != t.device:
        raise ValueError(f"key_mask: expected the device of t, {t.device}, got {key_mask.device}")
    try:
        return key_mask.expand(*lead, t.shape[-1])
    except RuntimeError:
        raise ValueError(
            f"key_mask: expected a shape that broadcasts to {(*lead, t.shape[-1])}, got {tuple(key_mask.shape)}"
        ) from None


def finite(s: Tensor, t: Tensor) -> None:
    """Raise ValueError where a score is NaN or infinite."""
    found = [x.detach().abs().amax() for x in (s, t) if x.numel()]
    most = float(torch.stack(found).amax()) if found else 0.0
    if most <= torch.finfo(s.dtype).max / 4:  # not where one is NaN
        return
    for name, x in (("s", s), ("t", t)):
        if not bool(x.isfinite().all()):
            raise ValueError(
                f"{name}: expected finite scores, got {int((~x.isfinite()).sum())} that are NaN or infinite"
            )
    raise ValueError(f"s, t: expected scores whose differences are finite in {s.dtype}, got a size of {most:g}")


def bandwidth(given: Tensor | float, dtype: torch.dtype, s: Tensor, lead: torch.Size) -> Tensor:
    """Check a bandwidth, > 0 and broadcastable to the leading dimensions; return it as a tensor like s.

    dtype: what the caller's scores have; s, the scores in the dtype of the computation.
    """
    if not isinstance(given, Tensor):
        if isinstance(given, bool) or not isinstance(given, int | float):
            raise TypeError(f"bandwidth: expected a number or a tensor, got {type(given).__name__}")
        given = torch.tensor(float(given), dtype=s.dtype, device=s.device)
    elif given.dtype != dtype:
        raise TypeError(f"bandwidth: expected the dtype of s, {dtype}, got {given.dtype}")
    if given.device != s.device:
        raise ValueError(f"bandwidth: expected the device of s, {s.device}, got {given.device}")
    given = given.to(s.dtype)
    least = torch.finfo(s.dtype).tiny  # below it 1 / b overflows
    wrong = given.detach()[~((given >= least) & given.isfinite())]
    if len(wrong):
        raise ValueError(f"bandwidth: expected finite numbers above 0, at least {least:g}, got {float(wrong[0]):g}")
    try:
        given.expand(lead)
    except RuntimeError:
        raise ValueError(
            f"bandwidth: expected a shape that broadcasts to {tuple(lead)}, got {tuple(given.shape)}"
        ) from None
    return given
