"""What the host grants to this process: processors and memory. It knows the standard library alone."""

import contextlib
import ctypes
import math
import os
import platform
from collections.abc import Iterator
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
PROCESS = Path("/proc/self")
# that the app maps, of which it uses a third: 1.57 GB were measured once all pages were shown
ADDRESS_BYTES = 1_600_000_000
UNLIMITED_BYTES = 1 << 60  # control groups of the first version write this, or more, where there is no limit


def cores() -> int:
    """The number of processors this process may use, at least 1.

    These are the processors it is bound to, or fewer where a control group around it grants less of their time: a quota
    of 1.5 processors counts as one, because a second thread would stand still half of the time.
    """
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, int(min([bound, *_quotas()])))


def processor() -> str:
    """The name of the processor, as far as the system tells it."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def granted() -> int:
    """Bytes of memory the host grants: all it has, or the limit of a control group around this process."""
    limits = [limit for limit, _ in _memory_groups()]
    return min([_physical(), *limits])


def available() -> int:
    """Bytes that can still be had: what the host has left, and what is left below the limits around this process."""
    return max(0, min([_left(), *[limit - used for limit, used in _memory_groups()]]))


def lacking_addresses() -> str:
    """Why this process cannot map what the app needs, in a sentence, where `ulimit -v` allows too little; else empty.

    A library that cannot be mapped would end the process in the middle, or every page with an error.
    """
    try:
        import resource

        most, _ = resource.getrlimit(resource.RLIMIT_AS)
    except (ImportError, OSError, ValueError):
        return ""
    if most == resource.RLIM_INFINITY or most >= ADDRESS_BYTES:
        return ""
    return (
        f"The address space of this process is limited to {most / 1e6:,.0f} MB (ulimit -v), and the app maps "
        f"{ADDRESS_BYTES / 1e6:,.0f} MB, of which it uses a third. Limit the memory by a control group instead."
    )


def limit(most_bytes: int | None) -> bool:
    """Let this process take at most so many bytes more than it holds; whether the system knows such a limit.

    An allocation beyond it fails, and torch raises that as a RuntimeError. None takes the limit away again.
    """
    try:
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        soft = hard if most_bytes is None else status("VmData") + most_bytes
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))
    except (ImportError, OSError, ValueError):
        return False
    return True


def status(name: str) -> int:
    """A line of this process's status, in bytes. Raises OSError where there is none."""
    for line in (PROCESS / "status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise OSError(f"no {name} in /proc/self/status")


def trim() -> None:
    """Give the memory that the C library keeps for later back to the system, where that library can."""
    with contextlib.suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


def few_arenas(most: int = 2) -> bool:
    """Let the C library keep so many heaps at most, instead of one for each thread. It is called when a server starts.

    Every run of a page has a thread of its own. If each has a heap, the memory that one thread has freed cannot be used
    by the next. Returns whether the C library could be told.
    """
    try:
        return bool(ctypes.CDLL(None).mallopt(-8, most))  # M_ARENA_MAX of glibc
    except (AttributeError, OSError, TypeError):
        return False


def _physical() -> int:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, AttributeError):  # a system without these: assume a small host
        return 1 << 31


def _left() -> int:
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration, ValueError):
        return _physical() // 2


def _quotas() -> Iterator[float]:
    """The processors' time that each control group around this process grants, in processors."""
    for folder, version in _folders("cpu"):
        try:
            if version == 2:
                quota, period = (folder / "cpu.max").read_text().split()
            else:
                quota, period = ((folder / f"cpu.cfs_{name}_us").read_text() for name in ("quota", "period"))
            share = float(quota) / float(period)
        except (OSError, ValueError, ZeroDivisionError):  # there is no such file, or it says "max"
            continue
        if share > 0 and math.isfinite(share):  # the first version writes −1 where there is no quota
            yield share


def _memory_groups() -> list[tuple[int, int]]:
    """(limit, used) in bytes of each control group around this process that has a limit; page cache is not counted."""
    found = []
    for folder, version in _folders("memory"):
        names = ("max", "current") if version == 2 else ("limit_in_bytes", "usage_in_bytes")
        limit, used = (_number(folder / f"memory.{name}") for name in names)
        if limit is not None and limit < UNLIMITED_BYTES:
            cache = _statistic(folder / "memory.stat", "inactive_file")
            found.append((limit, max(0, (used or 0) - cache)))
    return found


def _folders(controller: str) -> Iterator[tuple[Path, int]]:
    """The folders of a controller, of this process and of all groups it is in, and the version of control groups."""
    try:
        lines = (PROCESS / "cgroup").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        number, controllers, path = line.split(":", 2)
        if number == "0":
            root, version = CGROUPS, 2
        elif controller in controllers.split(","):
            root, version = CGROUPS / controller, 1
        else:
            continue
        folder = root / path.lstrip("/")
        if not folder.is_dir():
            folder = root  # inside a container the path may be that of the host
        while True:
            yield folder, version
            if folder == root:
                break
            folder = folder.parent


def _number(file: Path) -> int | None:
    try:
        return int(file.read_text())
    except (OSError, ValueError):  # there is none, or it says "max"
        return None


def _statistic(file: Path, name: str) -> int:
    try:
        return next(int(line.split()[1]) for line in file.read_text().splitlines() if line.split()[0] == name)
    except (OSError, StopIteration, ValueError, IndexError):
        return 0
