"""The examples of the documentation run, and its site is built without a warning."""

import doctest
import importlib
import pkgutil
from pathlib import Path

import pytest
import torch
from sphinx.cmd.build import build_main

import srviz.attention

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


def test_there_are_examples():
    assert sum(path.read_text("utf-8").count(">>>") for path in GUIDES) > 20


@pytest.mark.filterwarnings("ignore")  # within Sphinx
def test_the_site_is_built_without_a_warning(tmp_path):
    assert build_main(["-W", "--keep-going", "-q", "-b", "html", str(ROOT / "docs"), str(tmp_path)]) == 0
    page = (tmp_path / "api.html").read_text("utf-8")
    for name in srviz.attention.__all__:
        assert name in page, name
