"""Functions of a crowd: what one head says of a crowd on a line, and how the crowd is read back from it."""

import torch

# The keys are the crowd. The head is asked at every place s of a grid that holds them.
t = torch.tensor([-1.9, -1.2, -1.05, -0.4, 0.35, 0.35, 1.1, 1.6], dtype=torch.float64)
step = 0.01
s = torch.arange(-300, 301, dtype=torch.float64) * step
form = "bare"

# What lies below s, and how far; N is the sum of all distances.
r = s[:, None] - t
below, N = r.relu().sum(-1), r.abs().sum(-1)
inside = torch.where(N > 0, N, 1)

# The head: the bare mean, or divided; centred the value 1 says nothing, and the key's own score says something.
y = {
    "bare": below / len(t),
    "divided": below / inside,
    "ones": 0 * below,
    "full": r.relu() @ (t - t.mean()) / inside,
}[form]

# Read back: undo the division where it can be undone, and take second differences. They are the shares of the keys.
bare = y * (s - t.mean()) / (2 * y - 1) if form == "divided" else y
share = torch.zeros_like(s)
share[1:-1] = (bare[2:] - 2 * bare[1:-1] + bare[:-2]) / step
for place in (share > 1e-3).nonzero().flatten().tolist() if form in ("bare", "divided") else []:
    print(f"at {s[place]:5.2f} stand {share[place] * len(t):.2f} keys")
print(f"form {form}: the output runs from {y.min():.3f} to {y.max():.3f}")
