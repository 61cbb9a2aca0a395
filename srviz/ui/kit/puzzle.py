"""Puzzles: a visitor is to bring a page into a state, and the state itself says whether it is so.

A chapter has its puzzles in `puzzles.py`, a tuple `PUZZLES`. The link of one opens its page in the state in which it
begins; the page then shows what is asked above everything else. What was solved stands in the link of every page.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from srviz.ui.kit import WORDS, progress, url
from srviz.ui.kit.course import Chapter, Course, listed
from srviz.ui.kit.words import Words

State = dict[str, Any] | url.State


@dataclass(frozen=True)
class Puzzle:
    """One puzzle. name: url-safe. title: a few words. ask: what is to be reached, a sentence or two. start: the query
    of the page in which it begins. solved: whether a state of the page has what is asked. hint: a sentence. steps: of a
    solution, each a sentence and what the parameters then are, as a link writes them. why: what it teaches, once it is
    solved.
    """

    name: str
    title: str
    ask: str
    start: Mapping[str, str]
    solved: Callable[[State], bool]
    hint: str
    steps: tuple[tuple[str, Mapping[str, str]], ...]
    why: str


def worded(
    words: Words, name: str, start: Mapping[str, str], solved: Callable[[State], bool], *moves: Mapping[str, str]
) -> Puzzle:
    """The puzzle whose texts stand under `puzzles.NAME` of a chapter's words, with a sentence for each of the moves."""
    key = f"puzzles.{name}"
    title, ask, hint, why = (words(f"{key}.{part}") for part in ("title", "ask", "hint", "why"))
    steps = tuple(zip(words.texts(f"{key}.steps"), moves, strict=True))
    return Puzzle(name, title, ask, start, solved, hint, steps, why)


def of(package: str, chapter: str) -> tuple[Puzzle, ...]:
    """The puzzles of a chapter, none where it has no such module."""
    return listed(package, chapter, "puzzles")


def every(package: str, course: Course) -> list[tuple[Chapter, Puzzle]]:
    """All puzzles, in the order of the course."""
    return [(chapter, puzzle) for chapter in course for puzzle in of(package, chapter.name)]


def solved() -> list[str]:
    """The names of all that were solved in this session, or by who made the link."""
    return progress.names(url.SOLVED)


@dataclass
class PuzzleShown:
    """The puzzle that a page shows. place: where it says whether it is solved."""

    puzzle: Puzzle
    place: DeltaGenerator

    def judge(self, state: url.State) -> None:
        """Say whether the state has what is asked; remember it where it has."""
        done = self.puzzle.solved(state)
        if done:
            progress.add(url.SOLVED, self.puzzle.name)
        with self.place:
            if done:
                st.markdown(f":material/check_circle: {WORDS('puzzle.solved', why=self.puzzle.why)}")
            elif self.puzzle.name in solved():
                st.markdown(WORDS("puzzle.before"))
            else:
                st.markdown(WORDS("puzzle.unsolved"))


def begin(puzzles: Iterable[Puzzle]) -> PuzzleShown | None:
    """Show what is asked, if the link asks for one of these; called before the page's own body."""
    name = url.asked(url.PUZZLE)
    puzzle = next((one for one in puzzles if one.name == name), None)
    if puzzle is None:
        return None
    with st.container(key="puzzle", border=True):
        st.markdown(WORDS("puzzle.asked", title=puzzle.title, ask=puzzle.ask))
        place = st.container()
        with st.container(horizontal=True, vertical_alignment="center"):
            with st.popover(WORDS("puzzle.hint")):
                st.markdown(puzzle.hint)
            shown = _steps_shown(puzzle)
            if shown < len(puzzle.steps):
                label = WORDS("puzzle.solution") if shown == 0 else WORDS("puzzle.next")
                st.button(label, key="next step", on_click=_step, args=(puzzle, shown))
            st.button(WORDS("puzzle.leave"), key="leave puzzle", on_click=_leave)
        for text, _ in puzzle.steps[:shown]:
            st.caption(f"{text}")
    return PuzzleShown(puzzle, place)


def finish(bar: PuzzleShown | None) -> None:
    """Judge, and write into the page's state what was done; called after the page's body, before its link is made."""
    state: url.State | None = st.session_state.get("_state")
    progress.carry()
    if bar and state is not None:
        bar.judge(state)
        progress.carry()


def _steps_shown(puzzle: Puzzle) -> int:
    name, shown = st.session_state.get("_puzzle_steps", ("", 0))
    return shown if name == puzzle.name else 0


def _step(puzzle: Puzzle, number: int) -> None:
    st.session_state["_puzzle_steps"] = puzzle.name, number + 1
    url.put(puzzle.steps[number][1])


def _leave() -> None:
    st.session_state.pop("_puzzle_steps", None)
    url.put({url.PUZZLE.name: ""})
