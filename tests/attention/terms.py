"""The arithmetic of a weight, computed from the text that says it."""

import re

import torch
from torch import Tensor

from srviz.attention import Heads
from srviz.attention.method import Terms


def computed(terms: Terms, given: Heads) -> Tensor:
    """The whole text of a weight, the numerator over the divisor, from the numbers that it names: (…, n_q, n_k)."""
    q, k = given.dots
    features = terms.features or (lambda x: x)
    names = {name: x.unsqueeze(-1) for name, x in terms.of_query.items()}
    names |= {name: x.unsqueeze(-2) for name, x in terms.of_key.items()}
    names |= {name: factor * features(q) @ features(k).mT for name, factor in terms.of_pair.items()}
    assert all(f"{{{name}}}" in terms.numerator for name in names)
    read = re.sub(r"\{(\w+)\}", r"\1", f"{terms.dividend} / {{divisor}}".split(" = ")[-1])
    for sign, python in (("−", "-"), ("·", "*"), ("²", "**2"), ("³", "**3")):
        read = read.replace(sign, python)
    words = {"exp": torch.exp, "relu": torch.relu, "abs": torch.abs, "max": lambda _, x: x.relu()}
    names["divisor"] = terms.divisor if isinstance(terms.divisor, int) else terms.divisor.unsqueeze(-1)
    found: Tensor = eval(re.sub(r"\|(.*?)\|", r"abs(\1)", read), {"__builtins__": {}}, words | names)
    return found
