"""What the browser may send, and what the operator answers."""

import numpy as np
import pytest

from srviz.ui.chapters.line import line
from srviz.ui.kit import shell


def browser_line(kernel, queries, keys, values, b):
    """The formulas of line.js, in float64."""
    s, t, v = (np.array(x, dtype=float) for x in (queries, keys, values))
    r = s[:, None] - t
    if kernel == "bump":
        return np.maximum(0, 1 - np.abs(r) / b) @ v / len(t)
    total = np.abs(r).sum(1, keepdims=True)
    return np.divide(np.maximum(0, r), total, out=np.zeros_like(r), where=total > 0) @ (v - v.mean())


@pytest.mark.parametrize("kernel", ["relu", "bump"])
def test_the_operator_answers_as_the_browser_draws(kernel, monkeypatch):
    monkeypatch.setattr(shell, "device", lambda: "cpu")
    draw = np.random.default_rng(3)
    for n in (1, 2, 9, 24):
        queries, keys = (draw.uniform(-3, 3, n).round(2).tolist() for _ in range(2))
        state = {
            "kernel": kernel,
            "queries": queries,
            "keys": keys,
            "values": draw.uniform(-1, 1, n).tolist(),
            "b": 0.8,
        }
        expected = browser_line(kernel, queries, keys, state["values"], 0.8)
        np.testing.assert_allclose(line.answers(state), expected, atol=5e-7)


def test_one_key_under_one_query_gives_zero(monkeypatch):
    monkeypatch.setattr(shell, "device", lambda: "cpu")
    assert line.answers({"kernel": "relu", "queries": [1.0], "keys": [1.0], "values": [1.0], "b": 1.0}) == [0.0]
