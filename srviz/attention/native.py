"""The compiled path of the sliced methods: `native.c`, for float32 on a CPU, where there is a C compiler.

Pure torch moves every row of values a dozen times; one walk in C moves it once. The file is compiled when a sum is
first large enough for it (about two seconds, once for a machine and a version of the file) and loaded from the user's
cache from then on. Without a compiler, or with SRVIZ_NATIVE=0, torch alone computes the same.
"""

import ctypes
import hashlib
import logging
import os
import platform
import shlex
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

from srviz.attention import checks, dense
from srviz.attention.kernels import bump

SOURCE = Path(__file__).with_name("native.c")
FLAGS = ("-O3", "-std=gnu11", "-fopenmp-simd", "-shared", "-fPIC")
PATIENCE = 60  # seconds for the compiler
LEAST = 32**2  # n_q · n_k from which a call is worth it
MOST = 1 << 31  # tokens of a row, whose places are 32 bits
WORK = 1 << 21  # numbers for which another thread is worth starting

LINE = 16  # float32 of one cache line, which two threads should not share
NO_MEMORY, NOT_FINITE = 1, 2  # what native.c answers; 0: done


class Library(NamedTuple):
    """The functions of native.c, and the compiler that made them."""

    relu_forward: Callable[..., int]
    relu_backward: Callable[..., int]
    bump_sum: Callable[..., int]
    bump_slopes: Callable[..., int]
    compiler: str


# ---- compiling and loading -------------------------------------------------------------------------------------------


_one_compiler = Lock()


def _after_fork() -> None:
    global _one_compiler
    _one_compiler = Lock()  # whoever held it is not here


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def library() -> Library | None:
    """The compiled functions, or None where there are none. Compiles at the first call; later ones are free."""
    if os.environ.get("SRVIZ_NATIVE") == "0":
        return None
    with _one_compiler:
        return _load()


@cache
def _load() -> Library | None:
    try:
        compiler = _compiler()
        if not compiler:
            return None
        version = _run([*compiler, "--version"]).splitlines()[0]
        return _from_cache(compiler, version) or _for_this_process(compiler, version)
    except (OSError, subprocess.SubprocessError, ValueError, IndexError, AttributeError) as error:
        logging.getLogger(__name__).warning("native.c is not used, torch alone computes: %s", error)
        return None


def _compiler() -> list[str]:
    """The command of the C compiler; empty where there is none."""
    if sys.platform == "win32" or sys.byteorder != "little":
        return []
    named = shlex.split(os.environ.get("CC", ""))
    if named:
        return named
    return next(([found] for found in map(shutil.which, ("cc", "gcc", "clang")) if found), [])


def _from_cache(compiler: list[str], version: str) -> Library | None:
    """The library in the user's cache, made if it is not there; None where the cache cannot be used or trusted."""
    made_of = (SOURCE.read_text("utf-8"), *compiler, version, *FLAGS, _processor())
    name = f"sliced-{hashlib.sha256('|'.join(made_of).encode()).hexdigest()[:20]}.so"
    try:
        place = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "srviz"
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = place / name
        if not _is_ours(place):
            return None
        if not path.exists():
            with tempfile.TemporaryDirectory(dir=place) as aside:  # another process may be at it, too
                _compile(compiler, Path(aside) / name).replace(path)
        if not _is_ours(path):
            return None
    except (OSError, RuntimeError, ValueError, subprocess.SubprocessError):  # read-only, full, or no home
        return None
    try:
        return _open(path, version)
    except (OSError, AttributeError):  # broken, or on a disk from which nothing may run
        path.unlink(missing_ok=True)
        return None


def _is_ours(path: Path) -> bool:
    """Whether nobody else could have written there."""
    found = path.stat()
    return found.st_uid == os.getuid() and not found.st_mode & 0o022


def _for_this_process(compiler: list[str], version: str) -> Library:
    with tempfile.TemporaryDirectory(prefix="srviz-") as aside:  # a library may be removed once it is loaded
        return _open(_compile(compiler, Path(aside) / "sliced.so"), version)


def _compile(compiler: list[str], path: Path) -> Path:
    """For this very processor, where the name in the cache can tell it from another and the compiler knows how to."""
    command = [*compiler, *FLAGS, str(SOURCE), "-o", str(path)]
    try:
        _run([*command, "-march=native"] if _processor() else command)
    except ValueError:
        _run(command)
    path.chmod(0o700)
    with path.open("rb") as file:
        os.fsync(file.fileno())  # half a file would be loaded, and end the process
    return path


@cache
def _processor() -> str:
    """What tells this processor from another; empty where the system does not say."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except (OSError, ValueError):
        return ""
    marks = ("model name", "flags", "CPU implementer", "CPU part", "Features")
    told = dict.fromkeys(line for line in lines if line.startswith(marks))
    return "\n".join([platform.machine(), *told]) if told else ""


def _run(command: list[str]) -> str:
    """What a command prints. Raises ValueError where it fails."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE)
    if done.returncode:
        raise ValueError(f"{Path(command[0]).name} ended with {done.returncode}: {done.stderr.strip()[:500]}")
    return done.stdout


def _open(path: Path, version: str) -> Library:
    loaded = ctypes.CDLL(str(path))

    def typed(name: str, pointers: int) -> Callable[..., int]:
        function: Any = loaded[f"sliced_{name}"]
        function.argtypes = [ctypes.c_int64] * 6 + [ctypes.c_void_p] * pointers
        function.restype = ctypes.c_int
        found: Callable[..., int] = function
        return found

    return Library(
        relu_forward=typed("relu_forward", 5),
        relu_backward=typed("relu_backward", 8),
        bump_sum=typed("bump_sum", 6),
        bump_slopes=typed("bump_slopes", 8),
        compiler=version,
    )


# ---- the two methods -------------------------------------------------------------------------------------------------


def fits(s: Tensor, t: Tensor, v: Tensor, *others: Tensor | None) -> bool:
    """Whether the compiled path computes this. s: (B, n_q), t: (B, n_k), v: (B, n_k, d). others: what else it takes."""
    n_q, n_k = s.shape[1], t.shape[1]
    return (
        v.dtype == torch.float32
        and v.device.type == "cpu"
        and n_q * n_k >= LEAST
        and max(n_q, n_k) < MOST
        and v.numel() > 0
        and not _is_watched()
        and all(_is_plain(x) for x in (s, t, v, *others) if x is not None)
        and library() is not None
    )


def _is_plain(x: Tensor) -> bool:
    """Whether a tensor is numbers in memory, and not a subclass or a batch of vmap."""
    inside = torch._C._functorch
    wrapped = inside.is_functorch_wrapped_tensor(x) or inside.is_legacy_batchedtensor(x)
    return type(x) in (Tensor, torch.nn.Parameter) and not wrapped


def _is_watched() -> bool:
    """Whether torch records its own operations, or differentiates them forward: these would be missing."""
    return (
        torch._C._len_torch_dispatch_stack() > 0
        or torch.autograd.forward_ad._current_level >= 0
        or torch.compiler.is_compiling()
        or torch.jit.is_tracing()  # type: ignore[attr-defined, no-untyped-call]
    )


def sliced_relu(s: Tensor, t: Tensor, v: Tensor, keep: Tensor | None) -> Tensor:
    """y_i = Σ_j relu(s_i − t_j) / N_i · (v_j − v̄), for arguments that fit.

    s: (B, n_q), t: (B, n_k), v: (B, n_k, d), contiguous, keep: (B, n_k) or None → (B, n_q, d). Raises ValueError on NaN
    or infinite scores, MemoryError where there is no room to sort them.
    """
    y: Tensor = _SlicedReLU.apply(*(x.resolve_neg() for x in (s, t, v)), keep)  # type: ignore[no-untyped-call]
    return y


def sliced_bump(s: Tensor, t: Tensor, v: Tensor, bandwidth: Tensor, scale: Tensor) -> Tensor:
    """y_i = scale · Σ_j max(0, 1 − |s_i − t_j| / b) v_j, for arguments that fit.

    s: (B, n_q), t: (B, n_k), v: (B, n_k, d), contiguous, bandwidth, scale: (B, 1) → (B, n_q, d). Differentiable in all
    but the scale. Raises as `sliced_relu`.
    """
    plain = (x.resolve_neg() for x in (s, t, v, bandwidth, scale))
    y: Tensor = _SlicedBump.apply(*plain)  # type: ignore[no-untyped-call]
    return y


class _SlicedReLU(torch.autograd.Function):
    """Nothing is kept for the backward pass but the arguments: to sort again costs less than the memory."""

    @staticmethod
    def forward(ctx: Any, s: Tensor, t: Tensor, v: Tensor, keep: Tensor | None) -> Tensor:
        y = v.new_empty(*s.shape, v.shape[-1])
        _walk(_found().relu_forward, s, t, v, _weight(keep, v), y)
        ctx.save_for_backward(s, t, v, keep)
        return y

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:
        s, t, v, keep = ctx.saved_tensors
        if _by_formula(s, t, g):
            return (*_differentiated(lambda s, t, v: dense.sliced_relu(s, t, v, keep), (s, t, v), g, ctx), None)
        return _SlicedReLU.once(ctx, _once(g))

    @staticmethod
    @once_differentiable
    def once(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:
        """The gradients of a large problem, which cannot be differentiated again."""
        s, t, v, keep = ctx.saved_tensors
        parts = len(_columns(s, v))
        ds, dt = s.new_empty(parts, *s.shape), t.new_empty(parts, *t.shape)
        dv = torch.empty_like(v) if ctx.needs_input_grad[2] else None
        _walk(_found().relu_backward, s, t, v, _weight(keep, v), _numbers(g), list(ds), list(dt), dv)
        return _sum(ds), _sum(dt), dv, None


class _SlicedBump(torch.autograd.Function):
    """A bump is even: its gradients are such sums, and their slopes, with queries and keys in each other's place."""

    @staticmethod
    def forward(ctx: Any, s: Tensor, t: Tensor, v: Tensor, bandwidth: Tensor, scale: Tensor) -> Tensor:
        y = v.new_empty(*s.shape, v.shape[-1])
        _walk(_found().bump_sum, s, t, v, _double(bandwidth), _double(scale), y)
        ctx.save_for_backward(s, t, v, bandwidth, scale)
        return y

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:
        s, t, v, bandwidth, scale = ctx.saved_tensors
        if _by_formula(s, t, g):

            def formula(s: Tensor, t: Tensor, v: Tensor, b: Tensor) -> Tensor:
                y: Tensor = dense.kernel_sum(s, t, v, bump(), b.unsqueeze(-1)) * scale.unsqueeze(-1).to(v.dtype)
                return y

            return (*_differentiated(formula, (s, t, v, bandwidth), g, ctx), None)
        return _SlicedBump.once(ctx, _once(g))

    @staticmethod
    @once_differentiable
    def once(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:
        """The gradients of a large problem, which cannot be differentiated again."""
        s, t, v, bandwidth, scale = ctx.saved_tensors
        g, width, scale = _numbers(g), _double(bandwidth), _double(scale)
        ds = dt = dv = db = None

        def slopes(s: Tensor, t: Tensor, v: Tensor, g: Tensor) -> tuple[Tensor, Tensor]:
            parts = len(_columns(s, v))
            ds, db = s.new_empty(parts, *s.shape), width.new_empty(parts, *width.shape)
            _walk(_found().bump_slopes, s, t, v, width, scale, g, list(ds), list(db))
            return _sum(ds), _sum(db)

        if ctx.needs_input_grad[0] or ctx.needs_input_grad[3]:
            ds, db = slopes(s, t, v, g)
            db = db.to(v.dtype)
        if ctx.needs_input_grad[1]:
            dt, _ = slopes(t, s, g, v)
        if ctx.needs_input_grad[2]:
            dv = torch.empty_like(v)
            _walk(_found().bump_sum, t, s, g, width, scale, dv)
        return ds, dt, dv, db, None


def _weight(keep: Tensor | None, v: Tensor) -> Tensor | None:
    return None if keep is None else keep.to(v.dtype)


def _double(x: Tensor) -> Tensor:
    return x.detach().double().contiguous()


def _sum(parts: Tensor) -> Tensor:
    return parts[0] if len(parts) == 1 else parts.sum(0)


def _numbers(g: Tensor) -> Tensor:
    """An upstream gradient as numbers in memory: it may be zeros or a negative in name only."""
    return torch.zeros(g.shape, dtype=g.dtype) if g._is_zerotensor() else g.resolve_neg().contiguous()


def _once(g: Tensor) -> Tensor:
    """The upstream gradient so that gradients which are differentiated again raise, and are not taken for constants."""
    return g.detach().requires_grad_() if torch.is_grad_enabled() else g


def _by_formula(s: Tensor, t: Tensor, g: Tensor) -> bool:
    """Whether gradients come from the n² formula: of a small problem whose gradients are to be differentiated again, or
    are asked for in batches.
    """
    return checks.is_small(s, t) and (torch.is_grad_enabled() or not _is_plain(g) or _is_watched())


def _differentiated(
    formula: Callable[..., Tensor], inputs: tuple[Tensor, ...], g: Tensor, ctx: Any
) -> tuple[Tensor | None, ...]:
    """The gradients of a formula that torch knows, None where they are not needed."""
    needed = [x for x, wanted in zip(inputs, ctx.needs_input_grad, strict=False) if wanted]
    with torch.enable_grad():
        found = iter(torch.autograd.grad(formula(*inputs), needed, g, create_graph=True))
    return tuple(next(found) if wanted else None for _, wanted in zip(inputs, ctx.needs_input_grad, strict=False))


def _found() -> Library:
    found = library()
    assert found is not None, "fits() says whether there is one"
    return found


# ---- calling ---------------------------------------------------------------------------------------------------------


def _threads(s: Tensor, v: Tensor) -> int:
    rows, n, d = v.shape
    return max(1, min(torch.get_num_threads(), rows * max(n, s.shape[1]) * d // WORK))


def _columns(s: Tensor, v: Tensor) -> list[tuple[int, int]]:
    """The columns of a call, first and last: all, or where there are fewer rows than threads, so many in one thread."""
    rows, _, d = v.shape
    parts = max(1, min(-(-_threads(s, v) // rows), d // LINE))
    size = -(-d // (parts * LINE)) * LINE
    return [(first, min(first + size, d)) for first in range(0, d, size)]


def _walk(function: Callable[..., int], s: Tensor, t: Tensor, v: Tensor, *others: Tensor | list[Tensor] | None) -> None:
    """Call a function of native.c for all rows and columns, in as many threads as torch has.

    others: (B, …), contiguous, or one of them for each part of the columns.
    """
    rows, n_q, n_k, d = *s.shape, *v.shape[1:]
    threads, columns = _threads(s, v), _columns(s, v)
    together = -(-rows // threads)  # rows of one call

    def call(place: tuple[int, int]) -> int:
        row, part = place
        mine = (x[part] if isinstance(x, list) else x for x in (s, t, v, *others))
        at = (None if x is None else x.data_ptr() + row * (x.numel() // rows) * x.itemsize for x in mine)
        return function(min(together, rows - row), n_q, n_k, d, *columns[part], *at)

    places = [(row, part) for row in range(0, rows, together) for part in range(len(columns))]
    results = _side_by_side(call, places, threads)
    if NOT_FINITE in results:
        checks.finite(s, t)
    if NO_MEMORY in results:
        raise MemoryError(f"not enough memory to sort {n_q:,} queries and {n_k:,} keys")
    if any(results):
        raise RuntimeError(f"native.c answered {max(results)}")


def _side_by_side(call: Callable[[tuple[int, int]], int], places: list[tuple[int, int]], threads: int) -> list[int]:
    if threads > 1 and len(places) > 1:
        try:
            with ThreadPoolExecutor(threads) as pool:
                return list(pool.map(call, places))
        except RuntimeError:  # the interpreter is about to end, and starts no thread any more
            pass
    return [call(place) for place in places]
