"""Attention on a line: sliced bump attention of a few tokens."""

import numpy as np

# The tokens: query scores s, key scores t, and the values v that the keys carry.
s = np.array([-1.85, -0.9, 0.12, 0.83, 1.7])
t = np.array([-2.1, -1.5, -1.12, -0.62, -0.2, 0.34, 0.95, 1.42, 2.0])
v = np.array([0.95, -0.35, 0.9, -0.7, 0.95, 0.6, -0.9, -0.6, -0.6])
b = 0.8  # the bandwidth: a key farther away has no weight

# By the formula: a weight for every pair.
r = s[:, None] - t
w = np.maximum(0, 1 - np.abs(r) / b) / len(t)
y = w @ v

# By sorting: three hinges make a bump, so the sum bends at t − b, at t and at t + b. Sort the bends.
bends = np.concatenate([t - b, t, t + b])
order = np.argsort(bends)
knots = bends[order]
S = np.cumsum(np.concatenate([v, -2 * v, v])[order] / (b * len(t)))
R = np.concatenate([[0], np.cumsum(np.diff(knots) * S[:-1])])

# For each query, find the nearest bend on its left: two numbers are kept there, and they are enough.
p = np.searchsorted(knots, s) - 1
looked_up = np.where(p >= 0, R[p] + (s - knots[p]) * S[p], 0)
assert np.allclose(looked_up, y)

print("  query   output")
print(np.column_stack([s, y]).round(3))
