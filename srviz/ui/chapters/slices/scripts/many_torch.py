"""Slices: the mean shadow of a pair of tokens, over many random directions, tends to c times their distance."""

import math

import torch

from srviz.inputs import INPUTS

x = torch.from_numpy(INPUTS["moons"].make(24, random_state=7).x)
slices, seed = 8, 7  # how many directions, and the seed from which they are drawn
most, drawn = 300, 16 * 2**12  # pairs that are looked at, and directions that the page draws from the seed

# Some pairs of tokens, evenly spread over all of them.
i, j = torch.triu_indices(len(x), len(x), 1)
keep = torch.linspace(0, len(i) - 1, min(len(i), most)).long()
apart = x[i[keep]] - x[j[keep]]
distance = apart.norm(dim=1)

# The shadow of a pair in one direction θ is |⟨θ, x − y⟩|; here is the mean over all of them.
theta = torch.randn(drawn, x.shape[1], generator=torch.Generator().manual_seed(seed))[:slices]
theta = theta / theta.norm(dim=1, keepdim=True)
shadow = (theta @ apart.T).abs().mean(0)

# In the limit it is c · |x − y|, with a number c that depends on the dimension alone.
dim = x.shape[1]
c = math.gamma(dim / 2) / (math.sqrt(math.pi) * math.gamma((dim + 1) / 2))
error = (shadow / (c * distance) - 1).square().mean().sqrt()
print(f"c = {c:.4f}; with {slices} slices the mean shadow is off by {error:.1%}, as a root mean square")
