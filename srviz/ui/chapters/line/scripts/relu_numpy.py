"""Attention on a line: sliced ReLU attention of a few tokens, by the formula and by sorting."""

import numpy as np

# The tokens: query scores s, key scores t, and the values v that the keys carry.
s = np.array([-1.85, -0.9, 0.12, 0.83, 1.7])
t = np.array([-2.1, -1.5, -1.12, -0.62, -0.2, 0.34, 0.95, 1.42, 2.0])
v = np.array([0.95, -0.35, 0.9, -0.7, 0.95, 0.6, -0.9, -0.6, -0.6])

# By the formula: a weight for every pair, and outputs of the centred values.
r = s[:, None] - t
N = np.abs(r).sum(axis=1)
w = np.maximum(r, 0) / np.where(N > 0, N, 1)[:, None]
u = v - v.mean()
y = w @ u

# By sorting: the sum over all keys is a broken line. Keep its slope S and its height R at every key.
order = np.argsort(t)
knots = t[order]
S = np.cumsum(u[order])
R = np.concatenate([[0], np.cumsum(np.diff(knots) * S[:-1])])

# For each query, find the nearest key on its left: its two numbers stand for all the keys on the left.
p = np.searchsorted(knots, s) - 1
hinge = np.where(p >= 0, R[p] + (s - knots[p]) * S[p], 0)
assert np.allclose(hinge / np.where(N > 0, N, 1), y)

print("  query   output")
print(np.column_stack([s, y]).round(3))
