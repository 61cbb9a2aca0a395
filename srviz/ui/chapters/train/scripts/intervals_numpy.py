"""Train it: what the recorded runs of a task came to. The mean over the seeds, and its 95 % interval by Student's t."""

import json

import numpy as np
from scipy.stats import t

from srviz import places
from srviz.lab import Spec

folder, file, task = places.RECORDED / "lab", "methods.jsonl", "solids"
results = [json.loads(line) for line in (folder / file).read_text("utf-8").splitlines()]

# The runs of one method with one recipe differ in their seed alone.
found = {}
for result in results:
    run = Spec.of_json(result["run"])
    if run.task == task and "diverged" not in result:
        found.setdefault((run.mixing, run.recipe), []).append(result["metric"])

value, mean, low, high = [], [], [], []
for (method, _), values in found.items():
    m, middle = len(values), np.mean(values)
    half = t.ppf(0.975, m - 1) * np.std(values, ddof=1) / m**0.5 if m > 1 else 0.0
    for seen in values:
        value.append(seen), mean.append(middle), low.append(middle - half), high.append(middle + half)
    print(f"{method}: {middle:.3f}, from {middle - half:.3f} to {middle + half:.3f}, {m} seeds")
