"""The process that does jobs, one after the other, for the process that started it.

A request comes in on the standard input: a line of JSON, then the bytes of its attachments. Answers go out on the
standard output, a line of JSON each: {"ready": true} when all is imported, {"record": …} for what the job says, and
{"over": true} at its end. What a library prints goes to the standard error.
"""

import contextlib
import gc
import json
import os
import signal
import traceback
from collections.abc import Callable
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Any, BinaryIO

from srviz import host
from srviz.jobs.protocol import LAST, TROUBLE, Limits, Packed, Record
from srviz.jobs.registry import Job, find

IDLE_SECONDS = 45.0  # without a request this process ends
OOM_SCORE = "900"  # of 1000: should the system have to end a process for its memory, then this one
TOO_MUCH = "There was not enough memory for it{most}."
SIGNS = "memory", "could not create a primitive"  # in what torch and oneDNN say where they get no more
MOST = ": it needs more than the {megabytes:,} MB that could be had"

Say = Callable[[Record], None]


class AskedPlan(dict[str, Any]):
    """A plan whose missing entries are named."""

    def __missing__(self, name: str) -> Any:
        raise ValueError(f"The plan says nothing of {name!r}.")


class Request:
    """One job that was asked for. stopped: set when it is wanted no more."""

    def __init__(self, asked: dict[str, Any], data: BinaryIO) -> None:
        self.plan = AskedPlan(asked["plan"])
        self.limits = Limits(**asked["limits"])
        self.attachments = {
            name: Packed(kind, tuple(shape), data.read(size)) for name, kind, shape, size in asked["attachments"]
        }
        self.stopped = Event()


def work() -> None:
    """Do what is asked for until nobody asks any more. The process ends here, at once, whatever else it holds."""
    say = _answers()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # meant for the parent, with which this process ends
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(OOM_SCORE)
    requests: SimpleQueue[Request] = SimpleQueue()
    Thread(target=_hear, args=(requests,), daemon=True).start()
    patience = None  # whoever started this process has a first request for it, or is gone, which ends it
    with contextlib.suppress(Empty):
        while True:
            request = requests.get(timeout=patience)
            patience = IDLE_SECONDS
            _do(request, say)
            say({"over": True})
            del request
            gc.collect()
            host.trim()
    os._exit(0)


def _answers() -> Say:
    """How to answer; whatever else is written to the standard output goes to the standard error from now on."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)

    def say(record: Record) -> None:
        out.write(json.dumps(record).encode("ascii") + b"\n")
        out.flush()

    return say


def _hear(requests: "SimpleQueue[Request]") -> None:
    """Take requests, and the wish to stop the last one. Where the input ends the parent is gone: this process ends."""
    last: Request | None = None
    with contextlib.suppress(Exception), os.fdopen(0, "rb", closefd=False) as heard:
        while line := heard.readline():
            asked = json.loads(line)
            if "stop" not in asked:
                last = Request(asked, heard)
                requests.put(last)
            elif last:
                last.stopped.set()
    os._exit(1)


def _do(request: Request, say: Say) -> None:
    """One job from its imports to its last record. Whatever goes wrong is a sentence."""
    most = None
    try:
        job = find(request.plan.get("job"))
        gc.freeze()  # what was imported is not looked through again
        most = _obey(request.limits)
        say({"ready": True})
        _run(job, request, say)
    except Exception as error:
        if not isinstance(error, ValueError):
            traceback.print_exc()
        say({"record": {TROUBLE: _sentence(error, most)}})


def _obey(limits: Limits) -> int | None:
    """Keep to the limits from now on; threads that a library starts later inherit the priority.

    Returns the most bytes that the job may hold besides what its process holds now; None for no limit.
    """
    if limits.nice and hasattr(os, "setpriority"):
        with contextlib.suppress(PermissionError):  # it has started with a higher one, and cannot go back
            os.setpriority(os.PRIO_PROCESS, 0, limits.nice)
    if limits.nice == LAST and hasattr(os, "SCHED_IDLE"):  # a nice process is still let finish its few milliseconds
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    most = None if limits.memory_bytes is None else min(limits.memory_bytes, host.available())
    host.limit(most)
    return most


def _run(job: Job, request: Request, say: Say) -> None:
    with contextlib.closing(iter(job(request.plan, request.attachments))) as records:  # type: ignore[type-var]
        while not request.stopped.is_set():
            record = next(records, None)
            if record is None:
                break
            say({"record": record})


def _sentence(error: Exception, most: int | None) -> str:
    """What went wrong, in one sentence. A ValueError says itself what is wrong with the plan.

    most: bytes that the job could hold, where there was a limit.
    """
    if isinstance(error, MemoryError) or any(sign in str(error).lower() for sign in SIGNS):
        return TOO_MUCH.format(most="" if most is None else MOST.format(megabytes=most >> 20))
    first = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
    return first if isinstance(error, ValueError) else f"The work failed: {first}"
