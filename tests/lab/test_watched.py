"""Recorded trainings: what is kept of them, and what is refused."""

import pytest

from srviz.lab import Spec, watched
from srviz.lab.cli import main


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(watched, "FOLDER", tmp_path)
    watched.read.cache_clear()
    yield tmp_path
    watched.read.cache_clear()


def test_a_training_is_kept_without_its_states_and_its_weights(folder, capsys):
    assert watched.read("recall", "relu") == ()
    watched.read.cache_clear()
    assert main(["watch", "recall", "--method", "relu", "--steps", "30", "--batch", "4", "--seed", "3"]) == 0
    assert "recall-relu.jsonl.gz: " in capsys.readouterr().out
    said = watched.read("recall", "relu")
    assert Spec.of_json(said[0]["begin"]["run"]) == Spec.usual("recall", "relu", 3, {"steps": 30, "batch": 4})
    assert said[0]["where"]["torch"]
    assert sum(len(record.get("losses", [])) for record in said) == 30
    assert len([record for record in said if "look" in record]) == watched.LOOKS + 1
    assert said[-1]["end"]["asked"] == 256 * 16
    assert not any({"state", "weights"} & record.keys() for record in said)


def test_one_that_diverges_and_one_that_is_too_large_are_not_kept(folder, capsys, monkeypatch):
    wild = ["--layers", "8", "--steps", "12", "--rate", "100", "--norm", "none", "--batch", "4"]
    assert main(["watch", "recall", "--method", "bump", *wild]) == 2
    assert "The loss was no number any more" in capsys.readouterr().err
    monkeypatch.setattr(watched, "MOST_BYTES", 100)
    assert main(["watch", "recall", "--method", "relu", "--steps", "2", "--batch", "4"]) == 2
    assert "expected a run whose record has at most 100 bytes" in capsys.readouterr().err
    assert not list(folder.iterdir())
