"""Tell them apart: heads that see one number of each token give every crowd a label, and a map does the rest."""

import numpy as np

from srviz.lab.tasks import data

# The crowds of the page: tokens x in the plane, and the places to which they are to go; (crowds, tokens, 2) each.
crowds = data("apart:any,4,0").contexts
x, target = crowds.tokens.numpy(), crowds.targets.numpy()

# Each head has a slice, by its angle, and one place s on it: every query is that number.
heads = [[0.0, 0.0]]
label = []
for turn, s in heads:
    t = x @ [np.cos(turn), np.sin(turn)]  # the shadows of all tokens, which are their values, too
    w = np.maximum(s - t, 0) / np.abs(s - t).sum(axis=1, keepdims=True)
    label.append((w * (t - t.mean(axis=1, keepdims=True))).sum(axis=1))
label = np.stack(label, axis=1)  # what each head says of a crowd: one number

# A token and its crowd's labels are one point. Along this direction no two points have the same coordinate.
direction = np.array([1.0, 0.0, 1.0])
points = np.concatenate([x, np.repeat(label[:, None], x.shape[1], axis=1)], axis=-1)
z = points @ direction

# So a curve of straight pieces, which a layer of hinges can draw, sends each of them to its own target.
order = np.argsort(z.ravel())
reached = np.stack(
    [np.interp(z, z.ravel()[order], goal.ravel()[order]) for goal in np.moveaxis(target, -1, 0)], axis=-1
)

for crowd, said in enumerate(label.round(4)):
    print(f"crowd {crowd + 1}: label {said}, tokens miss by {np.abs(reached - target)[crowd].max():.1e} at most")
