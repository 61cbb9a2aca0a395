"""Functions of a crowd: what one head says of a crowd on a line, and how the crowd is read back from it."""

import numpy as np

# The keys are the crowd. The head is asked at every place s of a grid that holds them.
t = np.array([-1.9, -1.2, -1.05, -0.4, 0.35, 0.35, 1.1, 1.6])
step = 0.01
s = np.arange(-300, 301) * step
form = "bare"

# What lies below s, and how far; N is the sum of all distances.
r = s[:, None] - t
below, N = np.maximum(r, 0).sum(axis=1), np.abs(r).sum(axis=1)
inside = np.where(N > 0, N, 1)

# The head: the bare mean, or divided; centred the value 1 says nothing, and the key's own score says something.
y = {
    "bare": below / len(t),
    "divided": below / inside,
    "ones": 0 * below,
    "full": np.maximum(r, 0) @ (t - t.mean()) / inside,
}[form]

# Read back: undo the division where it can be undone, and take second differences. They are the shares of the keys.
with np.errstate(divide="ignore", invalid="ignore"):
    bare = y * (s - t.mean()) / (2 * y - 1) if form == "divided" else y
share = np.zeros_like(s)
share[1:-1] = (bare[2:] - 2 * bare[1:-1] + bare[:-2]) / step
for place in np.flatnonzero(share > 1e-3) if form in ("bare", "divided") else []:
    print(f"at {s[place]:5.2f} stand {share[place] * len(t):.2f} keys")
print(f"form {form}: the output runs from {y.min():.3f} to {y.max():.3f}")
