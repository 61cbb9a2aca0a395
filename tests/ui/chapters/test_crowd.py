"""The page of crowds without a browser: what is kept of a training, rewound, said, and what the link may hold."""

import pytest
import torch

from srviz.attention import METHODS
from srviz.lab import Spec
from srviz.lab.formula import parse
from srviz.lab.jobs import crowd as job
from srviz.rooms.base import MOST_CHOICES
from srviz.ui.chapters.crowd import crowd, excess, sizes, take
from srviz.ui.chapters.crowd.run import Lane, Learning
from tests.ui.test_pages import open_page

WATCHED = {"places": [0.1, 0.5, -1.0, 2.0], "payloads": [0.0, 0.2, -0.4, 1.0]}
NAMES = ("softmax", "relu", "mean")


def learning(**changes):
    specs = tuple(Spec.usual("crowd:mean(c)", name, 0, {"steps": 10, "batch": 4}) for name in NAMES)
    return Learning(lanes=[Lane(spec) for spec in specs], watched=WATCHED, bet="relu", **changes)


def learned(records, but=(), **changes):
    """Where the job has said these records, without those that hold one of some keys."""
    run = learning(**changes)
    for record in records:
        if not any(key in record for key in but):
            run.lanes[record["run"]].take(record)
    return run


@pytest.fixture(scope="module")
def records():
    torch.set_num_threads(1)
    plan = {"runs": [spec.to_json() for spec in learning().specs]} | WATCHED
    with pytest.MonkeyPatch.context() as patch:
        sizes = {str(n): {"metric": 0.5 + n / 1e4, "asked": 9} for n in (16, 64, 4096)}
        patch.setattr(job, "at_sizes", lambda training: sizes)
        return list(job.run(plan, {}))


def test_all_that_is_said_is_kept(records):
    run = learned(records)
    assert not run.left
    assert run.share() == 1
    for lane in run.lanes:
        assert lane.model
        assert lane.sizes
        assert [one["step"] for one in lane.told if "look" in one] == [0, *range(1, 11)]
        assert any("metric" in one for one in lane.told)
    assert "Sliced ReLU 10 of 10" in run.doing()
    assert sizes.grown(run) == (
        "In this run the error does not grow from 64 to 4,096 tokens for Softmax (0.49 → 0.09), "
        "Sliced ReLU (0.49 → 0.09), A plain mean (0.49 → 0.09)."
    )
    run.lanes[0].sizes, run.lanes[1].sizes = {64: 0.2, 4096: 0.3}, {64: 0.9, 4096: 0.5}
    assert sizes.grown(run) == (
        "In this run the error does not grow from 64 to 4,096 tokens for A plain mean (0.49 → 0.09). "
        "In this run the error grows from 64 to 4,096 tokens for Sliced ReLU (0.1 → 0.5). "
        "Softmax has not learned the function."
    )


def test_what_was_stopped_goes_back_to_its_states(records):
    run = learned(records, but=("weights", "sizes"))
    assert run.left == run.lanes
    first, *others = run.lanes
    first.state_step = 4
    for lane in others:
        lane.state, lane.state_step = None, 0
    life = run.life
    run.rewind()
    assert run.life != life
    assert [lane.step for lane in run.lanes] == [4, 0, 0]
    assert max(one["step"] for one in first.told) == 4
    assert not any(lane.told for lane in others)  # all of it will be told again
    assert list(run.states()) == ["state 0"]


def test_a_model_that_has_yet_to_be_tested_is_left(records):
    run = learned(records, but=("sizes",))
    assert run.left == run.lanes
    assert all(lane.end and lane.state for lane in run.lanes)
    assert "now tested with more tokens" in run.doing()
    for record in records:
        if "sizes" in record:
            run.lanes[record["run"]].take(record)
    assert not run.left
    assert not any(lane.state for lane in run.lanes)


def test_the_message_has_what_the_models_themselves_say(records):
    run = learned(records, running=False)
    formula = parse("mean(c)")
    state = type("State", (dict,), {"epoch": 1})(
        target="mean", places=tuple(WATCHED["places"]), payloads=tuple(WATCHED["payloads"])
    )
    sent = crowd.message(state, formula, run.specs, run, 3)
    assert [len(said) for said in sent["answer"]["said"]] == [job.PLACES] * 3
    last = [one["look"] for one in run.lanes[1].told if "look" in one][-1]
    assert sent["answer"]["said"][1] == pytest.approx(last, abs=1e-4)  # the crowd is the one that was watched
    weights = crowd._weights(run, formula)
    assert [one["kind"] for one in weights["models"]] == ["softmax", "relu", "mean"]
    assert "R²" in sent["alt"]
    with torch.no_grad():  # a model whose answers are no numbers
        run.lanes[0].model.head.weight.fill_(1e38)
    assert crowd.said_of(run, state)[0] == [0.0] * job.PLACES


@pytest.mark.parametrize("text", ["import os", "mean(c", "1/0", "x" * 300, "<img src=x>", ""])
def test_a_formula_from_a_link_that_is_none_leaves_one_that_is(text):
    formula, wrong = crowd.formula_of({"target": "own", "f": text})
    assert wrong
    assert formula == parse(next(iter(crowd.MENU.values())).formula)
    assert crowd.formula_of({"target": "own", "f": "std(c) * x"}) == (parse("std(c) * x"), "")


def test_a_link_with_one_key_alone_shows_the_usual_ones_and_takes_these_away():
    page = open_page("pages/11_Crowd.py", keys="0.5")
    assert not page.exception
    state = page.session_state["_state"]
    assert state["keys"] == excess.KEYS
    assert str(len(excess.KEYS)) in take.excess_caption(state)


def test_every_method_is_offered_can_be_trained_and_bet_on():
    assert set(METHODS) <= set(crowd.BESIDE)
    assert len(crowd.BESIDE) + 4 <= min(job.MOST_RUNS, MOST_CHOICES)  # there is room for more methods
