"""Functions of a crowd: the models of the page learn again, and are tested with more and with fewer tokens."""

import torch

from srviz.lab import Spec, Training
from srviz.lab.records import at_sizes

# Each run: the function, what mixes the tokens, the seed and the recipe. The same machine gives the same numbers.
runs = [{"task": "crowd:mean(c)", "method": "relu", "seed": 0, "recipe": {"steps": 20}}]
torch.set_num_threads(1)
error = []
for run in runs:
    training = Training(Spec.of_json(run))
    for step in training.run():
        if step.number % 100 == 0:
            print(f"{run['method']:8} step {step.number}: loss {step.loss:.4f}")
    for n, found in at_sizes(training).items():
        missed = max(1e-5, 1 - found["metric"])  # the share of the variance that is missed
        print(f"{run['method']:8} {n:>5} tokens: misses {missed:.2%} of the variance")
        error.append(missed)
