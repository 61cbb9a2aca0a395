"""The app under load: `python -m tests.load --visitors 30 --minutes 2`.

Visitors over WebSockets open pages and set controls, each about every ten seconds, as people do. It starts a server of
its own, or goes to one that runs (--url, and --pid for its memory and its processor). Where it says CPU, that is the
time of all processes of the server, which on a busy machine says more than how long somebody waited.
"""

import argparse
import asyncio
import json
import math
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections import Counter, defaultdict
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import websockets

from srviz.ui.chapters import COURSE
from tests.visitor import Visitor, dice, visiting

ROOT = Path(__file__).parents[1]
MOVES = 0.3  # the share of what a visitor does that is going to another page
MEASURED = ("Kernels", "Two_routes")  # their runs end, below what the visitor came for, with a timing that has its turn
BUSY = {"racing": ("Race", "Run the race", "Run again"), "training": ("Train", "Train", "Train again")}


@dataclass
class Log:
    """What happened. seconds: of the answers, by page. memory: (second, bytes of all processes)."""

    seconds: dict = field(default_factory=lambda: defaultdict(list))
    errors: Counter = field(default_factory=Counter)
    runs: Counter = field(default_factory=Counter)  # races and trainings that were begun
    reconnects: int = 0
    back: list = field(default_factory=list)  # seconds from a lost connection to the page being there again
    memory: list = field(default_factory=list)


async def visit(address, log, rng, ends, pause):
    """One visitor, until the end: what is lost is come back to, as a browser does."""
    one = Visitor(address)
    lost = None
    await asyncio.sleep(rng.uniform(0, pause))
    while time.monotonic() < ends:
        try:
            if one.socket is None:
                await one.connect()
                answer = await one.ask() if lost else await one.open(rng.choice(COURSE).address)
                if lost:
                    log.reconnects += 1
                    log.back.append(time.monotonic() - lost)
                    lost = None
            elif rng.random() < MOVES or not (state := one.chosen(rng)):
                answer = await one.open(rng.choice(COURSE).address)
            else:
                answer = await one.touch(state)
            log.seconds[answer.page].append(answer.seconds)
            log.errors.update(f"{answer.page}: {text}" for text in answer.exceptions)
        except (OSError, websockets.WebSocketException) as error:
            if isinstance(error, TimeoutError) and one.socket is not None:  # it is an OSError, too
                log.errors[f"{one.page}: no answer"] += 1
            else:
                lost = lost or time.monotonic()
                if one.socket is not None:
                    log.errors[f"connection: {type(error).__name__}"] += 1
                one.socket = None
                await asyncio.sleep(0.5)
                continue
        await asyncio.sleep(max(0.0, min(rng.expovariate(1 / pause), 3 * pause, ends - time.monotonic())))
    await one.close()


async def work(address, log, what, ends):
    """Somebody at a race or a training, again and again."""
    page, first, again = BUSY[what]
    async with visiting(address, page) as one:
        while (left := ends - time.monotonic()) > 0:
            labels = [control.label for kind, control in one.controls.values() if kind == "button"]
            if label := next((label for label in (again, first) if label in labels), None):
                await one.press(label)  # else it runs: Stop stands in its place
                log.runs[what] += 1
            with suppress(TimeoutError):
                async with asyncio.timeout(max(0.1, left)):
                    answer = await one.hear()
                    log.errors.update(f"{page}: {text}" for text in answer.exceptions)


def tree(process):
    """A process and all that it started."""
    with suppress(psutil.Error):
        return [process, *process.children(recursive=True)]
    return []


def resident(process):
    """Bytes of memory of a process and all that it started. What several of them share, libraries say, counts once."""
    total = 0
    for one in tree(process):
        with suppress(psutil.Error):
            total += getattr(one.memory_full_info(), "pss", 0) or one.memory_info().rss
    return total


def spent(process):
    """Seconds of the processor that the process itself has taken, for the user and in the system."""
    times = process.cpu_times()
    return times.user + times.system


async def watch(process, log, began, every=5.0):
    while True:
        log.memory.append((time.monotonic() - began, resident(process)))
        await asyncio.sleep(every)


async def load(address, process, *, visitors, seconds, pause, racing=0, training=0, rest=0.0, seed=0, warm=True):
    """The log of a time with so many visitors, and the seconds of the processor that it took."""
    log = Log()
    async with visiting(address) as first:  # all that the pages import is there, as on any but a fresh server
        for chapter in COURSE if warm else ():
            answer = await first.open(chapter.address)
            log.errors.update(f"{chapter.address}: {text}" for text in answer.exceptions)
    began = time.monotonic()
    ends = began + seconds
    watching = asyncio.create_task(watch(process, log, began)) if process else None
    before = spent(process) if process else 0.0
    people = [visit(address, log, dice(f"{seed} {number}"), ends, pause) for number in range(visitors)]
    people += [work(address, log, "racing", ends) for _ in range(racing)]
    people += [work(address, log, "training", ends) for _ in range(training)]
    await asyncio.gather(*people)
    cpu = spent(process) - before if process else math.nan
    if watching:
        await asyncio.sleep(rest)
        log.memory.append((time.monotonic() - began, resident(process)))
        watching.cancel()
    return log, cpu


def quantile(values, share):
    """The value that this share of all is at most."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)] if ordered else math.nan


def summary(log, cpu, seconds):
    """What there is to say, as a mapping that JSON can hold."""
    every = [second for of in log.seconds.values() for second in of]
    usual = [second for page, of in log.seconds.items() if page not in MEASURED for second in of]
    pages = {"all": every, "not measured": usual, **{page or "home": log.seconds[page] for page in sorted(log.seconds)}}
    shown = {
        name: {
            "answers": len(of),
            **{f"p{share}_ms": round(1000 * quantile(of, share / 100)) for share in (50, 95, 99)},
        }
        for name, of in pages.items()
        if of
    }
    memory = [size for _, size in log.memory] or [0]
    return {
        "pages": shown,
        "answers_a_second": round(len(every) / seconds, 2),
        "cpu_ms_an_answer": None if math.isnan(cpu) else round(1000 * cpu / max(1, len(every)), 1),
        "errors": dict(log.errors),
        "runs": dict(log.runs),
        "reconnects": log.reconnects,
        "slowest_back_s": round(max(log.back, default=0.0), 2),
        "memory_mb": {"first": memory[0] >> 20, "most": max(memory) >> 20, "last": memory[-1] >> 20},
    }


def told(found):
    """The summary as lines."""
    yield f"{'page':16}{'answers':>8}{'p50':>8}{'p95':>8}{'p99':>8}   ms"
    for name, of in found["pages"].items():
        yield f"{name:16}{of['answers']:8}{of['p50_ms']:8}{of['p95_ms']:8}{of['p99_ms']:8}"
    memory = found["memory_mb"]
    yield f"not measured: all but {' and '.join(MEASURED)}, which end with a timing, one at a time on a server"
    yield f"{found['answers_a_second']} answers a second, CPU {found['cpu_ms_an_answer']} ms an answer"
    yield f"memory of all processes: {memory['first']} MB first, {memory['most']} most, {memory['last']} last"
    yield f"{found['reconnects']} reconnects, the slowest after {found['slowest_back_s']} s"
    if found["runs"]:
        yield "begun meanwhile: " + ", ".join(f"{what} {count} ×" for what, count in found["runs"].items())
    yield f"errors: {found['errors'] or 'none'}"


@contextmanager
def own_server(*options):
    """A server of the checkout on a free port: (address, process)."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    command += ["--server.address", "127.0.0.1", "--server.headless", "true", *options]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{address}/_stcore/health", timeout=1).close()
                break
            except OSError:
                if process.poll() is not None:
                    raise SystemExit("The server did not start.") from None
                time.sleep(0.1)
        yield address, process.pid
    finally:
        process.terminate()
        process.wait(timeout=20)


def main(arguments=None):
    ask = argparse.ArgumentParser(prog="python -m tests.load", description=__doc__.splitlines()[0])
    ask.add_argument("--visitors", type=int, default=30)
    ask.add_argument("--minutes", type=float, default=2.0)
    ask.add_argument("--pause", type=float, default=10.0, help="seconds between two acts of a visitor, on average")
    ask.add_argument("--racing", type=int, default=0, help="visitors who race all the time")
    ask.add_argument("--training", type=int, default=0, help="visitors who train all the time")
    ask.add_argument("--rest", type=float, default=0.0, help="seconds after the last visitor, before memory is read")
    ask.add_argument("--seed", type=int, default=0, help="of what visitors do")
    ask.add_argument("--url", help="a server that runs; without it one is started")
    ask.add_argument("--pid", type=int, help="its process, for memory and CPU")
    ask.add_argument("--json", type=Path, help="where to write the summary")
    asked = ask.parse_args(arguments)
    with nullcontext((asked.url, asked.pid)) if asked.url else own_server() as (address, pid):
        seconds = 60 * asked.minutes
        log, cpu = asyncio.run(
            load(
                address.rstrip("/"),
                psutil.Process(pid) if pid else None,
                visitors=asked.visitors,
                seconds=seconds,
                pause=asked.pause,
                racing=asked.racing,
                training=asked.training,
                rest=asked.rest,
                seed=asked.seed,
            )
        )
    found = summary(log, cpu, seconds)
    print("\n".join(told(found)))
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=1) + "\n")
    return 1 if log.errors else 0


if __name__ == "__main__":
    sys.exit(main())
