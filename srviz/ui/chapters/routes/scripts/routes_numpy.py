"""Two routes, one answer: sliced ReLU attention over all pairs, and the same by sorting."""

import numpy as np

from srviz.lab.shown import head

# One untrained head on the tokens of the page, made from their seed: raw scores of queries and keys, and values.
shown = {"name": "china", "n": 24, "seed": 3, "number": 0}
part = head(**shown)
s, t, v = part.s.numpy(), part.t.numpy(), part.v[:, 0].numpy()

# Standardize queries and keys together. That changes no weight, and keeps the numbers in a good range.
mean = (s.mean() + t.mean()) / 2
deviation = np.sqrt((((s - mean) ** 2).mean() + ((t - mean) ** 2).mean()) / 2 + 1e-6)
s, t = (s - mean) / deviation, (t - mean) / deviation

# The n² route: every pair has its weight.
r = s[:, None] - t
N = np.abs(r).sum(axis=1)
by_pairs = (np.maximum(r, 0) / N[:, None]) @ (v - v.mean())

# The sorted route: sort the keys once, and add up. S is the slope of the sum above each key, R its height there.
order = np.argsort(t, kind="stable")
knots, u = t[order], (v - v.mean())[order]
S = np.cumsum(u)
R = np.concatenate([[0], np.cumsum(np.diff(knots) * S[:-1])])

# For each query, find the nearest key on its left: its two numbers stand for all the keys on the left.
p = np.searchsorted(knots, s)
below = np.maximum(p - 1, 0)
hinge = np.where(p > 0, R[below] + (s - knots[below]) * S[below], 0)
y = hinge / N

print(f"Largest difference of the two routes: {np.abs(y - by_pairs).max():.1e}")
print(y.round(3))
