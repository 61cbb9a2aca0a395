"""What the host grants: its own numbers, and those of control groups of both versions around this process."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from srviz import host
from srviz.measure import memory

ROOT = Path(__file__).parents[1]


@pytest.fixture
def write(tmp_path, monkeypatch):
    """A made-up /proc/self and /sys/fs/cgroup: write(name, text)."""
    monkeypatch.setattr(host, "PROCESS", tmp_path / "self")
    monkeypatch.setattr(host, "CGROUPS", tmp_path / "cgroup")

    def write_(name, text):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    return write_


def test_what_is_left_is_less_than_what_is_granted():
    assert 0 < host.available() < host.granted()


def test_a_limit_of_the_first_version(write):
    write("self/cgroup", "4:memory:/job\n2:cpu:/\n")
    write("cgroup/memory/job/memory.limit_in_bytes", "300000000\n")
    write("cgroup/memory/job/memory.usage_in_bytes", "120000000\n")
    write("cgroup/memory/job/memory.stat", "cache 5\ninactive_file 20000000\n")
    write("cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n")
    assert host.granted() == 300_000_000
    assert host.available() == 200_000_000


def test_a_limit_of_the_second_version_also_of_a_group_above(write):
    write("self/cgroup", "0::/above/job\n")
    write("cgroup/above/job/memory.max", "max\n")
    write("cgroup/above/memory.max", "200000000\n")
    write("cgroup/above/memory.current", "50000000\n")
    assert host.granted() == 200_000_000
    assert host.available() == 150_000_000


def test_inside_a_container_the_path_may_be_the_hosts(write):
    write("self/cgroup", "0::/system.slice/docker-1234\n")
    write("cgroup/memory.max", "100000000\n")
    write("cgroup/memory.current", "130000000\n")
    assert host.granted() == 100_000_000
    assert host.available() == 0


def test_without_any_of_it_the_host_is_all_there_is(write):
    assert host.granted() == os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert memory.resident() == 0


@pytest.mark.skipif(sys.platform != "linux", reason="other systems know no such limit")
@pytest.mark.parametrize("program", [["-m", "srviz"], ["-m", "streamlit", "run", "app.py"]])
def test_too_little_address_space_is_one_sentence_at_the_start(program):
    command = [sys.executable, *program, "--server.headless", "true", "--server.port", "1"]
    line = f"ulimit -v 1000000; exec {shlex.join(command)}"
    done = subprocess.run(["sh", "-c", line], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    said = "The address space of this process is limited to 1,024 MB (ulimit -v), and the app maps 1,600 MB"
    assert done.stderr.startswith(said)
    assert done.stderr.count("\n") == 1


def test_where_there_is_no_such_limit_nothing_is_lacking():
    assert host.lacking_addresses() == ""


@pytest.fixture
def eight(monkeypatch):
    """A process that is bound to eight processors."""
    monkeypatch.setattr(host.os, "sched_getaffinity", lambda process: set(range(8)), raising=False)


def test_without_a_quota_the_processors_are_those_it_is_bound_to(write, eight):
    assert host.cores() == 8
    write("self/cgroup", "0::/job\n")
    write("cgroup/job/cpu.max", "max 100000\n")
    assert host.cores() == 8


def test_where_nothing_binds_a_process_it_has_all_processors(write, monkeypatch):
    monkeypatch.delattr(host.os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(host.os, "cpu_count", lambda: 6)
    assert host.cores() == 6
    monkeypatch.setattr(host.os, "cpu_count", lambda: None)
    assert host.cores() == 1


@pytest.mark.parametrize(("quota", "cores"), [(300_000, 3), (150_000, 1), (20_000, 1), (900_000, 8), (0, 8)])
def test_a_quota_of_the_second_version(quota, cores, write, eight):
    write("self/cgroup", "0::/above/job\n")
    write("cgroup/above/job/cpu.max", "max 100000\n")
    write("cgroup/above/cpu.max", f"{quota} 100000\n")
    assert host.cores() == cores


@pytest.mark.parametrize(("quota", "cores"), [(200_000, 2), (50_000, 1), (-1, 8)])
def test_a_quota_of_the_first_version(quota, cores, write, eight):
    write("self/cgroup", "4:memory:/other\n2:cpu,cpuacct:/job\n")
    write("cgroup/cpu/job/cpu.cfs_quota_us", f"{quota}\n")
    write("cgroup/cpu/job/cpu.cfs_period_us", "100000\n")
    assert host.cores() == cores


@pytest.mark.parametrize("text", ["", "many", "100000", "100000 0", "nan 100000"])
def test_a_quota_that_cannot_be_read_is_none(text, write, eight):
    write("self/cgroup", "0::/job\n")
    write("cgroup/job/cpu.max", text)
    assert host.cores() == 8
