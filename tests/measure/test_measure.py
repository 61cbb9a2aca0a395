"""The clock runs what it is given, and the n² route by rows is the n² route."""

import torch

from srviz.attention import reference
from srviz.measure import rows
from srviz.measure.clock import seconds


def test_the_clock_warms_up_once_and_takes_the_median():
    calls = []
    taken = seconds(lambda: calls.append(1), torch.device("cpu"), repeats=3)
    assert len(calls) == 4
    assert 0 <= taken < 1


def test_stretches_put_together_are_the_dense_answer(monkeypatch):
    monkeypatch.setattr(rows, "MOST_PAIRS", 700)
    generator = torch.Generator().manual_seed(0)
    s, t = torch.randn(2, 101, generator=generator, dtype=torch.float64)
    v = torch.randn(101, 3, generator=generator, dtype=torch.float64)
    stretches = list(rows.dense_by_rows(s, t, v))
    assert [stretch.start for stretch in stretches] == list(range(0, 101, 6))
    assert all(stretch.seconds >= 0 for stretch in stretches)
    torch.testing.assert_close(torch.cat([stretch.y for stretch in stretches]), reference.sliced_relu(s, t, v))
