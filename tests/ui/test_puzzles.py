"""Puzzles: each begins unsolved, its solution solves it, step by step, by moving controls alone."""

import pytest

from srviz.lab import Spec
from srviz.measure import bench
from srviz.measure.plan import Plan, Row
from srviz.ui.chapters import COURSE
from srviz.ui.chapters.crowd.run import Lane, Learning
from srviz.ui.kit import puzzle, url

PACKAGE = "srviz.ui.chapters"
EVERY = puzzle.every(PACKAGE, COURSE)
BY_STATE = [pair for pair in EVERY if pair[1].name not in ("slow", "ahead")]  # these two look at a run


def parameters(chapter):
    from importlib import import_module
    from pkgutil import iter_modules

    package = import_module(f"{PACKAGE}.{chapter.name}")
    modules = [import_module(f"{package.__name__}.{m.name}") for m in iter_modules(package.__path__)]
    return {p.name: p for module in modules for p in getattr(module, "PARAMETERS", ())} | {
        p.name: p for p in url.COMMON
    }


def state(chapter, *queries):
    """The state of a page after links with these queries, one after the other."""
    known = parameters(chapter)
    held = {name: parameter.default for name, parameter in known.items()}
    for query in queries:
        for name, text in query.items():
            held[name], valid = known[name].read(text)
            assert valid, (chapter.name, name, text)
    return held


def test_there_are_at_least_twelve_with_names_of_their_own():
    names = [one.name for _, one in EVERY]
    assert len(names) == len(set(names)) >= 12
    assert all(url.NAME.fullmatch(name) for name in names)


@pytest.mark.parametrize(("chapter", "one"), BY_STATE, ids=[one.name for _, one in BY_STATE])
def test_it_begins_unsolved_and_its_solution_solves_it(chapter, one):
    assert not one.solved(state(chapter, one.start))
    steps = [values for _, values in one.steps]
    assert not one.solved(state(chapter, one.start, *steps[:-1]))
    assert one.solved(state(chapter, one.start, *steps))


def test_a_slow_call_is_seen_in_the_run(monkeypatch):
    chapter, one = next(pair for pair in EVERY if pair[1].name == "slow")
    run = bench.Run(Plan(methods=("softmax", "relu"), most=1024), {"device": "here"}, over=True)
    how = (1, 4, 32, "float32", "cpu", 2, "s, t, v")
    monkeypatch.setitem(one.solved.__globals__, "current", lambda: run)
    assert not one.solved(state(chapter, *(values for _, values in one.steps)))
    run.rows["relu", "forward", 512] = Row("relu", "forward", 512, *how, seconds=3.0)
    run.rows["softmax", "forward", 512] = Row("softmax", "forward", 512, *how, seconds=1.2)
    assert one.solved(state(chapter))


def test_who_came_closer_is_seen_in_a_training_that_is_over(monkeypatch):
    chapter, one = next(pair for pair in EVERY if pair[1].name == "ahead")
    at = state(chapter, one.start, *(values for _, values in one.steps))
    specs = tuple(Spec.usual("crowd:mean(c)", name) for name in at["models"])
    run = Learning(lanes=[Lane(spec) for spec in specs], watched={"places": [], "payloads": []}, bet="none")
    monkeypatch.setitem(one.solved.__globals__, "current", lambda: run)
    assert not one.solved(at)
    run.running = False
    run.lanes[0].sizes, run.lanes[1].sizes = {64: 0.9}, {64: 0.8}
    assert [spec.mixing for spec in specs] == ["softmax", "bump"]
    assert not one.solved(at)
    run.lanes[1].sizes = {64: 0.95}
    assert one.solved(at)


def test_names_from_a_link_are_names():
    assert url.SOLVED.read("nothing_one-key") == (["nothing", "one-key"], True)
    assert url.SOLVED.read("nothing_<b>_x") == (["nothing", "x"], False)
    assert url.SOLVED.read("a_" * 5000)[0] == ["a"]
    assert url.PUZZLE.read("../x") == ("", False)
