"""Child processes that end with the process that started them, however it ends, `kill -9` included.

The parent holds the one open end of a pipe for as long as it lives. When it is gone the pipe is closed by the system,
which on Linux then ends the child by itself, whatever the child is at: a signal is bound to the child's end of the
pipe. Elsewhere a thread of the child waits for the pipe to close. This file is also the program that does so there.
"""

import contextlib
import os
import runpy
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from threading import Thread
from typing import IO, Any

SIGNALLED = sys.platform == "linux"  # whether the system can signal a process when a pipe of its parent closes
PYTHON = (sys.executable, "-P")  # nothing is imported from the current folder


def start(
    program: Sequence[str],
    *,
    stdin: int | IO[bytes] | None = None,
    stdout: int | IO[bytes] | None = None,
    stderr: int | IO[bytes] | None = None,
    env: dict[str, str] | None = None,
    cpu_seconds: int | None = None,
) -> subprocess.Popen[bytes]:
    """Start a Python program that ends with this process. The other arguments are those of `subprocess.Popen`.

    program: the path of a script or "-m" and the name of a module, and its arguments. cpu_seconds: of all its threads
    together, after which the system ends it, where the system knows such a limit.
    """
    streams: dict[str, Any] = {"stdin": stdin, "stdout": stdout, "stderr": stderr, "env": env}
    if sys.platform == "win32":  # there a child sees the end of its parent at its standard input alone
        return subprocess.Popen([*PYTHON, *program], **streams)
    if not SIGNALLED:
        pipe = _pipe(os.getpid())
        told = [__file__, str(pipe), str(cpu_seconds or 0)]
        return subprocess.Popen([*PYTHON, *told, *program], pass_fds=(pipe,), **streams)
    import fcntl
    import resource

    own = os.open(f"/proc/self/fd/{_pipe(os.getpid())}", os.O_RDONLY | os.O_NONBLOCK)  # each child has its own signal
    try:
        process = subprocess.Popen([*PYTHON, *program], pass_fds=(own,), **streams)
        fcntl.fcntl(own, fcntl.F_SETOWN, process.pid)
        fcntl.fcntl(own, fcntl.F_SETFL, os.O_NONBLOCK | os.O_ASYNC)  # SIGIO, which ends who does not ask for it
        if cpu_seconds:
            with contextlib.suppress(OSError):  # it is over already
                resource.prlimit(process.pid, resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
    finally:
        os.close(own)
    return process


@cache
def _pipe(process: int) -> int:
    """The end for the children of this process; the other end is open as long as it lives, and nowhere else."""
    theirs, _ = os.pipe()
    return theirs


def _end_with(pipe: int) -> None:
    os.read(pipe, 1)  # nothing is ever written
    os._exit(1)


def _main() -> None:
    """`child.py PIPE CPU_SECONDS PROGRAM…`: become the program, and end with the parent."""
    pipe, cpu_seconds, *program = sys.argv[1:]
    Thread(target=_end_with, args=(int(pipe),), daemon=True).start()
    if int(cpu_seconds):
        import resource

        resource.setrlimit(resource.RLIMIT_CPU, (int(cpu_seconds), int(cpu_seconds)))
    if program[0] == "-m":
        sys.argv = program[1:]
        runpy.run_module(program[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = program
        runpy.run_path(program[0], run_name="__main__")


if __name__ == "__main__":
    _main()
