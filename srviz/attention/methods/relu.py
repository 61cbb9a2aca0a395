"""Sliced ReLU attention (arXiv 2512.11411)."""

from torch import Tensor

from srviz.attention import kernels, reference
from srviz.attention.forms import FORMS
from srviz.attention.heads import Heads
from srviz.attention.layer import SlicedAttention
from srviz.attention.method import SCORES, LineStyle, Method, Terms, Way, masked
from srviz.attention.sliced import sliced_relu


def weights(heads: Heads, *, effective: bool = True) -> Tensor:
    """relu(s_i − t_j) / Σ_l |s_i − t_l|, (…, n_q, n_k); effective ones are those of values that are not centred yet."""
    s, t = heads.scores
    return reference.sliced_relu_weights(s, t, masked(heads, t), effective=effective)


def apply(heads: Heads) -> Tensor:
    """The effective weights times the values, by sorting: (…, n_q, d)."""
    s, t = heads.scores
    return sliced_relu(s, t, heads.values, key_mask=heads.key_mask)


def terms(heads: Heads) -> Terms:
    """One number of the query, one of the key, and the query's normalizer."""
    s, t = heads.scores
    total = (s.unsqueeze(-1) - t.unsqueeze(-2)).abs().sum(-1)
    return Terms("relu({s} − {t})", total, of_query={"s": s}, of_key={"t": t})


FORM = FORMS["relu"]
LOOK = LineStyle(tone="ink", dashed=False, symbol="diamond", filled=True)
METHOD = Method(
    name="relu",
    label="Sliced ReLU",
    short="ReLU",
    formula="relu(s − t) / Σ|s − t| − row mean",
    cost="n log n",
    rank=1,
    takes=SCORES,
    projection=FORM.projection,
    standardized=FORM.standardized,
    bandwidth=FORM.bandwidth,
    weights=weights,
    apply=apply,
    terms=terms,
    centred=True,
    signed=True,
    causal=True,
    rule="relu",
    silence="no key lies below the query",
    kernel=lambda bandwidth: kernels.relu(),
    look=LOOK,
    layer=SlicedAttention,
    ways=(
        Way(
            name="relu",
            label="Sliced ReLU",
            cost="n log n",
            takes=SCORES,
            run=sliced_relu,
            sums=(4, 8),
            look=LOOK,
            bet=(-4.1, -2.9, -1.7, -0.5),
            usual=True,
        ),
        Way(
            name="dense",
            label="Sliced ReLU, n²",
            cost="n²",
            takes=SCORES,
            run=reference.sliced_relu,
            sums=(4, 8),
            matrices=(4, 7),
            look=LineStyle(tone="quiet", dashed=True, symbol="square", filled=False),
        ),
    ),
)
