"""The wheel has the app inside the package: app.py, pages/, assets/ and .streamlit/ of a checkout are srviz/app/ there.

Everything else about the package is in pyproject.toml.
"""

from pathlib import Path
from shutil import copy2, copytree, ignore_patterns, rmtree

from setuptools import setup
from setuptools.command.build_py import build_py


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


setup(cmdclass={"build_py": BuildWithApp})
