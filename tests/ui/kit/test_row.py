"""One head of many tokens: what is sent, what the operator answers, and what the browser may say."""

import base64
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from srviz.attention import Projections, seeded_slice
from srviz.inputs import INPUTS
from srviz.ui.kit import compute, row
from srviz.ui.kit.component import packed


@pytest.fixture
def head():
    return row.head(INPUTS["moons"].make(30, random_state=3), 5, 2, "cpu", "a setting")


def numbers(text):
    return np.frombuffer(base64.b64decode(text), "<f4")


def rows_of_the_browser(head, i):
    """The formulas of formulas.js, in float64."""
    q, k, s, t = (
        np.frombuffer(base64.b64decode(packed(getattr(head.parts, x), "<f4")), "<f4").astype(float) for x in "qkst"
    )
    q, k = q.reshape(head.n, -1), k.reshape(head.n, -1)
    exps = np.exp(k @ q[i] / np.sqrt(q.shape[1]))
    return exps / exps.sum(), np.maximum(0, s[i] - t) / np.abs(s[i] - t).sum()


@pytest.mark.parametrize("query", [0, 11, 29])
def test_the_operator_answers_as_the_browser_draws(head, query):
    softmax, relu = rows_of_the_browser(head, query)
    raw, effective = (row.answer(head, query, raw=raw) for raw in (True, False))
    np.testing.assert_allclose(numbers(raw["rows"]["softmax"]), softmax, atol=1e-6)
    np.testing.assert_allclose(numbers(raw["rows"]["relu"]), relu, atol=1e-6)
    np.testing.assert_allclose(numbers(effective["rows"]["softmax"]), softmax, atol=1e-6)
    np.testing.assert_allclose(numbers(effective["rows"]["relu"]), relu - relu.mean(), atol=1e-6)
    assert (raw["query"], raw["setting"], raw["raw"], effective["raw"]) == (query, "a setting", True, False)


def test_a_head_sees_all_heads_of_a_token(head):
    """Π takes the coordinates of all heads side by side; only then is one head taken out."""
    x = torch.from_numpy(INPUTS["moons"].make(30, random_state=3).x)
    q, k, _ = Projections.untrained(x.shape[1], compute.HEADS, compute.HEAD_DIM, seed=5).project(x)
    pi = seeded_slice(compute.HEADS, compute.HEAD_DIM, "mlp", seed=5)
    s, t = pi(q)[2], pi(k)[2]
    both = torch.cat([s, t])
    middle, deviation = (s.mean() + t.mean()) / 2, both.std(correction=0)
    torch.testing.assert_close(head.parts.s, (s - middle) / deviation, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(head.parts.t, (t - middle) / deviation, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(head.parts.q, q[2])


@pytest.mark.parametrize(
    "told",
    [
        None, 3, [], {}, {"held": 2}, {"held": 2, "setting": "a setting", "epoch": 8},
        {"held": 2, "setting": "another", "epoch": 7}, {"held": True, "setting": "a setting", "epoch": 7},
        {"held": 30, "setting": "a setting", "epoch": 7}, {"held": -2, "setting": "a setting", "epoch": 7},
        {"held": 1.0, "setting": "a setting", "epoch": 7}, {"held": "<b>", "setting": "a setting", "epoch": 7},
    ],
)  # fmt: skip
def test_nonsense_from_the_browser_is_nothing(told, head, monkeypatch):
    monkeypatch.setattr(row.st, "session_state", {"patches": {"hold": told}})
    assert row.sent("patches", SimpleNamespace(epoch=7), head) is None


@pytest.mark.parametrize("held", [-1, 0, 29])
def test_what_is_held_comes_from_the_browser(held, head, monkeypatch):
    told = {"held": held, "setting": "a setting", "epoch": 7}
    monkeypatch.setattr(row.st, "session_state", {"patches": {"hold": told}})
    assert row.sent("patches", SimpleNamespace(epoch=7), head) == held


def test_only_the_last_thing_made_is_kept(monkeypatch):
    state = {}
    monkeypatch.setattr(row.st, "session_state", state)
    made = [row.kept("slot", key, lambda key=key: [key], own=True) for key in (1, 1, 2, 1)]
    assert made[0] is made[1]
    assert made[3] is not made[0]
    assert state == {"_slot": (1, [1])}


def test_sessions_share_what_is_no_visitors_own(monkeypatch):
    made = []
    for own in (False, False, True, True):
        monkeypatch.setattr(row.st, "session_state", {})
        made.append(row.kept("a slot of this test", "key", lambda: [object()], own=own))
    assert made[0] is made[1]
    assert len({id(one) for one in made}) == 3


def test_a_head_holds_no_numbers_of_the_others(head):
    for part in (*head.parts.dots, *head.parts.scores):
        assert part.untyped_storage().nbytes() == part.numel() * part.element_size()
    assert head.parts.v is None


@pytest.mark.parametrize(
    ("n", "memory"), [(4, "64 bytes"), (64, "16 kB"), (1040, "4.3 MB"), (16_960, "1.2 GB"), (65_536, "17 GB")]
)
def test_the_memory_of_a_matrix(n, memory):
    assert f"{n * n:,} pairs" in row.matrix(n)
    assert f"would take {memory}" in row.matrix(n)


def test_the_source_shown_is_the_source():
    assert "logits.softmax(-1)" in row.code()
    assert "weights = _kept(r.relu(), keep)" in row.code()
