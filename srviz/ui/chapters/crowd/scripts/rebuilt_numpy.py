"""Functions of a crowd: a cloud in the plane, rebuilt from a few slices of it."""

import numpy as np
import torch

from srviz.inputs import INPUTS

# The cloud of the page, made from its seed, and the unrelated one from which the rebuilding begins.
cloud, count, steps = "moons", 2, 60
x = INPUTS[cloud].make(140, random_state=1).x[:, :2].astype(np.float64)
x = (x - x.mean(axis=0)) / x.std()
found = torch.randn(140, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64).numpy()

# What is told: along each of a few directions, the sorted projections of all points, and nothing else.
angle = np.pi * np.arange(count) / count
along = np.stack([np.cos(angle), np.sin(angle)], axis=1)
told = np.sort(along @ x.T, axis=1)

# Sort the points along every slice, and draw each to the number of its own rank; then again.
factor = min(2, count) / count
for _ in range(steps):
    now = along @ found.T
    rank = now.argsort(axis=1).argsort(axis=1)
    found = found + factor * (np.take_along_axis(told, rank, axis=1) - now).T @ along

# How far it is, along directions that were not told.
other = np.pi * (np.arange(180) + 0.5) / 180
judges = np.stack([np.cos(other), np.sin(other)], axis=1)
mine, theirs = np.sort(judges @ x.T, axis=1), np.sort(judges @ found.T, axis=1)
spread = np.sqrt(((mine - mine.mean(axis=1, keepdims=True)) ** 2).mean(axis=1)).mean()
print(f"From {count} slices: off by {np.sqrt(((mine - theirs) ** 2).mean(axis=1)).mean() / spread:.1%} of the spread")
