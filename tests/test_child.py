"""What the app starts ends with it, also where it is killed and the child hears nothing of its input."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from srviz import child

ROOT = Path(__file__).parents[1]
JOBS = str(ROOT / "tests" / "jobs" / "child.py")
DEAF = """
import re, sys
sys.stdin.read()
print(0, flush=True)
re.match("(a+)+b", "a" * 60)  # for hours, in which no other thread has a turn
"""
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")

DEAF_PROGRAM = """
from subprocess import DEVNULL, PIPE
from srviz import child
process = child.start([sys.argv[1]], stdin=DEVNULL, stdout=PIPE)
process.stdout.readline()
"""
THREAD = """
from subprocess import DEVNULL, PIPE
from srviz import child
child.SIGNALLED = False
process = child.start(["-m", "http.server", "--bind", "127.0.0.1", "0"], stdin=DEVNULL, stdout=PIPE, env=ENVIRONMENT)
process.stdout.readline()
"""
JOB = """
from srviz.jobs import LocalRunner, stream
runner = LocalRunner((sys.argv[2],))
busy = runner.submit({"job": "count_backtracking"})
next(record for record in runner.records(busy) if record)
"""
READER = """
from srviz.inputs import files, reader
reader.PROGRAM = sys.argv[1]
shown = []
def show(text):
    shown.append(text)
    if len(shown) == 3:
        end()
files.read("slow.csv", b"1,2", show=show)
"""


def running(process):
    try:
        state = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


def left_by(script, *arguments):
    """The processes that a script started and that run a second after it was killed, and how many it started."""
    script = f"""
import os, sys
from pathlib import Path
ENVIRONMENT = {{**os.environ, "PYTHONUNBUFFERED": "1"}}
def end():
    print(*(Path(f"/proc/self/task/{{task}}/children").read_text() for task in os.listdir("/proc/self/task")))
    sys.stdout.flush()
    os.kill(os.getpid(), 9)
{script}
end()
"""
    command = [sys.executable, "-c", script, *arguments]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == -9
    processes = done.stdout.split()
    ends = time.monotonic() + 1
    while (left := list(filter(running, processes))) and time.monotonic() < ends:
        time.sleep(0.02)
    for process in left:
        os.kill(int(process), 9)
    return left, len(processes)


@linux
@pytest.mark.parametrize("script", [DEAF_PROGRAM, THREAD, JOB, READER], ids=["deaf", "thread", "job", "reader"])
def test_no_process_outlives_the_one_that_started_it(script, tmp_path):
    (tmp_path / "deaf.py").write_text(DEAF)
    assert left_by(script, str(tmp_path / "deaf.py"), JOBS) == ([], 1)


@linux
@pytest.mark.parametrize("signalled", [True, False])
def test_the_time_of_the_processor_is_limited(signalled, tmp_path, monkeypatch):
    (tmp_path / "deaf.py").write_text(DEAF)
    monkeypatch.setattr(child, "SIGNALLED", signalled)
    nowhere = subprocess.DEVNULL
    process = child.start([str(tmp_path / "deaf.py")], stdin=nowhere, stdout=nowhere, cpu_seconds=1)
    assert process.wait(timeout=30) < 0


@linux
def test_a_pipe_costs_no_file_for_each_child(tmp_path):
    (tmp_path / "quick.py").write_text("import sys; sys.exit(3)")
    child.start([str(tmp_path / "quick.py")]).wait()
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        assert child.start([str(tmp_path / "quick.py")]).wait() == 3
    assert len(os.listdir("/proc/self/fd")) == before
