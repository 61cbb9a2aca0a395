"""Functions of a crowd: a cloud in the plane, rebuilt from a few slices of it."""

import math

import torch

from srviz.inputs import INPUTS

# The cloud of the page, made from its seed, and the unrelated one from which the rebuilding begins.
cloud, count, steps = "moons", 2, 60
x = torch.from_numpy(INPUTS[cloud].make(140, random_state=1).x[:, :2]).double()
x = (x - x.mean(0)) / x.std(correction=0)
found = torch.randn(140, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def directions(angle):
    """Unit vectors."""
    return torch.stack([angle.cos(), angle.sin()], 1)


# What is told: along each of a few directions, the sorted projections of all points, and nothing else.
along = directions(math.pi * torch.arange(count, dtype=torch.float64) / count)
told = (along @ x.T).sort(-1).values

# Sort the points along every slice, and draw each to the number of its own rank; then again.
factor = min(2, count) / count
for _ in range(steps):
    now = along @ found.T
    rank = now.argsort(-1).argsort(-1)
    found = found + factor * (told.gather(-1, rank) - now).T @ along

# How far it is, along directions that were not told.
judges = directions(math.pi * (torch.arange(180, dtype=torch.float64) + 0.5) / 180)
mine, theirs = ((judges @ points.T).sort(-1).values for points in (x, found))
spread = (mine - mine.mean(-1, keepdim=True)).square().mean(-1).sqrt().mean()
print(f"From {count} slices: off by {(mine - theirs).square().mean(-1).sqrt().mean() / spread:.1%} of the spread")
