"""The wheel has the app inside the package: app.py, pages/, assets/ and .streamlit/ of a checkout are srviz/app/ there.

With SRVIZ_BUILD_NATIVE set it also has the engine in C compiled, for the machine that the compiler (CC, or cc) compiles
for: another one than this, where it is a cross compiler. SRVIZ_WHEEL_PLATFORM then names the platform of the wheel, as
manylinux_2_17_x86_64 where it is not to be linux_x86_64. A wheel without the engine compiles it when it is first used.

Everything else about the package is in pyproject.toml.
"""

import os
import shlex
import subprocess
from pathlib import Path
from shutil import copy2, copytree, ignore_patterns, rmtree

from setuptools import setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py

NATIVE = Path("srviz", "attention", "engines", "native")
COMPILER = shlex.split(os.environ.get("CC", "cc"))
# those of library.py; no Python is in it, and any processor of the kind can run it
FLAGS = ("-O3", "-std=gnu11", "-fopenmp-simd", "-shared", "-fPIC", "-DFOR_ANY_PROCESSOR", "-s")


def machine():
    """What the compiler compiles for, as Python names it on Linux; empty where nothing is to be compiled."""
    if not os.environ.get("SRVIZ_BUILD_NATIVE"):
        return ""
    return subprocess.run([*COMPILER, "-dumpmachine"], check=True, capture_output=True, text=True).stdout.split("-")[0]


class WheelOfAMachine(bdist_wheel):
    """Any Python can load what is compiled, but not any machine."""

    def get_tag(self):
        """The tag of the wheel: Python, its binary interface, the platform."""
        python, interface, platform = super().get_tag()
        of = machine()
        return (python, interface, (os.environ.get("SRVIZ_WHEEL_PLATFORM") or f"linux_{of}") if of else platform)


class BuildWithApp(build_py):
    """Copies the app beside the modules, except into an editable installation, which has the checkout itself."""

    def run(self) -> None:
        """Build the modules, then the app."""
        super().run()
        if self.editable_mode:
            return
        target = Path(self.build_lib, "srviz", "app")
        rmtree(target, ignore_errors=True)  # what an earlier build left
        for folder in ("pages", "assets", ".streamlit"):
            copytree(folder, target / folder, ignore=ignore_patterns("__pycache__", "*.png"))
        copy2("app.py", target)
        of = machine()
        if of:
            made = Path(self.build_lib, NATIVE, f"native-{of}.so")
            subprocess.run([*COMPILER, *FLAGS, str(NATIVE / "native.c"), "-o", str(made)], check=True)


setup(cmdclass={"bdist_wheel": WheelOfAMachine, "build_py": BuildWithApp})
