"""Loading what `native.c` becomes: from the wheel where it has it compiled, else compiled here and kept in the cache.

Pure torch moves every row of values a dozen times; one walk in C moves it once. Where the wheel has none for this
machine, the file is compiled when a sum is first large enough for it, which takes about two seconds, once for a
machine and a version of the file. Without a compiler, or with SRVIZ_NATIVE=0, torch alone computes the same.
"""

import contextlib
import ctypes
import hashlib
import logging
import os
import platform
import shlex
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

SOURCE = Path(__file__).with_name("native.c")
READY = SOURCE.with_name(f"native-{platform.machine()}.so")  # setup.py makes it, for a wheel
FLAGS = ("-O3", "-std=gnu11", "-fopenmp-simd", "-shared", "-fPIC")
ELSEWHERE = (Path("/tmp"), Path("/var/tmp"))  # where the usual folder for temporary files cannot be trusted
PATIENCE_SECONDS = 60  # for the compiler


class Library(NamedTuple):
    """The functions of native.c, and the compiler that made them."""

    relu_forward: Callable[..., int]
    relu_backward: Callable[..., int]
    bump_sum: Callable[..., int]
    bump_slopes: Callable[..., int]
    compiler: str


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


def loaded() -> Library:
    """The compiled functions, once `library` has found some."""
    found = _load()
    assert found is not None, "the engine says whether it is able"
    return found


@cache
def _load() -> Library | None:
    if READY.exists():
        with contextlib.suppress(OSError, AttributeError):  # it wants another C library than this machine has
            return _open(READY, "compiled ahead")
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
        place = place.resolve()  # no link on the way to it can be turned elsewhere after this
        path = place / name
        if not _is_ours(place) or not all(map(_is_safe, place.parents)):
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


def _is_safe(folder: Path) -> bool:
    """Whether nobody else could put another folder into the place of one of ours in it, between a look and its use."""
    found = folder.stat()
    fixed = not found.st_mode & 0o022 or bool(found.st_mode & stat.S_ISVTX)  # as /tmp is: each can move their own alone
    return found.st_uid in (0, os.getuid()) and fixed


def _for_this_process(compiler: list[str], version: str) -> Library:
    """The library, kept nowhere. Raises OSError where there is no folder that nobody else could swap meanwhile."""
    for place in (Path(tempfile.gettempdir()).resolve(), *ELSEWHERE):
        if place.is_dir() and all(map(_is_safe, (place, *place.parents))):
            break
    else:
        raise PermissionError("others could change what lies in the folders for temporary files")
    with tempfile.TemporaryDirectory(prefix="srviz-", dir=place) as aside:  # it may be removed once it is loaded
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
    """What a command prints. Raises ValueError where it fails.

    What a compiler writes on its way to a file lies beside that file, where nobody else can swap it.
    """
    beside = {"TMPDIR": str(Path(command[command.index("-o") + 1]).parent)} if "-o" in command else {}
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE_SECONDS,
        env=os.environ | beside,
    )  # fmt: skip
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
