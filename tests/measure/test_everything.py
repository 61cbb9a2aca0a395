import math
import subprocess
import sys

import pytest
import torch

from srviz.attention import METHODS, Projections
from srviz.attention import heads as noun
from srviz.measure import everything, memory

HEADS, HEAD_DIM = 2, 4


def outputs(x, name, **options):
    heads = Projections.untrained(x.shape[1], HEADS, HEAD_DIM, seed=5).heads(x, **options)
    heads = heads.standardized() if METHODS[name].standardized else heads
    return METHODS[name].apply(heads).transpose(0, 1).flatten(1)  # (n, H·d)


@pytest.mark.parametrize("kernel", ["relu", "bump"])
@pytest.mark.parametrize("rows", [7, 100, 1 << 16])
@pytest.mark.parametrize("own", [{}, {"projection": "mlp"}], ids=["its own map", "another map"])
def test_chunks_give_what_the_method_gives_on_everything(kernel, rows, own, monkeypatch):
    monkeypatch.setattr(noun, "CHUNK_ROWS", rows)
    x = torch.randn(100, 3, generator=torch.Generator().manual_seed(1))
    stages = everything.everything(x, heads=HEADS, head_dim=HEAD_DIM, method=kernel, seed=5, **own)
    found = torch.cat([stage.y for stage in stages if stage.y is not None], 1)
    torch.testing.assert_close(
        found, outputs(x, kernel, **{"projection": METHODS[kernel].projection} | own), atol=1e-5, rtol=1e-4
    )


def test_a_run_goes_on_from_any_head_and_keeps_what_is_asked_for():
    x = torch.randn(100, 3, generator=torch.Generator().manual_seed(1))
    options = {"heads": 3, "head_dim": 4, "method": "relu", "seed": 5}
    whole = [stage.y for stage in everything.everything(x, **options) if stage.y is not None]
    kept = torch.tensor([3, 50, 99])
    for first in (0, 1, 2):
        stages = list(everything.everything(x, **options, kept=kept, first=first))
        found = [stage.y for stage in stages if stage.y is not None]
        assert len(found) == 3 - first
        for y, expected in zip(found, whole[first:], strict=True):
            assert torch.equal(y, expected[kept])
        assert stages[-1].share == 1
        assert stages[-1].heads_done == 3


def test_progress_grows_to_one_and_outputs_come_head_by_head():
    x = torch.randn(300, 3)
    steps = list(everything.everything(x, heads=3, head_dim=4, method="relu"))
    shares = [step.share for step in steps]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert [step.heads_done for step in steps if step.y is not None] == [1, 2, 3]
    assert 0 < steps[0].seconds < steps[-1].seconds
    assert all(step.peak >= memory.resident() / 2 > 0 for step in steps)


def test_it_refuses_a_method_without_scores():
    with pytest.raises(ValueError, match="method: expected one that takes scores, got 'softmax'"):
        next(everything.everything(torch.zeros(4, 3), heads=1, head_dim=4, method="softmax"))


def test_components_are_the_principal_ones():
    generator = torch.Generator().manual_seed(2)
    along = torch.randn(5000, 3, generator=generator) * torch.tensor([9.0, 3.0, 1.0])
    turn, _ = torch.linalg.qr(torch.randn(6, 6, generator=generator))
    colours = everything.components(along @ turn[:3])
    found = torch.corrcoef(torch.cat([colours, along], 1).T)[:3, 3:].abs()
    assert (found.diag() > 0.98).all()
    assert (found - found.diag().diag()).max() < 0.1
    assert colours.min() == 0
    assert colours.max() == 1


@pytest.mark.parametrize("y", [torch.ones(10, 5), torch.zeros(1, 5), torch.ones(3, 1)])
def test_where_nothing_varies_everything_is_grey(y):
    assert (everything.components(y) == 0.5).all()


NEEDED = """
import torch
from srviz.measure import everything, memory

x = torch.randn(200_000, 3)
list(everything.everything(x[:1000], heads=2, head_dim=16, method="relu"))  # what torch sets up once
before = memory.resident()
*_, last = everything.everything(x, heads=4, head_dim=16, method="relu")
print(last.peak - before, everything.bytes_needed(len(x), 3, 4, 16))
"""


def test_what_it_needs_is_more_than_what_it_takes():
    """In a process of its own: one that has freed much before holds pages that it takes again unseen."""
    done = subprocess.run([sys.executable, "-c", NEEDED], capture_output=True, text=True, timeout=120, check=True)
    taken, needed = map(int, done.stdout.split())
    assert needed / 8 < taken < needed


def test_softmax_by_stretches_takes_every_query_once(monkeypatch):
    monkeypatch.setattr(everything, "MOST_PAIRS", 1000)
    stretches = list(everything.by_rows(torch.randn(100, 3), heads=2, head_dim=4, method="softmax"))
    assert [a.stop for a in stretches[:-1]] == [b.start for b in stretches[1:]]
    assert stretches[0].start == 0
    assert stretches[-1].stop == 100
    assert all(stretch.seconds > 0 for stretch in stretches)
    again = list(everything.by_rows(torch.randn(100, 3), heads=2, head_dim=4, method="softmax", first=50))
    assert again[0].start == 50


def test_the_estimate_grows_with_the_square_and_counts_its_bytes(monkeypatch):
    monkeypatch.setattr(everything, "_seconds", lambda *_: tuple(3e-9 * n * n for n in everything.SIZES))
    found = everything.estimate(1_000_000, heads=4, head_dim=16, method="softmax", device=torch.device("cpu"))
    assert math.isclose(found.seconds, 3000, rel_tol=1e-3)
    assert found.bytes == 16 * 10**12


@pytest.mark.parametrize("method", ["relu", "linear"])
def test_no_method_is_estimated_that_is_faster_or_takes_scores(method):
    with pytest.raises(ValueError, match=f"method: expected one that takes dot products, in n², got '{method}'"):
        everything.estimate(10, heads=1, head_dim=4, method=method, device=torch.device("cpu"))


def test_softmax_is_really_measured():
    found = everything.estimate(4096, heads=1, head_dim=4, method="softmax", device=torch.device("cpu"))
    assert len(found.measured) == len(found.sizes)
    assert all(taken > 0 for taken in found.measured)
    assert found.measured[-1] > found.measured[0]
