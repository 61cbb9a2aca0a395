"""Tell them apart: how many steps it took until every token was at its target. The median over the seeds."""

import json
from statistics import median

from srviz import places

held = json.loads((places.RECORDED / "lab" / "apart.json").read_text("utf-8"))
most = max(result["run"]["recipe"]["steps"] for result in held["runs"])

# For each method and each closeness of the crowds: their distance, and the steps of every seed. A seed that never came
# there counts as one that took more steps than were tried.
found = {}
for result in held["runs"]:
    close = result["run"]["task"].partition("close=")[2] or "0"
    seeds = found.setdefault(result["run"]["method"], {}).setdefault(close, [])
    seeds.append((result["distance"], result["until"] or most + 1))

distance, steps = [], []
for method, courses in found.items():
    for seeds in courses.values():
        distance.append(median(one for one, _ in seeds))
        middle = median(one for _, one in seeds)
        steps.append(middle if middle <= most else float("nan"))
        print(f"{method} at distance {distance[-1]:.3f}: {steps[-1]:,.0f} steps, {len(seeds)} seeds")
