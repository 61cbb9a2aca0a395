"""Train it: the same models learn again. On the same kind of machine every loss is the same, to the bit.

It needs the package: pip install "srviz[lab]".
"""

import torch

from srviz.lab import Spec, Training

runs = [{"task": "solids", "method": "relu", "seed": 0, "recipe": {"steps": 3}}]
torch.set_num_threads(1)

losses = []
for run in runs:
    training = Training(Spec.of_json(run))
    steps = training.spec.recipe.steps
    for step in training.run():
        losses.append(step.loss)
        if step.number % max(1, steps // 10) == 0:
            print(f"{run['method']:8} step {step.number:5} of {steps}: loss {step.loss:.4f}, {training.seconds:.1f} s")

    # What it has learned, on examples that it has not seen; and the model, as a file.
    tested, metric = training.test(), training.task.metric
    print(
        f"{run['method']:8} {metric} {tested.metric(metric):.4f} of {tested.asked}, {training.parameters:,} parameters"
    )
    print(f"{training.mixing / training.seconds:.0%} of {training.seconds:.1f} s went into what mixes the tokens")
    with open(f"{run['task']}-{run['method']}.safetensors", "wb") as file:
        file.write(training.weights())
