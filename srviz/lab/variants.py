"""Sliced ReLU attention with one thing changed: what each part of its formula is there for can be tried out.

These are for experiments of a few hundred tokens, so they are written as the n² formula reads.
"""

from dataclasses import replace

from torch import Tensor

from srviz.attention import Heads, reference
from srviz.attention.kernels import KERNELS
from srviz.attention.method import Method, Terms, masked
from srviz.attention.methods.relu import METHOD
from srviz.attention.named import by_name

DIVIDED = ("distance", "n", "rows")


def variant(
    name: str,
    label: str,
    *,
    kernel: str = "relu",
    divide: str = "distance",
    centred: bool = True,
    projection: str = METHOD.projection,
    standardized: bool = METHOD.standardized,
) -> Method:
    """The weights f(s − t) / N of values that are centred or not.

    kernel: f, by its name in `KERNELS`, nowhere below 0, of bandwidth 1. divide: what N is: "distance", Σ_l |s − t_l|
    as in the paper; "n", the number of keys; "rows", Σ_l f(s − t_l). A row whose N is 0 has no weights. Raises
    ValueError for another kernel or N.
    """
    if kernel not in KERNELS:
        raise ValueError(f"kernel: expected one of {', '.join(KERNELS)}, got {kernel!r}")
    if divide not in DIVIDED:
        raise ValueError(f"divide: expected one of {', '.join(DIVIDED)}, got {divide!r}")
    f, pieces = KERNELS[kernel].f, KERNELS[kernel].pieces
    written = KERNELS[kernel].written.replace(" / {b}", "")
    own = kernel == "relu"  # the kernel of the method that is varied

    def total(x: Tensor) -> Tensor:
        """The sum of each row, (…, n_q), 1 where it is 0."""
        found = x.sum(-1)
        return found.where(found > 0, 1)

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
            found = found / total(apart if divide == "distance" else found).unsqueeze(-1)
        if effective and centred:
            mean = found.sum(-1, keepdim=True) / count
            found = found - (mean if keep is None else mean * keep)
        return found

    def apply(heads: Heads) -> Tensor:
        values = reference.centre(heads.values, heads.key_mask) if centred else heads.values
        return weights(heads, effective=False) @ values

    def terms(heads: Heads) -> Terms:
        s, t = heads.scores
        r = s.unsqueeze(-1) - t.unsqueeze(-2)
        divisor = t.shape[-1] if divide == "n" else total(r.abs() if divide == "distance" else f(r))
        return Terms(written, divisor, of_query={"s": s}, of_key={"t": t})

    said = written.format(s="s", t="t")
    divisors = {"distance": "Σ|s − t|", "n": "n", "rows": f"Σ{said}" if said.startswith("|") else f"Σ {said}"}
    return replace(
        METHOD,
        name=name,
        label=label,
        short="",
        formula=f"{said} / {divisors[divide]}" + (" − row mean" if centred else ""),
        cost="n²",
        weights=weights,
        apply=apply,
        terms=terms,
        centred=centred,
        signed=centred,
        projection=projection,
        standardized=standardized,
        rule=METHOD.rule if own and divide == "distance" else "",
        silence=METHOD.silence if own else "",
        kernel=None if pieces is None else lambda bandwidth: pieces,
        ways=(),
        layer=None,
    )


VARIANTS = by_name(
    (
        variant("relu-uncentred", f"{METHOD.label}, values not centred", centred=False),
        variant("relu-n", f"{METHOD.label}, divided by n", divide="n"),
        variant("relu-rows", f"{METHOD.label}, divided by the row's sum", divide="rows"),
        variant("relu-raw", f"{METHOD.label}, scores not standardized", standardized=False),
        variant("relu-linear", f"{METHOD.label}, Π linear", projection="linear"),
        variant("distance", "Sliced distance, |s − t|", kernel="distance"),
        variant("laplace", "Sliced Laplace, exp(−|s − t|)", kernel="laplace", divide="n", centred=False),
    )
)
