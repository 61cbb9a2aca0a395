"""The chapters of the course, each a folder with its page, its live component and its words; found by themselves."""

from srviz.ui.kit import course, present, puzzle, shell

COURSE = course.find(__name__, __path__)


def show(name: str) -> None:
    """Show the chapter of this name. Every script in pages/ makes this one call."""
    with shell.page(name, COURSE, puzzle.of(__name__, name), present.of(__name__, name)):
        course.imported(f"{__name__}.{name}.page").page()
