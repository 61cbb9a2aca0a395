"""Every task of the registry, as a run meets it."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from torch import Generator

from srviz import places
from srviz.lab import TASKS, Spec, Training, tasks
from srviz.lab.mixing import CONTROLS, PLACES, mixings
from srviz.lab.model import count
from srviz.lab.summary import best_lines, lines
from srviz.lab.task import DRAWS, IGNORED
from srviz.lab.tasks import data, ink, letters, listops, patches, solids
from srviz.lab.train import build, losses

each = pytest.mark.parametrize("task", TASKS.values(), ids=list(TASKS))


def test_a_listed_task_has_a_metric_that_the_page_has_words_for(monkeypatch):
    one = replace(TASKS["recall"], name="numbers", metric="r2")
    monkeypatch.setattr(tasks, "_modules", lambda: [SimpleNamespace(RANK=0, TASKS=(one,))])
    with pytest.raises(ValueError, match="numbers: expected the metric accuracy or bits; r2 is for families"):
        tasks._find()


@each
def test_batches_come_from_the_generator_alone(task):
    n, found = task.recipe.n, data(task.name)
    one, same, other = (found.train(Generator().manual_seed(seed), 6, n) for seed in (3, 3, 4))
    assert len(one) == 6
    assert one.x.shape[1] == n
    assert torch.equal(one.x, same.x)
    assert torch.equal(one.y, same.y)
    assert not torch.equal(one.x, other.x)
    asked = one.y[one.y != IGNORED]
    assert len(asked)
    assert 0 <= asked.min() <= asked.max() < len(task.classes)


@each
def test_the_test_is_the_same_at_every_call_and_its_beginning_is_of_all_classes(task):
    n, found = task.recipe.n, data(task.name)
    whole, part = found.test(n), found.test(n, task.examples)
    assert len(part) == min(task.examples, len(whole))
    assert torch.equal(whole.x[: len(part)], part.x)
    assert torch.equal(whole.y[: len(part)], part.y)
    if task.name not in ("letters", "colours"):  # where a class is a letter or a colour, and some are rare
        assert len(set(part.y[part.y != IGNORED].tolist())) == len(task.classes)


@each
def test_a_guess_does_as_well_as_is_said(task):
    found, n = data(task.name), task.recipe.n
    if task.name in ("solids", "tumbled", "recall"):
        learned = torch.arange(len(task.classes))  # each class is as likely as another
    elif task.name == "letters":
        learned = found.learned
    else:
        learned = getattr(found, "labels", found.train(Generator().manual_seed(1), 2000, n).y)
    share, tested = (
        torch.bincount(y[y != IGNORED], minlength=len(task.classes)).double() / (y != IGNORED).sum()
        for y in (learned, found.test(n).y)
    )
    if task.metric == "accuracy":
        assert task.chance == pytest.approx(tested[share == share.max()].mean().item(), abs=5e-4)
    else:
        assert task.chance == pytest.approx(-(tested * share.log2()).sum().item(), abs=5e-4)


@each
def test_the_rate_of_a_method_is_the_one_that_did_best_in_the_recorded_runs(task):
    recorded = [json.loads(line) for line in (places.RECORDED / "lab/rates.jsonl").read_text("utf-8").splitlines()]
    best = {
        mixing: line.recipe.rate for (name, mixing), line in best_lines(lines(recorded)).items() if name == task.name
    }
    assert task.rates == best
    assert best.keys() in (set(), {mixing for _, mixing in best_lines(lines(recorded))})  # all methods or none
    assert Spec.usual(task.name, "none").recipe.rate == best.get("mean", task.recipe.rate)  # without mixing
    assert Spec.usual(task.name, "relu-rows").recipe.rate == best.get("relu", task.recipe.rate)  # and a variant
    assert Spec.usual(task.name, "relu", changes={"rate": 0.5}).recipe.rate == 0.5
    assert Spec.usual(task.name, "relu").brief()["recipe"] == {}


@each
def test_what_is_asked_of_a_model_is_what_its_task_asks(task):
    other = "mean" if task.tokens_asked else "tokens"
    with pytest.raises(ValueError, match=f"^readout: expected .*, as {task.title} asks, got {other}$"):
        Spec.usual(task.name, "mean", changes={"readout": other})


@pytest.mark.parametrize(("name", "tokens"), [("patches", 16), ("pixels", 64)])
def test_another_number_of_tokens_than_a_picture_has_is_refused(name, tokens):
    with pytest.raises(ValueError, match=f"^n: expected {tokens}, as many tokens as a picture has here, got 60$"):
        Training(Spec.usual(name, "mean", changes={"n": 60})).step()


@each
def test_nothing_that_is_tested_on_is_learned_from(task):
    n, found = task.recipe.n, data(task.name)
    learned = {tuple(x.flatten().tolist()) for x in found.train(Generator().manual_seed(0), 400, n).x}
    tested = {tuple(x.flatten().tolist()) for x in found.test(n).x}
    assert not learned & tested


@each
def test_every_mixing_learns_with_as_many_parameters_as_another(task):
    batch = data(task.name).train(Generator().manual_seed(0), 3, task.recipe.n)
    numbers = {}
    for name in mixings():
        model = build(Spec.usual(task.name, name))
        numbers[name] = count(model)
        losses(model(batch.x, batch.keep), batch.y).backward()
        for which, parameter in model.named_parameters():
            if name == "none" and "before_mix" in which:
                continue  # what is normalized there goes nowhere
            assert parameter.grad is not None, (name, which)
            assert parameter.grad.isfinite().all(), (name, which)
    assert max(numbers.values()) < 1.02 * min(numbers.values())


@each
def test_a_seed_gives_the_same_model_and_touches_no_global_one(task):
    torch.manual_seed(5)
    before = torch.get_rng_state()
    for mixing, positions in [*((name, task.recipe.positions) for name in mixings()), ("relu", "score")]:
        spec = Spec.usual(task.name, mixing, 7, {"positions": positions})
        assert is_same(build(spec), build(spec))
    assert torch.equal(before, torch.get_rng_state())


def is_same(one, other):
    mine, theirs = one.state_dict(), other.state_dict()
    return mine.keys() == theirs.keys() and all(torch.equal(mine[name], theirs[name]) for name in mine)


def test_a_start_is_that_of_its_seed_though_other_threads_draw_at_the_same_time():
    specs = [Spec.usual("patches", name, seed) for name in ("relu", "softmax") for seed in range(8)]
    alone = [build(spec) for spec in specs]
    with ThreadPoolExecutor(4) as pool:
        at_once = list(pool.map(build, specs))
    assert [spec for spec, one, other in zip(specs, alone, at_once, strict=True) if not is_same(one, other)] == []


@pytest.mark.parametrize("name", [name for name in mixings() if name != "none"])
def test_padding_changes_nothing(name):
    batch = listops.made(1, 3, 48)
    short = listops.made(1, 3, 48)
    model = build(Spec.usual("listops", name, changes={"positions": "none"})).eval()
    spoiled = short.x.masked_fill(~short.keep, 0)
    assert torch.allclose(model(batch.x, batch.keep), model(spoiled, short.keep), atol=1e-5)
    least = int(batch.keep.sum(1).max())
    cut = batch.x[:, :least], batch.keep[:, :least]
    assert torch.allclose(model(batch.x, batch.keep), model(*cut), atol=1e-4)


def test_lists_come_to_what_they_say():
    batch = listops.made(11, 200, 48)
    for tokens, y in zip(batch.x.tolist(), batch.y.tolist(), strict=True):
        words = [listops.WORDS[token] for token in tokens if token != listops.PADDING]
        stack = [[]]
        for word in words:
            if word == "]":
                name, *values = stack.pop()
                values.sort()
                middle = (values[(len(values) - 1) // 2] + values[len(values) // 2]) // 2
                value = {"[MAX": values[-1], "[MIN": values[0], "[MED": middle, "[SM": sum(values) % 10}[name]
                stack[-1].append(value)
            elif word.startswith("["):
                stack.append([word])
            else:
                stack[-1].append(int(word))
        assert stack == [[y]]
    lengths = batch.keep.sum(1)
    assert lengths.max() <= 48
    assert lengths.float().mean() > 24


def test_turns_are_turns():
    for turn in (solids._any(50, Generator().manual_seed(0)), solids._upright(50, Generator().manual_seed(0))):
        assert torch.allclose(turn @ turn.transpose(1, 2), torch.eye(3).expand(50, 3, 3), atol=1e-5)
        assert torch.allclose(torch.linalg.det(turn), torch.ones(50), atol=1e-5)
    upright = solids._upright(50, Generator().manual_seed(0))
    assert torch.equal(upright[:, 2], torch.tensor([0.0, 0.0, 1.0]).expand(50, 3))


def test_a_cloud_with_more_points_is_the_same_cloud():
    few, many = (data("solids").test(n) for n in (64, 4096))
    assert torch.equal(few.y, many.y)
    assert torch.allclose(few.x.std(1), many.x.std(1), atol=0.35)


def test_ink_lies_where_the_digit_is_dark():
    pictures, labels = ink.mnist()
    assert pictures.shape == (5000, 784)
    assert [int((labels == digit).sum()) for digit in range(10)] == [500] * 10
    ones = torch.from_numpy(pictures[labels == 1])
    at = ink.points(ones, 400, Generator().manual_seed(0))
    assert torch.allclose(at.mean(1), torch.zeros(500, 2), atol=1e-4)
    assert torch.allclose(at.square().mean((1, 2)), torch.ones(500), atol=1e-3)
    width, height = at.std(1).mean(0)
    assert height > 2 * width  # ones stand upright


def test_patches_are_cut_row_by_row_and_shifted_whole():
    pictures = torch.arange(64.0).view(1, 8, 8)
    assert patches.cut(pictures)[0, 1].tolist() == [2 * x - 1 for x in (2, 3, 10, 11)]
    moved = patches.shifted(pictures + 1, torch.tensor([[1, -1]]))[0]
    assert torch.equal(moved[:-1, 1:], pictures[0, 1:, :-1] + 1)
    assert not moved[-1].any()
    assert not moved[:, 0].any()


def test_patches_make_the_picture_again():
    pictures = torch.rand(3, 8, 8)
    assert torch.allclose(patches.whole(patches.cut(pictures)) / 2 + 0.5, pictures, atol=1e-6)


@each
def test_what_is_drawn_is_what_is_learned_from(task):
    x = data(task.name).test(task.recipe.n, 1).x[0]
    shown = task.show(x)
    assert task.draws in DRAWS
    n = task.recipe.n
    assert len(shown) == {"cloud": 3 * n, "plane": 2 * n, "picture": 64, "patches": n, "words": len(x)}[task.draws]
    assert all(isinstance(one, str if task.draws in ("patches", "words") else float) for one in shown)


def test_letters_that_are_asked_for_are_covered():
    batch = data("letters").train(Generator().manual_seed(0), 64, 32)
    asked = batch.y != IGNORED
    assert torch.equal(asked, batch.x == letters.COVERED)
    assert asked.any(1).all()
    assert asked.float().mean().item() == pytest.approx(letters.SHARE, abs=0.03)


def test_a_key_is_asked_for_once_and_has_its_value():
    batch = data("recall").train(Generator().manual_seed(0), 5, 32)
    for x, y in zip(batch.x.tolist(), batch.y.tolist(), strict=True):
        known = dict(x[:16])
        assert len(known) == 16
        assert [known[key] for key, _ in x[16:]] == y[16:]
        assert y[:16] == [IGNORED] * 16


@pytest.mark.parametrize(
    ("name", "n"), [("recall", 7), ("recall", 1000), ("listops", 4), ("letters", 1), ("letters", 10**6)]
)
def test_a_length_that_a_task_cannot_have(name, n):
    with pytest.raises(ValueError, match="n: expected"):
        data(name).test(n)


def test_controls_are_no_attention():
    x = torch.randn(2, 5, 8)
    assert not CONTROLS["none"].make(8, 2, "none", 1.0)(x).any()
    mean = CONTROLS["mean"].make(8, 2, "none", 1.0)(x)
    assert torch.allclose(mean, mean[:, :1].expand_as(mean))


@pytest.mark.parametrize("bandwidth", [0.01, 0.2, 1.0, 50.0])
def test_a_bandwidth_begins_where_the_recipe_says(bandwidth):
    spec = Spec.usual("letters", "bump", 0, {"bandwidth": bandwidth})
    attention = Training(spec).model.blocks[0].mix
    heads = attention.heads(torch.randn(1, 6, spec.recipe.width))
    torch.testing.assert_close(heads.bandwidth, torch.full((spec.recipe.heads,), bandwidth), atol=0, rtol=1e-4)
    with pytest.raises(ValueError, match=r"bandwidth: expected a number from 0.01 to 50, got 0"):
        Spec.usual("letters", "bump", 0, {"bandwidth": 0})


@pytest.mark.parametrize("name", ["bump", "relu"])
def test_places_go_into_the_scores(name):
    spec = Spec.usual("letters", name, 0, {"positions": "score"})
    attention = Training(spec).model.blocks[0].mix
    x, n = torch.randn(2, 9, spec.recipe.width), torch.arange(9)
    found = attention.heads(x)
    rising = attention.place[:2] > 0
    assert rising.sum(1).tolist() == [spec.recipe.heads // 2] * 2
    keep = torch.arange(12).expand(2, -1) < n.numel()
    padded = attention(torch.cat((x, torch.randn(2, 3, spec.recipe.width)), 1), keep)[:, :9]
    torch.testing.assert_close(padded, attention(x), atol=1e-5, rtol=1e-4)
    with torch.no_grad():
        attention.place += 0.1 * torch.randn_like(attention.place)
        of_query, of_key, shift = attention.place.clone().unsqueeze(-1)
        moved = attention.heads(x)
        attention.place.zero_()
        plain = attention.heads(x)

    def raw(heads):
        return heads.scores if heads.mean is None else [x * heads.deviation + heads.mean for x in heads.scores]

    (s, t), (s0, t0) = raw(moved), raw(plain)
    torch.testing.assert_close(s - s0, (of_query * n / PLACES).expand_as(s), atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(t - t0, (of_key * n / PLACES + shift).expand_as(t), atol=1e-5, rtol=1e-4)
    assert not torch.allclose(found.s, plain.s)


def test_places_in_the_scores_are_nothing_to_a_method_without_scores():
    rotary, score = (
        Training(Spec.usual("letters", "softmax", 0, {"positions": kind})).model.state_dict()
        for kind in ("rotary", "score")
    )
    assert all(torch.equal(score[key], value) for key, value in rotary.items())
    assert rotary.keys() == score.keys()


def test_the_lab_is_imported_with_torch_and_numpy_alone():
    code = """
import sys
for name in ("streamlit", "plotly", "sklearn", "pandas", "safetensors", "mlxtend", "distributed", "PIL"):
    sys.modules[name] = None
import srviz.lab, srviz.lab.cli, srviz.lab.jobs.train, srviz.lab.jobs.test, srviz.lab.sweep
from srviz.lab import TASKS, Spec, Training
next(iter(Training(Spec.usual("recall", "relu")).run()))
from srviz.lab.tasks import data
try:
    data("ink")
except ValueError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "needs mlxtend, which is not installed" in done.stdout
