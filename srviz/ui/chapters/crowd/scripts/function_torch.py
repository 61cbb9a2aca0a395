"""Functions of a crowd: a function f(x, μ) of a token and its crowd, and small models that learn it."""

import torch

from srviz.lab import Spec, Training
from srviz.lab.formula import parse
from srviz.lab.jobs.crowd import learned, places

# The crowd on the page: the place of every token, and its payload.
place = torch.tensor([-1.72, -1.55, -0.95, 0.2, 0.55, 1.02, 2.1])
payload = torch.tensor([0.0, 0.68, -1.0, 0.79, -0.17, -0.54, 0.96])

# The function, asked at every place x of the picture.
formula = parse("mean(c)")
x = places()
f = formula.of(x[None].double(), place[None].double(), payload[None].double())[0]
print(f"{formula.text} of this crowd runs from {f[f.isfinite()].min():.3f} to {f[f.isfinite()].max():.3f}")

# The models of the page learn it again, from the same crowds; on the same kind of machine every number is the same.
runs = []
torch.set_num_threads(1)
said = []
for run in runs:
    training = Training(Spec.of_json(run))
    for step in training.run():
        if step.number % 100 == 0:
            print(f"{run['method']:8} step {step.number}: loss {step.loss:.4f}")
    print(f"{run['method']:8} explains {training.test().metric('r2'):.1%} of the variance")
    said.append(learned(training.model, training.spec.task, place, payload, digits=7))
said = torch.tensor(said).reshape(len(runs), len(x)).T  # what each model says of this crowd
