"""The page of training without a browser: what is kept, rewound, said, and what a visitor's own input may be."""

import base64
import json
import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from srviz import places
from srviz.jobs import Packed
from srviz.lab import TASKS, Spec, Training, summary, watched
from srviz.lab.records import records
from srviz.lab.sweep import runs
from srviz.lab.task import OWN
from srviz.ui.chapters.train import ends, own, parts, recorded, tables, take, train, tried
from srviz.ui.chapters.train import run as train_run
from srviz.ui.chapters.train.run import Watched, others_first
from srviz.ui.chapters.train.run import recorded as recorded_run
from srviz.ui.kit import url, work
from srviz.ui.kit.training import Lane

QUICK = {"steps": 12, "batch": 4}


def learned(task="recall", names=("relu", "mean"), **how):
    specs = tuple(Spec.usual(task, name, 0, QUICK) for name in names)
    run = watching(specs, bet=3.0)
    for lane in run.lanes:
        for record in records(Training(lane.spec), **{"looks": 4, "tests": 3} | how):
            lane.take(record)
    return run


def watching(specs, bet=0.0):
    return Watched(lanes=[Lane(spec) for spec in specs], bet=bet)


@pytest.fixture(scope="module")
def trained():
    torch.set_num_threads(1)
    return learned()


def test_all_that_is_said_is_kept(trained):
    assert not trained.left
    assert trained.share() == 1
    for lane in trained.lanes:
        assert len(lane.losses) == 12
        assert lane.weights
        assert [record["step"] for record in lane.told if "look" in record] == [0, 3, 6, 9, 12]
    assert "12 of 12" in trained.doing()


def test_the_news_are_the_end_of_what_was_said(trained):
    for lane in trained.lanes:
        lane.times[:-2] = [0.0] * (len(lane.times) - 2)  # long ago
    told = [lane.told[-2:] for lane in trained.lanes]
    assert trained.news()["records"] == [one | {"run": number} for number in (0, 1) for one in told[number]]


def test_a_rewound_training_says_the_same_as_one_that_was_not_stopped(trained):
    """Stopped after step 9, with a state of step 6."""
    run = watching(trained.specs)
    lane = run.lanes[0]
    stopped = Training(lane.spec)
    for record in records(stopped, looks=4, tests=3, state_seconds=0):
        if "state" in record and record["step"] > 6:
            continue
        lane.take(record)
        if record["step" if "step" in record else "begin"] == 9 and "look" in record:
            break
    run.rewind()
    assert (lane.step, len(lane.losses), lane.state_step) == (6, 6, 6)
    assert lane.seconds == lane.told[-1].get("seconds", lane.seconds) > 0
    training = Training(Spec.of_json(run.plan()["runs"][0]))
    training.resume(bytes(run.states()["state 0"].data))
    for record in records(training, looks=4, tests=3):
        lane.take(record)
    assert lane.losses == trained.lanes[0].losses
    assert lane.weights == trained.lanes[0].weights

    def kinds(of):
        return [(record["step"], key) for record in of.told for key in ("test", "look") if key in record]

    assert kinds(lane) == kinds(trained.lanes[0])
    assert [loss for record in lane.told for loss in record.get("losses", [])] == lane.losses


def test_every_number_of_a_training_is_in_its_table_and_a_stopped_one_can_be_taken_along(trained, monkeypatch):
    monkeypatch.setattr(take, "current", lambda: trained)
    columns = take.numbers({"task": "recall"})
    lane = trained.lanes[0]
    assert len(set(map(len, columns.values()))) == 1
    assert columns["loss"] == [loss for lane in trained.lanes for loss in lane.losses]
    last = lane.step - 1
    assert columns["seconds"][last] == str(lane.seconds)
    assert 0 < float(columns["mixing"][last]) < lane.seconds
    assert float(columns["test"][last]) > 0
    stopped = watching([Spec.usual("recall", "relu", 0, {"steps": 4})])
    training = Training(stopped.lanes[0].spec)
    training.step()
    stopped.lanes[0].take({"step": 1, "losses": training.losses, "seconds": 1.0, "mixing": 0.5})
    stopped.lanes[0].take({"step": 1, "state": Packed.of_bytes(training.state()).to_json()})
    monkeypatch.setattr(take, "current", lambda: stopped)
    [_, file] = take.files({"task": "recall"})
    assert file.name == "recall-relu-0.training.safetensors"
    training.resume(file.make())


@pytest.mark.parametrize(("megabytes", "batch"), [(4_000, 32), (330, 16), (260, 4), (100, 32)])
def test_a_training_that_memory_is_too_short_for_has_fewer_examples_a_step(monkeypatch, megabytes, batch):
    specs = tuple(Spec.usual("solids", name) for name in ("relu", "softmax"))
    monkeypatch.setattr(train_run.host, "granted", lambda: megabytes << 20)
    monkeypatch.setattr(train_run.host, "available", lambda: 8_000 << 20)
    monkeypatch.setattr(train_run.st, "session_state", {})
    train_run.start(specs, 1.0, 3)
    run = train_run.st.session_state["_training"]
    assert [spec.recipe.batch for spec in run.specs] == [batch, batch]
    assert run.wanted == (0 if batch == 32 else 32)  # with too little for any, the job says what it lacks
    assert (run.bet, run.example, run.running) == (1.0, 3, True)


def test_a_recorded_training_is_shown_as_if_it_had_just_ended():
    run = recorded_run("recall", bet=2.0)
    assert [lane.spec.mixing for lane in run.lanes] == ["relu", "softmax"]
    assert not run.running
    assert not run.left
    assert all(lane.step == lane.spec.recipe.steps == len(lane.losses) for lane in run.lanes)
    assert all(lane.end["metric"] == lane.told[-2]["test"]["metric"] for lane in run.lanes)
    assert re.fullmatch(r"20\d\d-\d\d-\d\d, .*torch 2.*", run.recorded)
    assert recorded_run("apart:any,sequences=2") is None
    state = {p.name: p.default for p in train.PARAMETERS} | {"task": "recall"}
    told = train.message(url.State({}, state, {}), TASKS["recall"], run.specs, run)
    assert told["note"].startswith("This is a recorded training (20")


WATCHED = sorted({path.name.partition("-")[0] for path in watched.FOLDER.iterdir()})


def test_the_first_task_has_a_recorded_training_to_watch():
    assert next(iter(TASKS)) in WATCHED


@pytest.mark.parametrize("task", WATCHED)
def test_a_recorded_training_to_watch_has_the_usual_recipe(task):
    for name in ("relu", "softmax"):
        begin, *_, end = watched.read(task, name)
        assert Spec.of_json(begin["begin"]["run"]) == Spec.usual(task, name)
        assert end["end"]["asked"] > 0
        assert set(begin["where"]) >= {"date", "torch", "processor"}


def test_who_waits_for_others_sees_a_recorded_training(monkeypatch):
    waiting = watching([Spec.usual("recall", "relu", 0, QUICK)])
    monkeypatch.setattr(work, "others", lambda: 0)
    assert not others_first(waiting)
    monkeypatch.setattr(work, "others", lambda: 2)
    assert others_first(waiting)
    waiting.lanes[0].take({"step": 1, "losses": [1.0], "seconds": 1.0, "mixing": 0.5})
    assert not others_first(waiting)  # its turn has come
    assert not others_first(recorded_run("recall"))
    assert not others_first(None)


def test_a_recipe_that_a_task_offers_is_what_is_trained_and_no_other_task_takes_it():
    usual = {p.name: p.default for p in train.PARAMETERS} | {"recipe": "deep", "steps": "whole"}
    (deep, _), (other, _) = (train._specs(usual | {"task": task}) for task in ("letters", "solids"))
    assert (deep.recipe.positions, deep.recipe.layers, deep.recipe.steps) == ("score", 4, 1_800)
    assert other.recipe == TASKS["solids"].recipe_of("relu")


def test_what_it_came_to_is_said_with_the_bet(trained):
    said = ends.verdict(TASKS["recall"], trained)
    assert "**Sliced ReLU**: 0." in said
    assert "You bet that Sliced ReLU would be 3 points ahead." in said
    first, second = (100 * lane.end["metric"] for lane in trained.lanes)
    apart = f"{abs(first - second):.1f}"
    leader = "Sliced ReLU" if first >= second else "A plain mean"
    assert (f"{leader} is {apart} points ahead." if float(apart) else "Both models do equally well.") in said
    assert f"of the test’s {trained.lanes[0].end['asked']:,} answers are right. A step takes " in said
    relu = next(line for line in recorded.recorded_lines("recall") if line.mixing == "relu")
    low, high = relu.interval
    mean = f"Recorded with {len(relu.values)} seeds: {relu.mean:.3f} on average"
    assert f"{mean}, 95 % interval {low:.3f} to {high:.3f}. " in said
    assert "Those runs had another recipe: 600 steps, batch 64." in said


@pytest.mark.parametrize(
    ("ahead", "bet", "said"),
    [
        (4.0, 0.0, "A is 4.0 points ahead."),
        (-0.04, 0.0, "Both models do equally well."),
        (-4.0, -3.0, "B is 4.0 points ahead. You bet that B would be 3 points ahead. You guessed well."),
        (4.0, -1.0, "A is 4.0 points ahead. You bet that B would be 1 point ahead. The result is 5 points away from "
         "your bet."),
    ],
)  # fmt: skip
def test_a_bet_is_compared_where_there_was_one(ahead, bet, said):
    *parts, seeds = ends._compared(["A", "B"], ahead, bet)
    assert " ".join(parts) == said
    assert seeds == "With another seed this may differ by some points."


def test_a_model_that_diverged_is_over(trained):
    run = watching(trained.specs)
    run.lanes[0].take({"run": 0, "step": 3, "diverged": "The loss was no number any more at step 3."})
    assert run.left == run.lanes[1:]


def test_an_uploaded_cloud_is_seen_by_the_models_that_were_trained_to_their_end(monkeypatch):
    task, run = TASKS["solids"], learned("solids", ("mean", "none"), looks=0, tests=0)
    run.stop()
    monkeypatch.setattr(own.uploads, "let_go", lambda file: None)
    cube = "".join(f"{x},{y},{z}\n" for x in range(7) for y in range(7) for z in range(7)).encode()
    file = SimpleNamespace(file_id="1", name="cube.csv", getvalue=lambda: cube)
    monkeypatch.setattr(own.st, "session_state", {"own solid": file, "_training": run})
    seen, problem = own.given(task, run)
    assert not problem
    assert len(seen["example"]["drawn"]) == 3 * task.recipe.n
    assert [len(look["says"]) > 0 for look in seen["looks"]] == [True, True]
    run.lanes[1].take({"step": 12, "diverged": "The loss was no number any more."})
    run.lanes[1].weights = b""
    seen, _ = own.given(task, run)
    assert seen["looks"][1] is None
    assert own._said(task, run, seen).startswith("A plain mean: **")
    few = SimpleNamespace(file_id="2", name="few.csv", getvalue=lambda: b"x,y,z\n1,2,3\n")
    monkeypatch.setattr(own.st, "session_state", {"own solid": few, "_training": run})
    nothing, problem = own.given(task, run)
    assert nothing is None
    assert "at least 4 are needed" in problem


@pytest.mark.parametrize("task", [task for task in TASKS.values() if task.own], ids=lambda task: task.name)
def test_an_input_of_ones_own_is_seen_by_a_trained_model(task):
    given = {
        "drawing": torch.zeros(28, 28).index_fill(1, torch.tensor([13, 14]), 1.0),
        "cloud": torch.randn(300, 3),
        "text": {"letters": "The qu?ck brown fox", "listops": "[max 2 9 [MIN 4 7 ] 0]", "recall": "3:7 12:40 3:?"}.get(
            task.name
        ),
    }[task.own]
    assert task.own in OWN
    x = task.read(given, task.recipe)
    training = Training(Spec.usual(task.name, "relu", 0, {"steps": 1, "batch": 2}))
    weights = training.weights()
    seen = own._look(weights, x)
    example = own._example(task, x)
    assert seen["says"]
    assert len(example["answers"]) == len(example["asked"])
    if task.tokens_asked:
        assert len(seen["says"]) == len(example["asked"])
        assert any(example["asked"])


@pytest.mark.parametrize(
    ("task", "given", "sentence"),
    [
        ("ink", torch.zeros(28, 28), "Draw a digit first"),
        ("patches", torch.zeros(28, 28), "Draw a digit first"),
        ("pixels", torch.zeros(28, 28), "Draw a digit first"),
        ("letters", "no blank", "Put a \\? in the place"),
        ("letters", "a?", "Write at least 8 letters"),
        ("listops", "[MAX 2 <b>", "not the word at place 3"),
        ("listops", "[MAX 2", "Expected a ] for every"),
        ("listops", "[MAX 2 ] 3", "Expected one list"),
        ("listops", "[MAX " + "2 " * 60 + "]", "Expected at most 48 words"),
        ("recall", "3:7", "Expected at least one question"),
        ("recall", "3:99 3:?", "Expected numbers from 0 to 63"),
        ("recall", "3=7", "Expected pairs such as"),
        ("recall", "3:7 " * 200 + "3:?", "at most 128 words"),
    ],
)
def test_an_input_that_cannot_be_used_gets_a_sentence(task, given, sentence):
    with pytest.raises(ValueError, match=sentence):
        TASKS[task].read(given, TASKS[task].recipe)


def test_a_drawing_from_the_wire_is_checked():
    ink = np.zeros(784, np.uint8)
    ink[300:310] = 255
    good = base64.b64encode(ink.tobytes()).decode()
    assert own._drawing(good).sum() == 10
    for bad in (None, 3, "", "%%%", good[:-8], "A" * 5000, base64.b64encode(bytes(784)).decode()):
        assert own._drawing(bad) is None


def test_a_wrong_file_is_read_once(monkeypatch):
    reads = []

    def read(*_, **__):
        reads.append(1)
        raise own.Unreadable("It holds no points.")

    let_go = []
    monkeypatch.setattr(own, "read_file", read)
    monkeypatch.setattr(own.uploads, "let_go", let_go.append)
    file = SimpleNamespace(file_id="file 1", name="a.ply", getvalue=bytes)
    for _ in range(2):
        with pytest.raises(own.Unreadable, match="no points"):
            own._upload(file)
    assert len(reads) == 1
    assert let_go == [file]
    own.st.session_state.pop("_own_solid")


def test_a_small_drawing_is_seen_as_large_as_the_digits_learned_from():
    from srviz.lab.tasks.patches import small

    tiny = torch.zeros(28, 28)
    tiny[10:14, 12:14] = 1
    seen = small(tiny)
    assert seen.amax(1).min() > 0.4  # from top to bottom
    assert seen[:, 0].max() == 0


def test_a_state_that_is_packed_goes_back_into_a_plan(trained):
    run = watching(trained.specs)
    run.lanes[1].take({"run": 1, "step": 4, "state": Packed.of_bytes(b"abc").to_json()})
    assert list(run.states()) == ["state 1"]


def line(mixing, values, **changes):
    spec = Spec.usual("recall", mixing, 0, {"rate": 0.002} | changes)
    results = [
        {"run": Spec(spec.task, mixing, seed, spec.recipe).to_json(), "metric": value, "seconds": 1.0, "mixing": 0.5}
        for seed, value in enumerate(values)
    ]
    return summary.lines(results)[0]


def test_a_part_is_judged_by_pairs_of_the_same_seed():
    base = line("relu", (0.90, 0.80, 0.70, 0.95, 0.60))
    worse = line("relu-rows", (0.80, 0.71, 0.59, 0.86, 0.50))  # a tenth less, though seeds differ by more
    alike = line("relu", (0.93, 0.78, 0.73, 0.91, 0.62), heads=8)
    short = line("distance", (0.1,))
    told = summary.against(base, [worse, alike, short])
    assert [one.is_clear for one in told] == [True, False, False]
    assert told[0].mean == pytest.approx(-0.098)
    low, high = told[0].interval
    deviation = np.std(told[0].values, ddof=1)
    assert high - low == pytest.approx(2 * 2.776 * deviation / 5**0.5)
    assert parts.base_of([worse, base, alike]) is base
    assert [parts.label(one.line, base) for one in told] == [
        "Divided by the row's sum",
        "8 heads",
        "Sliced distance, |s − t|",
    ]
    said = parts.sentence(told[:2], base, TASKS["recall"])
    assert said == (
        "These changes clearly lose on the task “Recall”: *Divided by the row's sum* (−0.098). The other change makes "
        "no clear difference."
    )
    assert "too few seeds" in parts.sentence([], base, TASKS["recall"])


def test_what_was_tried_is_a_row_for_each_recipe_and_the_best_of_a_column_is_bold():
    task, column = TASKS["recall"], "What differs from the usual recipe"
    found = [
        line("relu", (0.1,)),
        line("bump", (0.7,), rate=0.004),
        line("bump", (0.6,)),
        line("relu", (0.2, 0.4), layers=4, steps=1800),
        line("bump", (0.5,), layers=4, steps=1800),
        line("bump", (0.9,), bandwidth=0.2),
        line("bump", (0.9,), bandwidth=0.2, rate=0.004),
    ]
    assert tried.rows_of(found, task) == [
        {column: "Nothing changed", "Sliced ReLU": "0.10 (0.002)", "Sliced bump": "0.70 (0.004)"},
        {column: "1,800 steps, 4 layers", "Sliced ReLU": "**0.30 (0.002)**", "Sliced bump": "0.50 (0.002)"},
        {column: "Bandwidths that begin at 0.2", "Sliced ReLU": "–", "Sliced bump": "**0.90 (0.002)**"},
    ]
    assert tried.best_of(found) == {"relu": found[3], "bump": found[5]}


def test_what_was_tried_for_letters_is_of_letters_and_of_runs_that_ended():
    found = tried.recorded_of(TASKS["letters"])
    plan = runs(json.loads((places.HOME / "assets/plans/letters.json").read_text("utf-8")))
    assert {(line.mixing, line.recipe) for line in found} == {(spec.mixing, spec.recipe) for spec in plan}
    assert tried.seed_of(found) == "100"
    assert all(line.task == "letters" and line.values for line in found)
    best = tried.best_of(found)
    assert all(best[line.mixing].mean <= line.mean for line in found)  # bits: less is better
    assert not tried.recorded_of(TASKS["recall"])


def test_the_rates_that_were_tried_are_a_row_for_each_method_and_the_best_is_bold():
    found = [
        line("relu", (0.5,), rate=0.001), line("relu", (0.7,), rate=0.002), line("softmax", (0.6,), rate=0.002)
    ]  # fmt: skip
    assert tables.rates(found) == [
        {"Method": "Sliced ReLU", "0.001": "0.500", "0.002": "**0.700**"},
        {"Method": "Softmax", "0.001": "–", "0.002": "**0.600**"},
    ]


def test_other_numbers_of_tokens_are_a_mean_over_the_seeds():
    task = TASKS["recall"]
    tested = [{"16": {"metric": 0.5}, "32": {"metric": 1.0}}, {"16": {"metric": 0.7}, "32": {"metric": 1.0}}]
    found = replace(line("relu", (0.5,)), results=tuple({"sizes": sizes} for sizes in tested))
    assert tables.sizes([found], task) == [
        {"Method": "Sliced ReLU", "n = 16": "0.600", f"n = 32{', as learned' if task.recipe.n == 32 else ''}": "1.000"}
    ]
    assert tables.sizes([line("relu", (0.5,))], task) == []


def test_a_run_that_was_held_up_does_not_draw_a_method_slow():
    runs = [{"tests": [[5, seconds / 2, 0.25], [10, seconds, 0.5]], "metric": 0.5} for seconds in (1.0, 1.1, 50.0)]
    found = replace(line("relu", (0.5,)), results=tuple(runs))
    assert recorded._course(found, 1) == ([0.55, 1.1], [0.25, 0.5])


def test_the_progress_of_a_sweep_counts_the_runs_of_its_plan(monkeypatch, tmp_path):
    monkeypatch.setattr(places, "sweeps", lambda: tmp_path)
    specs = [Spec.usual("recall", "relu", seed, {"steps": 5}) for seed in range(3)]
    other = Spec.usual("recall", "mean", 7)
    ended = [{"run": spec.to_json(), "metric": 0.5, "seconds": 1.0, "mixing": 0.5} for spec in (*specs[:1], other)]
    file = tmp_path / "mine.jsonl"
    file.write_text("".join(json.dumps(result) + "\n" for result in ended), "utf-8")
    [alone] = recorded.files(tmp_path)
    assert (alone.over, alone.wanted) == (2, 2)  # without its plan
    plan = {"runs": [spec.to_json() for spec in specs]}
    file.with_suffix(".plan.json").write_text(json.dumps(plan), "utf-8")
    file.write_text(file.read_text("utf-8") + "\n", "utf-8")
    [planned] = recorded.files(tmp_path)
    assert (planned.over, planned.wanted) == (1, 3)
    script = "from srviz.ui.chapters.train import recorded\nrecorded.sweeping([('mine.jsonl', 1)])"
    drawn = AppTest.from_string(script)
    [bar] = drawn.run().get("progress")
    assert bar.proto.value == 33
    assert bar.proto.text.startswith("Not all of these runs are over.")


def test_a_recorded_course_ends_at_what_the_whole_test_came_to():
    ends = ((0.9, 0.5), (0.8, 1.0))  # of the last test on the way, and of the whole test
    runs = [{"tests": [[5, 1.0, 0.25], [10, 2.0, way]], "metric": whole} for way, whole in ends]
    found = replace(line("relu", (0.5,)), results=tuple(runs))
    assert recorded._course(found, 0) == ([5, 10], [0.25, 0.75])


def test_where_it_was_recorded_is_said_of_all_of_it():
    told = [
        {"date": "2026-11-30", "processor": "AMD <b>EPYC", "torch": "2.13.0+cpu"},
        {"date": "2026-11-27", "processor": "Intel(R) Xeon(R)", "torch": "2.13.0+cpu"},
    ]
    common = {"metric": 0.5, "seconds": 1.0, "mixing": 0.5}
    specs = [Spec.usual("recall", "relu", seed) for seed in (0, 1)]
    results = [{"run": spec.to_json(), "where": one} | common for spec, one in zip(specs, told, strict=True)]
    said = recorded.where(summary.lines(results))
    assert said == "2026-11-27 to 2026-11-30, AMD bEPYC and Intel(R) Xeon(R), torch 2.13.0+cpu"
    told[1]["capability"] = "AVX2"
    assert "Intel(R) Xeon(R), AVX2, torch" in recorded.where(summary.lines(results))
    assert recorded.where([line("relu", (0.5,))]) == ""


def test_what_is_said_of_what_helps_letters_is_what_was_recorded():
    task = TASKS["letters"]
    column, *methods = (rows := tried.rows_of(tried.recorded_of(task), task))[0]
    bits = {
        (row[column], name): float(row[name].strip("*").split()[0])
        for row in rows
        for name in methods
        if row[name] != "–"
    }
    usual, places, steps = "Nothing changed", "Places in the scores", "1,800 steps"
    same_steps = {what: value for (what, name), value in bits.items() if name == "Sliced bump" and steps not in what}
    assert min(same_steps, key=same_steps.get).endswith("places in the scores")
    assert bits[places, "Sliced bump"] < bits[usual, "Sliced bump"] - 0.5  # helps the bump most
    assert bits[places, "Sliced bump"] < bits[usual, "Softmax"] + 0.1  # close to softmax
    gained = {what: bits[usual, "Sliced ReLU"] - bits[what, "Sliced ReLU"] for what in (places, "4 layers", steps)}
    assert max(gained, key=gained.get) == steps
    assert all(gained[what] < 0.2 for what in (places, "4 layers"))
    assert min(value for (_, name), value in bits.items() if name == "Sliced ReLU") > 3  # far behind
