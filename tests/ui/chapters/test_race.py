"""The page of the race: what it says of a run, and that a run runs."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from srviz.attention.methods import registered
from srviz.measure import bench
from srviz.measure.plan import Plan, Row
from srviz.ui.chapters.race import bet, chart, recorded, result
from srviz.ui.chapters.race import page as race_page
from srviz.ui.kit import url
from tests.attention.signed import SIGNED

ROOT = Path(__file__).parents[3]
SIZES = [64 << k for k in range(6)]


def made(method, n, seconds=None, **other):
    times = {} if seconds is None else dict.fromkeys(("seconds", "lower", "upper", "least", "most"), seconds)
    return Row(method, "forward", n, 1, 4, 32, "float32", "cpu", 2, "s, t, v", **times, **other)


def run_of(softmax, relu, **other):
    """A run in which softmax takes softmax(n) seconds, and sliced ReLU relu(n)."""
    rows = [made("softmax", n, softmax(n), peak=3_000_000) for n in SIZES] + [made("relu", n, relu(n)) for n in SIZES]
    where = {"device": "a <b>machine</b>", "date": "today", "torch": "2.13"}
    plan = Plan(methods=("softmax", "relu"), most=SIZES[-1])
    return bench.Run(plan, where, {(r.method, r.direction, r.n): r for r in rows}, over=True, **other)


def open_page(run=None, **query):
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    page.run()
    page.switch_page("pages/8_Race.py")
    for name, value in query.items():
        page.query_params[name] = value
    if run:
        page.session_state["_race"] = run
    return page.run()


def button(page, label):
    return next(button for button in page.button if button.label == label)


def test_a_race_runs_to_its_end():
    page = open_page(methods="softmax_relu", upto="8", heads="1", d="16", call="0.1")
    button(page, "Run the race").click().run()
    assert not page.exception
    run = page.session_state["_race"]
    assert run.over
    assert {n for method, _, n in run.rows if method == "relu"} >= {64}
    assert any(heading.value == "Which is faster, and where sliced ReLU loses" for heading in page.subheader)
    assert any("faster" in text.value for text in page.markdown)
    assert [b.label for b in page.button if b.label.startswith("Run")] == ["Run again"]


def test_what_was_measured_stays_when_it_was_stopped():
    run = run_of(lambda n: 1e-9 * n**2, lambda n: 3e-7 * n)
    run.over, run.at = False, ("relu", "forward", 2048)
    page = open_page(run)
    assert not page.exception
    assert button(page, "Go on")
    assert any(caption.value.startswith("Stopped at n = 2,048. ") for caption in page.caption)
    assert any("Up to n ≈ 300 fused softmax is faster" in text.value for text in page.markdown)
    page.pills[0].set_value(["linear"]).run()
    assert any("Up to n ≈ 300" in text.value for text in page.markdown)


def test_without_a_method_there_is_no_race():
    page = open_page(methods="none")
    assert not page.exception
    assert button(page, "Run the race").disabled


def test_trouble_is_a_sentence():
    page = open_page(run_of(lambda n: n, lambda n: n, trouble="The device cuda:0 does not answer any more."))
    assert page.warning[0].value == "The device cuda:0 does not answer any more."


def test_what_a_method_is_given_is_said_of_every_method():
    with registered(SIGNED):
        said = result._provenance(run_of(lambda n: n, lambda n: n))
    assert "(Softmax, Linear, Less one) are given q, k and v" in said


def test_provenance_is_no_markup():
    page = open_page(run_of(lambda n: n, lambda n: n))
    assert any("on a bmachineb, 1 thread, torch" in text.value for text in page.markdown)


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"others": 0.78}, "Other work took 78% of this machine’s time"),
        ({"others": 0.05}, ""),
        ({"others": ""}, ""),
        ({"others": "<b>"}, ""),
        ({"others": "nan"}, ""),
        ({}, ""),
    ],
)
def test_a_run_that_had_company_says_so(told, said):
    run = run_of(lambda n: n, lambda n: n)
    run.provenance |= told
    assert said in result._company(run)
    assert bool(result._company(run)) == bool(said)
    assert [warning.value for warning in open_page(run).warning] == ([result._company(run)] if said else [])


def test_other_settings_than_those_of_the_run_are_told_apart():
    run = run_of(lambda n: n, lambda n: n)
    same = {"methods": "softmax_relu", "upto": "11"}
    assert not [caption for caption in open_page(run, **same).caption if "those of the run before" in caption.value]
    page = open_page(run, **same | {"direction": "backward"})
    assert [caption for caption in page.caption if "those of the run before, with other settings." in caption.value]


def test_settings_are_closed_while_a_race_is_on(monkeypatch):
    """A touch would be another run of the script, which loses its place in the queue."""
    monkeypatch.setattr(race_page, "go", lambda place: None)
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    page.run()
    page.switch_page("pages/8_Race.py")
    page.session_state["_race"], page.session_state["_racing"] = bench.Run(Plan()), True
    page.run()
    assert page.pills[0].disabled
    assert all(slider.disabled for slider in page.select_slider if slider.label == "Largest n")


def test_the_table_speaks_as_the_page_does():
    row = result._readable(asdict(made("softmax", 64, 0.0012, samples=9, left_out=2, calls=4, peak=3_000_000)))
    assert row["method"] == "Softmax, fused"
    assert row["median"] == "1.2 ms"
    assert row["peak memory"] == "3.0 MB"
    assert result._readable(asdict(made("floor", 64, stopped="would take 2 s")))["median"] == ""


def test_who_computed_sliced_relu_is_named_where_it_was_not_torch():
    assert result._sliced({"sliced": "C, cc (Debian 12) 12.2.0"}) == ", sliced ReLU in C by cc (Debian 12) 12.2.0"
    assert result._sliced({"sliced": "Triton 3.6.0"}) == ", sliced ReLU in Triton 3.6.0"
    assert result._sliced({"sliced": "torch"}) == result._sliced({}) == ""


def test_only_the_two_of_the_bet_are_shown_of_recorded_runs(monkeypatch):
    run = run_of(lambda n: n, lambda n: n)
    rows = [*run.rows.values(), made("linear", 64, 1.0)]
    monkeypatch.setattr(chart, "recorded", lambda: [("then", rows)])
    state = open_page(run, methods="softmax_linear").session_state["_states"]["pages/8_Race.py"]
    (ghost,) = chart.sent(state, run, False)["ghosts"]
    assert [line["name"] for line in ghost["lines"]] == ["softmax"]
    monkeypatch.setattr(chart, "recorded", lambda: [("then", [made("linear", 64, 1.0)])])
    assert chart.sent(state, run, False)["ghosts"] == []  # the legend names no run of which nothing is drawn


@pytest.mark.parametrize(
    ("softmax", "relu", "said"),
    [
        (
            lambda n: 1e-9 * n**2,
            lambda n: 3e-7 * n,
            "4.7 × as fast at n = 64. Above n ≈ 300 sliced ReLU is faster: 6.8 × as fast at n = 2,048, the last that "
            "was measured for both",
        ),
        (
            lambda n: n,
            lambda n: 2 * n,
            "faster at every n** that was measured for both, from 64 to 2,048. At n = 2,048 it is 2.0 × as fast as "
            "sliced ReLU",
        ),
        (
            lambda n: 3 * n,
            lambda n: n,
            "In this run sliced ReLU does not lose in time. It is **faster than fused softmax at every n**, from 64 "
            "on. Sliced ReLU is 3.0 × as fast",
        ),
    ],
)
def test_where_we_lose_is_said_by_the_measurement(softmax, relu, said):
    assert said in result.where_we_lose(run_of(softmax, relu))


def test_with_one_of_them_alone_there_is_nothing_to_compare():
    run = run_of(lambda n: n, lambda n: n)
    run.rows = {key: row for key, row in run.rows.items() if row.method == "relu"}
    assert result.where_we_lose(run).startswith("Race fused softmax and sliced ReLU")


def test_the_bet_is_compared_with_every_point():
    run = run_of(lambda n: 1e-3, lambda n: 1e-6 * n)
    assert result._off((-3.0, -3.0, -3.0, -3.0), run, "softmax") == [(pytest.approx(1), False)]
    assert result._off((-2.0, -2.0, -2.0, -2.0), run, "softmax") == [(pytest.approx(10), True)]
    assert result._off((-4.0, -4.0, -4.0, -4.0), run, "softmax") == [(pytest.approx(10), False)]
    exact = tuple(-6 + (k * 0.30103) for k in (6, 10, 14, 18))
    assert result._off(exact, run, "relu")[0][0] == pytest.approx(1, abs=1e-3)
    assert result._off(exact, run, "linear") == []


def test_a_bet_in_a_link_with_a_point_missing_is_no_bet_and_said_so():
    page = open_page(softmax="-3_-2", relu="-3_-2_-1_0")
    assert not page.exception
    assert any("softmax = " in caption.value for caption in page.caption)
    states = page.session_state["_states"]["pages/8_Race.py"]
    assert states["softmax"] == bet.BETS["softmax"]
    assert states["relu"] == (-3, -2, -1, 0)


def test_what_a_stop_shows_at_its_point_is_short_and_the_rest_stands_below():
    why = "would need 8.8 TB: 2 × 1 × n² numbers; 12 GB can be had"
    run = run_of(lambda n: n, lambda n: n)
    run.plan = replace(run.plan, methods=("written", "softmax", "relu"))
    run.rows["written", "forward", 64] = made("written", 64, stopped=why, expected=2.0)
    line = chart.measured(run)["lines"][0]
    assert line["stop"] == {"n": 64, "seconds": 2.0, "text": "would need 8.8 TB", "why": why}
    assert line["points"] == []
    json.dumps(chart.measured(run), allow_nan=False)


def test_the_crossover_is_marked_only_where_there_is_one():
    assert chart.measured(run_of(lambda n: 1e-9 * n**2, lambda n: 3e-7 * n))["crossover"]["n"] == pytest.approx(300)
    assert chart.measured(run_of(lambda n: 3 * n, lambda n: n))["crossover"] is None
    assert chart.measured(run_of(lambda n: n, lambda n: 2 * n))["crossover"] is None


def test_recorded_runs_that_are_none_are_left_out(tmp_path, monkeypatch, caplog):
    run = run_of(lambda n: n, lambda n: n)
    (tmp_path / "b.json").write_text(json.dumps(run.document()), "utf-8")
    (tmp_path / "a.json").write_text("{}", "utf-8")
    (tmp_path / "c.json").write_bytes(b"\xff\xfe")
    (tmp_path / "d.json").write_text(" " * (recorded.MOST_BYTES + 1), "utf-8")
    monkeypatch.setattr(recorded.places, "RECORDED", tmp_path)
    ((title, rows),) = recorded.recorded.__wrapped__()
    assert title.startswith("a <b>machine</b>")
    assert len(rows) == len(run.rows)
    assert [record.message[:6] for record in caplog.records] == ["a.json", "c.json", "d.json"]


@pytest.mark.parametrize(
    ("text", "value", "valid"),
    [("relu_softmax", ["softmax", "relu"], True), ("none", [], True), ("relu_evil", ["relu"], False),
     ("", ["softmax", "linear"], False), ("relu_relu", ["relu"], False)],
)  # fmt: skip
def test_several_of_some(text, value, valid):
    parameter = url.several("methods", ("softmax", "linear", "relu"), ("softmax", "linear"))
    assert parameter.read(text) == (value, valid)
    assert parameter.read(parameter.write(value)) == (value, True)
