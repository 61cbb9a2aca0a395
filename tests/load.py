"""The app under load: `python -m tests.load --visitors 30 --minutes 2`.

Visitors over WebSockets fetch what a first visit loads, open pages, set controls, type, and send a file now and then,
each about every ten seconds, as people do; --browsers adds real ones. It starts a server of its own, or goes to one
that runs (--url, and --pid once for each of its processes, for memory and CPU). Where it says CPU, that is the time of
all processes of the server, those that it started included, which on a busy machine says more than how long somebody
waited. --kill ends a process in the middle, and how long its visitors took to be back is told.
"""

import argparse
import asyncio
import json
import math
import os
import re
import signal
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
from tests.visitor import Visitor, dice, stands, visiting

ROOT = Path(__file__).parents[1]
MOVES = 0.3  # the share of what a visitor does that is going to another page
TYPES = 0.2  # of what a visitor does on a page where one can type, or put a number
SENDS = 0.1  # and where one can send a table of points
TABLE = b"x,y,z\n" + b"".join(b"%d,%d,%d\n" % (k, k * k % 97, k * 31 % 89) for k in range(2_000))
TEXTS = ("the cat sat on the mat", "attention is all you need", "one two three four five six seven")
MEASURED = ("Kernels", "Two_routes")  # their runs end, below what the visitor came for, with a timing that has its turn
BUSY = {"racing": ("Race", "Run the race", "Run again"), "training": ("Train", "Train", "Train again")}


@dataclass
class Log:
    """What happened. seconds: of the answers, by page. memory: (second, bytes of all processes). files: fetched, and
    sent. killed: whether a process was, so that the first connection that a visitor loses from then on is no error.
    """

    seconds: dict = field(default_factory=lambda: defaultdict(list))
    errors: Counter = field(default_factory=Counter)
    runs: Counter = field(default_factory=Counter)  # races and trainings that were begun
    files: Counter = field(default_factory=Counter)
    killed: bool = False
    reconnects: int = 0
    back: list = field(default_factory=list)  # seconds from a lost connection to the page being there again
    memory: list = field(default_factory=list)


async def visit(address, log, rng, ends, pause, files=False):
    """One visitor, until the end: what is lost is come back to, as a browser does."""
    one = Visitor(address)
    lost, excused = None, False
    await asyncio.sleep(rng.uniform(0, pause))
    if files:
        await asyncio.to_thread(fetch, address, log)
    try:
        while time.monotonic() < ends:
            try:
                if one.socket is None:
                    await one.connect()
                    answer = await one.ask() if lost else await one.open(rng.choice(COURSE).address)
                    if lost:
                        log.reconnects += 1
                        log.back.append(time.monotonic() - lost)
                        lost = None
                elif rng.random() < MOVES:
                    answer = await one.open(rng.choice(COURSE).address)
                else:
                    answer = await act(one, log, rng)
                log.seconds[answer.page].append(answer.seconds)
                log.errors.update(f"{answer.page}: {text}" for text in answer.exceptions)
            except (OSError, websockets.WebSocketException) as error:
                if isinstance(error, TimeoutError) and one.socket is not None:  # it is an OSError, too
                    log.errors[f"{one.page}: no answer"] += 1
                else:
                    lost = lost or time.monotonic()
                    if one.socket is not None:
                        if excused or not log.killed:
                            log.errors[f"connection: {type(error).__name__}"] += 1
                        excused = log.killed
                    one.socket = None
                    await asyncio.sleep(0.5)
                    continue
            await asyncio.sleep(max(0.0, min(rng.expovariate(1 / pause), 3 * pause, ends - time.monotonic())))
    finally:
        await one.close()


async def act(one, log, rng):
    """What a visitor does on a page: sends a file, types, or sets another control."""
    here = [(kind, control) for kind, control in one.controls.values() if not getattr(control, "disabled", False)]
    if any(kind == "file_uploader" and not control.type for kind, control in here) and rng.random() < SENDS:
        status, answer = await one.upload("points.csv", TABLE)
        log.files["sent"] += answer is not None
        if answer is None:
            log.errors[f"{one.page}: a file was answered with {status}"] += 1
        return answer or await one.ask()
    typed = [(kind, control) for kind, control in here if kind in ("text_area", "number_input")]
    if typed and rng.random() < TYPES:
        kind, control = rng.choice(typed)
        if (state := stands(kind, control)) and kind == "number_input":
            state.double_value = control.min + rng.randint(0, int(min(100, control.max - control.min)))
        elif state:
            state.string_value = rng.choice(TEXTS)
        return await (one.touch(state) if state else one.ask())
    state = one.chosen(rng)
    return await (one.touch(state) if state else one.open(rng.choice(COURSE).address))


def fetch(address, log):
    """The files that a first visit loads, as a browser whose cache is empty."""
    try:
        with urllib.request.urlopen(f"{address}/", timeout=60) as page:
            names = re.findall(r'(?:src|href)="\./(static/[^"]+)"', page.read().decode())
        for name in names:
            with urllib.request.urlopen(f"{address}/{name}", timeout=60) as file:
                file.read()
            log.files["fetched"] += 1
    except OSError as error:
        if not log.killed:
            log.errors[f"files: {error}"] += 1


async def browse(address, log, rng, ends, pause, browser):
    """A visitor with a real browser, who goes from page to page by the links of the sidebar."""
    from tests.browser.conftest import IDLE

    page = await browser.new_page()
    page.on("pageerror", lambda error: log.errors.update([f"browser: {error}"]))
    await page.goto(address)
    while time.monotonic() < ends:
        began = time.monotonic()
        await page.wait_for_selector(IDLE, timeout=90_000)
        log.seconds["(browser)"].append(time.monotonic() - began)
        log.errors.update(["browser: an exception"] * await page.get_by_test_id("stException").count())
        await asyncio.sleep(max(0.0, min(rng.expovariate(1 / pause), ends - time.monotonic())))
        links = page.get_by_test_id("stSidebar").get_by_role("link")
        await links.nth(rng.randrange(1, len(COURSE))).click()
    await page.close()


async def browsing(count, *how):
    """So many real browsers' pages."""
    from playwright.async_api import async_playwright

    from tests.browser.conftest import FLAGS, chromium

    async with async_playwright() as play:
        browser = await play.chromium.launch(executable_path=chromium(), args=FLAGS)
        address, log, seed, ends, pause = how
        visits = [browse(address, log, dice(f"{seed} browser {k}"), ends, pause, browser) for k in range(count)]
        await asyncio.gather(*visits)
        await browser.close()


async def killing(log, process, seconds):
    await asyncio.sleep(seconds)
    log.killed = True
    os.kill(process, signal.SIGKILL)


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


def resident(processes):
    """Bytes of memory of processes and all that they started. What several share, libraries say, counts once."""
    total = 0
    for one in (child for process in processes for child in tree(process)):
        with suppress(psutil.Error):
            total += getattr(one.memory_full_info(), "pss", 0) or one.memory_info().rss
    return total


def spent(processes):
    """Seconds of the processor that processes and all that they started have taken, those that ended included."""
    total = 0.0
    for one in (child for process in processes for child in tree(process)):
        with suppress(psutil.Error):
            times = one.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total


async def watch(processes, log, began, every=5.0):
    while True:
        log.memory.append((time.monotonic() - began, resident(processes)))
        await asyncio.sleep(every)


async def load(
    address,
    processes,
    *,
    visitors,
    seconds,
    pause,
    racing=0,
    training=0,
    rest=0.0,
    seed=0,
    warm=True,
    browsers=0,
    kill=(),
    files=False,
):
    """The log of a time with so many visitors, and the seconds of the processor that it took.

    processes: of the server. files: whether each visitor fetches those of a first visit. kill: (process, second).
    """
    log = Log()
    async with visiting(address) as first:  # all that the pages import is there, as on any but a fresh server
        for chapter in COURSE if warm else ():
            answer = await first.open(chapter.address)
            log.errors.update(f"{chapter.address}: {text}" for text in answer.exceptions)
    began = time.monotonic()
    ends = began + seconds
    watching = asyncio.create_task(watch(processes, log, began)) if processes else None
    before = spent(processes) if processes else 0.0
    people = [visit(address, log, dice(f"{seed} {number}"), ends, pause, files) for number in range(visitors)]
    people += [work(address, log, "racing", ends) for _ in range(racing)]
    people += [work(address, log, "training", ends) for _ in range(training)]
    people += [browsing(browsers, address, log, seed, ends, pause)] if browsers else []
    people += [killing(log, *kill)] if kill else []
    await asyncio.gather(*people)
    cpu = spent(processes) - before if processes and not kill else math.nan  # a dead one does not say what it took
    if watching:
        await asyncio.sleep(rest)
        log.memory.append((time.monotonic() - began, resident(processes)))
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
        "files": dict(log.files),
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
    yield "files: " + (", ".join(f"{count} {what}" for what, count in found["files"].items()) or "none")
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
        yield address, [process.pid]
    finally:
        process.terminate()
        process.wait(timeout=20)


def _kill(text):
    process, _, seconds = text.partition("@")
    return int(process), float(seconds)


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
    ask.add_argument("--pid", type=int, action="append", help="a process of it, for memory and CPU; once for each")
    ask.add_argument("--browsers", type=int, default=0, help="visitors with a real browser, besides")
    ask.add_argument("--kill", type=_kill, default=(), metavar="PID@SECONDS", help="a process to end by -9, and when")
    ask.add_argument("--json", type=Path, help="where to write the summary")
    asked = ask.parse_args(arguments)
    with nullcontext((asked.url, asked.pid)) if asked.url else own_server() as (address, pids):
        seconds = 60 * asked.minutes
        log, cpu = asyncio.run(
            load(
                address.rstrip("/"),
                [psutil.Process(pid) for pid in pids or ()],
                visitors=asked.visitors,
                seconds=seconds,
                pause=asked.pause,
                racing=asked.racing,
                training=asked.training,
                rest=asked.rest,
                seed=asked.seed,
                browsers=asked.browsers,
                kill=asked.kill,
                files=True,
            )
        )
    found = summary(log, cpu, seconds)
    print("\n".join(told(found)))
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=1) + "\n")
    return 1 if log.errors else 0


if __name__ == "__main__":
    sys.exit(main())
