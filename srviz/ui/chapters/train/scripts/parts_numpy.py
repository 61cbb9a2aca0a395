"""Train it: what one change does to sliced ReLU. The mean difference to the paper's form, seed by seed, and its 95 %
interval by Student's t.
"""

import json
from dataclasses import asdict

import numpy as np
from scipy.stats import t

from srviz import places
from srviz.lab import Spec

task = "patches"
text = (places.RECORDED / "lab" / "parts.jsonl").read_text("utf-8")
results = [json.loads(line) for line in text.splitlines()]

# The runs of one form with one recipe differ in their seed alone. The paper's form has the recipe of most runs.
found, recipes = {}, []
for result in results:
    run = Spec.of_json(result["run"])
    if run.task == task:
        recipes.append(run.recipe)
        if "diverged" not in result:
            found.setdefault((run.mixing, run.recipe), {})[run.seed] = result["metric"]
usual = max(recipes, key=recipes.count)
base = found.pop(("relu", usual))

value, mean, low, high = [], [], [], []
for (method, recipe), seeds in found.items():
    values = [seeds[seed] - base[seed] for seed in seeds if seed in base]
    m = len(values)
    if m < 2:
        continue
    middle, half = np.mean(values), t.ppf(0.975, m - 1) * np.std(values, ddof=1) / m**0.5
    for seen in values:
        value.append(seen), mean.append(middle), low.append(middle - half), high.append(middle + half)
    changed = dict(set(asdict(recipe).items()) - set(asdict(usual).items())) or "the usual recipe"
    print(f"{method}, {changed}: {middle:+.3f}, from {middle - half:+.3f} to {middle + half:+.3f}, {m} seeds")
