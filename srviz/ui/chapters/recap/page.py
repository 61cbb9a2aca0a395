"""The end of the course: what it was, when to use it, what it cannot do, what it costs, and what was answered."""

from importlib import import_module

import streamlit as st

from srviz import numbers
from srviz.ui.chapters.recap import WORDS, facts, won
from srviz.ui.chapters.recap.snippet import INSTALL, SNIPPET
from srviz.ui.kit import progress, source, url
from srviz.ui.kit.cards import known, lead, notice, ran
from srviz.ui.kit.course import Course

PARAMETERS: tuple[url.Parameter, ...] = ()


def page() -> None:
    """The page, from its title to the code that ran."""
    st.title(WORDS("title"), anchor=False)
    lead(WORDS("lead"))
    state = url.settle(*PARAMETERS)
    notice(*WORDS.pairs("cards"))
    _won()
    _limits()
    _costs()
    _use()
    _certificate(state, import_module(__name__.rpartition(".chapters.")[0] + ".chapters").COURSE)
    known(*WORDS.texts("known"))
    ran(lambda: source.text(facts))


def _won() -> None:
    """What is said of who won is computed from the records."""
    found, crowd = won.results(won.TASKS), won.results(won.CROWD)
    if not found:
        return
    st.subheader(WORDS("won.title"), anchor=False)
    st.markdown(WORDS("won.how"))
    with st.container(key="won"):
        st.markdown(won.table(found, crowd))
    seeds = sorted({result.seeds for result in (*found, *crowd)})
    many = str(seeds[0]) if len(seeds) == 1 else WORDS("won.range", least=seeds[0], most=seeds[-1])
    st.caption(WORDS("won.caption", seeds=many))


def _limits() -> None:
    st.subheader(WORDS("limits.title"), anchor=False)
    st.markdown("\n".join(f"- {text}" for text in WORDS.texts("limits.texts", **facts.fits()["shift"])))


def _costs() -> None:
    st.subheader(WORDS("costs.title"), anchor=False)
    found = facts.times()
    if found is None:
        st.markdown(WORDS("costs.none"))
        return
    said = {name: found.provenance.get(name, "") for name in ("cpu", "threads", "torch", "command", "note")}
    faster = " " + WORDS("costs.first", n=found.first) if found.first else ""
    st.markdown(WORDS("costs.layer") + faster)
    with st.container(key="costs"):
        st.markdown(found.table())
    date = numbers.moment(found.provenance.get("date", ""))
    st.caption(WORDS("costs.caption", date=date, spread=found.spread, **said))


def _use() -> None:
    st.subheader(WORDS("use"), anchor=False)
    st.code(INSTALL, language=None)
    st.code(SNIPPET, language=None, wrap_lines=True)


def _certificate(state: url.State, course: Course) -> None:
    """Which questions of the course were answered rightly, in this session or in the link's."""
    st.subheader(WORDS("certificate.title"), anchor=False)
    asked = [chapter for chapter in course if chapter.asks]
    done = {*progress.names(url.ANSWERED), *state[url.ANSWERED.name]}
    right = [chapter for chapter in asked if progress.name(chapter.script) in done]
    solved = len({*progress.names(url.SOLVED), *state[url.SOLVED.name]})
    with st.container(border=True, key="certificate"):
        st.progress(len(right) / len(asked), WORDS("certificate.progress", right=len(right), asked=len(asked)))
        puzzles = " " + WORDS(f"certificate.puzzles.{'one' if solved == 1 else 'many'}", n=solved) if solved else ""
        if len(right) == len(asked):
            st.markdown(WORDS("certificate.all") + puzzles)
        for place, chapter in zip(_columns(len(asked)), asked, strict=True):
            mark = ":material/check_circle: " if chapter in right else ":material/circle: "
            place.page_link(chapter.script, label=f"{mark}{chapter.title}")
        st.caption(WORDS("certificate.kept") + puzzles)


def _columns(count: int) -> list[st.delta_generator.DeltaGenerator]:
    columns = st.columns(3, gap="small")
    deep = -(-count // len(columns))
    return [columns[number // deep] for number in range(count)]
