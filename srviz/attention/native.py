"""The compiled path of the sliced methods: `native.c`, for float32 on a CPU, where there is a C compiler.

Pure torch moves every row of values a dozen times; one walk in C moves it once. The file is compiled when a sum is
first large enough for it (about a second, once for a machine and a version of the file) and loaded from the user's
cache from then on. Without a compiler, or with SRVIZ_NATIVE=0, torch alone computes the same.
"""

import ctypes
import hashlib
import logging
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from srviz.attention import checks

SOURCE = Path(__file__).with_name("native.c")
FLAGS = ("-O3", "-std=gnu11", "-fopenmp-simd", "-shared", "-fPIC")
PATIENCE = 60  # seconds for the compiler
LEAST = 32**2  # n_q · n_k from which a call is worth it
MOST = 1 << 31  # rows of a head, whose places are 32 bits
WORK = 1 << 20  # numbers for which another thread is worth starting
LINE = 16  # float32 of one cache line, which two threads should not share
FINE, NO_MEMORY, NOT_FINITE = range(3)


_LOCK = Lock()  # one compiler at a time


class Library(NamedTuple):
    """The functions of native.c, and the compiler that made them."""

    relu_forward: Callable[..., int]
    relu_backward: Callable[..., int]
    bump_sum: Callable[..., int]
    bump_slopes: Callable[..., int]
    compiler: str


def library() -> Library | None:
    """The compiled functions, or None where there are none. Compiles at the first call; later ones are free."""
    if os.environ.get("SRVIZ_NATIVE") == "0":
        return None
    with _LOCK:
        return _load()


@cache
def _load() -> Library | None:
    try:
        compiler = _compiler()
        if compiler is None:
            return None
        version = _run([compiler, "--version"]).splitlines()[0]
        flags = (*FLAGS, *_tuned())
        made_of = (SOURCE.read_bytes(), compiler.encode(), version.encode(), " ".join(flags).encode(), _cpu().encode())
        name = f"sliced-{hashlib.sha256(b'|'.join(made_of)).hexdigest()[:20]}.so"
        with tempfile.TemporaryDirectory(prefix="srviz-") as own:  # a library may be removed once it is loaded
            path = _kept(name, compiler, flags) or _compile(compiler, flags, Path(own) / name)
            loaded = ctypes.CDLL(str(path))
    except (OSError, subprocess.SubprocessError, ValueError, IndexError) as error:
        logging.getLogger(__name__).warning("native.c is not used, torch alone computes: %s", error)
        return None
    return Library(
        relu_forward=_typed(loaded.sliced_relu_forward, 5),
        relu_backward=_typed(loaded.sliced_relu_backward, 8),
        bump_sum=_typed(loaded.sliced_bump_sum, 6),
        bump_slopes=_typed(loaded.sliced_bump_slopes, 8),
        compiler=version,
    )


def _typed(function: Any, pointers: int) -> Callable[..., int]:
    function.argtypes = [ctypes.c_int64] * 6 + [ctypes.c_void_p] * pointers
    function.restype = ctypes.c_int
    found: Callable[..., int] = function
    return found


def _compiler() -> str | None:
    if sys.platform == "win32" or sys.byteorder != "little":
        return None
    return next(filter(None, map(shutil.which, filter(None, (os.environ.get("CC"), "cc", "gcc", "clang")))), None)


def _tuned() -> tuple[str, ...]:
    """Flags for this very processor, where the file's name can tell it from another."""
    return ("-march=native",) if _cpu() else ()


@cache
def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return ""
    told = [
        line for line in lines if line.startswith(("model name", "flags", "CPU implementer", "CPU part", "Features"))
    ]
    return "\n".join([platform.machine(), *dict.fromkeys(told)]) if told else ""


def _kept(name: str, compiler: str, flags: tuple[str, ...]) -> Path | None:
    """The library in the user's cache, compiled if it is not there; None where there is no such place."""
    place = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "srviz"
    path = place / name
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            with tempfile.TemporaryDirectory(dir=place) as own:  # another process may be at it, too
                _compile(compiler, flags, Path(own) / name).replace(path)
    except (OSError, RuntimeError):  # read-only, or no home
        return None
    return path


def _compile(compiler: str, flags: tuple[str, ...], path: Path) -> Path:
    _run([compiler, *flags, str(SOURCE), "-o", str(path)])
    return path


def _run(command: list[str]) -> str:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE)
    if done.returncode:
        raise ValueError(f"{Path(command[0]).name} ended with {done.returncode}: {done.stderr.strip()[:500]}")
    return done.stdout


def fits(s: Tensor, t: Tensor, v: Tensor) -> bool:
    """Whether the compiled path computes this. s: (B, n_q), t: (B, n_k), v: (B, n_k, d)."""
    n_q, n_k = s.shape[1], t.shape[1]
    return (
        v.dtype == torch.float32
        and v.device.type == "cpu"
        and n_q * n_k >= LEAST
        and max(n_q, n_k) < MOST
        and v.numel() > 0
        and not _watched()
        and library() is not None
    )


def _watched() -> bool:
    """Whether torch records its own operations, among which these would be missing."""
    return torch.compiler.is_compiling() or bool(torch.jit.is_tracing())  # type: ignore[attr-defined, no-untyped-call]


def sliced_relu(s: Tensor, t: Tensor, v: Tensor, keep: Tensor | None) -> Tensor:
    """y_i = Σ_j relu(s_i − t_j) / N_i · (v_j − v̄), for arguments that fit.

    s: (B, n_q), t: (B, n_k), v: (B, n_k, d), contiguous, keep: (B, n_k) or None → (B, n_q, d). Raises ValueError on NaN
    or infinite scores, MemoryError where there is no room to sort them.
    """
    y: Tensor = _SlicedReLU.apply(s, t, v, keep)  # type: ignore[no-untyped-call]
    return y


class _SlicedReLU(torch.autograd.Function):
    """Nothing is kept for the backward pass but the arguments: to sort again costs less than the memory."""

    @staticmethod
    def forward(ctx: Any, s: Tensor, t: Tensor, v: Tensor, keep: Tensor | None) -> Tensor:
        weight = None if keep is None else keep.to(v.dtype)
        y = v.new_empty(*s.shape, v.shape[-1])
        _walk(_found().relu_forward, _columns(v), s, t, v, weight, y)
        ctx.save_for_backward(s, t, v, weight)
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:
        s, t, v, weight = ctx.saved_tensors
        columns = _columns(v)
        ds, dt = s.new_empty(len(columns), *s.shape), t.new_empty(len(columns), *t.shape)
        dv = torch.empty_like(v) if ctx.needs_input_grad[2] else None
        _walk(_found().relu_backward, columns, s, t, v, weight, g.contiguous(), list(ds), list(dt), dv)
        return _sum(ds), _sum(dt), dv, None


def sliced_bump(s: Tensor, t: Tensor, v: Tensor, bandwidth: Tensor, scale: Tensor) -> Tensor:
    """y_i = scale · Σ_j max(0, 1 − |s_i − t_j| / b) v_j, for arguments that fit.

    s: (B, n_q), t: (B, n_k), v: (B, n_k, d), contiguous, bandwidth, scale: (B, 1) → (B, n_q, d). Differentiable in all
    but the scale. Raises as `sliced_relu`.
    """
    y: Tensor = _SlicedBump.apply(s, t, v, bandwidth, scale)  # type: ignore[no-untyped-call]
    return y


class _SlicedBump(torch.autograd.Function):
    """A bump is even: its gradients are such sums, and their slopes, with queries and keys in each other's place."""

    @staticmethod
    def forward(ctx: Any, s: Tensor, t: Tensor, v: Tensor, bandwidth: Tensor, scale: Tensor) -> Tensor:
        width, scale = (x.detach().double().contiguous() for x in (bandwidth, scale))
        y = v.new_empty(*s.shape, v.shape[-1])
        _walk(_found().bump_sum, _columns(v), s, t, v, width, scale, y)
        ctx.save_for_backward(s, t, v, width, scale)
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:
        s, t, v, width, scale = ctx.saved_tensors
        g, found, columns = g.contiguous(), _found(), _columns(v)
        ds = dt = dv = db = None

        def slopes(s: Tensor, t: Tensor, v: Tensor, g: Tensor) -> tuple[Tensor, Tensor]:
            ds, db = s.new_empty(len(columns), *s.shape), width.new_empty(len(columns), *width.shape)
            _walk(found.bump_slopes, columns, s, t, v, width, scale, g, list(ds), list(db))
            return _sum(ds), _sum(db)

        if ctx.needs_input_grad[0] or ctx.needs_input_grad[3]:
            ds, db = slopes(s, t, v, g)
            db = db.to(v.dtype)
        if ctx.needs_input_grad[1]:
            dt, _ = slopes(t, s, g, v)
        if ctx.needs_input_grad[2]:
            dv = torch.empty_like(v)
            _walk(found.bump_sum, columns, t, s, g, width, scale, dv)
        return ds, dt, dv, db, None


def _found() -> Library:
    found = library()
    assert found is not None, "fits() says whether there is one"
    return found


def _sum(parts: Tensor) -> Tensor:
    return parts[0] if len(parts) == 1 else parts.sum(0)


def _threads(v: Tensor) -> int:
    return max(1, min(torch.get_num_threads(), v.numel() // WORK))


def _columns(v: Tensor) -> list[tuple[int, int]]:
    """The columns of a call, first and last: all, or where there are fewer rows than threads, so many in one thread."""
    rows, _, d = v.shape
    parts = max(1, min(-(-_threads(v) // rows), d // LINE))
    size = -(-d // (parts * LINE)) * LINE
    return [(first, min(first + size, d)) for first in range(0, d, size)]


def _walk(
    function: Callable[..., int],
    columns: list[tuple[int, int]],
    s: Tensor,
    t: Tensor,
    v: Tensor,
    *others: Tensor | list[Tensor] | None,
) -> None:
    """Call a function of native.c for all rows and columns. others: (B, …), contiguous, or one for each part of the
    columns.
    """
    rows, n_q, n_k, d = *s.shape, *v.shape[1:]
    threads = _threads(v)
    together = rows if threads == 1 else 1  # rows of one call

    def call(place: tuple[int, int]) -> int:
        row, part = place
        tensors = (s, t, v, *(x[part] if isinstance(x, list) else x for x in others))
        at = (None if x is None else x.data_ptr() + row * (x.numel() // rows) * x.itemsize for x in tensors)
        return function(together, n_q, n_k, d, *columns[part], *at)

    places = [(row, part) for row in range(0, rows, together) for part in range(len(columns))]
    if threads == 1:
        results = list(map(call, places))
    else:
        with ThreadPoolExecutor(threads) as pool:
            results = list(pool.map(call, places))
    if NOT_FINITE in results:
        checks.finite(s, t)
    if NO_MEMORY in results:
        raise MemoryError(f"not enough memory to sort {n_q:,} queries and {n_k:,} keys")
