"""A process that does jobs as the real one does, of which some do what no real one should."""

import os
import re
import sys
import time

from srviz.jobs import worker

HELD = []


def count(plan, attachments):
    for number in range(plan["first"], plan["to"]):
        yield {"number": number}
        time.sleep(plan.get("pause", 0))


def echo(plan, attachments):
    print("what a library prints is no record")
    for name, packed in attachments.items():
        yield {"name": name, "packed": packed.to_json()}


def where(plan, attachments):
    where = {"process": os.getpid(), "threads": os.environ["OMP_NUM_THREADS"], "nice": os.nice(0)}
    where["policy"] = os.sched_getscheduler(0) if hasattr(os, "sched_getscheduler") else None
    yield where


def hang(plan, attachments):
    yield {"process": os.getpid()}
    while True:
        sum(range(10_000_000))


def count_backtracking(plan, attachments):
    yield {"process": os.getpid()}
    re.match("(a+)+b", "a" * 60)  # while this goes on for hours, no other thread of the process has a turn


def die(plan, attachments):
    yield {"before": 1}
    os._exit(7)


def take(plan, attachments):
    HELD.append(bytearray(plan["bytes"]))
    yield {"took": len(HELD.pop())}


def break_down(plan, attachments):
    yield {"before": 1}
    raise RuntimeError("a wheel came off\nand more")


def say_what_json_cannot(plan, attachments):
    yield {"what": object()}


if __name__ == "__main__":
    mine = {name: job for name, job in globals().items() if callable(job)}

    def find(name):
        time.sleep(float(os.environ.get("IMPORT_SECONDS", "0")))
        return mine[name]

    worker.find = find
    worker.IDLE_SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    worker.work()
