"""Reads the bytes of a visitor's file; runs as a program of its own, in a process that may be ended.

    python -P srviz/inputs/kinds/__main__.py .ply 2147483648 < file > arrays

The second word is the most bytes that it may hold, libraries not counted.

The arrays are an uncompressed NPZ: `said`, UTF-8 of JSON, and beside it what the reader of the kind lists. What was
wrong comes as a sentence in said["error"]. It sets its own limits of memory, knows nothing of the rest of the package,
writes no file, asks no network and unpickles nothing.
"""

import contextlib
import json
import os
import sys
from importlib.util import module_from_spec, spec_from_file_location
from io import BytesIO
from types import ModuleType

MEMORY_BYTES = 2 << 30  # that it may hold
LIBRARIES_BYTES = 1 << 30  # of address space beyond that, into which libraries are mapped


def _limit(memory: int = MEMORY_BYTES) -> None:
    """Take the right to more memory, and to write files, from this process; where the platform knows such limits.

    Where the host runs out of memory all the same, this process is the first to go.
    """
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")
    try:
        import resource
    except ImportError:
        return
    space = memory + LIBRARIES_BYTES  # where the system does not count what is held alone
    for name, most in (("RLIMIT_DATA", memory), ("RLIMIT_AS", space), ("RLIMIT_FSIZE", 0), ("RLIMIT_CORE", 0)):
        what = getattr(resource, name, None)
        if what is None:
            continue
        with contextlib.suppress(ValueError, OSError):  # not on this platform
            resource.setrlimit(what, (most, most))


def _readers() -> ModuleType:
    """The package beside this file under a name of its own: nothing else is put where modules are looked for."""
    here = os.path.dirname(os.path.abspath(__file__))
    spec = spec_from_file_location("kinds", os.path.join(here, "__init__.py"), submodule_search_locations=[here])
    assert spec is not None
    assert spec.loader is not None
    package = sys.modules["kinds"] = module_from_spec(spec)
    spec.loader.exec_module(package)
    return package


def main() -> None:
    """Read standard input, write the arrays to standard output."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is not part of the answer
    _limit(int(sys.argv[2]))
    packed = BytesIO()
    try:
        import numpy as np

        said, found = _readers().answer(sys.argv[1], sys.stdin.buffer.read())
        found["said"] = np.frombuffer(json.dumps(said).encode(), dtype=np.uint8)
        np.savez(packed, **found)
    except (MemoryError, ImportError):
        os._exit(NO_MEMORY)
    out.write(packed.getbuffer())
    out.flush()
    os._exit(0)  # at once: there is nothing to tidy up


NO_MEMORY = 3  # what it ends with where not even the answer fits

if __name__ == "__main__":
    main()
