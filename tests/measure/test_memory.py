import sys

import pytest
import torch

from srviz.measure import memory

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


@linux
def test_resident_memory_grows_with_what_is_written():
    before = memory.resident()
    held = torch.ones(1 << 26)  # so large that what the system takes back meanwhile is little beside it
    assert memory.resident() - before > 0.9 * 4 * len(held)


@linux
def test_the_peak_is_seen_by_who_watches():
    with memory.watched() as peak:
        held = torch.ones(1 << 24)  # so large that it is no memory that was freed before and kept for later
        before = peak.look()
    assert before <= peak.most
    assert peak.most - peak.start > 4 * len(held) * 0.9
