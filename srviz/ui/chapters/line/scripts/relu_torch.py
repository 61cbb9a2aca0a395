"""Attention on a line: sliced ReLU attention of a few tokens, by the formula and by sorting."""

import torch

# The tokens: query scores s, key scores t, and the values v that the keys carry.
s = torch.tensor([-1.85, -0.9, 0.12, 0.83, 1.7])
t = torch.tensor([-2.1, -1.5, -1.12, -0.62, -0.2, 0.34, 0.95, 1.42, 2.0])
v = torch.tensor([0.95, -0.35, 0.9, -0.7, 0.95, 0.6, -0.9, -0.6, -0.6])

# By the formula: a weight for every pair, and outputs of the centred values.
r = s[:, None] - t
N = r.abs().sum(-1)
w = r.relu() / torch.where(N > 0, N, 1)[:, None]
u = v - v.mean()
y = w @ u

# By sorting: the sum over all keys is a broken line. Keep its slope S and its height R at every key.
knots, order = t.sort()
S = u[order].cumsum(0)
R = torch.cat([torch.zeros(1), (knots.diff() * S[:-1]).cumsum(0)])

# For each query, find the nearest key on its left: its two numbers stand for all the keys on the left.
p = torch.searchsorted(knots, s) - 1
hinge = torch.where(p >= 0, R[p] + (s - knots[p]) * S[p], 0)
torch.testing.assert_close(hinge / torch.where(N > 0, N, 1), y, atol=1e-5, rtol=1e-5)

for score, output in zip(s.tolist(), y.tolist(), strict=True):
    print(f"the query at {score:5.2f} receives {output:6.3f}")
