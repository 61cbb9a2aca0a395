"""Functions of a crowd: what a head can hold apart, as it was measured. The mean over the seeds."""

import json

import numpy as np

from srviz import places

measure, precision = "rank", "half"
held = json.loads((places.RECORDED / "lab" / "capacity.json").read_text("utf-8"))

lines = {}
for one in held["found"]:
    if (one["measure"], one["precision"]) == (measure, precision):
        lines.setdefault(one["label"], []).append((one["at"], np.mean(one["values"])))
at, mean = np.array([point for line in lines.values() for point in line], dtype=float).T
for label, points in lines.items():
    print(f"{label}: {points[-1][1]:,.3g} at {points[-1][0]:,}")
