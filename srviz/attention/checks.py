"""What the operators accept, checked in one place: each error names the argument, what was expected and what came."""

import torch
from torch import Tensor


class NotFinite(ValueError):
    """Numbers are NaN or infinite, or so large that what is computed from them would be."""


def floating(**tensors: Tensor) -> None:
    """All of them floating tensors of one dtype on one device; raises TypeError or ValueError."""
    first_name, first = next(iter(tensors.items()))
    for name, x in tensors.items():
        if not isinstance(x, Tensor):
            raise TypeError(f"{name}: expected a tensor, got {type(x).__name__}")
        plain(name, x)
        if not x.is_floating_point():
            raise TypeError(f"{name}: expected a floating dtype, got {x.dtype}")
        if x.dtype != first.dtype:
            raise TypeError(f"{name}: expected the dtype of {first_name}, {first.dtype}, got {x.dtype}")
        if x.device != first.device:
            raise ValueError(f"{name}: expected the device of {first_name}, {first.device}, got {x.device}")


def plain(name: str, x: Tensor) -> None:
    """No nested tensor; raises TypeError."""
    if x.is_nested:
        raise TypeError(
            f"{name}: expected a plain tensor, got a nested one. Pad its sequences to one length, as "
            "torch.nested.to_padded_tensor does, and say by a key_padding_mask or key_mask what is padding"
        )


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
    plain("key_mask", key_mask)
    if key_mask.device != t.device:
        raise ValueError(f"key_mask: expected the device of t, {t.device}, got {key_mask.device}")
    try:
        return key_mask.expand(*lead, t.shape[-1])
    except RuntimeError:
        raise ValueError(
            f"key_mask: expected a shape that broadcasts to {(*lead, t.shape[-1])}, got {tuple(key_mask.shape)}"
        ) from None


def finite(s: Tensor, t: Tensor) -> None:
    """Raise NotFinite where a score is NaN or infinite, or two scores are too far apart for their dtype."""
    if queries_not_finite(s, t) is not None:
        raise NotFinite(f"s: expected finite scores, got {int((~s.isfinite()).sum())} that are NaN or infinite")


def queries_not_finite(s: Tensor, t: Tensor, summed: int = 1) -> Tensor | None:
    """Which query scores are NaN or infinite, (…, n_q), or None where none is.

    Raises NotFinite where a key score is, or where scores are so large that differences of two, or sums of so many
    differences, would not be finite.
    """
    limit = torch.finfo(s.dtype).max / 4 / max(summed, 1)
    found = [x.detach().abs().amax() for x in (s, t) if x.numel()]
    most = float(torch.stack(found).amax()) if found else 0.0
    if most <= limit:  # not where one is NaN
        return None
    wrong = int((~t.isfinite()).sum())
    if wrong:
        raise NotFinite(f"t: expected finite scores, got {wrong} that are NaN or infinite")
    bad = ~s.isfinite()
    most = float(max(x.detach()[x.isfinite()].abs().amax() for x in (s, t) if bool(x.isfinite().any())))
    if most > limit:
        sums = f", and sums of {summed:,} of them" if summed > 1 else ""
        raise NotFinite(
            f"s, t: expected scores whose differences are finite in {s.dtype}{sums}, got a size of {most:g}"
        )
    return bad


def fits(scores: Tensor, summed: int = 1) -> Tensor:
    """Where scores are numbers of which `summed` differences can be added up in their dtype: one bool for each.

    It looks at no number, and goes into programs for any n.
    """
    size = scores.detach().abs()
    if scores.dtype == torch.float16:  # is computed in float32, where all of its numbers are small
        return size < torch.inf
    return size * summed <= torch.finfo(scores.dtype).max / 4


def bandwidth(given: Tensor | float, dtype: torch.dtype, s: Tensor, lead: torch.Size) -> Tensor:
    """Check a bandwidth, > 0 and broadcastable to the leading dimensions; return it as a tensor of that shape, float32
    at least.

    dtype: what the caller's scores have; s: those of the computation. The numbers of a tensor are looked at where that
    is possible now; elsewhere the rows of a wrong one become NaN.
    """
    wide = torch.promote_types(s.dtype, torch.float32)
    if not isinstance(given, Tensor):
        if isinstance(given, bool) or not isinstance(given, int | float):
            raise TypeError(f"bandwidth: expected a number or a tensor, got {type(given).__name__}")
        if not _least_bandwidth(wide) <= given <= torch.finfo(wide).max:
            raise _no_bandwidth(float(given), wide)
        return torch.full(tuple(lead), float(given), dtype=wide, device=s.device)  # which waits for no device
    plain("bandwidth", given)
    if given.dtype != dtype:
        raise TypeError(f"bandwidth: expected the dtype of s, {dtype}, got {given.dtype}")
    if given.device != s.device:
        raise ValueError(f"bandwidth: expected the device of s, {s.device}, got {given.device}")
    given = given.to(wide)
    if are_numbers(given) and not _all_bandwidths(given):
        wrong = given.detach()[~is_bandwidth(given)]
        bad = wrong[~wrong.isfinite()]
        raise _no_bandwidth(float((bad if len(bad) else wrong)[0]), wide)
    try:
        return given.expand(lead)
    except RuntimeError:
        raise ValueError(
            f"bandwidth: expected a shape that broadcasts to {tuple(lead)}, got {tuple(given.shape)}"
        ) from None


def is_bandwidth(b: Tensor) -> Tensor:
    """Where numbers are finite and above 0, and no smaller than what their dtype can divide by."""
    b = b.detach()
    return (b >= _least_bandwidth(b.dtype)) & (b < torch.inf)


def _all_bandwidths(b: Tensor) -> bool:
    """Whether all are, found in few steps."""
    if not b.numel():
        return True
    least, most = b.detach().aminmax()
    return float(least) >= _least_bandwidth(b.dtype) and float(most) < torch.inf  # neither where one is NaN


def _least_bandwidth(dtype: torch.dtype) -> float:
    return torch.finfo(dtype).tiny  # below it 1 / b overflows


def _no_bandwidth(number: float, dtype: torch.dtype) -> ValueError:
    kind = ValueError if abs(number) <= torch.finfo(dtype).max else NotFinite
    return kind(f"bandwidth: expected finite numbers above 0, at least {_least_bandwidth(dtype):g}, got {number:g}")


def are_numbers(x: Tensor) -> bool:
    """Whether the numbers of a tensor can be looked at now, without waiting for a device.

    Not those of a program that is being recorded, of a fake tensor, or of one that a transform of `torch.func` wraps.
    """
    if torch.compiler.is_compiling() or x.device.type != "cpu":
        return False
    wrapped = torch._C._functorch.is_functorch_wrapped_tensor(x) or torch._C._functorch.is_legacy_batchedtensor(x)
    return type(x) in (Tensor, torch.nn.Parameter) and not wrapped and torch._C._len_torch_dispatch_stack() == 0
