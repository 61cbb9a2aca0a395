"""Why gaps are added up, and not s·Σv − Σt·v: far from zero the two large sums cancel, in float32."""

import torch

from srviz.attention import hinge_sum

draw = torch.Generator().manual_seed(4)
s, t, v = (torch.randn(512, generator=draw) for _ in range(3))
v = v[:, None] - v.mean()


def by_products(s, t, v):
    """For each query, the sums of v and of t·v over the keys below, by one sort."""
    t, order = t.sort()
    zero, p = v.new_zeros(1, 1), torch.searchsorted(t, s)
    sums, products = (torch.cat([zero, x.cumsum(0)])[p] for x in (v[order], t[:, None] * v[order]))
    return s[:, None] * sums - products


gaps, products = [], []
for power in range(8):
    away = 10.0**power if power else 0.0
    q, k = s + away, t + away
    exact = (q.double()[:, None] - k.double()).relu() @ v.double()
    for found, errors in ((hinge_sum(q, k, v), gaps), (by_products(q, k, v), products)):
        errors.append(float((found.double() - exact).abs().max() / exact.abs().max()))
    print(f"all scores + {away:10,.0f}: by gaps {gaps[-1]:.0e}, by products {products[-1]:.0e}")
