"""Point clouds: the weight that one point gives to every other point, by three methods."""

import torch

from srviz.inputs import CLOUDS
from srviz.lab.shown import of

tokens = CLOUDS["aeroplane"].make(8192, random_state=4, noise=0.0, outliers=0.0)
x, n = torch.from_numpy(tokens.place), tokens.n  # where the points are
shown = {"seed": 4, "number": 2, "kind": "trained"}  # one head of a layer
query = 18  # the point that asks, counted from 1

# Queries q and keys k for softmax; for sliced methods one score of each: s of queries, t of keys.
q, k = of(tokens, **shown, method="softmax").dots
s, t = of(tokens, **shown, method="relu").scores
of_bump = of(tokens, **shown, method="bump")
(s_bump, t_bump), b = of_bump.scores, float(of_bump.bandwidth)

# Weights as multiples of 1/n, the weight that every key would have if all counted alike.
softmax = n * (k @ q[query - 1] / q.shape[1] ** 0.5).softmax(0)

# Sliced ReLU: keys below the query's score count, the farthest most. Centring the values takes the mean off.
r = s[query - 1] - t
relu = r.relu() / r.abs().sum()
relu = n * (relu - relu.mean())

# The bump: keys whose scores are near count.
bump = (1 - (s_bump[query - 1] - t_bump).abs() / b).relu()

for name, weights in {"softmax": softmax, "sliced ReLU": relu, "sliced bump": bump}.items():
    best = int(weights.argmax())
    print(f"{name}: the most, {weights[best]:.2f} times 1/n, goes to point {best + 1} at {x[best].tolist()}")
