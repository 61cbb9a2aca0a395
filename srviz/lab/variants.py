"""Sliced ReLU attention with one thing changed: what each part of its formula is there for can be tried out.

These are for experiments of a few hundred tokens, so they are written as the n² formula reads.
"""

from collections.abc import Callable
from dataclasses import replace

from torch import Tensor

from srviz.attention import Heads, reference
from srviz.attention.kernels import distance, relu
from srviz.attention.method import Method, Terms, masked
from srviz.attention.methods.relu import METHOD
from srviz.attention.named import by_name

RELU = relu()
DIVIDED = ("distance", "n", "rows")


def variant(
    name: str,
    label: str,
    *,
    f: Callable[[Tensor], Tensor] = RELU,
    divide: str = "distance",
    centred: bool = True,
    projection: str = METHOD.projection,
    standardized: bool = True,
) -> Method:
    """The weights f(s − t) / N of values that are centred or not.

    divide: what N is: "distance", Σ_l |s − t_l| as in the paper; "n", the number of keys; "rows", Σ_l f(s − t_l). A
    row whose N is 0 has no weights.
    """
    if divide not in DIVIDED:
        raise ValueError(f"divide: expected one of {', '.join(DIVIDED)}, got {divide!r}")

    def weights(heads: Heads, *, effective: bool = True) -> Tensor:
        s, t = heads.scores
        mask = masked(heads, t)
        keep = None if mask is None else mask.unsqueeze(-2).to(t.dtype)
        r = s.unsqueeze(-1) - t.unsqueeze(-2)
        found, apart = (x if keep is None else x * keep for x in (f(r), r.abs()))
        count = t.shape[-1] if keep is None else keep.sum(-1, keepdim=True).clamp_min(1)
        if divide == "n":
            found = found / count
        else:
            total = (apart if divide == "distance" else found).sum(-1, keepdim=True)
            found = found / total.where(total > 0, 1)
        if effective and centred:
            mean = found.sum(-1, keepdim=True) / count
            found = found - (mean if keep is None else mean * keep)
        return found

    def apply(heads: Heads) -> Tensor:
        values = reference.centre(heads.values, heads.key_mask) if centred else heads.values
        return weights(heads, effective=False) @ values

    def terms(heads: Heads) -> Terms:
        s, t = heads.scores
        return Terms("f({s} − {t})", t.shape[-1], of_query={"s": s}, of_key={"t": t})

    return replace(
        METHOD,
        name=name,
        label=label,
        formula=label,
        cost="n²",
        weights=weights,
        apply=apply,
        terms=terms,
        centred=centred,
        signed=centred,  # every f here is at least 0
        projection=projection,
        standardized=standardized,
        kernel=None,
        ways=(),
        layer=None,
    )


VARIANTS = by_name(
    (
        variant("relu-uncentred", "Sliced ReLU, values not centred", centred=False),
        variant("relu-n", "Sliced ReLU, divided by n", divide="n"),
        variant("relu-rows", "Sliced ReLU, divided by the row's sum", divide="rows"),
        variant("relu-raw", "Sliced ReLU, scores not standardized", standardized=False),
        variant("relu-linear", "Sliced ReLU, Π linear", projection="linear"),
        variant("distance", "Sliced distance, |s − t|", f=distance()),
        variant("laplace", "Sliced Laplace, exp(−|s − t|)", f=lambda r: (-r.abs()).exp(), divide="n", centred=False),
    )
)
