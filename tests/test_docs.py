"""The examples of the documentation run, and its site is built without a warning."""

import doctest
import importlib
import pkgutil
from pathlib import Path

import pytest
import torch
from sphinx.cmd.build import build_main

import srviz.attention
from srviz.measure.bench import read

ROOT = Path(__file__).parents[1]
MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(srviz.attention.__path__, "srviz.attention.")
    if ".triton" not in module.name
)
GUIDES = sorted((ROOT / "docs").glob("*.md"))


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings(name):
    assert doctest.testmod(importlib.import_module(name), globs={"torch": torch} | vars(srviz.attention)).failed == 0


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.stem)
def test_examples_in_guides(guide):
    found = doctest.testfile(str(guide), module_relative=False, encoding="utf-8")
    assert found.failed == 0
    assert found.attempted or ">>>" not in guide.read_text("utf-8")


def test_the_times_of_layers_are_the_recorded_ones():
    run = read((ROOT / "assets/recorded/layers-cpu-1-thread.json").read_text("utf-8"))
    seconds = {(row.n, row.direction, row.method): row.seconds for row in run.rows.values()}
    lines = [line.strip("| ").split(" | ") for line in (ROOT / "docs/layer.md").read_text("utf-8").splitlines()]
    table = [cells for cells in lines if len(cells) == 7 and cells[0].replace(",", "").isdecimal()]
    assert len(table) > 5
    for n, *cells in table:
        for direction, (softmax, *sliced) in zip(("forward", "backward"), (cells[:3], cells[3:]), strict=True):
            base = seconds[int(n.replace(",", "")), direction, "softmax-layer"]
            assert float(softmax) == float(f"{1000 * base:.3g}")
            for kernel, cell in zip(("relu", "bump"), sliced, strict=True):
                own = seconds[int(n.replace(",", "")), direction, f"{kernel}-layer"]
                assert cell == f"{1000 * own:.3g} ({own / base:.2f} ×)"


def test_there_are_examples():
    assert sum(path.read_text("utf-8").count(">>>") for path in GUIDES) > 20


@pytest.mark.filterwarnings("ignore")  # within Sphinx
def test_the_site_is_built_without_a_warning(tmp_path):
    assert build_main(["-W", "--keep-going", "-q", "-b", "html", str(ROOT / "docs"), str(tmp_path)]) == 0
    page = (tmp_path / "api.html").read_text("utf-8")
    for name in srviz.attention.__all__:
        assert name in page, name
