"""The operator and the layer in a program of one's own; the page shows the text below, and a test runs it."""

INSTALL = "pip install srviz"
SNIPPET = """\
import torch
from srviz.attention import SlicedAttention, sliced_relu

s, t = torch.randn(8, 10_000), torch.randn(8, 10_000)  # a query score and a key score: (heads, tokens)
v = torch.randn(8, 10_000, 32)  # the values
y = sliced_relu(s, t, v)  # exact, in O(n log n)

attend = SlicedAttention(embed_dim=256, num_heads=8, kernel="relu")  # or kernel="bump"
x = torch.randn(1, 10_000, 256)
out, _ = attend(x, x, x, need_weights=False)  # in the place of torch.nn.MultiheadAttention
"""
