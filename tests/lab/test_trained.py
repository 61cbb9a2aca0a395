"""Trained heads: files that hold what they say, and maps that are those of the model."""

import pytest
import torch

from srviz.attention import METHODS
from srviz.inputs import CLOUDS, INPUTS
from srviz.inputs.words import sentence
from srviz.lab import Spec, train, trained
from srviz.lab.cli import main
from srviz.lab.tasks import TASKS, data

FILES = sorted(trained.folder().glob("*.safetensors"))
KEPT = [path.stem.rsplit("-", 1) for path in FILES]
TOKENS = {
    "solids": lambda: CLOUDS["torus"].make(64, random_state=0),
    "ink": lambda: INPUTS["moons"].make(64, random_state=0),
    "colours": lambda: INPUTS["china"].make(64, random_state=0),
    "letters": lambda: sentence("The moon pulls the sea, and the sea pulls the moon.", "characters"),
}
each = pytest.mark.parametrize(("task", "method"), KEPT, ids=[path.stem for path in FILES])


def test_places_in_the_scores_are_not_for_the_pages():
    spec = Spec.usual("letters", "relu", 0, {"positions": "score"})
    with pytest.raises(ValueError, match="places in the scores"):
        trained.Trained(spec, train.Training(spec).model, 0.0, {}).projections()


def test_a_method_that_was_trained_was_trained_on_all_that_the_pages_look_at():
    methods = {method for _, method in KEPT}
    assert {"softmax", "relu", "bump", "linear"} <= methods <= set(METHODS)  # a new method may have none yet
    assert {tuple(kept) for kept in KEPT} == {(task, method) for task in TOKENS for method in methods}
    assert len(KEPT) == len(TOKENS) * len(methods)


@each
def test_a_file_is_small_and_as_good_as_it_says(task, method):
    path = trained.folder() / f"{task}-{method}.safetensors"
    assert path.stat().st_size <= trained.MOST_BYTES
    found = trained.read(path.read_bytes())
    assert (found.spec.task, found.spec.mixing) == (task, method)
    assert {"date", "torch", "python", "processor"} <= set(found.where)
    again = train.test(found.model, data(task).test(found.spec.recipe.n)).metric(TASKS[task].metric)
    assert again == pytest.approx(found.metric, abs=0.01)


@each
def test_the_maps_are_those_of_the_first_layer(task, method):
    model, maps = trained.find(task, method).model, trained.find(task, method).projections()
    found, x = trained.task_of(TOKENS[task]())
    assert found.name == task
    layer = train.attentions(model)[0]
    with torch.no_grad():
        expected = layer.heads(model.blocks[0].before_mix(model.embed(x.unsqueeze(0))))
        heads = maps.heads(x, METHODS[method])
    for part in ("q", "k", "v", "s", "t"):
        if getattr(expected, part) is not None and getattr(heads, part) is not None:
            torch.testing.assert_close(getattr(heads, part), getattr(expected, part)[0], rtol=1e-4, atol=1e-5)
    assert (heads.s is None) == (not METHODS[method].projection)
    for number, which in ((0, "queries"), (2, "keys")):
        of_all = heads.q if which == "queries" else heads.k
        torch.testing.assert_close(maps.project_head(x, which, number), of_all[number], rtol=1e-4, atol=1e-5)
    if maps.bandwidths is not None:
        assert bool((maps.bandwidths > 0).all())
        torch.testing.assert_close(maps.bandwidths, expected.bandwidth)


def test_tokens_that_no_task_is_about():
    assert trained.task_of(sentence("The moon pulls the sea")) is None
    assert trained.task_of(CLOUDS["iris"].make(64, random_state=0)) is None
    assert trained.find("solids", "nobody") is None


def test_a_model_is_kept_and_read_again(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(trained, "folder", lambda: tmp_path)
    assert main(["keep", "recall", "--method", "relu", "--steps", "3", "--batch", "4"]) == 0
    found = trained.read((tmp_path / "recall-relu.safetensors").read_bytes())
    assert found.spec == Spec.usual("recall", "relu", 0, {"steps": 3, "batch": 4})
    assert f"accuracy {found.metric:.3f}" in capsys.readouterr().out
    assert main(["keep", "recall", "--method", "relu", "--width", "256", "--steps", "1", "--batch", "2"]) == 2
    assert "expected a model of at most 300,000 bytes" in capsys.readouterr().err


def test_one_that_diverges_is_not_kept(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(trained, "folder", lambda: tmp_path)
    wild = ["--rate", "100", "--clip", "1e6", "--norm", "none", "--layers", "8", "--batch", "4"]
    assert main(["keep", "patches", "--method", "relu", *wild]) == 2
    assert "the learning rate is too high" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_maps_on_two_devices_leave_each_other_alone():
    found = trained.find("solids", "relu")
    first, second = found.projections("cpu"), found.projections("meta")
    assert second.weight.is_meta
    assert first.features(torch.zeros(2, 3)).device.type == "cpu"


def test_a_file_that_is_none_gets_a_sentence():
    with pytest.raises(ValueError, match="This is not a whole file of weights"):
        trained.read(FILES[0].read_bytes()[:-100])
    weights = train.Training(Spec.usual("recall", "relu", 0, {"steps": 1})).weights()
    with pytest.raises(ValueError, match="do not say how good they are"):
        trained.read(weights)
