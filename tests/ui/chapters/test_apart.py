"""Tell them apart without a browser: links, what the operator answers, fits that are stopped, recorded runs."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from streamlit.testing.v1 import AppTest

from srviz.attention import METHODS
from srviz.jobs import TROUBLE, Packed
from srviz.lab import Spec, contexts, separate
from srviz.lab.jobs import apart as job
from srviz.lab.tasks import apart as family
from srviz.ui.chapters.apart import apart, recorded
from srviz.ui.chapters.apart.run import MOST_LANES, ContextFits

ROOT = Path(__file__).parents[3]
SPECS = tuple(Spec.usual("apart:any,sequences=2", name, 0, {"steps": 12}) for name in ("relu", "mean"))


class Settled(dict):
    """The values of a page, as `url.settle` gives them."""

    epoch = 0


def settled(**values):
    return Settled({parameter.name: parameter.default for parameter in apart.PARAMETERS} | values)


@pytest.mark.parametrize(
    ("text", "value", "valid"),
    [
        ("", "", True),
        ("CmSc", "CmSc", True),
        ("CmSc_AAAA", "AAAACmSc", True),
        ("CmS", "", False),
        ("<b>x", "", False),
        ("A" * 100_000, "AAAA", True),
    ],
)
def test_places_in_a_link_are_read_or_left_out(text, value, valid):
    parameter = next(one for one in apart.PARAMETERS if one.name == "moved")
    assert parameter.read(text) == (value, valid)


def test_the_operator_answers_for_its_own_place_and_for_the_visitors():
    state = settled(kind="moments", sequences=5, heads=2)
    name = apart.task_of(state)
    made = family.read(name.partition(":")[2])
    found = apart.answer(state, name)
    assert len(found["heads"]) == 2
    assert found["gap"] == separate.build(made.tokens, made.targets, 2).gap
    hand = apart.answer(settled(turn=90.0, at=0.25), apart.task_of(settled()))
    assert hand["heads"] == [{"turn": pytest.approx(torch.pi / 2), "place": 0.25}]
    crowds = contexts.make("any", 4, 0).tokens
    expected = separate.labels(crowds, [separate.SeparatingHead(torch.pi / 2, 0.25)])
    torch.testing.assert_close(torch.tensor(hand["labels"]).double(), expected, rtol=0, atol=1e-7)


def test_what_is_sent_is_what_was_drawn_and_how_it_moves():
    state = settled(kind="means", close=0.5, moved="CmSc")
    name = apart.task_of(state)
    sent = apart.message(state, name, SPECS, 3, running=False)
    assert sent["crowds"]["pool"] == contexts.make("means", 4, 0).pool.tolist()  # the browser moves it itself
    assert len(sent["crowds"]["path"]) == contexts.STEPS + 1
    assert sent["start"]["first"] == 0
    assert [record["step"] for record in sent["records"]] == [0, 0]
    assert sent["answer"]["id"] == 3


def fitted(specs=SPECS):
    fits = ContextFits()
    fits.begin(specs)
    for record in job.run(fits.plan() | {"looks": 4, "state_seconds": 0.0}, fits.states()):
        yield fits, record


def test_a_fit_that_was_stopped_goes_on_at_its_last_state():
    for fits, record in fitted():
        fits.lanes[record["run"]].take(record)
        if all(lane.over or (lane.state_step >= 6 and len(lane.told) >= 3) for lane in fits.lanes):
            break
    fits.rewind()
    lanes = fits.left
    for lane in lanes:
        assert all(look["step"] <= lane.state_step for look in lane.told)
        assert lane.step == lane.state_step
    for record in job.run(fits.plan() | {"looks": 4}, fits.states()):
        lanes[record["run"]].take(record)
    assert not fits.left
    assert fits.share() == 1
    for lane in lanes:
        assert [look["step"] for look in lane.told] == [0, 3, 6, 9, 12]
        assert lane.end["asked"] == 12
        assert lane.state is None
    assert {record["run"] for record in fits.news()["records"]} & {0, 1}  # what was told in the last seconds


def test_without_a_state_a_fit_begins_anew():
    fits = ContextFits()
    fits.begin(SPECS)
    lane = fits.lanes[0]
    lane.take({"step": 0, "look": {}})
    lane.take({"step": 3, "losses": [1.0], "seconds": 0.1})
    lane.rewind()
    assert (lane.told, lane.times, lane.step) == ([], [], 0)
    lane.take({"step": 3, "state": Packed.of_bytes(b"abc").to_json()})
    assert list(fits.states()) == ["state 0"]


def test_what_is_over_is_kept_and_not_everything_for_ever():
    fits = ContextFits()
    for seed in range(MOST_LANES + 3):
        fits.begin([replace(SPECS[0], seed=seed)])
    assert len(fits.kept) == MOST_LANES
    last = fits.specs[0]
    fits.kept[last].end = {"accuracy": 1.0, "asked": 12, "seconds": 1.0}
    fits.begin((last, SPECS[1]))
    assert [lane.spec for lane in fits.left] == [SPECS[1]]
    fits.again([last])
    assert [lane.spec for lane in fits.left] == [last]
    assert TROUBLE not in fits.trouble


def test_the_page_says_which_pair_there_is_and_forgets_places_of_other_crowds():
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    page.switch_page("pages/10_Apart.py")
    page.query_params.update({"sequences": "3", "first": "7", "second": "3", "moved": "CmSc", "turn": "30"})
    page.run()
    assert not page.exception
    assert any("first = 3" in caption.value for caption in page.caption)
    page.selectbox[0].set_value("moments").run()
    assert not page.exception
    assert "moved" not in page.query_params
    assert "turn" not in page.query_params
    page.query_params["moved"] = "CmSc"
    page.run()
    assert page.query_params["moved"] in ("CmSc", ["CmSc"])
    next(field for field in page.number_input if field.label == "Seed").set_value(5).run()
    assert not page.exception
    assert "moved" not in page.query_params
    page.button_group(key="pages/10_Apart.py:by").set_value([]).run()
    assert not page.exception
    assert next(button for button in page.button if button.label == "Fit").disabled


def test_a_link_to_other_crowds_ends_the_fits_of_those_before():
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    page.switch_page("pages/10_Apart.py")
    fits = ContextFits()
    fits.begin(SPECS)
    page.session_state["_apart_fits"] = fits
    page.query_params["kind"] = "means"
    page.run()
    assert not page.exception
    assert not fits.running
    assert not any(button.label == "Stop" for button in page.button)


def test_recorded_runs_are_told_in_their_numbers():
    assert "Over both kinds of such crowds it brought 0." in recorded.claim()
    held = recorded._read(recorded.CURVE)
    for course in recorded.courses(held):
        assert course.at == tuple(sorted(course.at, reverse=True))
        assert all(len(steps) == 5 for steps in course.steps)
    diverged = [{"run": run["run"], "diverged": 3, "right": 0} for run in held["runs"]]
    assert len(recorded.table({"runs": diverged}).splitlines()) > 2  # nothing is known of their heads
    table = recorded.table(recorded._read(recorded.ONE_LAYER)).splitlines()
    assert len(table) == 2 + 5
    assert all(line.count("|") == table[0].count("|") for line in table)
    for file, plan in ((recorded.CURVE, "apart.json"), (recorded.ONE_LAYER, "apart-one-layer.json")):
        assert recorded._read(file)["command"].endswith(f"until assets/plans/{plan} --out assets/recorded/lab/{file}")


def test_every_method_is_offered_and_all_of_them_can_be_fitted_at_once():
    assert set(METHODS) <= set(apart.MIXED)
    assert len(apart.MIXED) + 4 <= job.MOST_RUNS  # there is room for more methods
