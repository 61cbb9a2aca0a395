"""All puzzles of the course: what is asked, where, and which are solved."""

from importlib import import_module

import streamlit as st

from srviz.ui.chapters.puzzles import WORDS
from srviz.ui.kit import puzzle, source, url
from srviz.ui.kit.cards import known, lead, ran
from srviz.ui.kit.question import question

PARAMETERS: tuple[url.Parameter, ...] = ()


def page() -> None:
    """The page, from its title to the code that ran."""
    st.title(WORDS("title"), anchor=False)
    lead(WORDS("lead"))
    state = url.settle(*PARAMETERS)
    package = __name__.rpartition(".chapters.")[0] + ".chapters"
    found = puzzle.every(package, import_module(package).COURSE)
    done = set(state[url.SOLVED.name]) | set(puzzle.solved())
    here = [one for _, one in found if one.name in done]
    st.progress(len(here) / len(found), WORDS("solved", solved=len(here), all=len(found)))
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
        st.success(WORDS("all"))
    question(WORDS("question.ask"), list(WORDS.texts("question.options")), 1, WORDS("question.why"))
    known(*WORDS.texts("known"))
    ran(lambda: source.text(puzzle.Puzzle, puzzle.PuzzleShown))
