"""Train it: how the test of the recorded runs goes while they learn. The mean over the seeds, at each step tested."""

import json

import numpy as np

from srviz import places
from srviz.lab import Spec

folder, file, task = places.RECORDED / "lab", "methods.jsonl", "solids"
along = "steps"
results = [json.loads(line) for line in (folder / file).read_text("utf-8").splitlines()]

# Of each test: after how many steps, after how many seconds of learning, and what came out.
found = {}
for result in results:
    run = Spec.of_json(result["run"])
    if run.task == task and "diverged" not in result:
        tests = result["tests"]
        tests[-1][2] = result["metric"]  # the last point is that of the whole test
        found.setdefault((run.mixing, run.recipe), []).append(tests)

at, test = [], []
for (method, _), tests in found.items():
    most = min(map(len, tests))
    seeds = np.array([seed[:most] for seed in tests])
    at.extend(np.median(seeds, axis=0)[:, ["steps", "seconds"].index(along)])  # other work may have held up a run
    test.extend(np.mean(seeds, axis=0)[:, 2])
    print(f"{method}: {test[-1]:.3f} after {at[-1]:,.0f} {along}, {len(tests)} seeds")
