"""Beside softmax: how near each method comes to a known pattern when its maps are fitted to it."""

import torch

from srviz.inputs import INPUTS
from srviz.inputs.patterns import PATTERNS
from srviz.measure.fit import Fit

pattern, seed = "clusters", 119  # the input whose pattern is asked for, and the seed from which it is drawn
methods = ["softmax", "relu", "bump", "linear"]
tokens, steps = 24, 300
torch.set_num_threads(1)

made = INPUTS[pattern].make(tokens, random_state=seed)
wanted = torch.from_numpy(PATTERNS[pattern](made))
print(f"{INPUTS[pattern].title}: a pattern of {tokens} × {tokens} numbers")

# The distance to the pattern P is ‖αA − P‖ / ‖P‖ with the best scale α: 0 for the pattern itself.
here = []
for method in methods:
    first, *_, last = Fit(method, torch.from_numpy(made.x), wanted, steps=steps).run()
    here.append(last.best)
    print(f"{method:8s} {first.distance:.3f} untrained, {last.best:.3f} after {steps} steps of Adam")
