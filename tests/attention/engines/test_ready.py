"""The engine in C as a wheel has it: compiled for any processor of a kind, loaded first, without a compiler."""

import importlib.util
import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from srviz.attention import reference, sliced_relu
from srviz.attention.engines.native import library

ROOT = Path(__file__).parents[3]
CROSS = shutil.which("aarch64-linux-gnu-gcc")
pytestmark = [
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="wheels with the engine are made for Linux"),
    pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler"),
]


@pytest.fixture(scope="module")
def setup():
    """The module setup.py, without its last line."""
    source = (ROOT / "setup.py").read_text().rsplit("setup(", 1)[0]
    spec = importlib.util.spec_from_loader("setup_of_srviz", loader=None)
    module = importlib.util.module_from_spec(spec)
    exec(compile(source, "setup.py", "exec"), module.__dict__)
    return module


@pytest.fixture(scope="module")
def ready(setup, tmp_path_factory):
    """As `setup.py` compiles it, less what takes the compiler most of its time and is about speed alone."""
    path = tmp_path_factory.mktemp("ready") / f"native-{platform.machine()}.so"
    subprocess.run(["cc", *setup.FLAGS, "-O1", library.SOURCE, "-o", path], check=True)
    return path


def test_it_is_loaded_first_and_no_compiler_is_asked(ready, monkeypatch):
    monkeypatch.setattr(library, "READY", ready)
    monkeypatch.setattr(library, "_load", library._load.__wrapped__)
    monkeypatch.setattr(library, "_compiler", lambda: pytest.fail("a compiler was asked for"))
    found = library.library()
    assert found is not None
    assert found.compiler == "compiled ahead"
    monkeypatch.setattr(library, "library", lambda: found)
    rng = torch.Generator().manual_seed(0)
    s, t, v = (torch.randn(*shape, generator=rng) for shape in ((2, 300), (2, 400), (2, 400, 67)))
    torch.testing.assert_close(sliced_relu(s, t, v), reference.sliced_relu(s, t, v))


def test_one_that_does_not_fit_is_left_for_one_that_is_compiled_here(tmp_path, monkeypatch):
    broken = tmp_path / "native.so"
    broken.write_bytes(b"\x7fELF, of another kind")
    monkeypatch.setattr(library, "READY", broken)
    monkeypatch.setattr(library, "_load", library._load.__wrapped__)
    found = library.library()
    assert found is not None
    assert found.compiler != "compiled ahead"


def test_it_needs_an_old_c_library_and_no_python(ready):
    if shutil.which("objdump") is None:
        pytest.skip("objdump of binutils is not installed")
    said = subprocess.run(["objdump", "-p", "-T", ready], capture_output=True, text=True, check=True).stdout
    versions = {tuple(map(int, found.split("."))) for found in re.findall(r"GLIBC_([\d.]+)", said)}
    assert max(versions) <= (2, 17)  # of manylinux_2_17
    assert re.findall(r"NEEDED +(\S+)", said) == ["libc.so.6"]
    assert "Py" not in said


@pytest.mark.skipif(platform.machine() != "x86_64", reason="one width of vectors")
def test_each_function_is_there_in_every_width(setup, tmp_path):
    whole = tmp_path / "whole.so"
    subprocess.run(
        ["cc", *[flag for flag in setup.FLAGS if flag not in ("-s", "-O3")], library.SOURCE, "-o", whole], check=True
    )
    names = subprocess.run(["nm", whole], capture_output=True, text=True, check=True).stdout
    for function in ("relu_forward", "relu_backward", "bump_sum", "bump_slopes"):
        found = set(re.findall(rf"sliced_{function}\.(\S+)", names))
        assert {"arch_x86_64_v4", "arch_x86_64_v3"} <= {name.rsplit(".", 1)[0] for name in found} | found


@pytest.mark.skipif(CROSS is None, reason="no cross compiler (apt: gcc-aarch64-linux-gnu)")
def test_a_cross_compiler_makes_it_for_arm(setup, tmp_path, monkeypatch):
    monkeypatch.setenv("SRVIZ_BUILD_NATIVE", "1")
    monkeypatch.setattr(setup, "COMPILER", [CROSS])
    assert setup.machine() == "aarch64"
    made = tmp_path / "arm.so"
    subprocess.run([CROSS, *setup.FLAGS, "-O0", library.SOURCE, "-o", made], check=True)
    assert made.read_bytes()[18:20] == b"\xb7\x00"  # EM_AARCH64


def test_the_flags_are_those_that_it_is_compiled_with_at_first_need(setup):
    assert set(library.FLAGS) <= set(setup.FLAGS)
    assert "-march=native" not in setup.FLAGS


# The cache of what is compiled here


@pytest.fixture
def shared(tmp_path, monkeypatch):
    """A cache below a folder that others use, too; nothing is loaded yet."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "shared" / "mine"))
    monkeypatch.setattr(library, "READY", tmp_path / "none.so")
    monkeypatch.setattr(library, "_load", library._load.__wrapped__)
    monkeypatch.setattr(library, "FLAGS", tuple(flag for flag in library.FLAGS if not flag.startswith("-O")))
    (tmp_path / "shared").mkdir()
    return tmp_path / "shared"


def opened_in_the_cache(shared, monkeypatch):
    opened, open_ = [], library._open
    monkeypatch.setattr(library, "_open", lambda path, version: opened.append(path) or open_(path, version))
    assert library.library() is not None
    return shared in opened[-1].parents


@pytest.mark.parametrize(("mode", "used"), [(0o755, True), (0o777, False), (0o775, False), (0o1777, True)])
def test_a_cache_below_a_folder_in_which_others_can_move_it_is_not_used(mode, used, shared, monkeypatch):
    shared.chmod(mode)
    assert opened_in_the_cache(shared, monkeypatch) == used


@pytest.mark.skipif(os.name == "nt" or os.getuid() != 0, reason="only root can give a folder away")
def test_a_cache_below_a_folder_of_somebody_else_is_not_used(shared, monkeypatch):
    os.chown(shared, 12345, -1)
    assert not opened_in_the_cache(shared, monkeypatch)


def test_a_link_that_is_turned_after_the_look_leads_nowhere(shared, tmp_path, monkeypatch):
    """What is loaded lies in the folder that was looked at, whatever its name means by then."""
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (tmp_path / "real").mkdir()
    link = shared / "mine"
    link.symlink_to(tmp_path / "real")
    looked = library._is_ours

    def look_and_turn(path):
        found = looked(path)
        if link.resolve() != theirs:
            link.unlink()
            link.symlink_to(theirs)
        return found

    monkeypatch.setattr(library, "_is_ours", look_and_turn)
    opened, open_ = [], library._open
    monkeypatch.setattr(library, "_open", lambda path, version: opened.append(path) or open_(path, version))
    assert library.library() is not None
    assert tmp_path / "real" in opened[-1].parents
