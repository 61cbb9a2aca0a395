"""All puzzles of the course: what is asked, where, and which are solved."""

import inspect
from importlib import import_module

import streamlit as st

from srviz.ui.kit import puzzle, url
from srviz.ui.kit.cards import known, lead, ran
from srviz.ui.kit.question import question

PARAMETERS: tuple[url.Parameter, ...] = ()


def page() -> None:
    """The page, from its title to the code that ran."""
    st.title("Puzzles", anchor=False)
    lead(
        "Each puzzle opens a page and asks you to bring it into a state. The page itself checks whether it is so: "
        "there is no answer to type. What you have solved stays in the link."
    )
    state = url.settle(*PARAMETERS)
    package = __name__.rpartition(".chapters.")[0] + ".chapters"
    found = puzzle.every(package, import_module(package).COURSE)
    done = set(state[url.SOLVED.name]) | set(puzzle.solved())
    here = [one for _, one in found if one.name in done]
    st.progress(len(here) / len(found), f"{len(here)} of {len(found)} solved")
    for number, (chapter, one) in enumerate(found, 1):
        with st.container(key=f"puzzle {one.name}", border=True):
            text, way = st.columns([4, 1], vertical_alignment="center")
            mark = ":material/check_circle: " if one.name in done else ""
            text.markdown(f"**{mark}{number}. {one.title}**  \n{one.ask}")
            query = dict(one.start) | {url.PUZZLE.name: one.name}
            if puzzle.solved():
                query[url.SOLVED.name] = url.SOLVED.write(puzzle.solved())
            way.page_link(chapter.script, label=f"{chapter.title} →", query_params=query)
    if len(here) == len(found):
        st.success("All of them. You know what one number a token can do, and what it cannot.")
    question(
        "Two queries have the same score on a slice. What can one head with this slice do about them?",
        [
            "It gives them different outputs where their values differ",
            "It gives them the same output",
            "It gives both no output",
        ],
        1,
        "A query comes into a head through its score alone. Equal scores mean equal weights, and so equal outputs. "
        "Another head has another slice.",
    )
    known(
        "What a head can do for a query is decided by one number, its place on the line.",
        "The kernel decides which keys count, the divisor how much a row has to give, and centring what is left of "
        "values.",
        "Another head has another line: what one cannot tell apart, a second one can.",
    )
    ran(lambda: inspect.getsource(puzzle.Puzzle) + "\n\n" + inspect.getsource(puzzle.Bar))
