"""The end of the course: what it was, when to use it, what it cannot do, what it costs, and what was answered."""

import inspect
from importlib import import_module

import streamlit as st

from srviz import numbers
from srviz.ui.chapters.recap import facts, won
from srviz.ui.chapters.recap.snippet import INSTALL, SNIPPET
from srviz.ui.kit import progress, url
from srviz.ui.kit.cards import known, lead, notice, ran
from srviz.ui.kit.course import Course

PARAMETERS: tuple[url.Parameter, ...] = ()


def page() -> None:
    """The page, from its title to the code that ran."""
    st.title("In short", anchor=False)
    lead(
        "Each token gets two numbers, a :orange[**query score**] and a :blue[**key score**]. A query adds up the "
        ":green[**values**] of the keys below it, each by how far below it lies. One sort gives all these sums."
    )
    state = url.settle(*PARAMETERS)
    notice(
        (
            "Choose ReLU",
            "when a token needs a summary of many others: a shape, a picture, a long sequence as a whole. It looks "
            "far, and it has no bandwidth to choose.",
        ),
        (
            "Choose the bump",
            "when a token needs those that are like it. It looks near along the slice, and each head learns how wide "
            "its bandwidth is.",
        ),
        (
            "Keep softmax",
            "when one key among many must be picked out, when a token may only look back, or when there are few "
            "tokens: sorting wins nothing there.",
        ),
    )
    _won()
    _limits()
    _costs()
    _use()
    _certificate(state, import_module(__name__.rpartition(".chapters.")[0] + ".chapters").COURSE)
    known(
        "The weight relu(s − t) / Σ|s − t| depends on one number of each token. That is why sorting is enough.",
        "The result is exact. It takes n log n steps and memory that grows like n, where softmax takes n² steps.",
        "The price is one number for each token and head. What has the same score is the same to that head.",
    )
    ran(lambda: inspect.getsource(facts))


def _won() -> None:
    """What is said of who won is computed from the records."""
    found, crowd = won.results(won.TASKS), won.results(won.CROWD)
    if not found:
        return
    st.subheader("Where it wins, ties and loses", anchor=False)
    st.markdown(
        "Small models learned the same tasks, each with its method's best learning rate. The words say how a sliced "
        "method did beside softmax with the same seeds. There is no clear difference where the 95 % interval of the "
        "difference holds 0."
    )
    with st.container(key="won"):
        st.markdown(won.table(found, crowd))
    seeds = sorted({result.seeds for result in (*found, *crowd)})
    many = str(seeds[0]) if len(seeds) == 1 else f"{seeds[0]} to {seeds[-1]}"
    st.caption(
        f"Means over {many} seeds: the share of right answers in a test, and for letters the bits that a guess costs, "
        "of which fewer are better. The functions of a crowd are counted, and were learned by models of one layer. The "
        "pages Train it and Functions of a crowd show each seed."
    )


def _limits() -> None:
    shift = facts.fits()["shift"]
    st.subheader("What it cannot do", anchor=False)
    st.markdown(
        "- **Recall.** One ReLU head cannot pick out another key for each query, the token before it, say. Fitted to "
        f"that pattern, its weights stay at a distance of {shift['relu']:.2f}. Weights that are the pattern have the "
        "distance 0, and weights that are all zero have the distance 1. "
        f"Softmax comes to {shift['softmax']:.2f}, and the bump to {shift['bump']:.2f}. Beside softmax has the whole "
        "table.\n"
        "- **Look back only.** The layer is not causal: a mask that hides what comes later is refused. So it does not "
        "take the place of softmax in a model that writes text from left to right.\n"
        "- **Tell tokens of equal score apart.** A head sees one number. A second head has another slice, and tells "
        "most of them apart.\n"
        "- **Win on few tokens.** A small matrix is done as soon as a sort is. The page Race measures from where on "
        "sorting wins."
    )


def _costs() -> None:
    st.subheader("What it costs", anchor=False)
    found = facts.times()
    if found is None:
        st.markdown("No run of whole layers is recorded. The page Race measures one here.")
        return
    said = found.provenance
    st.markdown(
        "The time of one whole layer, its projections included: queries, keys, values, and the slice Π. Softmax is "
        "torch's own layer, `torch.nn.MultiheadAttention`, by fused attention and without gradients."
        + (f" Of these sizes, sliced ReLU is faster from n = {found.first:,} on." if found.first else "")
    )
    with st.container(key="costs"):
        st.markdown(found.table())
    st.caption(
        f"Recorded on {numbers.moment(said.get('date', ''))} on {said.get('cpu', '')}, {said.get('threads', '')} "
        f"threads, torch {said.get('torch', '')}, forward, by `{said.get('command', '')}`. {said.get('note', '')}. "
        f"Each time is a median of several calls; half of them lie within {found.spread:.0%} of it."
    )


def _use() -> None:
    st.subheader("Use it", anchor=False)
    st.code(INSTALL, language=None)
    st.code(SNIPPET, language=None, wrap_lines=True)


def _certificate(state: url.State, course: Course) -> None:
    """Which questions of the course were answered rightly, in this session or in the link's."""
    st.subheader("Your certificate", anchor=False)
    asked = [chapter for chapter in course if chapter.asks]
    done = {*progress.names(url.ANSWERED), *state[url.ANSWERED.name]}
    right = [chapter for chapter in asked if progress.name(chapter.script) in done]
    solved = len({*progress.names(url.SOLVED), *state[url.SOLVED.name]})
    with st.container(border=True, key="certificate"):
        st.progress(len(right) / len(asked), f"{len(right)} of {len(asked)} questions answered rightly")
        puzzles = f" {solved} puzzle{'s are' if solved != 1 else ' is'} solved, too." if solved else ""
        if len(right) == len(asked):
            st.markdown(f"**Sliced ReLU attention: every question of the course is answered.**{puzzles}")
        for place, chapter in zip(_columns(len(asked)), asked, strict=True):
            mark = ":material/check_circle: " if chapter in right else ":material/circle: "
            place.page_link(chapter.script, label=f"{mark}{chapter.title}")
        st.caption(f"It is kept in the link of this page, and of every other: copy the link to keep it.{puzzles}")


def _columns(count: int) -> list[st.delta_generator.DeltaGenerator]:
    columns = st.columns(3, gap="small")
    deep = -(-count // len(columns))
    return [columns[number // deep] for number in range(count)]
