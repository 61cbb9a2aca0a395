"""Race: the time of one call of fused softmax and of sliced ReLU, measured again on this machine."""

from time import perf_counter

import torch
from torch.nn.functional import scaled_dot_product_attention

from srviz.attention import sliced_relu

largest, batch, heads, d = 4096, 1, 4, 32
threads, backward = 1, False
torch.set_num_threads(threads)


def seconds(call, inputs, repeats=5):
    """The median time of one call, after one to warm up."""
    taken = []
    for _ in range(repeats + 1):
        begun = perf_counter()
        y = call(*inputs)
        if backward:
            y.sum().backward()
        taken.append(perf_counter() - begun)
    return sorted(taken[1:])[repeats // 2]


n = 64
while n <= largest:
    q, k, v = (torch.randn(batch, heads, n, d, requires_grad=backward) for _ in range(3))
    s, t = (torch.randn(batch, heads, n, requires_grad=backward) for _ in range(2))
    softmax = seconds(scaled_dot_product_attention, (q, k, v))
    relu = seconds(sliced_relu, (s, t, v))
    print(f"n = {n:8,}   softmax {1e3 * softmax:9.3f} ms   sliced ReLU {1e3 * relu:9.3f} ms")
    n *= 2
