"""Functions of a crowd: the language, the tasks, what a model answers anywhere, and the miniatures without training."""

import math

import numpy as np
import pytest
import torch

from srviz.attention import reference
from srviz.attention.checks import NotFinite
from srviz.jobs import Packed
from srviz.lab import Spec, Training, build, capacity, miniature, rebuild
from srviz.lab.formula import MATHS, OF_CROWD, parse
from srviz.lab.jobs import crowd as job
from srviz.lab.mixing import mixings
from srviz.lab.probe import probed
from srviz.lab.results import file_name
from srviz.lab.tasks import data, find
from srviz.lab.tasks.crowd import ASKED, MENU, REACH, crowds


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


# ---- the language ----

ORACLES = {  # the same by numpy, of one x, the places and the payloads
    "mean(c)": lambda x, c, p: c.mean(),
    "std(c)": lambda x, c, p: c.std(),
    "share(c <= x)": lambda x, c, p: (c <= x).mean(),
    "median(c)": lambda x, c, p: np.median(c),
    "quantile(c, 0.9)": lambda x, c, p: np.quantile(c, 0.9),
    "quantile(p, 0.3, c > x)": lambda x, c, p: np.quantile(p[c > x], 0.3) if (c > x).any() else math.nan,
    "max(c) - min(c)": lambda x, c, p: c.max() - c.min(),
    "mean(exp(-((c - x) / 0.3)^2 / 2))": lambda x, c, p: np.exp(-(((c - x) / 0.3) ** 2) / 2).mean(),
    "min(abs(c - x), c != x)": lambda x, c, p: np.abs(c - x)[c != x].min(),
    "mean(c, c > x)": lambda x, c, p: c[c > x].mean() if (c > x).any() else math.nan,
    "pick(p, c)": lambda x, c, p: p[c.argmax()],
    "pick(p, -abs(c - x), c != x)": lambda x, c, p: p[np.where(c != x, -np.abs(c - x), -np.inf).argmax()],
    "pick(p, -abs(c - x))": lambda x, c, p: p[np.abs(c - x).argmin()],
    "pick(c, x)": lambda x, c, p: c[0],
    "sign(sqrt(x))": lambda x, c, p: np.sign(math.sqrt(x)) if x >= 0 else math.nan,
    "2 ^ 3 ^ 2 / 2 - -x * 3": lambda x, c, p: 256 + 3 * x,
    "-x ^ 2": lambda x, c, p: -(x**2),
    "not x > 0 and x > -1 or 1 < 0": lambda x, c, p: float(not x > 0 and x > -1),
    "share(mean(c) < c)": lambda x, c, p: (c > c.mean()).mean(),
    "sqrt(x)": lambda x, c, p: math.sqrt(x) if x >= 0 else math.nan,
    "1 / (x - x)": lambda x, c, p: math.nan,
    "mean(c − x) · 2": lambda x, c, p: 2 * (c - x).mean(),
}


@pytest.mark.parametrize("text", ORACLES)
def test_a_formula_is_what_numpy_says(text):
    place, payload = crowds(torch.Generator().manual_seed(1), 3, 17)
    found = parse(text).of(place, place, payload)
    for b in range(3):
        c, p = place[b].double().numpy(), payload[b].double().numpy()
        expected = [ORACLES[text](x, c, p) for x in c]
        assert np.allclose(found[b].numpy(), expected, atol=1e-12, equal_nan=True)


def test_many_rows_are_computed_a_few_at_a_time(monkeypatch):
    place, payload = crowds(torch.Generator().manual_seed(1), 2, 50)
    formula = parse("mean(c, c > x) + share(p > 0)")
    whole = formula.of(place, place, payload)
    monkeypatch.setattr("srviz.lab.formula.MOST_CELLS", 300)
    assert torch.equal(formula.of(place, place, payload).nan_to_num(7), whole.nan_to_num(7))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "Write a formula"),
        (None, "Write a formula"),
        (7, "Write a formula"),
        ("c", "c and p stand for a member"),
        ("abs(p) + x", "c and p stand for a member"),
        ("mean(c", "“\\)” is missing at the end"),
        ("mean c", "“\\(” is missing before “c”"),
        ("mean()", "is missing before “\\)”"),
        ("mean(c, c, c)", "takes 1, and a condition if you like; it got 3"),
        ("share(c, c)", "takes 1; it got 2"),
        ("x ** 2", "is missing before “\\*”"),
        ("x x", "should end before “x”"),
        ("x)", "should end before “\\)”"),
        ("1 < x < 2", "Two comparisons in a row"),
        ("quantile(c, x)", "a number from 0 to 1"),
        ("quantile(c, 1.5)", "a number from 0 to 1"),
        ("__import__('os').system('true')", "“__import__” is not known"),
        ("x.__class__", "“.” has no meaning"),
        ("lambda: x", "“:” has no meaning"),
        ("[x for x in c]", "“\\[” has no meaning"),
        ("x; x", "“;” has no meaning"),
        ("<script>alert(1)</script>", "is missing before “<”"),
        ("٣ + x", "“٣” has no meaning"),
        ("x" * 201, "may have 200 characters"),
        ("(" * 60 + "x" + ")" * 60, "too many brackets, signs or powers"),
        ("-" * 190 + "x", "too many brackets, signs or powers"),
        ("not " * 45 + "x", "too many brackets, signs or powers"),
        ("+".join(["x"] * 90), "too long"),
        ("+".join(["mean(c)"] * 9), "may have 8 functions of the crowd"),
        ("9" * 190, "beyond a million|no value"),
        ("mean(1)", "the same value for every token"),
        ("log(-1)", "no value for most tokens"),
        ("mean(c, c > 9)", "no value for most tokens"),
        ("exp(exp(3 + x))", "beyond a million"),
    ],
)
def test_what_is_no_formula_gets_a_sentence(text, why):
    with pytest.raises(ValueError, match=why) as told:
        find(f"crowd:{text}") if isinstance(text, str) and text else parse(text)
    assert len(str(told.value)) < 260


def test_random_texts_are_formulas_or_get_a_sentence():
    words = [*OF_CROWD, *MATHS, *"xcp", *"+-*/^(),<>", "<=", "==", "!=", "and", "or", "not", "2", "0.5", "!", "$"]
    draw = np.random.default_rng(0)
    place, payload = crowds(torch.Generator().manual_seed(1), 1, 5)
    understood = 0
    for _ in range(3000):
        text = " ".join(draw.choice(words, draw.integers(1, 9)))
        try:
            formula = parse(text)
        except ValueError:
            continue
        understood += 1
        assert formula.of(place, place, payload).shape == (1, 5)
    assert understood > 25


# ---- the tasks ----


def test_a_token_is_asked_for_the_formula_and_the_scale_is_that_of_all_crowds():
    task = find("crowd:mean(c,   c > x)")
    assert task.name == "crowd:mean(c, c > x)"
    crowd = data(task.name)
    batch = crowd.test(300, 4)
    y = crowd.scale.middle + crowd.scale.unit * batch.y[..., 0].double()
    expected = parse("mean(c, c > x)").of(batch.x[..., 0], batch.x[..., 0])
    assert torch.allclose(y[:, :ASKED].nan_to_num(9), expected[:, :ASKED].nan_to_num(9), atol=1e-5)
    assert batch.y[:, ASKED:].isnan().all()  # more are not asked
    drawn = crowd.train(torch.Generator().manual_seed(0), 200, 64).y
    known = drawn[drawn.isfinite()]
    assert abs(float(known.mean())) < 0.15
    assert abs(float(known.std()) - 1) < 0.15


def test_tests_of_every_size_are_of_the_same_measures():
    crowd = data("crowd:mean(c)")
    few, many = (crowd.test(n).y[:, 0, 0] for n in (1024, 4096))
    assert torch.corrcoef(torch.stack((few, many)))[0, 1] > 0.999
    assert torch.equal(crowd.test(64).x, crowd.test(64).x)
    assert float(crowd.test(4096).x.abs().max()) <= REACH


def test_who_has_no_answer_is_not_asked():
    training = Training(Spec.usual("crowd:mean(c, c > x)", "relu", 0, {"steps": 3}))
    assert data("crowd:mean(c, c > x)").test(64).y.isnan().any()
    losses = [step.loss for step in training.run()]
    assert all(math.isfinite(loss) for loss in losses)
    tested = training.test()
    assert tested.asked == int(data("crowd:mean(c, c > x)").test(64).y.isfinite().sum())
    assert math.isfinite(tested.explained)


def test_every_function_of_the_menu_is_a_task():
    for target in MENU.values():
        task = find(f"crowd:{target.formula}")
        assert data(task.name).test(16, 2).y.shape == (2, 16, 1)
        assert set(file_name(task.name)) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")
    assert file_name("solids") == "solids"
    assert file_name("crowd:x/2") != file_name("crowd:x*2")


def test_the_bump_learns_a_density_in_seconds():
    training = Training(Spec.usual(f"crowd:{MENU['density'].formula}", "bump", 1, {"steps": 150}))
    for _ in training.run():
        pass
    assert training.test(64, 24).explained > 0.9
    assert training.test(1024, 24).explained > 0.9  # a map of the measure does not care about n


# ---- what a model answers anywhere ----


@pytest.mark.parametrize("name", mixings())
def test_a_probe_where_a_token_stands_is_answered_as_the_token(name):
    model = build(Spec.usual("crowd:pick(p, c)", name, 1, {"layers": 2})).eval()
    x = data("crowd:pick(p, c)").test(20, 3).x
    with torch.no_grad():
        assert torch.allclose(probed(model, x, x), model(x), atol=1e-6)
        some = probed(model, x, x[:, 3:5])
    assert torch.allclose(some, model(x).detach()[:, 3:5], atol=1e-5)  # others that ask change nothing


PLAN = {"runs": [Spec.usual("crowd:mean(c)", name, 0, {"steps": 4}).to_json() for name in ("relu", "mean")]}
CROWD = {"places": [0.1, -1.0, 2.0], "payloads": [0.0, 1.0, -1.0]}


def test_a_stopped_job_goes_on_where_it_was(monkeypatch):
    sizes = {str(n): {"metric": 1.0, "asked": 1} for n in find("crowd:mean(c)").sizes}
    monkeypatch.setattr(job, "at_sizes", lambda training: sizes)
    run = PLAN["runs"][0]
    whole = list(job.run({"runs": [run]} | CROWD, {}))
    half = Training(Spec.of_json(run))
    half.step()
    half.step()
    state = Packed.of_bytes(half.state())
    rest = list(job.run({"runs": [run]} | CROWD, {"state 0": state}))
    looks = [[r["look"] for r in said if "look" in r][-1] for said in (whole, rest)]
    assert looks[0] == looks[1]
    assert len(looks[0]) == job.PLACES
    assert rest[0]["begin"]["step"] == 2
    assert rest[-1]["sizes"] == sizes


def test_a_model_without_answers_at_the_most_tokens_says_so(monkeypatch):
    monkeypatch.setattr(job, "at_sizes", lambda training: {"16": {"metric": 1.0, "asked": 1}})
    said = list(job.run({"runs": PLAN["runs"][1:]} | CROWD, {}))[-1]["diverged"]
    assert said == "At 4,096 tokens its answers are NaN or infinite."


def test_what_is_learned_is_drawn_in_numbers_alone():
    training = Training(Spec.of_json(PLAN["runs"][1]))
    training.model.head.bias.data.fill_(math.nan)
    with pytest.raises(NotFinite):
        job.learned(training.model, "crowd:mean(c)", torch.zeros(3), torch.zeros(3))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"runs": []}, "runs: expected a list"),
        ({"runs": "all"}, "runs: expected a list"),
        ({"runs": [{"task": "solids", "method": "relu"}]}, "expected one function of the crowd"),
        ({"runs": [*PLAN["runs"], {"task": "crowd:std(c)", "method": "relu"}]}, "expected one function of the crowd"),
        ({"places": []}, "places: expected a list"),
        ({"places": [1.0, math.nan, 0.0]}, "places: expected a list"),
        ({"places": [99.0]}, "places: expected a list"),
        ({"payloads": [0.0]}, "payloads: expected one for each of 3"),
    ],
)
def test_a_wrong_plan_gets_a_sentence(change, why):
    with pytest.raises(ValueError, match=why):
        next(job.run(PLAN | CROWD | change, {}))


# ---- without training ----


@pytest.mark.parametrize("name", ["bare", "divided", "full"])
def test_the_crowd_is_read_back_from_the_output_alone(name):
    form = miniature.FORMS[name]
    for seed in range(20):
        place = torch.randint(-250, 251, (2 + seed,), generator=torch.Generator().manual_seed(seed))
        t = place.double() * miniature.STEP
        there = torch.bincount(place - miniature.LOW, minlength=len(miniature.grid())).double()
        read = len(t) * form.back(form.of(t), t.mean())
        known = read.isfinite()
        assert known.sum() >= len(read) - 3  # but at the mean and beside it nothing is known after a division by 0
        assert float((read - there)[known].abs().max()) < 1e-6


def test_a_place_of_which_the_next_output_does_not_tell_is_read_from_all_shares_together():
    t = torch.tensor([-0.05, 0.0, 0.2], dtype=torch.float64)
    form = miniature.FORMS["full"]
    read = 3 * form.back(form.of(t), t.mean())
    there = [int(k) for k in (read > 0.5).nonzero().flatten() + miniature.LOW]
    assert there == [-5, 0, 20]
    assert float((read - read.round()).abs().max()) < 1e-6


def test_a_crowd_at_one_place_is_no_trouble():
    t = torch.full((3,), 0.5, dtype=torch.float64)
    assert all(form.of(t).isfinite().all() for form in miniature.FORMS.values())


def test_the_head_of_the_miniature_is_the_papers():
    t = torch.tensor([-1.0, 0.25, 0.25, 2.0], dtype=torch.float64)
    expected = reference.sliced_relu_weights(miniature.grid(), t, effective=True) @ t
    assert torch.allclose(miniature.FORMS["full"].of(t), expected, atol=1e-12)
    assert float(miniature.FORMS["ones"].of(t).abs().max()) < 1e-12  # equal values: centring leaves nothing
    assert miniature.FORMS["ones"].back(torch.zeros(601), t.mean()).isnan().all()


def test_more_slices_rebuild_a_cloud_better_and_one_only_its_shadow():
    cloud = torch.randn(80, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    cloud[:, 1] = cloud[:, 0] ** 2 / 2 + 0.1 * cloud[:, 1]  # no cloud that one slice could guess
    start = torch.randn(80, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    errors = []
    for count in (1, 2, 8, 32):
        along = rebuild.directions(count)
        told = rebuild.slices(cloud, along)
        found = rebuild.rebuilt(told, along, start)
        errors.append(rebuild.apart(cloud, found))
        if count <= 2:
            assert torch.allclose(rebuild.slices(found, along), told, atol=1e-9)  # the slices are met, and yet
    assert errors[0] > 0.2
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 0.06
    assert rebuild.apart(cloud, cloud[torch.randperm(80)]) < 1e-12
    assert rebuild.missed(cloud, found, along) == pytest.approx(
        float((rebuild.slices(found, along) - told).square().mean(-1).sqrt().mean() / told.std(-1, correction=0).mean())
    )


def test_every_number_of_slices_begins_at_the_same_points_and_says_how_far_it_came():
    given = torch.rand(20, 2, generator=torch.Generator().manual_seed(3), dtype=torch.float64) * 7 + 2
    cloud = rebuild.standard(given)
    assert torch.allclose(cloud.mean(0), torch.zeros(2, dtype=torch.float64), atol=1e-12)
    assert torch.allclose(cloud.diff(dim=0) * given.std(correction=0), given.diff(dim=0))
    still = rebuild.rebuildings(cloud, 0)
    assert len(still) == len(rebuild.COUNTS)
    assert all(torch.equal(one.points, still[0].points) for one in still)
    found = rebuild.rebuildings(cloud, 20)
    assert all(now.missed < before.missed for now, before in zip(found, still, strict=True))
    assert found[-1].apart == rebuild.apart(cloud, found[-1].points) < 0.5 * found[0].apart


@pytest.mark.parametrize("head", capacity.MEASURED, ids=lambda head: head.name)
def test_capacity_is_what_the_theory_says_where_it_says_something(head):
    n = 24
    found = capacity.rank(head, n, torch.float64, 0)
    if head.name.startswith("linear"):
        assert found == min(n, head.d)
    elif head.name in ("relu", "bump", "laplace"):
        assert found == n - (head.name == "relu")
    patterns = capacity.patterns(head, 6, 0)
    assert patterns == 1 if head.name == "linear-1" else 2 <= patterns <= 2**6
    if head.d == 1:
        assert patterns <= 2 * 6 + 1  # a query moves along a line
    assert capacity.patterns(head, 64, 0) >= patterns


def test_tokens_that_coincide_are_found():
    bump = next(head for head in capacity.MEASURED if head.name == "bump")
    one, many = (capacity.told_apart(bump, count, torch.float16, 0) for count in (1, 4))
    assert 10 < one < many
    linear = next(head for head in capacity.MEASURED if head.name == "linear-1")
    assert capacity.told_apart(linear, 4, torch.float32, 0) == 1  # its rows are all the same
