"""Point clouds: every token attends to all tokens, head by head, by sliced ReLU."""

import numpy as np
import torch

from srviz.attention import sliced_relu
from srviz.inputs import CLOUDS
from srviz.lab.shown import of

tokens = CLOUDS["aeroplane"].make(8192, random_state=4, noise=0.0, outliers=0.0)
shown = {"seed": 4, "head_dim": 16, "projection": "mlp"}  # an untrained layer
heads, most, seed = 4, 30000, 4

# The points that are drawn: all of them, or one at random from each of equally many stretches.
edges = np.arange(most) * tokens.n // (most - 1)
few = np.arange(tokens.n) if tokens.n <= most else np.random.default_rng(seed).integers(edges[:-1], edges[1:])

outputs = []
for number in range(heads):
    part = of(tokens, **shown, number=number, method="relu")
    outputs.append(sliced_relu(part.s, part.t, part.v)[few])
    print(f"head {number + 1}: outputs from {outputs[-1].min():.3f} to {outputs[-1].max():.3f}")
y = torch.cat(outputs, 1)
print(f"{tokens.n:,} tokens, without a matrix of {tokens.n**2:,} weights")
