"""Attention on a line: sliced bump attention of a few tokens."""

import torch

# The tokens: query scores s, key scores t, and the values v that the keys carry.
s = torch.tensor([-1.85, -0.9, 0.12, 0.83, 1.7])
t = torch.tensor([-2.1, -1.5, -1.12, -0.62, -0.2, 0.34, 0.95, 1.42, 2.0])
v = torch.tensor([0.95, -0.35, 0.9, -0.7, 0.95, 0.6, -0.9, -0.6, -0.6])
b = 0.8  # the bandwidth: a key farther away has no weight

# By the formula: a weight for every pair.
r = s[:, None] - t
w = (1 - r.abs() / b).relu() / len(t)
y = w @ v

# By sorting: three hinges make a bump, so the sum bends at t − b, at t and at t + b. Sort the bends.
knots, order = torch.cat([t - b, t, t + b]).double().sort()
S = (torch.cat([v, -2 * v, v]).double()[order] / (b * len(t))).cumsum(0)
R = torch.cat([torch.zeros(1), (knots.diff() * S[:-1]).cumsum(0)])

# For each query, find the nearest bend on its left: two numbers are kept there, and they are enough.
p = torch.searchsorted(knots, s.double()) - 1
looked_up = torch.where(p >= 0, R[p] + (s - knots[p]) * S[p], 0)
torch.testing.assert_close(looked_up.float(), y, atol=1e-4, rtol=1e-4)

for score, output in zip(s.tolist(), y.tolist(), strict=True):
    print(f"the query at {score:5.2f} receives {output:6.3f}")
