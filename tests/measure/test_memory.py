import os
import sys

import pytest
import torch

from srviz.measure import memory

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


@pytest.fixture
def host(tmp_path, monkeypatch):
    """A made-up /proc/self and /sys/fs/cgroup: write(name, text)."""
    monkeypatch.setattr(memory, "PROCESS", tmp_path / "self")
    monkeypatch.setattr(memory, "CGROUPS", tmp_path / "cgroup")

    def write(name, text):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    return write


@linux
def test_resident_memory_grows_with_what_is_written():
    before = memory.resident()
    held = torch.ones(1 << 24)
    assert memory.resident() - before > 0.9 * 4 * len(held)


@linux
def test_the_peak_is_seen_by_who_watches():
    with memory.watched() as peak:
        torch.ones(1 << 24).sum()
        held = torch.ones(1 << 22)
        before = peak.look()
    assert before <= peak.most
    assert peak.most - peak.start > 4 * len(held) * 0.9


def test_what_is_left_is_less_than_what_is_granted():
    assert 0 < memory.available() < memory.granted()


def test_a_limit_of_the_first_version(host):
    host("self/cgroup", "4:memory:/job\n2:cpu:/\n")
    host("cgroup/memory/job/memory.limit_in_bytes", "300000000\n")
    host("cgroup/memory/job/memory.usage_in_bytes", "120000000\n")
    host("cgroup/memory/job/memory.stat", "cache 5\ninactive_file 20000000\n")
    host("cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n")
    assert memory.granted() == 300_000_000
    assert memory.available() == 200_000_000


def test_a_limit_of_the_second_version_also_of_a_group_above(host):
    host("self/cgroup", "0::/above/job\n")
    host("cgroup/above/job/memory.max", "max\n")
    host("cgroup/above/memory.max", "200000000\n")
    host("cgroup/above/memory.current", "50000000\n")
    assert memory.granted() == 200_000_000
    assert memory.available() == 150_000_000


def test_inside_a_container_the_path_may_be_the_hosts(host):
    host("self/cgroup", "0::/system.slice/docker-1234\n")
    host("cgroup/memory.max", "100000000\n")
    host("cgroup/memory.current", "130000000\n")
    assert memory.granted() == 100_000_000
    assert memory.available() == 0


def test_without_any_of_it_the_host_is_all_there_is(host):
    assert memory.granted() == os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert memory.resident() == 0


def test_a_reader_gets_half_of_what_is_left(monkeypatch):
    monkeypatch.setattr(memory, "available", lambda: 1_000_000_000)
    assert memory.for_reader() == 500_000_000
    monkeypatch.setattr(memory, "available", lambda: 100_000_000_000)
    assert memory.for_reader() == 2 << 30
