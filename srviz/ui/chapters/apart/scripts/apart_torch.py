"""Tell them apart: heads that see one number of each token give every crowd a label, and a map does the rest."""

import torch

from srviz.attention import sliced_relu
from srviz.lab.tasks import data

# The crowds of the page: tokens x in the plane, and the places to which they are to go; (crowds, tokens, 2) each.
crowds = data("apart:any,4,0").contexts
x, target = crowds.tokens, crowds.targets

# Each head has a slice, by its angle, and one place s on it: every query is that number.
heads = [[0.0, 0.0]]
turn, s = x.new_tensor(heads).T
t = torch.einsum("hd,cnd->hcn", torch.stack([turn.cos(), turn.sin()], 1), x)  # the shadows, which are their values, too
queries = s[:, None, None].expand(-1, len(x), 1)
label = sliced_relu(queries, t, t[..., None])[..., 0, 0].T  # what each head says of a crowd: one number

# A token and its crowd's labels are one point. Along this direction no two points have the same coordinate.
direction = x.new_tensor([1.0, 0.0, 1.0])
points = torch.cat([x, label[:, None].expand(-1, x.shape[1], -1)], -1)
z = (points @ direction).flatten()

# So a curve of straight pieces sends each of them to its own target. A layer of hinges draws it.
knots, order = z.sort()
goal = target.flatten(0, 1)[order]
rise = goal.diff(dim=0) / knots.diff()[:, None]
slopes = torch.cat([rise[:1], rise.diff(dim=0)])
reached = (goal[0] + (z[:, None] - knots[:-1]).relu() @ slopes).view_as(target)

for crowd, said in enumerate(label.tolist()):
    print(f"crowd {crowd + 1}: label {said}, tokens miss by {(reached - target)[crowd].abs().max():.1e} at most")
